"""The queue core under virtual time."""

from __future__ import annotations

import pytest

from desk.model import Announce, Offer, Overflow, Withdraw
from desk.options import DeskOptions
from desk.routing import Desk

OPTIONS = DeskOptions(ring_s=20, acw_s=10, not_responding_s=30, announce_every_s=30, handle_time_s=100)


def make(*agents: str, skills: dict[str, set[str]] | None = None) -> Desk:
    desk = Desk(OPTIONS)
    for index, agent in enumerate(agents):
        desk.upsert_agent(agent, (skills or {}).get(agent, set()), index)
        desk.set_availability(agent, "available", index)
    return desk


def offers(actions: list[object]) -> list[tuple[str, str]]:
    return [(a.contact_id, a.agent_id) for a in actions if isinstance(a, Offer)]


def offer_of(desk: Desk, contact: str) -> str:
    offer_id = desk.waiting[contact].offer_id
    assert offer_id is not None
    return offer_id


def test_longest_idle_agent_is_offered_first() -> None:
    desk = make("amy", "bob")
    assert offers(desk.enqueue("c1", "support", 1000)) == [("c1", "amy")]
    assert offers(desk.enqueue("c2", "support", 1001)) == [("c2", "bob")]


def test_missed_offer_goes_to_the_next_agent_and_keeps_its_place() -> None:
    desk = make("amy")
    desk.enqueue("c1", "support", 1000)
    offer = offer_of(desk, "c1")
    desk.enqueue("c2", "support", 1500)
    actions = desk.tick(21_000)
    assert Withdraw(offer, "c1", "amy", "missed") in actions
    assert desk.position("c1", 21_000) == 1
    desk.upsert_agent("bob", (), 21_100)
    assert offers(desk.set_availability("bob", "available", 21_200)) == [("c1", "bob")]
    assert desk.agents["amy"].status == "not_responding"


def test_agent_who_declined_gets_the_contact_again_only_after_a_while() -> None:
    desk = make("amy")
    desk.enqueue("c1", "support", 0)
    assert offers(desk.declined(offer_of(desk, "c1"), 5_000)) == []
    assert offers(desk.tick(34_999)) == []
    assert offers(desk.tick(35_000)) == [("c1", "amy")]


def test_freed_agent_gets_highest_priority_then_oldest() -> None:
    desk = make("amy")
    desk.enqueue("c1", "support", 0)
    accepted = desk.accepted(offer_of(desk, "c1"), 10)
    assert accepted is not None
    desk.enqueue("old", "support", 100)
    desk.enqueue("young", "support", 200)
    desk.enqueue("urgent", "support", 300, priority=80)
    desk.ended("c1", 1000)
    assert desk.agents["amy"].status == "acw"
    assert offers(desk.wrapped_up("amy", 2000)) == [("urgent", "amy")]
    desk.leave("urgent", 2500)
    assert desk.waiting["old"].offer_id is not None


def test_acw_ends_by_itself() -> None:
    desk = make("amy")
    desk.enqueue("c1", "support", 0)
    desk.accepted(offer_of(desk, "c1"), 10)
    desk.ended("c1", 1000)
    desk.enqueue("c2", "support", 1500)
    assert desk.next_deadline() == 11_000
    assert offers(desk.tick(11_000)) == [("c2", "amy")]


def test_skills_are_required() -> None:
    desk = make("amy", "bob", skills={"bob": {"zh"}})
    assert offers(desk.enqueue("c1", "support", 10, skills={"zh"})) == [("c1", "bob")]
    assert offers(desk.enqueue("c2", "support", 11, skills={"zh"})) == []


def test_accept_after_expiry_is_refused() -> None:
    desk = make("amy")
    desk.enqueue("c1", "support", 0)
    offer = offer_of(desk, "c1")
    desk.tick(20_000)
    assert desk.accepted(offer, 20_001) is None


def test_caller_who_hangs_up_stops_the_ringing() -> None:
    desk = make("amy")
    desk.enqueue("c1", "support", 0)
    offer = offer_of(desk, "c1")
    assert Withdraw(offer, "c1", "amy", "left") in desk.leave("c1", 500)
    assert desk.agents["amy"].status == "idle"


def test_announcements_and_overflow_fall_due() -> None:
    desk = make()
    assert desk.enqueue("c1", "support", 0) == [Announce("c1", 1, 100)]
    desk.enqueue("c2", "support", 10, overflow_s=45)
    assert Announce("c2", 2, 200) in desk.tick(30_010)
    assert Overflow("c2", 45_000) in desk.tick(45_010)
    assert "c2" not in desk.waiting


def test_lost_agent_gives_the_old_place_back() -> None:
    desk = make()
    desk.enqueue("c2", "support", 1000)
    desk.enqueue("c1", "support", 9000, enqueued_ms=10)
    assert desk.position("c1", 9000) == 1


def test_an_offer_of_before_a_restart_rings_on() -> None:
    desk = make("amy", "bob")
    actions = desk.enqueue("c1", "support", 100, ringing=("offer-old-1-c1", "bob"))
    assert offers(actions) == []  # nobody is rung a second time
    assert desk.agents["bob"].status == "offered"
    assert desk.accepted("offer-old-1-c1", 200) is not None
    assert offers(desk.enqueue("c2", "support", 300, ringing=("offer-old-2-c2", "bob"))) == [("c2", "amy")]


def test_a_contact_cannot_wait_twice() -> None:
    desk = make()
    desk.enqueue("c1", "support", 0)
    with pytest.raises(ValueError, match="waits already"):
        desk.enqueue("c1", "support", 1)
