"""Broadcasts: to all of ours, or to those alone who are named, live and when a page comes back."""

from __future__ import annotations

from typing import Any

import websockets

from tests.server_api.test_events import bearer, receive, subscribed


async def test_a_broadcast_goes_to_those_who_are_named_and_to_nobody_else(world: Any, served: str) -> None:
    url = f"ws://{served}/api/events"
    async with (
        websockets.connect(url, **await bearer(world, "amy")) as amy,
        websockets.connect(url, **await bearer(world, "sue")) as sue,
    ):
        await subscribed(world, 2)
        await world.store.append("", "broadcast", {"text": "For Amy.", "user_ids": [world.ids["amy"]]})
        await world.store.append("", "broadcast", {"text": "For all.", "user_ids": []})
        assert [(await receive(amy))["payload"]["text"] for _ in range(2)] == ["For Amy.", "For all."]
        assert (await receive(sue))["payload"]["text"] == "For all."
    async with websockets.connect(f"{url}?after=0", **await bearer(world, "sue")) as back:
        assert (await receive(back))["payload"]["text"] == "For all."
