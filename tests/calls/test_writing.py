"""What customers write is read by somebody, also when all is over: another contact begins in the same conversation."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.api.ports import NotNow, Turned
from server.calls.contact import Contact
from session.queries import Queries
from tests.calls.house import House, open_house
from tests.calls.test_chat import FLOW, begin, control, said, write


async def ended_chat(house: House) -> Contact:
    contact = await begin(house)
    await write(house, contact, "no")
    assert contact.phase == "ended" and house.controller.contacts == {}
    return contact


async def test_who_writes_on_after_the_end_is_answered_in_a_new_contact(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        first = await ended_chat(house)
        await write(house, first, "yes")
        (second,) = house.controller.contacts.values()
        assert (second.conversation_id, second.chat, second.language) == (first.conversation_id, True, "en")
        assert second.phase == "queued", "the words were read: yes, people"
        history = await Queries(house.store).history(first.conversation_id)
        assert history is not None
        assert (history.conversation["status"], history.conversation["closed_at"]) == ("open", None)
        messages = [event for event in history.events if event["type"] == "message"]
        written = messages.index(next(m for m in messages if m["contact_id"] == second.contact_id))
        assert [(m["payload"]["role"], m["payload"]["text"]) for m in messages[written:]] == [
            ("customer", "yes"), ("bot", "Hello."), ("bot", "People?"),
        ]  # fmt: skip


async def test_two_messages_at_once_begin_one_contact(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        first = await ended_chat(house)
        api = control(house)
        await asyncio.gather(
            *(api.message(first.conversation_id, text, role="customer", user_id=None) for text in ("yes", "yes"))
        )
        await house.quiet()
        (second,) = house.controller.contacts.values()
        assert second.phase == "queued"


async def test_a_message_taken_as_the_chat_ends_is_read_by_the_next_contact(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        first = await begin(house)
        first.post(lambda: first.hang_up("hangup"))
        await control(house).message(first.conversation_id, "yes", role="customer", user_id=None)
        await house.quiet()
        assert first.phase == "ended"
        (second,) = house.controller.contacts.values()
        assert (second.conversation_id, second.phase) == (first.conversation_id, "queued")
        customers = [m["text"] for m in await house.events(first, "message") if m["role"] == "customer"]
        assert customers == ["yes"], "kept once"


async def test_a_secret_written_as_the_chat_ends_is_told_to_no_other_contact(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        first = await begin(house)
        first.customer.sensitive = True
        first.post(lambda: first.hang_up("hangup"))
        await control(house).message(first.conversation_id, "4321", role="customer", user_id=None)
        await house.quiet()
        assert house.controller.contacts == {}


async def test_after_a_call_one_can_write_and_a_picture_is_as_good_as_words(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        call = await house.call()
        await house.ended(call.customer.leg_id)
        assert call.phase == "ended"
        control(house).may_write(call.conversation_id, role="customer")
        await control(house).lively(call.conversation_id, role="customer")
        await house.quiet()
        (chat,) = house.controller.contacts.values()
        assert chat.chat and await said(house, chat) == ["Hello.", "People?"]


async def test_where_nobody_would_read_it_the_writer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, FLOW) as house:
        first, api = await ended_chat(house), control(house)
        before = len(await house.events(first, "message"))

        async def write_as(role: str) -> None:
            await api.message(first.conversation_id, "there?", role=role, user_id=None)

        with pytest.raises(NotNow, match="would not read it"):
            await write_as("agent")
        with pytest.raises(NotNow, match="would not read it"):
            api.may_write(first.conversation_id, role="agent")
        with pytest.raises(LookupError):
            await api.message("nothing", "there?", role="customer", user_id=None)
        house.controller.draining = True
        with pytest.raises(Turned, match="in a moment"):
            await write_as("customer")
        house.controller.draining = False
        monkeypatch.setattr(house.controller.dialog, "answering", {}.__getitem__)
        with pytest.raises(NotNow, match="call instead"):
            await write_as("customer")
        assert len(await house.events(first, "message")) == before
        assert house.controller.contacts == {}
