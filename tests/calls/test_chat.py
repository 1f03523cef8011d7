"""Flows for those who write: no leg, no voice, the same blocks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from desk.queues import default_queue
from server.api.ports import NotNow
from server.api.views import Target
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


async def test_an_agent_takes_a_chat_writes_and_gives_it_on(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        ids = await house.agents("amy", "bob")
        api = control(house)
        house.controller.set_availability(ids["amy"], "available")
        contact = await begin(house)
        await write(house, contact, "yes")
        (offer,) = api.desk.view(ids["amy"]).offers
        assert (offer.channel, offer.contact_id) == ("chat", contact.contact_id)
        taken = await api.desk.accept(ids["amy"], offer.offer_id, None)
        assert (taken.sdp, taken.leg_id, taken.conversation_id) == (None, None, contact.conversation_id)
        assert contact.phase == "talking"
        (mine,) = api.desk.view(ids["amy"]).contacts
        assert [(p.role, p.transport, p.me) for p in mine.parties] == [
            ("customer", "chat", False),
            ("agent", "chat", True),
        ]
        await api.message(contact.conversation_id, "Hello, I am Amy.", role="agent", user_id=ids["amy"])
        await write(house, contact, "no")  # a person answers: the flow is silent
        assert (await said(house, contact))[-1] != "Goodbye."
        with pytest.raises(NotNow):
            await api.desk.consult(ids["amy"], contact.contact_id, Target("agent", "bob"))
        with pytest.raises(NotNow, match="away"):
            await api.desk.transfer(ids["amy"], contact.contact_id, Target("agent", "bob"))
        house.controller.set_availability(ids["bob"], "available")
        await api.desk.transfer(ids["amy"], contact.contact_id, Target("agent", "bob", "speaks Dutch"))
        assert contact.room.of_user(ids["amy"]) is not None  # until bob has taken it
        await house.quiet()
        (offer,) = api.desk.view(ids["bob"]).offers
        assert offer.reason == "speaks Dutch"
        await api.desk.accept(ids["bob"], offer.offer_id, None)
        assert [p.name for p in contact.room.serving()] == ["Bob"]
        assert api.desk.view(ids["amy"]).contacts == []
        await api.desk.hang_up(ids["bob"], contact.contact_id)
        await house.quiet()
        assert house.orders == []
        assert contact.phase != "talking"


async def test_a_chat_is_given_to_who_is_on_the_phone_and_to_a_queue(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        ids = await house.agents("amy", "bob")
        api, desk = control(house), house.controller.desk
        desk.do(desk.desk.set_queues([default_queue("support", desk.desk.options)], desk.now()))
        house.controller.set_availability(ids["amy"], "available")
        contact = await begin(house)
        await write(house, contact, "yes")
        await api.desk.accept(ids["amy"], api.desk.view(ids["amy"]).offers[0].offer_id, None)
        house.controller.set_availability(ids["bob"], "available")
        desk.do(desk.desk.assign(ids["bob"], "a call", desk.now()))
        await api.desk.transfer(ids["amy"], contact.contact_id, Target("agent", "bob"))
        await house.quiet()
        await api.desk.accept(ids["bob"], api.desk.view(ids["bob"]).offers[0].offer_id, None)
        assert [p.name for p in contact.room.serving()] == ["Bob"]
        with pytest.raises(NotNow, match="no such queue"):
            await api.desk.transfer(ids["bob"], contact.contact_id, Target("queue", "suport"))
        house.controller.set_availability(ids["amy"], "break")
        await api.desk.transfer(ids["bob"], contact.contact_id, Target("queue", "support", "in Dutch"))
        await house.quiet()
        assert contact.phase == "queued"
        (offer,) = api.desk.view(ids["bob"]).offers  # the only one there, and with room for it
        assert (offer.channel, offer.queue, offer.reason) == ("chat", "support", "in Dutch")


async def test_of_two_who_take_a_chat_at_once_one_is_told_it_is_gone(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        ids = await house.agents("amy", "bob")
        api, desk = control(house), house.controller.desk
        everybody = default_queue("support", desk.desk.options).model_copy(update={"strategy": "ring_all"})
        desk.do(desk.desk.set_queues([everybody], desk.now()))
        for user_id in ids.values():
            house.controller.set_availability(user_id, "available")
        contact = await begin(house)
        await write(house, contact, "yes")
        assert contact.queue is not None
        assert contact.queue.queue == "support"
        offers = [(user_id, api.desk.view(user_id).offers[0].offer_id) for user_id in ids.values()]
        done = await asyncio.gather(*(api.desk.accept(*one, None) for one in offers), return_exceptions=True)
        assert sorted(type(one).__name__ for one in done) == ["NotNow", "Taken"]
        assert len(contact.room.serving()) == 1


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


async def test_a_stop_waits_for_calls_and_keeps_chats(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        first = await begin(house)
        await asyncio.wait_for(house.controller.drain(30, 3600), 60)
        assert first.phase != "ended"
    async with open_house(tmp_path, FLOW) as house:
        await recover(house.controller)
        call = await house.call()
        draining = asyncio.create_task(house.controller.drain(30, 3600))
        await house.quiet()
        assert not draining.done()
        await house.tell(wire.LegEnded(leg_id="leg-1", party="remote", reason="hangup"))
        await asyncio.wait_for(draining, 60)
        assert call.phase == "ended"
        contact = house.controller.contact_in(first.conversation_id)
        assert contact is not None
        await write(house, contact, "no")
        assert (await said(house, contact))[-1] == "Goodbye."


async def test_who_says_nothing_any_more_has_left(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        contact = await begin(house)
        contact.post(lambda: contact.timers.fired("idle"))
        await house.quiet()
        ended = await house.events(contact, "contact.ended")
        assert (ended[0]["party"], ended[0]["reason"]) == ("remote", "idle")


async def test_whoever_shows_an_image_or_is_written_to_has_not_left(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        contact = await begin(house)
        api, idle = control(house), contact.timers._running["idle"]
        await api.lively(contact.conversation_id, role="customer")
        await house.quiet()
        shown = contact.timers._running["idle"]
        assert idle.cancelled()
        await api.message(contact.conversation_id, "Still there?", role="agent", user_id="amy")
        await house.quiet()
        assert shown.cancelled()
        assert not contact.timers._running["idle"].cancelled()


async def test_a_call_is_no_chat(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        contact = await house.call()
        assert not contact.chat
        assert contact.run.channel == "voice"
        await house.tell(wire.LegEnded(leg_id="leg-1", party="remote", reason="hangup"))
        assert contact.phase == "ended"
