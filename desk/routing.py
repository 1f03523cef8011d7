"""Who is offered whom: waiting contacts, agents' states, offers. Pure: no clock, no I/O.

Every method takes `now_ms` (monotonic milliseconds) and returns `Action`s in the order they must be carried out.
Call `tick` at or after `next_deadline` to let offers expire, after-call work end, announcements fall due and
contacts overflow.

Rules (design/desk.md §2): of all who wait and for whom somebody able is free, the one with the most points is served
first, the oldest at equal points (`lines.py`); the queue's strategy chooses among the free agents (`strategies.py`); an
agent is offered one contact at a time; a missed or declined offer puts the contact back at its old place and the
agent to not-responding for a while; agents' states are in `shifts.py`.

    waiting ──offer──▶ offered ──accept──▶ held by the agent ──end──▶ after-call work ──▶ (gone)
       ▲                  │ decline / miss / agent lost
       └──────────────────┘ same place

Somebody who asked to be called back keeps a place that ages like everybody's. When its turn comes, one able agent is
kept free while the customer is called; who answers takes the place over, and that agent is offered them.

    place ──turn──▶ dialling ──answered──▶ waiting, offered to the agent kept free
      ▲                │ not answered: again, not before …
      └────────────────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from desk import explain
from desk.model import Action, Channel, Overflow, Waiting, slot_of
from desk.places import Places
from desk.state import wants_of
from desk.tallies import Outcome


class Desk(Places):
    """All queues and agents of one app."""

    # ------------------------------------------------------------------ contacts

    def enqueue(
        self,
        contact_id: str,
        queue: str,
        now_ms: int,
        *,
        channel: Channel = "voice",
        skills: Iterable[str] | Mapping[str, int] = (),
        priority: int = 50,
        frustration: float = 0.0,
        overflow_s: float | None = None,
        announce: bool = True,
        announce_every_s: float | None = None,
        enqueued_ms: int | None = None,
        kept: bool = False,
        only: str | None = None,
        but: frozenset[str] = frozenset(),
        preferred: str | None = None,
        ringing: tuple[str, str] | None = None,
    ) -> list[Action]:
        """Put a contact in a queue.

        `skills` it needs besides the queue's, with least levels or by name; `frustration` 0…1 puts it ahead by so much of
        the queue's `upset_s`; `overflow_s`: the flow's own limit, after which it leaves by the flow's exit.
        `enqueued_ms` earlier than now gives an old place back, with `kept` (agent lost, restart) whatever the queue's
        hours and size. `only` names the one agent who may take it, whatever the skills; `preferred` the one who is waited
        for at first, where the queue's strategy is that; `but` names agents who may not take it. `ringing` (offer, agent):
        that agent rings for it already, from before a restart; it is an offer like any other where the agent is free.
        Raises ValueError when it waits already.
        """
        if contact_id in self.waiting:
            raise ValueError(f"contact {contact_id} waits already in {self.waiting[contact_id].queue}")
        since = now_ms if enqueued_ms is None else enqueued_ms
        asked = not kept and only is None
        shut = asked and self._shut(queue, now_ms)
        elsewhere = self._way_on(queue, (queue,), now_ms) if shut else None
        if shut and elsewhere is None:
            self.tallies[queue].settled("overflowed", now_ms - since, now_ms)
            return [Overflow(contact_id, now_ms - since, "closed")]
        self._order += 1
        spec = self.queue(queue)
        every_s = announce_every_s or spec.announce.every_s
        announce = announce and (spec.announce.position or spec.announce.wait)
        contact = self.waiting[contact_id] = Waiting(
            contact_id,
            queue,
            channel,
            wants_of(skills),
            priority,
            enqueued_ms=since,
            order=self._order,
            head_ms=round(min(1.0, max(0.0, frustration)) * spec.upset_s * 1000),
            overflow_ms=None if overflow_s is None else now_ms + round(overflow_s * 1000),
            announce_ms=now_ms + round(every_s * 1000) if announce else None,
            announce_every_ms=round(every_s * 1000),
            only=only,
            but=but,
            preferred=preferred if spec.strategy == "preferred" and only is None else None,
        )
        if contact.preferred is not None:
            contact.preferred_until_ms = now_ms + round(spec.preferred_s * 1000)
        actions: list[Action] = []
        if elsewhere is not None:
            actions += self._settle_in(contact, elsewhere, "closed", now_ms)
        else:
            self._join(contact, now_ms)
        actions += self._ring_on(contact, ringing, now_ms) + self._match(now_ms)
        if asked and not contact.offers and self._too_many(contact):
            return actions + self._out_of(contact, "full", now_ms) + self._match(now_ms)
        if announce and not contact.offers:
            actions.append(self._announcement(contact, now_ms))
        return actions

    def leave(self, contact_id: str, now_ms: int, *, outcome: Outcome = "abandoned") -> list[Action]:
        """The caller hung up, or (`overflowed`) waits here no more for another reason. Unknown contacts are ignored."""
        contact = self.waiting.get(contact_id)
        if contact is None:
            return []
        actions = self._take_back(contact, "left", now_ms)
        if not contact.callback and not contact.called:
            self.tallies[contact.queue].settled(outcome, now_ms - contact.enqueued_ms, now_ms)
        self._forget(contact)
        return actions + self._match(now_ms)

    def set_priority(self, contact_id: str, priority: int, now_ms: int) -> list[Action]:
        """Raise or lower a waiting contact. Unknown contacts are ignored."""
        contact = self.waiting.get(contact_id)
        if contact is None:
            return []
        stood, ready = self._lines.stands(contact), self._lines.is_ready(contact)
        self._lines.leave(contact)
        contact.priority = priority
        if stood:
            self._lines.stand(contact, self.queue(contact.queue))
        if ready:
            self._ready(contact)
        return self._match(now_ms)

    def explain(self, contact_id: str, now_ms: int) -> explain.Waits:
        """Why it waits: its place and points, and what keeps each agent from taking it. Raises KeyError."""
        contact = self.waiting[contact_id]
        needs = self._needs(contact)
        able = self._roster.able(contact.queue, needs, contact.only, contact.but)
        place = self.position(contact_id, now_ms)
        return explain.waits(contact, self.queue(contact.queue), needs, able, place, self._roster, now_ms)

    # ------------------------------------------------------------------ time

    def next_deadline(self) -> int | None:
        """When `tick` has something to do, or None."""
        return self._alarms.next()

    def tick(self, now_ms: int) -> list[Action]:
        """Carry out everything that is due."""
        actions: list[Action] = []
        for thing in self._alarms.take(now_ms):
            kind, _, name = thing.partition(":")
            if kind == "a":
                actions += self._agent_tick(self.agents[name], now_ms)
            elif name in self.waiting:
                actions += self._contact_tick(self.waiting[name], now_ms)
            self._alarms.set(thing)
        return actions + self._match(now_ms)

    def _contact_tick(self, contact: Waiting, now_ms: int) -> list[Action]:
        if contact.offers:
            return self._take_back(contact, "missed", now_ms)
        if not self._lines.stands(contact):
            self._stand(contact)
            return []
        if contact.overflow_ms is not None and contact.overflow_ms <= now_ms:
            return self._give_back(contact, "waited", now_ms)
        if contact.leaves_ms is not None and contact.leaves_ms <= now_ms:
            return self._out_of(contact, "waited", now_ms)
        if contact.preferred_until_ms is not None and contact.preferred_until_ms <= now_ms:
            self._for_all(contact)
        if contact.announce_ms is not None and contact.announce_ms <= now_ms:
            contact.announce_ms = now_ms + contact.announce_every_ms
            return [self._announcement(contact, now_ms)]
        return []

    # ------------------------------------------------------------------ inside

    def _ring_on(self, contact: Waiting, ringing: tuple[str, str] | None, now_ms: int) -> list[Action]:
        offer_id, agent_id = ringing or ("", "")
        agent = self.agents.get(agent_id)
        free = (self._lines.able(contact) or 0) & self._roster.free(slot_of(contact.channel))
        if agent is None or not free >> agent.index & 1:
            return []
        self._lines.unready(contact)
        contact.offer_until_ms = now_ms + round(self.queue(contact.queue).ring_s * 1000)
        self._out(contact, offer_id, agent)
        self._alarms.set(f"c:{contact.contact_id}")
        return [self._changed(agent, now_ms)]
