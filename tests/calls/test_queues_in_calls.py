"""Queues as supervisors set them, and agents' states as they choose them, in calls that go on."""

from __future__ import annotations

from pathlib import Path

from server.calls.control import Control
from server.calls.showing import Showing
from session import wire
from tests.calls.desk_house import open_desk
from tests.calls.house import House, open_house

MAIN = """
format: flow/v1
id: main
title: {en: M}
locales: [en]
start: people
blocks:
  people:
    type: queue
    queue: support
    exits: {answered: bye, overflow: full, no_agents: closed}
  full: {type: end, text: {en: Too many wait.}}
  closed: {type: end, text: {en: Nobody is here now.}}
  bye: {type: end, text: {en: Goodbye.}}
"""


async def no_health() -> dict[str, object]:
    return {}


async def set_queue(house: House, queue: str = "support", **values: object) -> None:
    await house.controller.queues.put(queue, values, by="sue")
    await house.controller.reload_queues()


async def test_a_queue_that_a_flow_names_is_listed_and_set_while_somebody_waits(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"main": MAIN}) as house:
        await house.controller.reload_queues()
        assert list(house.controller.desk.desk.queues) == ["support"]
        ids = await house.agents("amy")
        house.controller.set_availability(ids["amy"], "available")
        await set_queue(house, skills=[{"skill": "zh", "min_level": 4}], music="flows/audio/hold.flac")
        contact = await house.call()
        await house.quiet()
        assert contact.agent is None
        assert house.of(wire.PlayFile)[-1].path.endswith("flows/audio/hold.flac")
        await house.controller.users.set_agent(ids["amy"], device="browser", skills=["zh"])  # level 3
        await house.controller.reload_agents()
        await house.quiet()
        assert contact.agent is None
        await set_queue(house, skills=[{"skill": "zh", "min_level": 3}])
        await house.quiet()
        assert contact.agent is not None
        (offered,) = await house.events(contact, "queue.offered")
        assert offered["decision"]["chosen"] == ids["amy"]
        assert (offered["decision"]["able"], offered["decision"]["considered"]) == (1, 1)


async def test_full_and_closed_queues_take_the_flows_exits_and_overflow_moves(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"main": MAIN}) as house:
        await set_queue(house, "more", max_size=1)
        await set_queue(house, max_size=1, overflow={"to": "queue", "name": "more"})
        first, second = await house.call("leg-1"), await house.call("leg-2")
        await house.quiet()
        assert (first.queue.queue if first.queue else "", second.queue.queue if second.queue else "") == (
            "support",
            "more",
        )
        assert [e["why"] for e in await house.events(second, "queue.moved")] == ["full"]
        third = await house.call("leg-3")
        await house.quiet()
        assert house.spoken()[-1] == "Too many wait."
        assert [e["cause"] for e in await house.events(third, "queue.left")] == ["full"]
        house.controller.openings.calendars["never"] = house.controller.openings.calendars["hotline/office"].model_copy(
            update={"weekly": {}}
        )
        await set_queue(house, hours="never")
        await house.call("leg-4")
        await house.quiet()
        assert house.spoken()[-1] == "Nobody is here now."


async def test_what_an_agent_chooses_on_a_call_comes_after_its_work(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"main": MAIN}) as house:
        control = Control(house.controller, no_health).desk
        await set_queue(house, acw_s=30)
        ids = await house.agents("amy")
        amy = ids["amy"]
        await control.set_availability(amy, "available", "", by=amy)
        contact = await house.call()
        await house.quiet()
        leg = await house.answered_by_agent(contact)
        await control.set_availability(amy, "break", "coffee", by=amy)
        view = control.view(amy)
        assert (view.availability, view.next_availability, view.status) == ("available", "break", "interacting")
        await house.ended(leg)
        before = control.view(amy)
        assert before.status == "acw"
        await control.extend_acw(amy, contact.contact_id, 60)
        after = control.view(amy)
        assert before.until is not None
        assert after.until is not None
        assert round((after.until - before.until).total_seconds()) == 60
        await control.wrap_up(
            amy, contact.contact_id, disposition="done", notes="", summary=None, follow_up=None
        )  # earlier than it would end
        done = control.view(amy)
        assert (done.availability, done.reason, done.status) == ("break", "coffee", "idle")
        assert [q.queue for q in done.queues] == ["support"]
        await control.set_availability(amy, "available", "", by=amy)
        await control.set_availability(amy, "training", "a course", by="sue")
        assert control.view(amy).availability == "training"


async def test_what_agents_chose_and_missed_is_known_after_a_restart(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"main": MAIN}) as house:
        ids = await house.agents("amy", "bob")
        house.controller.set_availability(ids["amy"], "available")
        contact = await house.call()
        await house.quiet()
        leg = await house.answered_by_agent(contact)
        house.controller.set_availability(ids["amy"], "meal", "lunch")
        house.controller.set_availability(ids["bob"], "available")
        await house.call("leg-2")
        await house.quiet()
        desk = house.controller.desk
        desk.do(desk.desk.declined(desk.desk.agents[ids["bob"]].offer_id or "", desk.now(), missed=True))
        await house.quiet()
    async with open_house(tmp_path, {"main": MAIN}) as house:
        await house.controller.start("tcp:127.0.0.1:0")
        agents = house.controller.desk.desk.agents
        amy, bob = agents[ids["amy"]], agents[ids["bob"]]
        assert (amy.availability, amy.next_availability, amy.status) == ("available", "meal", "interacting")
        assert (bob.availability, bob.missed) == ("available", 1)
        again = house.controller.contacts[contact.contact_id]
        again.up, again.waiting_for_leg = True, False
        again.post(lambda: again.resume(None))
        await house.ended(leg)
        await house.quiet()
        assert (amy.availability, amy.reason, amy.status) == ("meal", "lunch", "idle")
        await house.controller.hub.close()


async def test_whose_phone_is_not_registered_sees_it_and_is_offered_no_call(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        controller = desk.house.controller
        showing, sam = Showing(controller), desk.ids["sam"]
        assert showing.agent(sam).registered is None  # nobody knows
        controller.around.phones.names = frozenset()
        await controller.reload_agents()
        controller.set_availability(sam, "available")
        assert (showing.agent(sam).registered, showing.agent(sam).status) == (False, "error")
        assert showing.agent(desk.ids["amy"]).registered is None
        contact = await desk.house.call()
        await desk.house.quiet()
        assert contact.agent is None
        controller.around.phones.names = frozenset({"sam"})
        await controller.reload_agents()
        await desk.house.quiet()
        assert (showing.agent(sam).registered, showing.agent(sam).status) == (True, "offered")
        controller.around.phones.names = frozenset()
        await controller.reload_agents()
        await desk.house.quiet()
        assert contact.agent is None
        (withdrawn,) = await desk.house.events(contact, "queue.withdrawn")
        assert withdrawn["user_id"] == sam
