"""Agents' states: what they chose, what comes next, after-call work, misses, lost pages, calls of their own."""

from __future__ import annotations

from desk.model import AgentChanged, Capacity, Offer, Withdraw
from desk.options import DeskOptions
from desk.queues import QueueSpec
from desk.routing import Desk

OPTIONS = DeskOptions(not_responding_s=30)
QUEUE = QueueSpec(queue="q", acw_s=10, misses_to_pause=2)


def desk_of(*agents: str, queue: QueueSpec = QUEUE) -> Desk:
    desk = Desk(OPTIONS, born="t")
    desk.set_queues([queue], 0)
    for n, agent in enumerate(agents):
        desk.upsert_agent(agent, (), n)
        desk.set_availability(agent, "available", n)
    return desk


def takes(desk: Desk, agent: str, now: int) -> None:
    assert desk.accepted(desk.agents[agent].offer_id or "", now) is not None


def rung(actions: list[object]) -> list[tuple[str, str]]:
    return [(a.contact_id, a.agent_id) for a in actions if isinstance(a, Offer)]


def test_what_is_chosen_on_a_contact_comes_after_its_work() -> None:
    desk = desk_of("amy")
    desk.enqueue("c1", "q", 1_000)
    takes(desk, "amy", 1_500)
    desk.set_availability("amy", "break", 2_000, reason="coffee")
    amy = desk.agents["amy"]
    assert (amy.availability, amy.next_availability, amy.status) == ("available", "break", "interacting")
    desk.enqueue("c2", "q", 2_500, channel="chat")
    assert amy.offer_id is None  # nothing new meanwhile, though a chat would have room
    desk.ended("c1", 5_000)
    assert (amy.status, amy.until_ms, amy.availability) == ("acw", 15_000, "available")
    changed = [a for a in desk.tick(15_000) if isinstance(a, AgentChanged)]
    assert (amy.availability, amy.reason, amy.next_availability, amy.status) == ("break", "coffee", None, "idle")
    assert changed[-1].availability == "break"
    assert rung(desk.set_availability("amy", "available", 20_000)) == [("c2", "amy")]


def test_choosing_available_takes_the_next_state_back_and_force_waits_for_nothing() -> None:
    desk = desk_of("amy")
    desk.enqueue("c1", "q", 0)
    takes(desk, "amy", 1)
    desk.set_availability("amy", "meal", 2)
    desk.set_availability("amy", "available", 3)
    assert desk.agents["amy"].next_availability is None
    desk.set_availability("amy", "meeting", 4, force=True, reason="a supervisor's")
    assert (desk.agents["amy"].availability, desk.agents["amy"].status) == ("meeting", "interacting")


def test_after_call_work_is_extended_and_ended_early() -> None:
    desk = desk_of("amy")
    desk.enqueue("c1", "q", 0)
    takes(desk, "amy", 0)
    desk.ended("c1", 1_000)
    desk.extend_acw("amy", "c1", 60, 2_000)
    assert desk.agents["amy"].until_ms == 71_000
    desk.extend_acw("amy", "c1", 9_999, 2_000)
    assert desk.agents["amy"].until_ms == 2_000 + round(OPTIONS.acw_extend_s * 1000)
    assert desk.next_deadline() == desk.agents["amy"].until_ms
    desk.enqueue("c2", "q", 3_000)
    assert rung(desk.wrapped_up("amy", 4_000, "c1")) == [("c2", "amy")]


def test_so_many_misses_pause_and_an_answer_begins_anew() -> None:
    desk = desk_of("amy")
    desk.enqueue("c1", "q", 0)
    desk.tick(20_000)
    assert (desk.agents["amy"].missed, desk.agents["amy"].status) == (1, "not_responding")
    desk.tick(50_000)
    takes(desk, "amy", 51_000)
    assert desk.agents["amy"].missed == 0
    desk.ended("c1", 52_000)
    desk.wrapped_up("amy", 53_000)
    desk.enqueue("c2", "q", 60_000)
    desk.declined(desk.agents["amy"].offer_id or "", 61_000)
    assert desk.agents["amy"].missed == 0  # who says no is there
    desk.tick(91_000)
    desk.tick(111_000)
    desk.tick(141_000)
    desk.tick(161_000)
    amy = desk.agents["amy"]
    assert (amy.availability, amy.reason, amy.missed) == ("away", "missed 2 offers in a row", 2)
    assert desk.position("c2", 161_000) == 1
    assert rung(desk.set_availability("amy", "available", 170_000)) == [("c2", "amy")]


def test_a_lost_page_is_as_before_for_a_minute() -> None:
    desk = desk_of("amy", "bob")
    desk.enqueue("c1", "q", 100)
    offer = desk.agents["amy"].offer_id or ""
    actions = desk.connection("amy", False, 1_000)
    assert Withdraw(offer, "c1", "amy", "agent_offline") in actions
    assert rung(actions) == [("c1", "bob")]  # rings on at the next one, who has missed nothing
    assert desk.enqueue("c2", "q", 2_000, announce=False) == []
    assert rung(desk.connection("amy", True, 60_000)) == [("c2", "amy")]
    assert (desk.agents["amy"].availability, desk.agents["amy"].missed) == ("available", 0)


def test_a_page_that_stays_away_is_offline_but_not_out_of_its_call() -> None:
    desk = desk_of("amy", "bob")
    desk.enqueue("c1", "q", 100)
    takes(desk, "amy", 200)
    desk.connection("amy", False, 1_000)
    desk.connection("bob", False, 1_000)
    assert desk.next_deadline() == 61_000
    desk.tick(61_000)
    assert desk.agents["bob"].availability == "offline"
    amy = desk.agents["amy"]
    assert (amy.availability, amy.next_availability, amy.status) == ("available", "offline", "interacting")
    desk.ended("c1", 70_000)
    desk.tick(80_000)
    assert (amy.availability, amy.reason) == ("offline", "page not connected")


def test_a_call_and_chats_at_once_as_far_as_there_is_room() -> None:
    desk = desk_of("amy")
    desk.upsert_agent("amy", (), 5, capacity=Capacity(voice=1, chat=2))
    for name, channel in (
        ("call", "voice"),
        ("chat1", "chat"),
        ("film", "video"),
        ("chat2", "chat"),
        ("chat3", "chat"),
    ):
        desk.enqueue(name, "q", 10, channel=channel)  # type: ignore[arg-type]
    held = desk.agents["amy"].held
    while desk.agents["amy"].offer_id:
        takes(desk, "amy", 20)
    assert list(held) == ["call", "chat1", "chat2"]
    desk.ended("chat1", 30)
    assert desk.agents["amy"].status == "interacting"
    assert desk.agents["amy"].offer_id is None  # its after-call work takes its place
    assert rung(desk.wrapped_up("amy", 40, "chat1")) == [("chat3", "amy")]
    takes(desk, "amy", 45)
    desk.ended("call", 50)
    assert rung(desk.wrapped_up("amy", 60, "call")) == [("film", "amy")]


def test_a_call_of_ones_own_takes_the_place_of_a_contact_and_leaves_no_work() -> None:
    desk = desk_of("amy")
    desk.enqueue("c1", "q", 100)
    desk.communicating("amy", "own", True, 200)
    assert desk.agents["amy"].status == "communicating"
    assert desk.agents["amy"].offer_id is None
    assert rung(desk.ended("own", 300)) == [("c1", "amy")]


def test_who_is_in_a_call_of_their_own_is_offered_nothing_whatever_room_they_have() -> None:
    desk = desk_of("amy")
    desk.upsert_agent("amy", (), 50, capacity=Capacity(voice=2, chat=2))
    desk.communicating("amy", "own", True, 100)
    assert rung(desk.enqueue("call", "q", 200)) == []
    assert rung(desk.enqueue("chat", "q", 210, channel="chat")) == []
    assert desk.reach("amy") == "busy"
    assert dict(desk.explain("call", 220).agents) == {"amy": "in a call of their own"}
    assert rung(desk.communicating("amy", "own", False, 300)) == [("call", "amy")]


def test_who_is_in_it_already_is_not_offered_it() -> None:
    desk = desk_of("amy", "bob")
    for agent in ("amy", "bob"):
        desk.upsert_agent(agent, (), 50, capacity=Capacity(voice=2))
    assert rung(desk.enqueue("c1", "q", 100, but=frozenset({"amy"}))) == [("c1", "bob")]
    assert rung(desk.declined(desk.agents["bob"].offer_id or "", 200)) == []
    assert dict(desk.explain("c1", 210).agents)["amy"] == "is not one who may take it: they are in it already"
    assert rung(desk.enqueue("c2", "q", 220)) == [("c2", "amy")]


def test_a_broken_phone_is_offered_nothing() -> None:
    desk = desk_of("amy")
    desk.enqueue("c1", "q", 100)
    desk.fault("amy", "not registered", 200)
    assert (desk.agents["amy"].status, desk.agents["amy"].missed) == ("error", 0)
    assert rung(desk.fault("amy", "", 300)) == [("c1", "amy")]
    assert rung(desk.fault("amy", "", 310)) == []


def test_a_broken_phone_leaves_chats_and_what_goes_on_alone() -> None:
    desk = desk_of("amy", "bob", queue=QueueSpec(queue="q", acw_s=10, strategy="preferred"))
    desk.fault("amy", "not registered", 100)
    desk.fault("amy", "not registered", 101)
    assert rung(desk.enqueue("c1", "q", 110, preferred="amy")) == [("c1", "bob")]  # nobody waits for a dead phone
    assert desk.enqueue("c2", "q", 120) != []
    assert dict(desk.explain("c2", 130).agents)["amy"] == "phone or device in error"
    assert rung(desk.enqueue("c3", "q", 140, channel="chat")) == [("c3", "amy")]
    assert (desk.agents["amy"].status, desk.agents["amy"].offer_id is None) == ("offered", False)
    desk.fault("amy", "", 150)
    desk.fault("amy", "not registered", 160)  # the chat that rings needs no phone
    takes(desk, "amy", 170)
    assert desk.agents["amy"].status == "interacting"
    desk.ended("c3", 180)
    assert desk.agents["amy"].status == "acw"
    desk.set_availability("amy", "offline", 190, force=True)
    desk.wrapped_up("amy", 200)
    assert desk.agents["amy"].status == "idle"  # who is at home has no phone to mend


def test_who_is_removed_finishes_the_contact_first() -> None:
    desk = desk_of("amy")
    desk.enqueue("c1", "q", 0)
    takes(desk, "amy", 1)
    desk.remove_agent("amy", 2)
    assert "amy" in desk.agents
    desk.ended("c1", 3)
    desk.tick(10_003)
    assert "amy" not in desk.agents


def test_a_conference_ends_for_one_and_a_transfer_is_held_without_an_offer() -> None:
    desk = desk_of("amy", "bob")
    desk.enqueue("c1", "q", 10)
    takes(desk, "amy", 20)
    desk.assign("bob", "c1", 30, queue="q")
    desk.ended("c1", 40, agent_id="amy")
    assert (desk.agents["amy"].status, desk.agents["bob"].status) == ("acw", "interacting")
    desk.ended("c1", 50)
    assert desk.agents["bob"].status == "acw"


def test_after_a_restart_misses_go_on_and_what_was_to_come_next_comes() -> None:
    desk = desk_of()
    desk.upsert_agent("amy", (), 0)
    desk.upsert_agent("bob", (), 0)
    for agent in ("amy", "bob"):
        desk.restore(agent, 1, availability="available", next_availability="meal", next_reason="lunch", missed=1)
    desk.assign("amy", "c1", 2, queue="q")
    changed = [a for a in desk.carry_on(3) if isinstance(a, AgentChanged)]
    assert [(a.agent_id, a.availability, a.reason) for a in changed] == [("bob", "meal", "lunch")]
    amy = desk.agents["amy"]
    assert (amy.availability, amy.next_availability, amy.status) == ("available", "meal", "interacting")
    desk.enqueue("c2", "q", 4)
    desk.ended("c1", 5)
    desk.tick(10_005)
    assert (amy.availability, amy.reason, amy.offer_id) == ("meal", "lunch", None)

    desk.upsert_agent("cat", (), 20_000)
    desk.restore("cat", 20_001, availability="available", missed=1)
    desk.declined(desk.agents["cat"].offer_id or "", 20_002, missed=True)
    assert desk.agents["cat"].availability == "away"  # the second in a row
