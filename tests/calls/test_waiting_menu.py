"""Who waits may leave the queue by a key, and where they come back to a queue they have waited since the first time."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.calls.contact import Contact
from session import wire
from tests.calls.house import House, open_house
from tests.calls.test_chat import begin, said, write
from tests.calls.test_presence import offer, web_call

FLOW = {
    "main": """
format: flow/v1
id: main
title: {en: M}
locales: [en]
start: people
blocks:
  people:
    type: queue
    announce: {position: false}
    overflow: {wait_s: 600}
    menu: {text: {en: Press two for the menu.}, every_s: 30, options: [{id: bored, key: "2"}]}
    exits: {answered: served, overflow: busy, no_agents: busy, bored: busy}
  busy:
    type: menu
    prompt: {en: One to wait on.}
    no_match: {en: Pardon.}
    options: [{id: wait, key: "1"}, {id: again, key: "2"}]
    exits: {wait: people, again: served, no_match: bye}
  served: {type: menu, prompt: {en: "Anything else?"}, no_match: {en: Pardon.}, options: [{id: wait, key: "1"}],
           exits: {wait: people, no_match: bye}}
  bye: {type: end, text: {en: Goodbye.}}
"""
}


async def press(house: House, digit: str) -> None:
    await house.tell(wire.DtmfReceived(leg_id="leg-1", digit=digit, source="rfc4733"))


def waited_s(contact: Contact) -> int:
    """For how long they have waited, as the desk counts it."""
    desk = contact.around.desk
    return round((desk.now() - desk.desk.waiting[contact.contact_id].enqueued_ms) / 1000)


def backdate(contact: Contact, seconds: int) -> None:
    """They began to wait so much earlier."""
    assert contact.queue is not None
    fields = {name: getattr(contact.queue, name) for name in contact.queue.__struct_fields__}
    contact.queue = type(contact.queue)(**fields | {"enqueued_at": contact.queue.enqueued_at - seconds * 1000})
    contact.around.desk.desk.waiting[contact.contact_id].enqueued_ms -= seconds * 1000


async def told(house: House, contact: Contact) -> None:
    """The time comes for what is said between the music."""
    contact.timers._running["queue_menu"].cancel()
    contact.run.timers["queue_menu"] = 0
    contact.post(lambda: contact.timers.fired("queue_menu"))
    await house.quiet()


async def test_what_else_they_may_do_is_said_between_the_music(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        contact = await house.call()
        for _ in range(2):
            house.orders.clear()
            await told(house, contact)
            assert [type(order).__name__ for order in house.orders] == ["StopPlay", "PlaySpeech", "PlayFile"]
            assert house.spoken() == ["Press two for the menu."]


async def test_it_is_said_after_a_restart_too(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        before = await house.call()
    async with open_house(tmp_path, FLOW) as house:
        contact = await house.resumed(before)
        await told(house, contact)
        assert house.spoken() == ["Press two for the menu."]


async def test_it_is_said_to_who_was_away_too(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        contact, leg = await web_call(house)
        await house.ended(leg, "page_gone")
        assert "queue_menu" not in contact.timers._running, "nobody would hear it"
        again = await offer(house, contact.conversation_id, resume=True)
        await house.tell(wire.LegProgress(leg_id=again.leg_id, state="up"))
        await told(house, contact)
        assert house.of(wire.PlaySpeech)[-1].leg_id == again.leg_id


@pytest.mark.parametrize("how", ["key", "overflow"])
async def test_who_comes_back_to_the_queue_has_waited_since_the_first_time(tmp_path: Path, how: str) -> None:
    async with open_house(tmp_path, FLOW) as house:
        contact = await house.call()
        backdate(contact, 300)
        desk = house.controller.desk
        if how == "key":
            await press(house, "2")
        else:
            desk.do(desk.desk.tick(desk.desk.waiting[contact.contact_id].overflow_ms or 0))
        await house.quiet()
        assert (contact.phase, contact.contact_id in desk.desk.waiting) == ("flow", False)
        assert house.spoken()[-1] == "One to wait on."
        left = (await house.events(contact, "queue.left"))[0]
        figures = desk.desk.tallies["support"].counted(desk.desk.queue("support").sl_target, desk.now())
        assert figures == (1, 0, 0, 0.0), "who chose something else was offered, and did not abandon us"
        assert (left["why"], left["cause"]) == (("chosen", "bored") if how == "key" else ("overflow", "waited"))
        await press(house, "1")
        await house.quiet()
        assert contact.phase == "queued"
        assert waited_s(contact) in range(299, 330)
        limit_ms = desk.desk.waiting[contact.contact_id].overflow_ms or 0
        assert limit_ms > desk.now() + 500_000, "they may wait as long as others once more"


async def test_who_was_served_waits_anew(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        contact = await house.call()
        backdate(contact, 300)
        ids = await house.agents("amy")
        house.controller.set_availability(ids["amy"], "available")
        await house.quiet()
        leg = await house.answered_by_agent(contact)
        await house.ended(leg)
        assert house.spoken()[-1] == "Anything else?"
        house.controller.set_availability(ids["amy"], "break")
        await press(house, "1")
        await house.quiet()
        assert waited_s(contact) < 100


async def test_who_leaves_as_a_phone_rings_for_them_lets_it_ring_no_more(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        contact = await house.call()
        ids = await house.agents("amy")
        house.controller.set_availability(ids["amy"], "available")
        await house.quiet()
        agent = house.controller.desk.desk.agents[ids["amy"]]
        assert agent.offer_id is not None and contact.room.offered()
        await press(house, "2")
        await house.quiet()
        assert (agent.offer_id, agent.status) == (None, "idle")
        assert not contact.room.offered()


async def test_who_writes_while_waiting_leaves_by_the_key_they_write(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        contact = await begin(house)
        for text in ("2 of them", "2"):
            assert contact.phase == "queued"
            await write(house, contact, text)
        assert contact.phase == "flow"
        assert (await said(house, contact))[-1] == "One to wait on."
