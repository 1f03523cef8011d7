"""What holds whatever happens, and in what order. Time is virtual; hypothesis looks for a way to break it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from desk.model import Capacity, Offer, Overflow, Waiting, slot_of
from desk.options import DeskOptions
from desk.queues import OverflowTo, QueueSpec, SkillNeed
from desk.roster import group_of
from desk.routing import Desk

OPTIONS = DeskOptions(not_responding_s=30, handle_time_s=100)
AGENTS: dict[str, dict[str, Any]] = {
    "a0": {"skills": {}, "capacity": Capacity(1, 2)},
    "a1": {"skills": {"zh": 2, "tech": 5}, "capacity": Capacity(1, 1)},
    "a2": {"skills": {"zh": 5}, "capacity": Capacity(0, 3), "queues": ["lang", "all"]},
    "a3": {"skills": {"zh": 3, "tech": 1}, "capacity": Capacity(2, 0)},
}
QUEUES = [
    QueueSpec(queue="plain", acw_s=10),
    QueueSpec(queue="lang", skills=(SkillNeed(skill="zh", min_level=3),), strategy="top_down", acw_s=0, aging=0),
    QueueSpec(queue="all", strategy="ring_all", misses_to_pause=2, priority=5),
    QueueSpec(queue="turns", strategy="round_robin", max_wait_s=60, overflow=OverflowTo(to="queue", name="plain")),
    QueueSpec(queue="mine", strategy="preferred", preferred_s=15, aging=1),
    QueueSpec(queue="small", strategy="least_occupied", max_size=2),
]
contacts = st.sampled_from([f"c{n}" for n in range(7)])
agents = st.sampled_from(sorted(AGENTS))


class Hours(RuleBasedStateMachine):
    """An afternoon at the desk."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000
        self.desk = Desk(OPTIONS, born="t")
        self.desk.set_queues(QUEUES, 0)
        self.places: dict[str, tuple[int, int]] = {}
        for name, about in AGENTS.items():
            self.desk.upsert_agent(name, about["skills"], 0, queues=about.get("queues", ()), capacity=about["capacity"])

    def done(self, actions: list[Any] | None) -> None:
        """Each decision is looked at when it is made."""
        for action in actions or []:
            if isinstance(action, Offer):
                contact = self.desk.waiting.get(action.contact_id)
                if contact is not None and action.offer_id in contact.offers:
                    self.may(contact, action.agent_id)
                assert action.decision.chosen == action.agent_id
                assert action.decision.able >= 1
                reached = action.decision.able + sum(action.decision.passed_over.values())
                assert reached == action.decision.considered, "somebody is not accounted for"
            elif isinstance(action, Overflow):
                assert action.contact_id not in self.desk.waiting

    def may(self, contact: Waiting, agent_id: str) -> None:
        agent = self.desk.agents[agent_id]
        if contact.only is not None:
            assert contact.only == agent_id
            return
        needs = dict(contact.wants)
        for need in self.desk.queue(contact.queue).skills:
            needs[need.skill] = max(need.min_level, needs.get(need.skill, 0))
        assert all(agent.skills.get(skill, 0) >= level for skill, level in needs.items()), "unskilled"
        assert not agent.queues or contact.queue in agent.queues, "not in the queue"

    @rule(ms=st.sampled_from([1, 900, 5_000, 14_000, 31_000, 61_000]))
    def wait(self, ms: int) -> None:
        self.now += ms
        while (due := self.desk.next_deadline()) is not None and due <= self.now:
            self.done(self.desk.tick(max(due, self.now - ms)))

    @rule(
        contact=contacts,
        queue=st.sampled_from([spec.queue for spec in QUEUES] + ["unheard_of"]),
        channel=st.sampled_from(["voice", "video", "chat"]),
        skill=st.sampled_from([{}, {}, {"tech": 1}, {"zh": 4}]),
        priority=st.sampled_from([20, 50, 50, 80]),
        upset=st.sampled_from([0.0, 0.0, 0.7, 1.0]),
        who=st.one_of(st.none(), agents),
        alone=st.booleans(),
    )
    def comes(
        self, contact: str, queue: str, channel: Any, skill: Any, priority: int, upset: float, who: Any, alone: bool
    ) -> None:
        if contact in self.desk.waiting or any(contact in a.held for a in self.desk.agents.values()):
            return
        only = who if alone and priority == 20 else None
        self.done(
            self.desk.enqueue(
                contact, queue, self.now, channel=channel, skills=skill, priority=priority, frustration=upset,
                only=only, preferred=who,
            )
        )  # fmt: skip

    @rule(contact=contacts, n=st.integers(0, 2))
    def books(self, contact: str, n: int) -> None:
        if f"b{contact}" not in self.desk.waiting:
            self.done(self.desk.book(f"b{contact}", "plain", self.now, not_before_ms=self.now + n * 20_000))

    @rule(contact=contacts)
    def answers_the_call_back(self, contact: str) -> None:
        if contact not in self.desk.waiting and not any(contact in a.held for a in self.desk.agents.values()):
            self.done(self.desk.reached(f"b{contact}", contact, self.now))

    @rule(contact=contacts, again=st.booleans())
    def is_not_reached(self, contact: str, again: bool) -> None:
        self.done(self.desk.not_reached(f"b{contact}", self.now, again_ms=self.now + 9_000 if again else None))

    @rule(contact=contacts)
    def hangs_up(self, contact: str) -> None:
        self.done(self.desk.leave(contact, self.now))

    @rule(agent=agents)
    def takes(self, agent: str) -> None:
        offer = self.desk.agents[agent].offer_id
        taken = self.desk.accepted(offer, self.now) if offer else None
        if taken is not None:
            assert taken[0] in self.desk.agents[agent].held
            assert taken[0] not in self.desk.waiting
            self.done(taken[1])

    @rule(agent=agents, missed=st.booleans())
    def does_not_take(self, agent: str, missed: bool) -> None:
        offer = self.desk.agents[agent].offer_id
        waiting = next((w for w in self.desk.waiting.values() if offer in w.offers), None)
        if waiting is None or waiting.callback:
            return
        before = (waiting.enqueued_ms, waiting.order, waiting.priority, waiting.head_ms)
        self.done(self.desk.declined(offer or "", self.now, missed=missed))
        assert self.desk.waiting[waiting.contact_id] is waiting
        assert (waiting.enqueued_ms, waiting.order, waiting.priority, waiting.head_ms) == before, "lost its place"

    @rule(contact=contacts)
    def talk_ends(self, contact: str) -> None:
        self.done(self.desk.ended(contact, self.now))

    @rule(agent=agents)
    def wraps_up(self, agent: str) -> None:
        self.done(self.desk.wrapped_up(agent, self.now))

    @rule(
        agent=agents,
        what=st.sampled_from(["available", "available", "available", "break", "offline"]),
        force=st.booleans(),
    )
    def chooses(self, agent: str, what: Any, force: bool) -> None:
        self.done(self.desk.set_availability(agent, what, self.now, force=force))

    @rule(agent=agents, up=st.booleans())
    def page(self, agent: str, up: bool) -> None:
        self.done(self.desk.connection(agent, up, self.now))

    @rule(agent=agents, on=st.booleans())
    def calls_by_themselves(self, agent: str, on: bool) -> None:
        if not on or self.desk.agents[agent].taken("voice") < self.desk.agents[agent].capacity.voice:
            self.done(self.desk.communicating(agent, f"own-{agent}", on, self.now))

    @rule(agent=agents, level=st.integers(1, 5))
    def learns(self, agent: str, level: int) -> None:
        about = AGENTS[agent]
        skills = {**about["skills"], "zh": level} if about["skills"] else {}
        self.done(
            self.desk.upsert_agent(agent, skills, self.now, queues=about.get("queues", ()), capacity=about["capacity"])
        )

    @rule(aging=st.sampled_from([0, 1, 5]), top=st.booleans())
    def queues_are_set(self, aging: int, top: bool) -> None:
        changed = [spec.model_copy(update={"aging": aging}) for spec in QUEUES[: 6 if top else 5]]
        self.done(self.desk.set_queues(changed, self.now))

    @invariant()
    def nobody_is_offered_twice(self) -> None:
        out = [(offer, agent) for w in self.desk.waiting.values() for offer, agent in w.offers.items()]
        assert len({agent for _, agent in out}) == len(out), "an agent has two offers"
        for w in self.desk.waiting.values():
            assert len(w.offers) <= 1 or self.desk.queue(w.queue).strategy == "ring_all" or w.queue in ("all",)
        for offer, agent in out:
            assert self.desk.agents[agent].offer_id == offer
        rung = {agent for _, agent in out}
        assert all((a.offer_id is not None) == (a.agent_id in rung) for a in self.desk.agents.values())

    @invariant()
    def offers_stay_allowed(self) -> None:
        for w in self.desk.waiting.values():
            for agent in w.offers.values():
                self.may(w, agent)

    @invariant()
    def capacity_holds(self) -> None:
        for agent in self.desk.agents.values():
            offered = next((w for w in self.desk.waiting.values() if agent.offer_id in w.offers), None)
            for slot in ("voice", "chat"):
                coming = offered is not None and slot_of(offered.channel) == slot
                assert agent.taken(slot) + coming <= agent.capacity.of(slot), "more than they can hold"

    @invariant()
    def a_free_agent_and_who_may_have_them_are_not_left_apart(self) -> None:
        """And so the freed one got the first of those: nobody with more points waits beside them."""
        for w in self.desk.waiting.values():
            if w.offers or w.dialling or w.not_before_ms > self.now:
                continue
            waits = self.desk.explain(w.contact_id, self.now)
            for agent_id, why in waits.agents:
                if why == "free":
                    agent = self.desk.agents[agent_id]
                    kept = w.preferred is not None and w.preferred != agent_id
                    assert kept and group_of(self.desk.agents[w.preferred]) in ("open", "ringing"), (w, agent)

    @invariant()
    def places_are_numbered(self) -> None:
        for queue in {w.queue for w in self.desk.waiting.values()}:
            line = [w for w in self.desk.waiting.values() if w.queue == queue and w.not_before_ms <= self.now]
            standing = sorted(self.desk.position(w.contact_id, self.now) for w in line)
            assert standing == list(range(1, len(line) + 1)) or any(w.callback for w in line)

    @invariant()
    def something_will_happen(self) -> None:
        """Nothing rings, rests or wraps up for ever."""
        due = self.desk.next_deadline()
        timed = any(w.offers for w in self.desk.waiting.values()) or any(a.until_ms for a in self.desk.agents.values())
        assert due is not None or not timed


TestHours = Hours.TestCase
TestHours.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 200_000), st.integers(0, 100), st.sampled_from([0.0, 0.5, 1.0])),
        min_size=2,
        max_size=30,
    ),
    st.sampled_from([0.0, 0.5, 2.0, 10.0]),
)
def test_the_freed_agent_gets_the_one_with_the_most_points(came: list[tuple[int, int, float]], aging: float) -> None:
    """Highest aged priority first, the longest wait among equals: as documented, and computed here anew."""
    spec = QueueSpec(queue="q", aging=aging, acw_s=0, upset_s=120)
    desk = Desk(OPTIONS)
    desk.set_queues([spec], 0)
    desk.upsert_agent("amy", (), 0)
    came = sorted(came)
    for n, (at, priority, upset) in enumerate(came):
        desk.enqueue(f"c{n}", "q", at, priority=priority, frustration=upset, announce=False)
    now = 300_000
    left = set(range(len(came)))
    desk.set_availability("amy", "available", now)
    while left:
        points = {n: came[n][1] + aging * (now - came[n][0] + came[n][2] * 120_000) / 60_000 for n in left}
        since = {n: came[n][0] - came[n][2] * 120_000 for n in left}
        expected = min(left, key=lambda n: (-round(points[n], 6), since[n], n))
        offer = desk.agents["amy"].offer_id
        assert offer is not None
        taken = desk.accepted(offer, now)
        assert taken is not None
        assert taken[0] == f"c{expected}"
        left.discard(expected)
        now += 7_000
        desk.ended(taken[0], now)
        if left:
            assert desk.agents["amy"].status == "offered"


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 100),
    st.lists(
        st.tuples(st.integers(1, 6_000), st.integers(0, 100), st.sampled_from([0.0, 1.0])), min_size=30, max_size=120
    ),
    st.sampled_from([1.0, 2.0, 5.0]),
)
def test_nobody_starves(priority: int, later: list[tuple[int, int, float]], aging: float) -> None:
    """The bound: who comes later overtakes only within (difference of priority / aging) minutes + the head start.

    However many come, each with a higher priority and as upset as can be: after that time nobody new passes.
    """
    spec = QueueSpec(queue="q", aging=aging, upset_s=120)
    desk = Desk(OPTIONS)
    desk.set_queues([spec], 0)
    desk.enqueue("calm", "q", 0, priority=priority, announce=False)
    now = 0
    for n, (gap, other, upset) in enumerate(later):
        now += gap * 10
        before = desk.position("calm", now)
        desk.enqueue(f"c{n}", "q", now, priority=other, frustration=upset, announce=False)
        passed = desk.position("calm", now) > before
        bound_ms = max(0.0, other - priority) / aging * 60_000 + upset * 120_000
        assert not passed or now <= bound_ms, "overtaken after the bound"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 20_000), st.sampled_from([0.0, 1.0])), min_size=5, max_size=60))
def test_upset_callers_pass_nobody_of_their_priority_who_came_two_minutes_before(came: list[tuple[int, float]]) -> None:
    """Also in a queue that does not age."""
    spec = QueueSpec(queue="q", aging=0, upset_s=120)
    desk = Desk(OPTIONS)
    desk.set_queues([spec], 0)
    now, at = 0, []
    for n, (gap, upset) in enumerate(came):
        now += gap
        at.append(now)
        desk.enqueue(f"c{n}", "q", now, frustration=upset, announce=False)
    places = {n: desk.position(f"c{n}", now) for n in range(len(at))}
    for first in range(len(at)):
        for second in range(first + 1, len(at)):
            if at[second] - at[first] > 120_000:
                assert places[first] < places[second]
