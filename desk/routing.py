"""Who is offered whom: waiting contacts, agents' states, offers. Pure: no clock, no I/O.

Every method takes `now_ms` (monotonic milliseconds) and returns `Action`s in the order they must be carried out.
Call `tick` at or after `next_deadline` to let offers expire, after-call work end, announcements fall due and
contacts overflow.

Rules (design/desk.md §2): a contact is offered to one agent at a time; the freed agent gets the contact with the
highest priority, oldest first within it; among able agents the longest idle is chosen; a missed or declined offer
puts the contact back at its old place and the agent to not-responding for a while; after the call comes timed
after-call work; availability (what the person chose) is kept apart from routing status (what the system does).

    waiting ──offer──▶ offered ──accept──▶ connected ──end──▶ (gone; agent: acw ──▶ idle)
       ▲                  │ decline / miss / agent lost
       └──────────────────┘ same place

Somebody who asked to be called back keeps a place that ages like everybody's. When its turn comes, one able agent is
kept free while the customer is called; who answers takes the place over, and that agent is offered them.

    place ──turn──▶ dialling ──answered──▶ waiting, offered to the agent kept free
      ▲                │ not answered: again, not before …
      └────────────────┘
"""

from __future__ import annotations

from collections.abc import Iterable
from secrets import token_hex
from typing import Literal

from desk.model import (
    Action,
    Agent,
    AgentChanged,
    Announce,
    Availability,
    CallBack,
    Offer,
    Overflow,
    RoutingStatus,
    Waiting,
    WhyOver,
    Withdraw,
)
from desk.options import DeskOptions

MEASURED_CALLS_FOR_ESTIMATE = 10


class Desk:
    """All queues and agents of one app."""

    def __init__(self, options: DeskOptions) -> None:
        self.options = options
        self.agents: dict[str, Agent] = {}
        self.waiting: dict[str, Waiting] = {}
        self._order = 0
        self._offers = 0
        self._born = token_hex(3)
        """Offers of this process are not mistaken for those of the one before."""
        self._handled = 0
        self._handled_ms = 0
        self._connected_at: dict[str, int] = {}
        self._ticked_ms = 0

    # ------------------------------------------------------------------ agents

    def upsert_agent(self, agent_id: str, skills: Iterable[str], now_ms: int) -> list[Action]:
        """Add an agent, or change the skills of a known one."""
        agent = self.agents.get(agent_id)
        if agent is None:
            self.agents[agent_id] = Agent(agent_id, frozenset(skills), since_ms=now_ms, idle_since_ms=now_ms)
            return []
        agent.skills = frozenset(skills)
        return self._match(now_ms)

    def remove_agent(self, agent_id: str, now_ms: int) -> list[Action]:
        """Forget an agent; an offer to them goes back to its place."""
        if agent_id not in self.agents:
            return []
        actions = self.set_availability(agent_id, "offline", now_ms)
        if self.agents[agent_id].contact_id is None:
            del self.agents[agent_id]
        return actions

    def set_availability(self, agent_id: str, availability: Availability, now_ms: int) -> list[Action]:
        """The person chose a state. Choosing `available` also ends not-responding. Raises KeyError."""
        agent = self.agents[agent_id]
        agent.availability = availability
        actions: list[Action] = []
        if availability == "available":
            if agent.status == "not_responding":
                self._to(agent, "idle", now_ms)
            for contact in self.waiting.values():
                contact.refused_by.pop(agent_id, None)
        elif agent.offer_id is not None:
            offered = self._offered(agent.offer_id)
            actions += self._take_back(offered, "agent_offline", now_ms) if offered is not None else []
        actions.append(_changed(agent))
        return actions + self._match(now_ms)

    def restore(self, agent_id: str, contact_id: str, now_ms: int) -> list[Action]:
        """After a restart: this agent is talking to this contact. Raises KeyError."""
        agent = self.agents[agent_id]
        agent.contact_id = contact_id
        self._connected_at[contact_id] = now_ms
        self._to(agent, "interacting", now_ms)
        return [_changed(agent)]

    def reach(self, agent_id: str) -> Literal["free", "busy", "away", "unknown"]:
        """Can this agent take something that is for them alone?"""
        agent = self.agents.get(agent_id)
        if agent is None:
            return "unknown"
        if agent.availability != "available":
            return "away"
        return "free" if agent.status == "idle" else "busy"

    # ------------------------------------------------------------------ contacts

    def enqueue(
        self,
        contact_id: str,
        queue: str,
        now_ms: int,
        *,
        skills: Iterable[str] = (),
        priority: int = 50,
        overflow_s: float | None = None,
        announce: bool = True,
        enqueued_ms: int | None = None,
        only: str | None = None,
        ringing: tuple[str, str] | None = None,
    ) -> list[Action]:
        """Put a contact in a queue. `enqueued_ms` earlier than now gives an old place back (agent lost, restart).

        `only` names the one agent who may take it, whatever the skills. `ringing` (offer, agent): that agent rings for it
        already, from before a restart; it is an offer like any other where the agent is free. Raises ValueError when the contact waits already.
        """
        if contact_id in self.waiting:
            raise ValueError(f"contact {contact_id} waits already in {self.waiting[contact_id].queue}")
        self._order += 1
        every = round(self.options.announce_every_s * 1000)
        self.waiting[contact_id] = Waiting(
            contact_id,
            queue,
            frozenset(skills),
            priority,
            enqueued_ms=now_ms if enqueued_ms is None else enqueued_ms,
            order=self._order,
            overflow_ms=None if overflow_s is None else now_ms + round(overflow_s * 1000),
            announce_ms=now_ms + every if announce else None,
            only=only,
        )
        actions = self._ring_on(self.waiting[contact_id], ringing, now_ms) + self._match(now_ms)
        if announce and self.waiting[contact_id].offer_id is None:
            actions.append(self._announcement(self.waiting[contact_id], now_ms))
        return actions

    def leave(self, contact_id: str, now_ms: int) -> list[Action]:
        """The caller hung up or chose something else while waiting. Unknown contacts are ignored."""
        contact = self.waiting.get(contact_id)
        if contact is None:
            return []
        actions = self._take_back(contact, "left", now_ms)
        del self.waiting[contact_id]
        return actions + self._match(now_ms)

    def set_priority(self, contact_id: str, priority: int, now_ms: int) -> list[Action]:
        """Raise or lower a waiting contact. Unknown contacts are ignored."""
        if (contact := self.waiting.get(contact_id)) is not None:
            contact.priority = priority
        return self._match(now_ms)

    def position(self, contact_id: str, now_ms: int) -> int:
        """Place in its queue, 1 = next. Who is to be called back later does not stand in line yet. Raises KeyError."""
        contact = self.waiting[contact_id]
        line = [w for w in self.waiting.values() if w.queue == contact.queue]
        return sorted((w for w in line if w is contact or w.not_before_ms <= now_ms), key=_place).index(contact) + 1

    # ------------------------------------------------------------------ calling back

    def book(
        self,
        callback_id: str,
        queue: str,
        now_ms: int,
        *,
        skills: Iterable[str] = (),
        priority: int = 50,
        enqueued_ms: int | None = None,
        not_before_ms: int = 0,
    ) -> list[Action]:
        """Keep a place for somebody who is to be called back, from `enqueued_ms` on, at the earliest at `not_before_ms`.

        Raises ValueError when there is one of this id.
        """
        if callback_id in self.waiting:
            raise ValueError(f"callback {callback_id} has its place already")
        self._order += 1
        self.waiting[callback_id] = Waiting(
            callback_id,
            queue,
            frozenset(skills),
            priority,
            enqueued_ms=now_ms if enqueued_ms is None else enqueued_ms,
            order=self._order,
            overflow_ms=None,
            announce_ms=None,
            callback=True,
            not_before_ms=not_before_ms,
        )
        return self._match(now_ms)

    def reached(self, callback_id: str, contact_id: str, now_ms: int) -> list[Action] | None:
        """The customer answered and is there: `contact_id` takes the place over. None when there is no such place."""
        place = self.waiting.get(callback_id)
        if place is None or not place.callback:
            return None
        kept = self.agents.get(place.offer_agent or "")
        actions = self._take_back(place, "left", now_ms)
        del self.waiting[callback_id]
        contact = self.waiting[contact_id] = Waiting(
            contact_id,
            place.queue,
            place.skills,
            place.priority,
            enqueued_ms=place.enqueued_ms,
            order=place.order,
            overflow_ms=None,
            announce_ms=now_ms + round(self.options.announce_every_s * 1000),
        )
        if kept is not None and self._can_take(kept, contact, now_ms):
            actions += self._offer(contact, kept, now_ms, "was kept free while the customer was called back")
        actions += self._match(now_ms)
        if contact.offer_id is None:
            actions.append(self._announcement(contact, now_ms))
        return actions

    def not_reached(self, callback_id: str, now_ms: int, *, again_ms: int | None) -> list[Action]:
        """Nobody answered: the same place again, not before `again_ms`, or (None) no more. Unknown ones are ignored."""
        place = self.waiting.get(callback_id)
        if place is None or not place.callback:
            return []
        actions = self._take_back(place, "left", now_ms)
        place.dialling = False
        if again_ms is None:
            del self.waiting[callback_id]
        else:
            place.not_before_ms = again_ms
        return actions + self._match(now_ms)

    # ------------------------------------------------------------------ offers

    def accepted(self, offer_id: str, now_ms: int) -> tuple[str, list[Action]] | None:
        """The agent answered; returns the contact id. None when the offer is over already (answered too late)."""
        contact = self._offered(offer_id)
        if contact is None or contact.offer_agent is None or contact.callback:
            return None
        agent = self.agents[contact.offer_agent]
        del self.waiting[contact.contact_id]
        agent.offer_id = None
        agent.contact_id = contact.contact_id
        self._connected_at[contact.contact_id] = now_ms
        self._to(agent, "interacting", now_ms)
        return contact.contact_id, [_changed(agent)]

    def declined(self, offer_id: str, now_ms: int, *, missed: bool = False) -> list[Action]:
        """The agent said no, was busy, or did not answer (`missed`). An offer that is over is ignored."""
        contact = self._offered(offer_id)
        if contact is None or contact.callback:
            return []
        return self._take_back(contact, "missed" if missed else "declined", now_ms) + self._match(now_ms)

    def ended(self, contact_id: str, now_ms: int) -> list[Action]:
        """The conversation between contact and agent is over; after-call work begins."""
        agent = next((a for a in self.agents.values() if a.contact_id == contact_id), None)
        if agent is None:
            return []
        self._handled += 1
        self._handled_ms += now_ms - self._connected_at.pop(contact_id, now_ms)
        if self.options.acw_s > 0:
            self._to(agent, "acw", now_ms, until_ms=now_ms + round(self.options.acw_s * 1000))
            return [_changed(agent)]
        return self._free(agent, now_ms)

    def wrapped_up(self, agent_id: str, now_ms: int) -> list[Action]:
        """The agent finished after-call work early. Raises KeyError."""
        agent = self.agents[agent_id]
        return self._free(agent, now_ms) if agent.status == "acw" else []

    # ------------------------------------------------------------------ time

    def next_deadline(self) -> int | None:
        """When `tick` has something to do, or None."""
        times = [a.until_ms for a in self.agents.values() if a.until_ms is not None]
        for contact in self.waiting.values():
            if contact.offer_id is not None:
                times.append(contact.offer_until_ms)
                continue
            times += [t for t in (contact.overflow_ms, contact.announce_ms) if t is not None]
            if contact.callback and not contact.dialling and contact.not_before_ms > self._ticked_ms:
                times.append(contact.not_before_ms)
        return min(times, default=None)

    def tick(self, now_ms: int) -> list[Action]:
        """Carry out everything that is due."""
        self._ticked_ms = now_ms
        actions: list[Action] = []
        for contact in list(self.waiting.values()):
            if contact.offer_id is not None:
                if contact.offer_until_ms <= now_ms:
                    actions += self._take_back(contact, "missed", now_ms)
            elif contact.overflow_ms is not None and contact.overflow_ms <= now_ms:
                del self.waiting[contact.contact_id]
                actions.append(Overflow(contact.contact_id, now_ms - contact.enqueued_ms))
            elif contact.announce_ms is not None and contact.announce_ms <= now_ms:
                contact.announce_ms = now_ms + round(self.options.announce_every_s * 1000)
                actions.append(self._announcement(contact, now_ms))
        for agent in list(self.agents.values()):
            if agent.until_ms is not None and agent.until_ms <= now_ms:
                actions += self._free(agent, now_ms)
        return actions + self._match(now_ms)

    # ------------------------------------------------------------------ inside

    def _match(self, now_ms: int) -> list[Action]:
        actions: list[Action] = []
        for contact in sorted(self.waiting.values(), key=_place):
            if contact.offer_id is not None or contact.dialling or contact.not_before_ms > now_ms:
                continue
            able = [a for a in self.agents.values() if self._can_take(a, contact, now_ms)]
            if not able:
                continue
            agent = min(able, key=lambda a: (a.idle_since_ms, a.agent_id))
            idle_s = (now_ms - agent.idle_since_ms) // 1000
            waited_s = (now_ms - contact.enqueued_ms) // 1000
            why = f"longest idle of {len(able)} able agents ({idle_s} s); waited {waited_s} s"
            actions += self._offer(contact, agent, now_ms, why)
        return actions

    def _offer(self, contact: Waiting, agent: Agent, now_ms: int, why: str) -> list[Action]:
        """Ring the agent; or, for a place, keep them free while the customer is called."""
        self._offers += 1
        patience_s = self.options.callback_dial_s if contact.callback else self.options.ring_s
        contact.offer_id = f"offer-{self._born}-{self._offers}-{contact.contact_id}"
        contact.offer_agent = agent.agent_id
        contact.offer_until_ms = now_ms + round(patience_s * 1000)
        contact.dialling = contact.callback
        agent.offer_id = contact.offer_id
        self._to(agent, "reserved" if contact.callback else "offered", now_ms)
        if contact.callback:
            return [CallBack(contact.contact_id, agent.agent_id, contact.offer_until_ms, why), _changed(agent)]
        return [
            Offer(contact.offer_id, contact.contact_id, agent.agent_id, contact.offer_until_ms, why),
            _changed(agent),
        ]

    def _ring_on(self, contact: Waiting, ringing: tuple[str, str] | None, now_ms: int) -> list[Action]:
        offer_id, agent_id = ringing or ("", "")
        agent = self.agents.get(agent_id)
        if agent is None or not self._can_take(agent, contact, now_ms):
            return []
        contact.offer_id, contact.offer_agent = offer_id, agent_id
        contact.offer_until_ms = now_ms + round(self.options.ring_s * 1000)
        agent.offer_id = offer_id
        self._to(agent, "offered", now_ms)
        return [_changed(agent)]

    def _can_take(self, agent: Agent, contact: Waiting, now_ms: int) -> bool:
        return (
            agent.availability == "available"
            and agent.status == "idle"
            and (contact.only == agent.agent_id if contact.only else contact.skills <= agent.skills)
            and contact.refused_by.get(agent.agent_id, now_ms) <= now_ms
        )

    def _offered(self, offer_id: str) -> Waiting | None:
        return next((w for w in self.waiting.values() if w.offer_id == offer_id), None)

    def _take_back(self, contact: Waiting, why: WhyOver, now_ms: int) -> list[Action]:
        """End the offer, if there is one; an agent who was only kept free is so again for everybody."""
        if contact.offer_id is None or contact.offer_agent is None:
            return []
        agent, offer_id = self.agents[contact.offer_agent], contact.offer_id
        contact.offer_id = contact.offer_agent = None
        agent.offer_id = None
        if contact.callback:
            self._to(agent, "idle", now_ms)
            return [_changed(agent)]
        if why in ("missed", "declined"):
            until = now_ms + round(self.options.not_responding_s * 1000)
            contact.refused_by[agent.agent_id] = until
            self._to(agent, "not_responding", now_ms, until_ms=until)
        else:
            self._to(agent, "idle", now_ms)
        return [Withdraw(offer_id, contact.contact_id, agent.agent_id, why), _changed(agent)]

    def _free(self, agent: Agent, now_ms: int) -> list[Action]:
        agent.contact_id = None
        self._to(agent, "idle", now_ms)
        agent.idle_since_ms = now_ms
        return [_changed(agent), *self._match(now_ms)]

    def _to(self, agent: Agent, status: RoutingStatus, now_ms: int, until_ms: int | None = None) -> None:
        agent.status = status
        agent.since_ms = now_ms
        agent.until_ms = until_ms

    def _announcement(self, contact: Waiting, now_ms: int) -> Announce:
        position = self.position(contact.contact_id, now_ms)
        working = sum(a.availability == "available" for a in self.agents.values())
        mean_ms = self.options.handle_time_s * 1000
        if self._handled >= MEASURED_CALLS_FOR_ESTIMATE:
            mean_ms = self._handled_ms / self._handled
        return Announce(contact.contact_id, position, round(position * mean_ms / max(1, working) / 1000))


def _place(contact: Waiting) -> tuple[int, int, int]:
    """Sort key: higher priority first, then longest waiting, then arrival order."""
    return (-contact.priority, contact.enqueued_ms, contact.order)


def _changed(agent: Agent) -> AgentChanged:
    return AgentChanged(agent.agent_id, agent.availability, agent.status, agent.contact_id, agent.until_ms)
