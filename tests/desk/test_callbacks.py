"""Places of those who are to be called back, and what is for one agent alone, under virtual time."""

from __future__ import annotations

import pytest

from desk.model import Announce, CallBack, Offer, Withdraw
from desk.routing import Desk
from tests.desk.test_routing import OPTIONS, make, offers

DIAL_MS = round(OPTIONS.callback_dial_s * 1000)


def calls(actions: list[object]) -> list[tuple[str, str]]:
    return [(a.callback_id, a.agent_id) for a in actions if isinstance(a, CallBack)]


def talking_to(desk: Desk, contact: str, now_ms: int) -> None:
    offer = desk.waiting[contact].offer_id
    assert offer is not None
    assert desk.accepted(offer, now_ms) is not None


def test_the_place_ages_like_a_waiting_contact() -> None:
    """Booked between two callers, it is served between them."""
    desk = make("amy")
    desk.enqueue("first", "support", 0)
    talking_to(desk, "first", 10)
    desk.enqueue("before", "support", 1_000)
    assert desk.book("cb", "support", 2_000) == []
    desk.enqueue("after", "support", 3_000)
    assert desk.position("after", 3_000) == 3
    desk.ended("first", 5_000)
    assert offers(desk.wrapped_up("amy", 6_000)) == [("before", "amy")]
    talking_to(desk, "before", 6_100)
    desk.ended("before", 7_000)
    assert calls(desk.wrapped_up("amy", 8_000)) == [("cb", "amy")]


def test_a_kept_place_is_older_than_the_booking() -> None:
    desk = make()
    desk.enqueue("other", "support", 30_000)
    desk.book("cb", "support", 60_000, enqueued_ms=1_000)
    assert desk.position("other", 60_000) == 2


def test_the_agent_is_kept_free_and_offered_who_answered() -> None:
    desk = make("amy", "bob")
    assert calls(desk.book("cb", "support", 1_000)) == [("cb", "amy")]
    assert desk.agents["amy"].status == "reserved"
    assert offers(desk.enqueue("c2", "support", 2_000)) == [("c2", "bob")]
    assert offers(desk.enqueue("c3", "support", 3_000)) == []  # amy is kept
    actions = desk.reached("cb", "called", 20_000)
    assert actions is not None
    assert offers(actions) == [("called", "amy")]
    assert desk.waiting["called"].enqueued_ms == 1_000
    assert "cb" not in desk.waiting


def test_nobody_answers_and_the_place_stays_until_the_next_try() -> None:
    desk = make("amy")
    desk.book("cb", "support", 0)
    assert calls(desk.not_reached("cb", 25_000, again_ms=600_000)) == []
    assert desk.agents["amy"].status == "idle"
    assert offers(desk.enqueue("c1", "support", 30_000)) == [("c1", "amy")]
    talking_to(desk, "c1", 30_500)
    desk.enqueue("c2", "support", 40_000)
    assert desk.position("c2", 40_000) == 1  # not in line before its time
    desk.ended("c1", 50_000)
    desk.set_availability("amy", "break", 50_001)
    desk.tick(60_000)
    assert desk.next_deadline() is not None
    desk.tick(600_000)
    assert desk.position("c2", 600_000) == 2  # but then at the old place
    assert calls(desk.set_availability("amy", "available", 600_000)) == [("cb", "amy")]


def test_a_time_agreed_upon_wakes_the_desk() -> None:
    desk = make("amy")
    assert desk.book("cb", "support", 0, not_before_ms=3_600_000) == []
    assert desk.next_deadline() == 3_600_000
    assert calls(desk.tick(3_599_999)) == []
    assert calls(desk.tick(3_600_000)) == [("cb", "amy")]


def test_given_up_it_holds_nobody() -> None:
    desk = make("amy")
    desk.book("cb", "support", 0)
    desk.not_reached("cb", 25_000, again_ms=None)
    assert desk.waiting == {}
    assert desk.agents["amy"].status == "idle"
    assert desk.reached("cb", "late", 26_000) is None


def test_cancelled_while_it_rings_frees_the_agent_for_the_next() -> None:
    desk = make("amy")
    desk.book("cb", "support", 0)
    desk.enqueue("c1", "support", 1_000)
    assert offers(desk.leave("cb", 2_000)) == [("c1", "amy")]


def test_an_agent_is_not_kept_for_ever() -> None:
    desk = make("amy")
    desk.book("cb", "support", 0)
    desk.enqueue("c1", "support", 1_000)
    assert desk.next_deadline() is not None
    actions = desk.tick(DIAL_MS)
    assert offers(actions) == [("c1", "amy")]
    assert not any(isinstance(action, Withdraw) for action in actions)  # nothing rang at her
    assert calls(actions) == []  # and the customer is not called twice
    late = desk.reached("cb", "called", DIAL_MS + 1_000)
    assert late is not None
    assert [a for a in late if isinstance(a, Announce)] == [Announce("called", 1, 100)]


def test_an_agent_who_leaves_is_let_go() -> None:
    desk = make("amy", "bob")
    desk.book("cb", "support", 0)
    desk.set_availability("amy", "break", 100)
    assert desk.agents["amy"].status == "idle"
    answered = desk.reached("cb", "called", 5_000)
    assert answered is not None
    assert offers(answered) == [("called", "bob")]


def test_a_place_is_kept_once() -> None:
    desk = make()
    desk.book("cb", "support", 0)
    with pytest.raises(ValueError, match="its place"):
        desk.book("cb", "support", 1)


def test_what_is_for_one_agent_goes_to_nobody_else() -> None:
    desk = make("amy", "bob", skills={"bob": {"zh"}})
    assert offers(desk.enqueue("c1", "direct", 1_000, skills={"fr"}, only="bob")) == [("c1", "bob")]
    talking_to(desk, "c1", 1_500)
    assert desk.enqueue("c2", "direct", 2_000, only="bob", announce=False) == []
    assert desk.reach("bob") == "busy"
    assert desk.reach("amy") == "free"
    desk.set_availability("amy", "meal", 3_000)
    assert (desk.reach("amy"), desk.reach("zoe")) == ("away", "unknown")


def test_an_offer_that_only_keeps_somebody_free_cannot_be_accepted() -> None:
    desk = make("amy")
    desk.book("cb", "support", 0)
    kept = desk.agents["amy"].offer_id
    assert kept is not None
    assert desk.accepted(kept, 10) is None
    assert desk.declined(kept, 10) == []
    assert isinstance((desk.reached("cb", "called", 20) or [None])[1], Offer)
