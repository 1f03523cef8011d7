"""Who of those who can: each strategy, in words that say why."""

from __future__ import annotations

import pytest

from desk.model import Announce, Capacity, Moved, Offer, Overflow, Withdraw
from desk.options import DeskOptions
from desk.queues import Announcing, OverflowTo, QueueSpec, SkillNeed, Target
from desk.routing import Desk
from desk.tallies import expected_wait_ms

OPTIONS = DeskOptions(not_responding_s=30, handle_time_s=100)


def desk_of(spec: QueueSpec, *more: QueueSpec, agents: dict[str, dict[str, int]] | None = None) -> Desk:
    desk = Desk(OPTIONS, opening=lambda calendar, at: calendar == "open" or at >= 1_000_000, born="t")
    desk.set_queues([spec, *more], 0)
    for n, (agent, skills) in enumerate((agents or {"amy": {}, "bob": {}, "cat": {}}).items()):
        desk.upsert_agent(agent, skills, n)
        desk.set_availability(agent, "available", n)
    return desk


def offers(actions: list[object]) -> list[Offer]:
    return [a for a in actions if isinstance(a, Offer)]


def served(desk: Desk, contact: str, at: int, for_ms: int = 1_000, queue: str = "q") -> str:
    """Comes, is taken and is done; by whom."""
    (offer,) = offers(desk.enqueue(contact, queue, at))
    assert desk.accepted(offer.offer_id, at) is not None
    desk.ended(contact, at + for_ms)
    return offer.agent_id


def test_longest_idle_says_who_came_next() -> None:
    desk = desk_of(QueueSpec(queue="q"))
    (offer,) = offers(desk.enqueue("c", "q", 60_000))
    assert offer.why == "longest idle of 3 able agents (60 s); waited 0 s, 50.0 points"
    assert offer.decision.behind == (("bob", "59 s"), ("cat", "59 s"))


def test_round_robin_gives_each_a_turn_however_long_it_took() -> None:
    desk = desk_of(QueueSpec(queue="q", strategy="round_robin", acw_s=0))
    got = [served(desk, f"c{n}", 10_000 * (n + 1), for_ms=9_000 if n == 0 else 10) for n in range(6)]
    assert got == ["amy", "bob", "cat", "amy", "bob", "cat"]


def test_least_occupied_looks_at_places_in_use_then_at_time() -> None:
    desk = desk_of(QueueSpec(queue="q", strategy="least_occupied", acw_s=0))
    assert served(desk, "long", 1_000, for_ms=50_000) == "amy"
    assert served(desk, "short", 60_000, for_ms=100) == "bob"
    assert served(desk, "third", 70_000, for_ms=100) == "cat"
    assert served(desk, "again", 80_000, for_ms=100) in ("bob", "cat")  # not amy, who worked most
    for agent in ("bob", "cat"):
        desk.assign(agent, f"chat-{agent}", 90_000, channel="chat", queue="q")
    assert served(desk, "voice", 91_000) == "amy"  # nothing in her hands now


def test_top_down_takes_the_most_proficient_who_is_free() -> None:
    spec = QueueSpec(queue="q", strategy="top_down", skills=(SkillNeed(skill="zh", min_level=2),))
    desk = desk_of(spec, agents={"amy": {"zh": 2}, "bob": {"zh": 5}, "cat": {"zh": 1}, "dan": {"zh": 4}})
    got = [offers(desk.enqueue(f"c{n}", "q", 1_000 + n)) for n in range(4)]
    assert [o[0].agent_id if o else None for o in got] == ["bob", "dan", "amy", None]
    assert got[0][0].decision.passed_over == {"lack a skill or are not in the queue": 1}
    waits = desk.explain("c3", 2_000)
    assert dict(waits.agents)["cat"] == "lacks zh ≥ 2"
    assert dict(waits.agents)["bob"] == "being offered another contact"


def test_everybody_is_rung_and_one_answers() -> None:
    desk = desk_of(QueueSpec(queue="q", strategy="ring_all"))
    rung = offers(desk.enqueue("c", "q", 1_000))
    assert [offer.agent_id for offer in rung] == ["amy", "bob", "cat"]
    desk.declined(rung[2].offer_id, 2_000)
    taken = desk.accepted(rung[1].offer_id, 3_000)
    assert taken is not None
    assert Withdraw(rung[0].offer_id, "c", "amy", "answered_elsewhere") in taken[1]
    assert desk.accepted(rung[0].offer_id, 3_001) is None
    assert (desk.agents["amy"].status, desk.agents["cat"].status) == ("idle", "not_responding")


def test_the_last_agent_is_waited_for_then_others_may() -> None:
    desk = desk_of(QueueSpec(queue="q", strategy="preferred", preferred_s=30, acw_s=0), agents={"amy": {}, "bob": {}})
    desk.assign("bob", "busy", 100, queue="q")
    assert offers(desk.enqueue("c", "q", 1_000, preferred="bob")) == []  # amy is free, and is not asked yet
    assert offers(desk.tick(31_000))[0].agent_id == "amy"
    desk.leave("c", 32_000)
    desk.enqueue("d", "q", 33_000, preferred="bob")
    assert offers(desk.ended("busy", 34_000))[0].decision.why.startswith("the preferred agent")
    desk.leave("d", 35_000)
    desk.set_availability("bob", "meal", 36_000)
    assert offers(desk.enqueue("e", "q", 37_000, preferred="bob"))[0].agent_id == "amy"  # away is not waited for


def test_a_preferred_agent_who_goes_lets_others() -> None:
    desk = desk_of(QueueSpec(queue="q", strategy="preferred"), agents={"amy": {}, "bob": {}})
    desk.assign("bob", "busy", 100, queue="q")
    desk.enqueue("c", "q", 1_000, preferred="bob")
    assert offers(desk.set_availability("bob", "offline", 2_000, force=True))[0].agent_id == "amy"


def test_too_long_goes_to_the_next_queue_at_the_age_it_has_and_then_to_the_flow() -> None:
    first = QueueSpec(queue="q", max_wait_s=60, overflow=OverflowTo(to="queue", name="more"))
    more = QueueSpec(queue="more", max_wait_s=30, skills=(SkillNeed(skill="x"),))
    desk = desk_of(first, more, agents={"amy": {"x": 1}})
    desk.set_availability("amy", "away", 1)
    desk.enqueue("c", "q", 1_000)
    assert Moved("c", "q", "more", 60_000, "waited") in desk.tick(61_000)
    desk.enqueue("d", "more", 62_000)
    assert desk.position("c", 62_000) == 1
    assert Overflow("c", 90_000, "waited") in desk.tick(91_000)


def test_full_and_closed_queues_let_nobody_in_who_has_no_place() -> None:
    desk = desk_of(QueueSpec(queue="q", max_size=2), QueueSpec(queue="shut", hours="night"))
    for agent in ("amy", "bob", "cat"):
        desk.set_availability(agent, "away", 10)
    for n in range(2):
        desk.enqueue(f"c{n}", "q", 20)
    assert Overflow("c2", 0, "full") in desk.enqueue("c2", "q", 20)
    desk.enqueue("kept", "q", 30, enqueued_ms=5, kept=True)  # whose agent was lost
    assert desk.position("kept", 30) == 1
    assert desk.enqueue("s", "shut", 40) == [Overflow("s", 0, "closed")]
    desk.enqueue("s", "shut", 1_000_000)
    assert "s" in desk.waiting


def test_with_a_free_agent_a_full_queue_is_not_full() -> None:
    desk = desk_of(QueueSpec(queue="q", max_size=1), agents={"amy": {}})
    assert offers(desk.enqueue("c", "q", 20))


def test_upset_callers_are_ahead_by_so_much_and_it_is_said() -> None:
    desk = desk_of(QueueSpec(queue="q", upset_s=120, aging=2), agents={"amy": {}})
    desk.set_availability("amy", "away", 1)
    desk.enqueue("calm", "q", 0)
    desk.enqueue("upset", "q", 100_000, frustration=0.9)
    (offer,) = offers(desk.set_availability("amy", "available", 110_000))
    assert offer.contact_id == "upset"
    assert offer.decision.points == pytest.approx(50 + 2 * (10 + 108) / 60, abs=1e-3)
    assert "108 s of it for being upset" in offer.why


def test_a_change_of_the_queue_holds_for_those_who_wait() -> None:
    desk = desk_of(QueueSpec(queue="q", aging=0), agents={"amy": {"zh": 3}})
    desk.set_availability("amy", "away", 1)
    desk.enqueue("old", "q", 0, priority=50)
    desk.enqueue("urgent", "q", 60_000, priority=55)
    assert desk.position("urgent", 60_000) == 1
    desk.set_queues([QueueSpec(queue="q", aging=10, skills=(SkillNeed(skill="zh", min_level=4),))], 61_000)
    assert desk.position("old", 61_000) == 1
    assert offers(desk.set_availability("amy", "available", 62_000)) == []  # a level that she has not
    assert offers(desk.upsert_agent("amy", {"zh": 4}, 63_000))[0].contact_id == "old"


def test_expected_wait_is_the_work_ahead_by_the_places_of_those_who_do_it() -> None:
    def places(who: int) -> int:
        return who.bit_count()

    assert expected_wait_ms(0b1111, 6 * 240.0, {}, places) == 360
    assert expected_wait_ms(0, 240.0, {}, places) == 240
    # all serve both: what waits elsewhere is ahead, too
    assert expected_wait_ms(0b11, 200.0, {0b11: 200.0}, places) == 200
    # one helps elsewhere: there they wait longer, so that it helps there first
    assert expected_wait_ms(0b11, 200.0, {0b110: 700.0}, places) == 300
    # there they wait shorter: nobody of ours is missed
    assert expected_wait_ms(0b11, 600.0, {0b110: 100.0}, places) == 300
    # nobody of ours serves them
    assert expected_wait_ms(0b11, 200.0, {0b1100: 9_000.0}, places) == 100
    # a chain: those behind the others hold up the others, but not us
    assert expected_wait_ms(0b1, 100.0, {0b11: 300.0, 0b110: 9_000.0}, places) == 200


def test_expected_wait_of_a_queue() -> None:
    desk = desk_of(QueueSpec(queue="q", announce=Announcing(position=False, every_s=60)), agents={"amy": {}, "bob": {}})
    desk.upsert_agent("bob", (), 5, capacity=Capacity(voice=2))
    for n in range(3):
        desk.enqueue(f"busy{n}", "q", 10)
        for agent in desk.agents.values():
            if agent.offer_id:
                desk.accepted(agent.offer_id, 11)
    assert desk.enqueue("c", "q", 20) == [Announce("c", 1, 33, False, True)]  # 1 × 100 s / (1 + 2) places
    assert desk.next_deadline() == 60_020


def test_expected_wait_counts_those_who_wait_for_the_same_agents_elsewhere() -> None:
    agents = {"amy": {}, "bob": {}}
    desk = desk_of(QueueSpec(queue="q"), agents=agents)
    desk.set_queues([QueueSpec(queue="q"), QueueSpec(queue="r", priority=10)], 1)
    for n, agent in enumerate(agents):
        desk.assign(agent, f"busy{n}", 10, queue="q")
    assert desk.enqueue("r1", "r", 20) == [Announce("r1", 1, 50)]
    desk.enqueue("chat", "r", 25, channel="chat", announce=False)  # takes no time of a call
    assert desk.enqueue("q1", "q", 30) == [Announce("q1", 1, 100)]  # next in its queue, and the second whom they serve
    assert desk.enqueue("q2", "q", 40) == [Announce("q2", 2, 150)]
    assert desk.enqueue("r2", "r", 50) == [Announce("r2", 3, 100)]  # its queue comes first
    desk.upsert_agent("bob", {}, 60, queues=["r"])
    due = [action for action in desk.tick(30_050) if isinstance(action, Announce)]
    assert {action.contact_id: action.eta_s for action in due} == {"r1": 50, "q1": 150, "q2": 200, "r2": 100}


def test_figures_of_the_last_hour() -> None:
    desk = desk_of(QueueSpec(queue="q", acw_s=0, sl_target=Target(share=0.8, seconds=20)), agents={"amy": {}})
    served(desk, "at_once", 1_000)
    desk.enqueue("talks", "q", 3_000)
    desk.accepted(desk.agents["amy"].offer_id or "", 3_000)
    desk.enqueue("late", "q", 4_000)
    desk.enqueue("gone", "q", 5_000)
    desk.enqueue("slip", "q", 6_000)
    desk.leave("slip", 7_000)  # within 5 s: does not count against us
    desk.leave("gone", 30_000)
    desk.ended("talks", 40_000)
    desk.accepted(desk.agents["amy"].offer_id or "", 41_000)
    desk.enqueue("waits", "q", 50_000)
    figures = desk.figures("q", 60_000)
    assert (figures.offered, figures.answered, figures.abandoned) == (5, 3, 2)
    assert figures.service_level == 2 / 4
    assert (figures.waiting, figures.longest_wait_ms, figures.agents_available) == (1, 10_000, 1)
    desk.connection("amy", False, 60_000)
    assert desk.figures("q", 60_000).agents_available == 0  # they cannot be offered anything
    desk.connection("amy", True, 60_000)
    desk.fault("amy", "not registered", 60_000)
    assert desk.figures("q", 60_000).agents_available == 0
    assert desk.figures("q", 4_000_000).service_level is None


def test_who_is_rung_for_at_the_limit_overflows_when_nobody_answers() -> None:
    """One agent after the other missed it, and it waited on far beyond its limit: each ring put the limit off."""
    desk = desk_of(QueueSpec(queue="q", max_wait_s=30, ring_s=20, misses_to_pause=0))
    desk.enqueue("c", "q", 0, announce=False)
    assert offers(desk.tick(20_000))  # the second rings
    over = [*desk.tick(40_000), *desk.tick(40_000)]
    assert offers(over) == []
    assert [a for a in over if isinstance(a, Overflow)] == [Overflow("c", 40_000, "waited")]
    desk.enqueue("d", "q", 100_000, announce=False, overflow_s=10)
    over = [*desk.declined(next(iter(desk.waiting["d"].offers)), 111_000), *desk.tick(111_000)]
    assert offers(over) == []
    assert [a.contact_id for a in over if isinstance(a, Overflow)] == ["d"]
