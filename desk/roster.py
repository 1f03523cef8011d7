"""Everybody who takes contacts, indexed so that "who may take this now" is a few operations on whole numbers.

An agent has an index; bit i of a mask is agent i. Masks are Python's integers, so a thousand agents are 125 bytes and
an intersection takes some 50 ns. What an agent may take (`able`) changes seldom, what they are doing (`group`, `room`)
at every call; both are kept at each change rather than looked for at each decision.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

from desk.model import Agent, AgentChanged, Capacity, Needs, RoutingStatus, Slot

Group = Literal["open", "away", "lost", "leaving", "communicating", "not_responding", "ringing"]
GROUPS: tuple[Group, ...] = ("open", "away", "lost", "leaving", "communicating", "not_responding", "ringing")
SLOTS: tuple[Slot, ...] = ("voice", "chat")
SAID: dict[str, str] = {
    "away": "not available",
    "lost": "page not connected",
    "error": "phone or device in error",
    "leaving": "about to leave",
    "communicating": "in a call of their own",
    "not_responding": "missed or declined just now",
    "ringing": "being offered another contact",
    "busy": "no place left for this channel",
    "unskilled": "lack a skill or are not in the queue",
}


class Roster:
    """All agents."""

    def __init__(self) -> None:
        self.agents: dict[str, Agent] = {}
        self.groups: dict[Group, int] = dict.fromkeys(GROUPS, 0)
        self.room: dict[Slot, int] = dict.fromkeys(SLOTS, 0)
        self.faulty = 0
        """Whose phone does not work: they can be offered chats only."""
        self._seats: list[Agent | None] = []
        self._skilled: dict[tuple[str, int], int] = defaultdict(int)
        """(skill, level) → who has it at that level or higher."""
        self._serving: dict[str | None, int] = defaultdict(int)
        """Queue → who serves it alone or among others; None → who serves all."""
        self._places: dict[tuple[Slot, int], int] = defaultdict(int)
        """(kind, number) → who holds so many at once."""
        self._idle: list[tuple[int, str, int]] = []
        """(idle since, id, index) of all, longest idle first."""

    def add(
        self, agent_id: str, skills: dict[str, int], queues: frozenset[str], capacity: Capacity, now_ms: int
    ) -> Agent:
        """Somebody new, offline."""
        index = self._seats.index(None) if None in self._seats else len(self._seats)
        agent = Agent(agent_id, index, skills, queues, capacity, since_ms=now_ms, idle_since_ms=now_ms)
        if index == len(self._seats):
            self._seats.append(agent)
        else:
            self._seats[index] = agent
        self.agents[agent_id] = agent
        insort(self._idle, (now_ms, agent_id, index))
        self.learn(agent)
        self.refresh(agent, now_ms)
        return agent

    def learn(self, agent: Agent) -> None:
        """What they can do, serve and hold is different."""
        bit = 1 << agent.index
        self._unlearn(bit)
        if agent.removed:
            return
        for skill, level in agent.skills.items():
            for up_to in range(1, level + 1):
                self._skilled[skill, up_to] |= bit
        for queue in agent.queues or (None,):
            self._serving[queue] |= bit
        for slot in SLOTS:
            self._places[slot, agent.capacity.of(slot)] |= bit

    def able(self, queue: str, needs: Needs, only: str | None = None, but: frozenset[str] = frozenset()) -> int:
        """Who may take such contacts, whatever they are doing.

        `only` names the one agent who may, whatever their skills; else each skill at its level, and the queue is theirs.
        `but` names who may not, whatever else.
        """
        if only is not None:
            agent = self.agents.get(only)
            return 0 if agent is None or agent.removed else 1 << agent.index
        mask = self._serving.get(None, 0) | self._serving.get(queue, 0)
        for need in needs:
            mask &= self._skilled.get(need, 0)
        for agent_id in but & self.agents.keys():
            mask &= ~(1 << self.agents[agent_id].index)
        return mask

    def places(self, slot: Slot, among: int) -> int:
        """How many contacts of a kind the agents of a mask hold at once, together."""
        return sum(count * (mask & among).bit_count() for (kind, count), mask in self._places.items() if kind == slot)

    def remove(self, agent: Agent) -> None:
        """Forget them."""
        del self.agents[agent.agent_id]
        self._seats[agent.index] = None
        self._unlist(agent)
        bit = 1 << agent.index
        self._unlearn(bit)
        for group in GROUPS:
            self.groups[group] &= ~bit
        for slot in SLOTS:
            self.room[slot] &= ~bit
        self.faulty &= ~bit

    def refresh(self, agent: Agent, now_ms: int) -> AgentChanged:
        """Their state has changed: status and masks follow."""
        present, busy = agent.counts
        passed = now_ms - agent.counted_ms
        agent.present_ms += passed * present
        agent.busy_ms += passed * busy
        status = _status(agent)
        if status != agent.status:
            agent.status, agent.since_ms = status, now_ms
        agent.counted_ms = now_ms
        agent.counts = (agent.availability == "available", status in ("interacting", "communicating", "acw"))
        bit = 1 << agent.index
        for group in GROUPS:
            self.groups[group] &= ~bit
        self.groups[group_of(agent)] |= bit
        self.faulty = self.faulty | bit if agent.fault else self.faulty & ~bit
        for slot in SLOTS:
            if agent.taken(slot) < agent.capacity.of(slot):
                self.room[slot] |= bit
            else:
                self.room[slot] &= ~bit
        return AgentChanged(
            agent.agent_id,
            agent.availability,
            agent.status,
            agent.contact_id,
            agent.until_ms,
            agent.reason,
            agent.next_availability,
            agent.next_reason if agent.next_availability is not None else "",
            agent.missed,
        )

    def idle_now(self, agent: Agent, now_ms: int) -> None:
        """From now on they count as idle: behind all others."""
        self._unlist(agent)
        agent.idle_since_ms = now_ms
        insort(self._idle, (now_ms, agent.agent_id, agent.index))

    def free(self, slot: Slot) -> int:
        """Who can be offered a contact of this kind now."""
        return self.groups["open"] & self.room[slot] & ~self.broken(slot)

    @property
    def out(self) -> int:
        """Who cannot be called, whatever they are doing."""
        return self.groups["away"] | self.groups["lost"] | self.faulty

    def broken(self, slot: Slot) -> int:
        """Whose device does not work for contacts of this kind."""
        return self.faulty if slot == "voice" else 0

    def longest_idle(self, among: int) -> Iterator[Agent]:
        """Of a mask, the longest idle first."""
        for _, agent_id, index in self._idle:
            if among >> index & 1:
                yield self.agents[agent_id]

    def of(self, mask: int) -> Iterator[Agent]:
        """The agents of a mask, by index."""
        while mask:
            low = mask & -mask
            agent = self._seats[low.bit_length() - 1]
            if agent is not None:
                yield agent
            mask ^= low

    def _unlearn(self, bit: int) -> None:
        for masks in (self._skilled, self._serving, self._places):
            for name in masks:
                masks[name] &= ~bit  # type: ignore[index]

    def _unlist(self, agent: Agent) -> None:
        del self._idle[bisect_left(self._idle, (agent.idle_since_ms, agent.agent_id, agent.index))]


def group_of(agent: Agent) -> Group:
    """What keeps them from being offered anything, if something does."""
    if agent.availability != "available":
        return "away"
    if agent.lost_at_ms is not None:
        return "lost"
    if agent.next_availability is not None:
        return "leaving"
    if any(held.own for held in agent.held.values()):
        return "communicating"
    if agent.quiet_until_ms is not None:
        return "not_responding"
    return "ringing" if agent.offer_id is not None else "open"


def occupancy(agent: Agent, now_ms: int) -> float:
    """Share of the time since they became available that they were busy, 0…1."""
    passed = now_ms - agent.counted_ms
    present, busy = agent.counts
    whole = agent.present_ms + passed * present
    return min(1.0, (agent.busy_ms + passed * busy) / whole) if whole > 0 else 0.0


def _status(agent: Agent) -> RoutingStatus:
    talks = [held for held in agent.held.values() if held.acw_until_ms is None]
    if talks:
        return "communicating" if all(held.own for held in talks) else "interacting"
    if agent.quiet_until_ms is not None:
        return "not_responding"
    if agent.offer_id is not None:
        return "reserved" if agent.reserved else "offered"
    if agent.held:
        return "acw"
    return "error" if agent.fault and agent.availability != "offline" else "idle"
