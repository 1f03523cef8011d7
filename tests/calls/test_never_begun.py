"""The app is killed before it saved a contact for the first time, or the next app cannot read it: it is over, and said to be."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from server.calls.contact import Contact
from server.calls.recovery import recover
from session.queries import Queries
from tests.calls.house import House, open_house
from tests.calls.test_chat import FLOW, control, said, write


async def cut_off(house: House, *, chat: bool) -> Contact:
    """A contact that has begun and is never saved."""
    reached = asyncio.Event()

    async def killed(*_: Any, **__: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    async def begun() -> None:
        if chat:
            await control(house).open_chat(customer_id=None, locale="en")
        else:
            await house.call()

    with mock.patch.object(house.store, "save_run", killed):
        beginning = asyncio.create_task(begun())
        await asyncio.wait_for(reached.wait(), 60)
        beginning.cancel()
        await asyncio.gather(beginning, return_exceptions=True)
    (contact,) = house.controller.contacts.values()
    return contact


async def row(house: House, contact: Contact) -> tuple[dict[str, Any], dict[str, Any]]:
    history = await Queries(house.store).history(contact.conversation_id)
    assert history is not None
    return next(one for one in history.contacts if one["id"] == contact.contact_id), history.conversation


async def restarted(house: House) -> None:
    await recover(house.controller)
    await house.quiet()


@pytest.mark.parametrize("chat", [True, False])
async def test_a_contact_that_was_never_saved_is_closed_by_the_next_app(tmp_path: Path, chat: bool) -> None:
    async with open_house(tmp_path, FLOW) as house:
        first = await cut_off(house, chat=chat)
    async with open_house(tmp_path, FLOW) as house:
        await restarted(house)
        contact, conversation = await row(house, first)
        assert contact["ended_at"] is not None
        assert (contact["disconnect_party"], contact["disconnect_cause"]) == ("error", "app_lost")
        assert conversation["status"] == "closed" and conversation["closed_at"] is not None
        ended = {"party": "error", "reason": "app_lost", "disposition": ""}
        assert await house.events(first, "contact.ended") == [ended]
        history = await Queries(house.store).history(first.conversation_id)
        assert history is not None
        assert [(leg["state"], leg["ended_reason"]) for leg in history.legs] == (
            [] if chat else [("ended", "app_lost")]
        )
        assert all(one["left_at"] for one in history.participants)
        await restarted(house)
        assert await house.events(first, "contact.ended") == [ended], "once"
        if chat:
            await write(house, first, "yes")
            (second,) = house.controller.contacts.values()
            assert (second.conversation_id, second.phase) == (first.conversation_id, "queued")
            assert (await row(house, first))[1]["status"] == "open"


async def test_what_was_written_to_it_is_answered_by_another(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        first = await cut_off(house, chat=True)
        await control(house).message(first.conversation_id, "yes", role="customer", user_id=None)
    async with open_house(tmp_path, FLOW) as house:
        await restarted(house)
        (second,) = house.controller.contacts.values()
        assert second.contact_id != first.contact_id and second.phase == "queued"
        assert (await row(house, first))[0]["disconnect_cause"] == "app_lost"
        assert (await row(house, first))[1]["status"] == "open"
        assert (await said(house, first))[-2:] == ["Hello.", "People?"]


async def test_beside_a_contact_that_goes_on_the_conversation_stays_open(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        call = await house.call()
        await house.quiet()
        lost = await house.store.add_contact(
            call.conversation_id, channel="chat", direction="inbound", initiation_method="inbound"
        )
    async with open_house(tmp_path, FLOW) as house:
        await restarted(house)
        assert list(house.controller.contacts) == [call.contact_id]
        history = await Queries(house.store).history(call.conversation_id)
        assert history is not None and history.conversation["status"] == "open"
        assert {one["id"]: one["disconnect_cause"] for one in history.contacts} == {
            call.contact_id: None,
            lost: "app_lost",
        }


async def test_one_that_cannot_be_read_is_closed_as_well(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        call = await house.call()
        await house.quiet()
        await house.store.save_run(call.contact_id, flow_id="main", flow_sha="", state=b"{")
    async with open_house(tmp_path, FLOW) as house:
        await restarted(house)
        contact, conversation = await row(house, call)
        assert (contact["disconnect_cause"], conversation["status"]) == ("app_lost", "closed")
        assert [event["reason"] for event in await house.events(call, "contact.ended")] == ["app_lost"]
