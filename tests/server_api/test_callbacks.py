"""The API of callbacks: staff see and cancel them, by name."""

from __future__ import annotations

from typing import Any


async def test_staff_list_and_cancel_them(world: Any) -> None:
    async with await world.as_user("amy") as amy:
        assert (await amy.get("/api/callbacks")).json() == []
        assert (await amy.delete("/api/callbacks/cb1")).status_code == 204
        gone = await amy.delete("/api/callbacks/none")
        assert (gone.status_code, gone.json()["detail"]) == (404, "there is no open callback none")
    assert world.control.asked == [
        ("callbacks",),
        ("cancel_callback", "cb1", "amy"),
        ("cancel_callback", "none", "amy"),
    ]


async def test_others_do_not(world: Any) -> None:
    async with await world.as_user("dee") as dee:
        assert (await dee.get("/api/callbacks")).status_code == 403
        assert (await dee.delete("/api/callbacks/cb1")).status_code == 403
    async with world.as_caller("c1") as caller:
        assert (await caller.get("/api/callbacks")).status_code == 401
