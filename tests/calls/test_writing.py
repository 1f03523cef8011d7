"""What customers write is read by somebody, also when all is over: another contact begins in the same conversation."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from server.api.ports import NotNow, Turned
from server.calls.contact import Contact
from server.calls.reading import Letter
from server.calls.recovery import leg_is_up, recover
from session import wire
from session.queries import Queries
from session.types import StoredEvent
from tests.calls.house import House, open_house
from tests.calls.test_chat import FLOW, begin, control, said, write

TWICE = {
    "main": """
format: flow/v1
id: main
title: {en: M}
locales: [en]
start: one
blocks:
  one: {type: menu, prompt: {en: "One?"}, no_match: {en: Pardon.}, options: [{id: go, key: "1", intents: ["yes"]}], exits: {go: good, no_match: bye}}
  good: {type: play, text: {en: Good.}, exits: {next: two}}
  two: {type: menu, prompt: {en: "Two?"}, no_match: {en: Pardon.}, options: [{id: go, key: "1", intents: ["yes"]}], exits: {go: bye, no_match: bye}}
  bye: {type: end, disposition: bye, text: {en: Goodbye.}}
"""
}
ASKS_PIN = {
    "main": """
format: flow/v1
id: main
title: {en: M}
locales: [en]
start: pin
blocks:
  pin: {type: collect, slot: pin, sensitive: true, min: 4, max: 4, prompt: {en: "Your PIN?"}, no_match: {en: Pardon.}, exits: {ok: bye, failed: bye}}
  bye: {type: end, disposition: bye, text: {en: Goodbye.}}
"""
}


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


@pytest.mark.parametrize("ending", [False, True])
async def test_a_secret_written_as_the_chat_ends_is_told_to_no_other_contact(tmp_path: Path, ending: bool) -> None:
    """It answers a question that is gone; whoever wrote it while the end was being written down is greeted anew."""
    async with open_house(tmp_path, FLOW) as house:
        first, stamp = await begin(house), house.store.stamp_contact
        first.customer.sensitive = True
        begun, on = asyncio.Event(), asyncio.Event()

        async def held(*what: Any, **of: Any) -> None:
            begun.set()
            await on.wait()
            await stamp(*what, **of)

        with mock.patch.object(house.store, "stamp_contact", held):
            first.post(lambda: first.hang_up("hangup"))
            if ending:
                await asyncio.wait_for(begun.wait(), 10)
            wrote = asyncio.create_task(
                control(house).message(first.conversation_id, "4321", role="customer", user_id=None)
            )
            await asyncio.wait_for(begun.wait(), 10)
            on.set()
            await wrote
            await house.quiet()
        told = [m["text"] for m in await house.events(first, "message") if m["role"] == "customer"]
        assert told == ["[hidden]"]
        assert all(contact.run.block == "ask" for contact in house.controller.contacts.values()), "no answer to that"


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


async def restarted(house: House) -> None:
    """As a start of the app does it."""
    await recover(house.controller)
    await house.quiet()


async def test_a_message_kept_as_the_app_is_killed_is_read_after_the_restart_and_once(tmp_path: Path) -> None:
    async with open_house(tmp_path, TWICE) as house:
        first = await begin(house)
        for _ in range(2):
            await control(house).message(first.conversation_id, "yes", role="customer", user_id=None)
    async with open_house(tmp_path, TWICE) as house:
        await restarted(house)
        assert await said(house, first) == ["One?", "Good.", "Two?", "Goodbye."]
        assert house.controller.contacts == {}
    async with open_house(tmp_path, TWICE) as house:
        await restarted(house)
        assert house.controller.contacts == {}, "read, and no matter any more"


async def test_a_message_that_was_answered_but_whose_reading_was_not_saved_is_not_answered_twice(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, TWICE) as house:
        first, saving = await begin(house), asyncio.Event()

        async def killed(*_: Any, **__: Any) -> None:
            if "Two?" in await said(house, first):
                saving.set()
                await asyncio.Event().wait()

        with mock.patch.object(house.store, "save_run", killed):
            await control(house).message(first.conversation_id, "yes", role="customer", user_id=None)
            await asyncio.wait_for(saving.wait(), 60)
    async with open_house(tmp_path, TWICE) as house:
        await restarted(house)
        (again,) = house.controller.contacts.values()
        assert await said(house, again) == ["One?", "Good.", "Two?"]
        assert again.run.block == "two"


async def test_a_message_taken_as_the_chat_ended_is_read_after_a_restart_too(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        first, append = await begin(house), house.store.append

        async def kept(*what: Any, **of: Any) -> StoredEvent | None:
            if what[1] == "message":
                first.post(lambda: first.hang_up("hangup"))
            return await append(*what, **of)

        with (
            mock.patch.object(house.controller.writing, "go_on", nobody),
            mock.patch.object(house.store, "append", kept),
        ):
            await control(house).message(first.conversation_id, "yes", role="customer", user_id=None)
            await house.quiet()
        assert first.phase == "ended"
    async with open_house(tmp_path, FLOW) as house:
        await restarted(house)
        (second,) = house.controller.contacts.values()
        assert (second.conversation_id, second.phase) == (first.conversation_id, "queued")


async def nobody(*_: object) -> None:
    """The app is gone before it comes to it."""


async def test_a_secret_that_no_restart_can_read_is_asked_for_again(tmp_path: Path) -> None:
    async with open_house(tmp_path, ASKS_PIN) as house:
        first = await begin(house)
        assert first.customer.sensitive
        await control(house).message(first.conversation_id, "4321", role="customer", user_id=None)
    async with open_house(tmp_path, ASKS_PIN) as house:
        await restarted(house)
        assert await said(house, first) == ["Your PIN?", "Your PIN?"]
        (again,) = house.controller.contacts.values()
        await write(house, again, "4321")
        assert (await said(house, again))[2:] == ["Goodbye."]


async def test_what_is_written_while_a_caller_is_waited_for_is_read_when_they_are_there(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        call = await house.call()
        await house.said()
        await control(house).message(call.conversation_id, "no", role="customer", user_id=None)
    async with open_house(tmp_path, FLOW) as house:
        await recover(house.controller)
        await house.quiet()
        (again,) = house.controller.contacts.values()
        assert again.waiting_for_leg and house.spoken() == []
        leg_is_up(
            house.controller, wire.LegSnapshot(leg_id="leg-1", transport="sip", role="customer", state="up", remote="")
        )
        await house.quiet()
        assert house.spoken() == ["Goodbye."]


async def test_what_nobody_reads_is_not_kept_for_ever(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        first = await ended_chat(house)
        house.controller.draining = True
        letter = await house.store.append(
            first.conversation_id, "message", {"role": "customer", "text": "yes"}, contact_id=first.contact_id, unread=True
        )  # fmt: skip
        assert letter is not None and letter.seq is not None
        await house.controller.writing.go_on(first.conversation_id, [Letter(letter.seq, "yes")])
        assert [event.seq for event in await house.store.unread()] == [letter.seq], "the next start reads it"
        house.controller.draining = False
        with mock.patch.object(house.controller.dialog, "answering", {}.__getitem__):
            await house.controller.writing.go_on(first.conversation_id, [Letter(letter.seq, "yes")])
        assert await house.store.unread() == []
