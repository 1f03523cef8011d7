"""Timers whose time comes while the contact is busy."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.calls.contact import Contact, Work
from session import wire
from tests.calls.house import ASKS, open_house


async def test_one_that_is_started_anew_while_its_end_waits_its_turn_runs_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that came just as the time for the next ran out took the timer along: the digits were never complete."""
    async with open_house(tmp_path, ASKS) as house:
        contact = await house.call()
        begun, due = asyncio.Event(), asyncio.Event()
        post = Contact.post

        def posted(self: Contact, work: Work) -> None:
            post(self, work)
            due.set()

        async def work() -> None:
            begun.set()
            await due.wait()
            contact.timers.start("goodbye", 60_000)

        contact.post(work)
        await begun.wait()
        monkeypatch.setattr(Contact, "post", posted)
        contact.timers.start("goodbye", 0)
        await due.wait()
        await house.quiet()
        assert not house.of(wire.HangupLeg)
        assert contact.timers.stop("goodbye"), "it runs no more"
