"""What the desk holds, and how its parts are kept in step: the ground on which offers, shifts and queues stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from secrets import token_hex

from desk.alarms import Alarms
from desk.lines import Lines
from desk.model import Agent, AgentChanged, Held, Needs, Waiting, slot_of
from desk.options import DeskOptions
from desk.queues import QueueSpec, default_queue
from desk.roster import Roster, group_of
from desk.tallies import Tally

Opening = Callable[[str, int], bool]
"""Is this calendar open at this time of the desk's clock?"""
WAITED_FOR = frozenset({"open", "ringing"})
"""What a preferred agent may be doing while others wait for them."""


def always_open(calendar: str, now_ms: int) -> bool:
    """Where there are no calendars."""
    return True


class DeskState:
    """Agents, contacts, queues, and what falls due."""

    def __init__(self, options: DeskOptions, opening: Opening = always_open, born: str | None = None) -> None:
        self.options = options
        self.opening = opening
        self.waiting: dict[str, Waiting] = {}
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self._roster = Roster()
        self._lines = Lines(self._roster)
        self._alarms = Alarms(self._due)
        self._specs: dict[str, QueueSpec] = {}
        self._order = 0
        self._offer_count = 0
        self._offers: dict[str, str] = {}
        """Offer → the contact it is of."""
        self._preferring: dict[str, set[str]] = defaultdict(set)
        """Agent → contacts that wait for them at first."""
        self._held_by: dict[str, set[str]] = {}
        """Contact → the agents who have it."""
        self._born = token_hex(3) if born is None else born
        """Offers of this process are not mistaken for those of the one before."""

    @property
    def agents(self) -> Mapping[str, Agent]:
        """By id."""
        return self._roster.agents

    @property
    def queues(self) -> Mapping[str, QueueSpec]:
        """Those that are set up."""
        return self._specs

    def queue(self, name: str) -> QueueSpec:
        """Its settings; the desk's own for one that nobody has set up."""
        spec = self._specs.get(name)
        return default_queue(name, self.options) if spec is None else spec

    # ------------------------------------------------------------------ kept in step

    def _changed(self, agent: Agent, now_ms: int) -> AgentChanged:
        """Whatever else was done to an agent, this follows: masks, alarms, those who waited for them alone."""
        changed = self._roster.refresh(agent, now_ms)
        self._alarms.set(f"a:{agent.agent_id}")
        for contact_id in sorted(self._preferring.get(agent.agent_id, ())):
            contact = self.waiting[contact_id]
            if group_of(agent) not in WAITED_FOR or self._cannot(agent, contact):
                self._for_all(contact)
        return changed

    @staticmethod
    def _cannot(agent: Agent, contact: Waiting) -> bool:
        """Their phone does not work, and it would have to ring."""
        return bool(agent.fault) and slot_of(contact.channel) == "voice"

    def _hold(self, agent: Agent, held: Held) -> None:
        agent.held[held.contact_id] = held
        self._held_by.setdefault(held.contact_id, set()).add(agent.agent_id)

    def _let_go(self, agent: Agent, held: Held) -> None:
        del agent.held[held.contact_id]
        holders = self._held_by[held.contact_id]
        holders.discard(agent.agent_id)
        if not holders:
            del self._held_by[held.contact_id]

    def _stand(self, contact: Waiting) -> None:
        """Give it its place, and let it be offered."""
        self._lines.stand(contact, self.queue(contact.queue))
        self._ready(contact)

    def _ready(self, contact: Waiting) -> None:
        """It may be offered: to the one it is for, to the preferred one at first, to all who can."""
        only, needs = contact.only, self._needs(contact)
        if only is None and contact.preferred is not None:
            agent = self.agents.get(contact.preferred)
            able = agent is not None and self._roster.able(contact.queue, needs, None, contact.but) >> agent.index & 1
            if agent is not None and able and group_of(agent) in WAITED_FOR and not self._cannot(agent, contact):
                only = contact.preferred
                self._preferring[only].add(contact.contact_id)
            else:
                self._prefers_nobody(contact)
        self._lines.ready(contact, needs, only)
        self._alarms.set(f"c:{contact.contact_id}")

    def _for_all(self, contact: Waiting) -> None:
        """The preferred agent is waited for no longer."""
        self._prefers_nobody(contact)
        if self._lines.is_ready(contact):
            self._ready(contact)

    def _prefers_nobody(self, contact: Waiting) -> None:
        if contact.preferred is not None:
            self._preferring[contact.preferred].discard(contact.contact_id)
        contact.preferred = contact.preferred_until_ms = None

    def _forget(self, contact: Waiting) -> None:
        """It waits no more."""
        self._lines.leave(contact)
        self._prefers_nobody(contact)
        del self.waiting[contact.contact_id]

    def _needs(self, contact: Waiting) -> Needs:
        """What its queue asks for and what it asks for itself; the higher level counts."""
        needs = {need.skill: need.min_level for need in self.queue(contact.queue).skills}
        for skill, level in contact.wants:
            needs[skill] = max(level, needs.get(skill, 0))
        return tuple(sorted(needs.items()))

    def _due(self, thing: str) -> int | None:
        kind, _, name = thing.partition(":")
        if kind == "a":
            agent = self.agents.get(name)
            return None if agent is None else self._agent_due(agent)
        contact = self.waiting.get(name)
        return None if contact is None else self._contact_due(contact)

    def _agent_due(self, agent: Agent) -> int | None:
        times = [held.acw_until_ms for held in agent.held.values()]
        times.append(agent.quiet_until_ms)
        if agent.lost_at_ms is not None and agent.availability != "offline":
            times.append(agent.lost_at_ms + round(self.options.reconnect_s * 1000))
        return min((at for at in times if at is not None), default=None)

    def _contact_due(self, contact: Waiting) -> int | None:
        if contact.offers:
            return contact.offer_until_ms
        if not self._lines.stands(contact):
            return contact.not_before_ms
        times = (contact.overflow_ms, contact.leaves_ms, contact.announce_ms, contact.preferred_until_ms)
        return min((at for at in times if at is not None), default=None)


def wants_of(skills: Iterable[str] | Mapping[str, int]) -> Needs:
    """Names, or names with the least level."""
    named = skills.items() if isinstance(skills, Mapping) else ((skill, 1) for skill in skills)
    return tuple(sorted(named))
