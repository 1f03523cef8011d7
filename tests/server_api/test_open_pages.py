"""An agent's page that goes and comes back, told to the desk."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import websockets

from server import pages


def watch() -> tuple[pages.OpenPages, list[tuple[str, bool]], asyncio.Event]:
    """Pages, what is told of their people, and whether anybody was told to be gone."""
    told: list[tuple[str, bool]] = []
    gone = asyncio.Event()

    def changed(user_id: str, up: bool) -> None:
        told.append((user_id, up))
        if not up:
            gone.set()

    return pages.OpenPages(changed), told, gone


async def test_the_last_page_gone_for_a_while_is_told_and_a_reload_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    watched, told, gone = watch()
    watched.opened("amy")
    watched.opened("amy")  # a second tab
    watched.closed("amy")
    watched.closed("amy")
    watched.opened("amy")  # reloaded
    assert told == [("amy", True)]
    monkeypatch.setattr(pages, "AWAY_S", 0.0)
    watched.closed("amy")
    await asyncio.wait_for(gone.wait(), 30)
    watched.opened("amy")
    assert told == [("amy", True), ("amy", False), ("amy", True)]
    watched.closed("amy")
    watched.close()
    await asyncio.sleep(0)
    assert told[-1] == ("amy", True)  # the app goes down: nobody is away for that


async def test_a_page_that_does_not_come_back_after_a_restart_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    watched, told, gone = watch()
    watched.opened("cat")
    monkeypatch.setattr(pages, "RESTART_S", 0.0)
    watched.expect(["amy", "bob", "cat"])
    watched.opened("amy")
    await asyncio.wait_for(gone.wait(), 30)
    assert told == [("cat", True), ("bob", False)]
    watched.opened("bob")
    assert told[-1] == ("bob", True)


async def test_agents_feeds_are_pages_and_callers_are_not(world: Any, served: str) -> None:

    own = await world.store.create_conversation(language="en")
    token = world.app.state.auth.caller_token(own)
    headers = {"Authorization": f"Bearer {await world.token('amy')}"}
    async with (
        websockets.connect(f"ws://{served}/api/events?token={token}"),
        websockets.connect(f"ws://{served}/api/events", additional_headers=headers),
    ):
        async with asyncio.timeout(30):
            while len(world.store.bus._subscriptions) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        assert world.control.pages == [(world.ids["amy"], True)]
