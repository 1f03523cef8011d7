"""Flows for those who write: no leg, no voice, the same blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.calls.contact import Contact
from server.calls.control import Control
from server.calls.recovery import recover
from session import wire
from tests.calls.house import House, open_house

FLOW = {
    "main": """
format: flow/v1
id: main
title: {en: M}
locales: [en]
start: hi
blocks:
  hi: {type: play, text: {en: Hello.}, exits: {next: ask}}
  ask: {type: menu, prompt: {en: "People?"}, no_match: {en: Pardon.}, options: [{id: people, key: "1", intents: ["yes"]}, {id: none, key: "2", intents: ["no"]}],
        exits: {people: people, none: bye, no_match: bye}}
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: alone}}
  alone: {type: end, disposition: alone, text: {en: Nobody can write now.}}
  bye: {type: end, disposition: bye, text: {en: Goodbye.}}
"""
}


async def write(house: House, contact: Contact, text: str) -> None:
    await control(house).message(contact.conversation_id, text, role="customer", user_id=None)
    await house.quiet()


def control(house: House) -> Control:
    async def health() -> dict[str, Any]:
        return {}

    return Control(house.controller, health)


async def begin(house: House) -> Contact:
    conversation = await control(house).open_chat(customer_id=None, locale="en")
    await house.quiet()
    contact = house.controller.contact_in(conversation)
    assert contact is not None
    return contact


async def said(house: House, contact: Contact) -> list[str]:
    return [m["text"] for m in await house.events(contact, "message") if m["role"] == "bot"]


async def test_who_writes_is_answered_in_writing(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        contact = await begin(house)
        assert await said(house, contact) == ["Hello.", "People?"]
        await write(house, contact, "no")
        assert (await said(house, contact))[-1] == "Goodbye."
        assert house.orders == []  # nothing is spoken, nobody is recorded
        assert contact.phase == "ended"
        ended = await house.events(contact, "contact.ended")
        assert (ended[0]["disposition"], ended[0]["party"]) == ("bye", "local")
        assert house.controller.contacts == {}


async def test_agents_are_not_rung_for_who_writes(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        ids = await house.agents("amy")
        house.controller.set_availability(ids["amy"], "available")
        contact = await begin(house)
        await write(house, contact, "yes")
        assert (await said(house, contact))[-1] == "Nobody can write now."
        assert house.controller.desk.desk.agents[ids["amy"]].status == "idle"


async def test_a_chat_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        first = await begin(house)
    async with open_house(tmp_path, FLOW) as house:
        await recover(house.controller)
        await house.quiet()
        contact = house.controller.contact_in(first.conversation_id)
        assert contact is not None
        await write(house, contact, "no")
        assert (await said(house, contact))[-1] == "Goodbye."


async def test_who_says_nothing_any_more_has_left(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        contact = await begin(house)
        contact.post(lambda: contact._timer_fired("idle"))
        await house.quiet()
        ended = await house.events(contact, "contact.ended")
        assert (ended[0]["party"], ended[0]["reason"]) == ("remote", "idle")


async def test_a_call_is_no_chat(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        contact = await house.call()
        assert not contact.chat
        assert contact.run.channel == "voice"
        await house.tell(wire.LegEnded(leg_id="leg-1", party="remote", reason="hangup"))
        assert contact.phase == "ended"
