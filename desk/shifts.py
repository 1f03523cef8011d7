"""Agents' states (design/desk.md §2): what the person chose (availability) apart from what the system does (status).

offline ⇄ available ⇄ busy, break, meal, meeting, training, away          chosen; while on a contact: what comes next
idle → offered → interacting → acw → idle                                 the usual round, for each contact
       offered → not_responding → idle      missed or declined; after k misses in a row the agent is away
       communicating: a call of their own · error: the phone does not work, chats go on · a lost page: as before for 60 s, then offline
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from desk.model import Action, Agent, Availability, Capacity, Channel, Held, Slot, Waiting, slot_of
from desk.offers import Offers
from desk.queues import LEVEL

AWAY_REASON = "page not connected"


class Shifts(Offers):
    """The people and what they are doing."""

    def upsert_agent(
        self,
        agent_id: str,
        skills: Iterable[str] | Mapping[str, int],
        now_ms: int,
        *,
        queues: Iterable[str] = (),
        capacity: Capacity | None = None,
    ) -> list[Action]:
        """Add an agent, or change what a known one can do. Skills are levels 1–5 by name; names alone count as 3.

        `queues`: those they serve; empty = all whose skills they have.
        """
        levels = dict(skills) if isinstance(skills, Mapping) else dict.fromkeys(skills, LEVEL)
        served, capacity = frozenset(queues), capacity or Capacity()
        agent = self.agents.get(agent_id)
        if agent is None:
            self._roster.add(agent_id, levels, served, capacity, now_ms)
            self._lines.agents_changed()
            return []
        if not agent.removed and (agent.skills, agent.queues, agent.capacity) == (levels, served, capacity):
            return []
        agent.skills, agent.queues, agent.capacity, agent.removed = levels, served, capacity, False
        self._learn(agent)
        contact = self._offered(agent.offer_id)
        actions = [] if contact is None or self._fits(agent, contact) else self._drop_offer(agent, now_ms)
        return [*actions, self._changed(agent, now_ms), *self._match(now_ms)]

    def remove_agent(self, agent_id: str, now_ms: int) -> list[Action]:
        """Forget an agent, after their last contact; an offer to them goes back to its place."""
        agent = self.agents.get(agent_id)
        if agent is None:
            return []
        agent.removed = True
        self._learn(agent)
        actions = self.set_availability(agent_id, "offline", now_ms, force=True)
        self._remove_if_gone(agent)
        return actions

    def set_availability(
        self, agent_id: str, availability: Availability, now_ms: int, *, reason: str = "", force: bool = False
    ) -> list[Action]:
        """The person chose a state. Raises KeyError.

        On a contact or in after-call work, any state but `available` is carried out after the last of it, and nothing
        is offered meanwhile; `force` (a supervisor's): at once. Choosing `available` also ends not-responding.
        """
        agent = self.agents[agent_id]
        if availability == "available":
            if agent.availability == "offline":
                agent.present_ms = agent.busy_ms = 0  # a new shift
            if agent.availability != "available" and not agent.held:
                self._roster.idle_now(agent, now_ms)
            agent.quiet_until_ms = agent.lost_at_ms = agent.next_availability = None
            agent.missed = 0
        elif agent.held and agent.availability != "offline" and not force:
            agent.next_availability, agent.next_reason = availability, reason
            return [*self._drop_offer(agent, now_ms), self._changed(agent, now_ms), *self._match(now_ms)]
        agent.next_availability = None
        agent.availability, agent.reason = availability, reason
        actions = [] if availability == "available" else self._drop_offer(agent, now_ms)
        return [*actions, self._changed(agent, now_ms), *self._match(now_ms)]

    def restore(
        self,
        agent_id: str,
        now_ms: int,
        *,
        availability: Availability,
        reason: str = "",
        next_availability: Availability | None = None,
        next_reason: str = "",
        missed: int = 0,
    ) -> list[Action]:
        """As they were before a restart; `assign` whom they have, then `carry_on`. Raises KeyError."""
        agent = self.agents[agent_id]
        agent.availability, agent.reason, agent.missed = availability, reason, missed
        agent.next_availability, agent.next_reason = next_availability, next_reason
        return [self._changed(agent, now_ms), *self._match(now_ms)]

    def carry_on(self, now_ms: int) -> list[Action]:
        """After a restart: whose contacts were over meanwhile is in the state that was to come after them."""
        actions: list[Action] = []
        for agent in self.agents.values():
            if agent.next_availability is not None and not agent.held:
                self._next(agent)
                actions.append(self._changed(agent, now_ms))
        return [*actions, *self._match(now_ms)]

    def connection(self, agent_id: str, up: bool, now_ms: int) -> list[Action]:
        """The agent's page is gone, or back. Back within `reconnect_s` all is as before; later they are offline.

        An offer goes to the next agent at once. Unknown agents are ignored.
        """
        agent = self.agents.get(agent_id)
        if agent is None or up == (agent.lost_at_ms is None):
            return []
        agent.lost_at_ms = None if up else now_ms
        actions = [] if up else self._drop_offer(agent, now_ms)
        return [*actions, self._changed(agent, now_ms), *self._match(now_ms)]

    def fault(self, agent_id: str, why: str, now_ms: int) -> list[Action]:
        """The agent's phone does not work (`why`), or does again (""). Chats go on. Unknown agents are ignored."""
        agent = self.agents.get(agent_id)
        if agent is None or agent.fault == why:
            return []
        agent.fault = why
        rings = self._offered(agent.offer_id)
        actions = self._drop_offer(agent, now_ms) if why and rings is not None and self._cannot(agent, rings) else []
        return [*actions, self._changed(agent, now_ms), *self._match(now_ms)]

    def communicating(self, agent_id: str, call_id: str, on: bool, now_ms: int) -> list[Action]:
        """A call of their own, outside the queues, begins or ends; nothing is offered meanwhile. Raises KeyError."""
        agent = self.agents[agent_id]
        if on:
            actions = self._drop_offer(agent, now_ms)
            self._hold(agent, Held(call_id, "voice", "", now_ms, own=True))
            return [*actions, self._changed(agent, now_ms), *self._match(now_ms)]
        held = agent.held.get(call_id)
        return [] if held is None or not held.own else self._release(agent, held, now_ms)

    def reach(self, agent_id: str, slot: Slot = "voice") -> Literal["free", "busy", "away", "unknown"]:
        """Can this agent take a call, or a chat, that is for them alone?"""
        agent = self.agents.get(agent_id)
        if agent is None:
            return "unknown"
        if agent.availability != "available" or agent.lost_at_ms is not None:
            return "away"
        if self._roster.broken(slot) >> agent.index & 1:
            return "away"
        return "free" if self._roster.free(slot) >> agent.index & 1 else "busy"

    # ------------------------------------------------------------------ contacts that are held

    def assign(
        self, agent_id: str, contact_id: str, now_ms: int, *, channel: Channel = "voice", queue: str = ""
    ) -> list[Action]:
        """This agent has this contact, without an offer: a transfer, a parked call, a restart. Raises KeyError."""
        agent = self.agents[agent_id]
        actions = self._drop_offer(agent, now_ms)
        self._hold(agent, Held(contact_id, channel, queue, now_ms))
        return [*actions, self._changed(agent, now_ms), *self._match(now_ms)]

    def ended(self, contact_id: str, now_ms: int, *, agent_id: str | None = None) -> list[Action]:
        """The talk is over, for all who hold the contact or for one of them; after-call work begins."""
        actions: list[Action] = []
        for agent in self._holders(contact_id, agent_id):
            held = agent.held[contact_id]
            if held.acw_until_ms is not None:
                continue
            acw_ms = 0 if held.own else round(self.queue(held.queue).acw_s * 1000)
            if acw_ms <= 0:
                actions += self._release(agent, held, now_ms)
            else:
                held.acw_until_ms = now_ms + acw_ms
                actions.append(self._changed(agent, now_ms))
        return actions

    def extend_acw(self, agent_id: str, contact_id: str, seconds: float, now_ms: int) -> list[Action]:
        """More time for after-call work, at most `acw_extend_s` from now. Raises KeyError; none in after-call work is ignored."""
        agent = self.agents[agent_id]
        held = agent.held.get(contact_id)
        if held is None or held.acw_until_ms is None:
            return []
        most = now_ms + round(self.options.acw_extend_s * 1000)
        held.acw_until_ms = min(most, held.acw_until_ms + round(seconds * 1000))
        return [self._changed(agent, now_ms)]

    def wrapped_up(self, agent_id: str, now_ms: int, contact_id: str | None = None) -> list[Action]:
        """The agent finished after-call work early, of one contact or of all. Raises KeyError."""
        agent = self.agents[agent_id]
        actions: list[Action] = []
        for held in list(agent.held.values()):
            if held.acw_until_ms is not None and contact_id in (None, held.contact_id):
                actions += self._release(agent, held, now_ms)
        return actions

    # ------------------------------------------------------------------ inside

    def _agent_tick(self, agent: Agent, now_ms: int) -> list[Action]:
        """What is due of an agent."""
        if agent.quiet_until_ms is not None and agent.quiet_until_ms <= now_ms:
            agent.quiet_until_ms = None
            self._roster.idle_now(agent, now_ms)
        lost = agent.lost_at_ms
        if lost is not None and lost + round(self.options.reconnect_s * 1000) <= now_ms:
            agent.lost_at_ms = None  # offline says it all; when the page is back, they choose
            if agent.held:
                agent.next_availability, agent.next_reason = "offline", AWAY_REASON
            else:
                agent.availability, agent.reason = "offline", AWAY_REASON
        actions: list[Action] = []
        for held in list(agent.held.values()):
            if held.acw_until_ms is not None and held.acw_until_ms <= now_ms:
                actions += self._release(agent, held, now_ms, match=False)
        return actions or [self._changed(agent, now_ms)]

    def _release(self, agent: Agent, held: Held, now_ms: int, *, match: bool = True) -> list[Action]:
        """Done with a contact. After the last one comes what was chosen to come next."""
        self._let_go(agent, held)
        if held.queue and not held.own:
            self.tallies[held.queue].handled.append(now_ms - held.since_ms)
        if not agent.held:
            self._roster.idle_now(agent, now_ms)
            self._next(agent)
        changed = self._changed(agent, now_ms)
        self._remove_if_gone(agent)
        return [changed, *self._match(now_ms)] if match else [changed]

    def _next(self, agent: Agent) -> None:
        """What was chosen to come after the last contact comes."""
        if agent.next_availability is not None:
            agent.availability, agent.reason = agent.next_availability, agent.next_reason
            agent.next_availability = None

    def _drop_offer(self, agent: Agent, now_ms: int) -> list[Action]:
        """What is offered to them goes to somebody else."""
        contact = self._offered(agent.offer_id)
        if contact is None or agent.offer_id is None:
            return []
        return self._end_offer(contact, agent.offer_id, "agent_offline", now_ms)

    def _holders(self, contact_id: str, agent_id: str | None) -> list[Agent]:
        if agent_id is not None:
            agent = self.agents.get(agent_id)
            return [agent] if agent is not None and contact_id in agent.held else []
        return [self.agents[name] for name in sorted(self._held_by.get(contact_id, ()))]

    def _fits(self, agent: Agent, contact: Waiting) -> bool:
        """May what is offered to them still be?"""
        slot = slot_of(contact.channel)
        able = self._roster.able(contact.queue, self._needs(contact), contact.only, contact.but)
        return bool(able >> agent.index & 1) and agent.taken(slot) < agent.capacity.of(slot)

    def _remove_if_gone(self, agent: Agent) -> None:
        if agent.removed and not agent.held:
            self._roster.remove(agent)
            self._lines.agents_changed()

    def _learn(self, agent: Agent) -> None:
        self._roster.learn(agent)
        self._lines.agents_changed()
        for contact_id in sorted(self._preferring.get(agent.agent_id, ())):
            if self._lines.is_ready(self.waiting[contact_id]):
                self._ready(self.waiting[contact_id])  # it may not be theirs any more
