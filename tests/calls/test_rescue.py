"""Something of ours breaks for good in the middle of a contact: nobody is left on a line, or kept from other calls, over it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from server.calls.contact import MAILBOX
from session import wire
from session.model import Contact as Row
from tests.calls.house import ASKS, open_house
from tests.calls.test_chat import FLOW, begin


async def test_of_a_contact_that_hangs_everybody_is_free(tmp_path: Path) -> None:
    async with open_house(tmp_path, ASKS) as house:
        ids = await house.agents("amy")
        house.controller.set_availability(ids["amy"], "available")
        contact = await house.call()
        await house.tell(wire.DtmfReceived(leg_id="leg-1", digit="1", source="rfc4733"))
        leg = await house.answered_by_agent(contact)
        amy = house.controller.desk.desk.agents[ids["amy"]]
        assert contact.phase == "talking" and amy.held

        async def hang() -> None:
            await asyncio.Event().wait()

        for _ in range(MAILBOX + 2):
            contact.post(hang)
        await contact.over.wait()
        assert house.of(wire.HangupLeg, "leg-1") and house.of(wire.HangupLeg, leg)
        assert not amy.held
        assert contact.contact_id not in house.controller.contacts
        async with house.store.reading() as session:
            row = await session.get(Row, contact.contact_id)
        assert row is not None and row.ended_at is not None


async def test_a_chat_that_breaks_and_whose_end_cannot_be_written_down_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its actor was gone, its contact was not: a server that is stopped, and whoever wrote on, waited for it."""
    async with open_house(tmp_path, FLOW) as house:
        contact = await begin(house)

        async def refuse(*_given: Any, **_more: Any) -> None:
            raise OperationalError("UPDATE", {}, Exception("database is locked"))

        async def breaks() -> None:
            raise RuntimeError("no")

        with monkeypatch.context() as away:
            away.setattr(house.store, "stamp_contact", refuse)
            away.setattr(contact.engine, "step", refuse)
            contact.post(breaks)
            assert contact._task is not None
            await asyncio.wait([contact._task])
        assert contact.over.is_set()
        assert contact.contact_id not in house.controller.contacts
