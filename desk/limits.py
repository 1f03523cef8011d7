"""Queues and their limits: hours, size, the longest wait, where the rest goes; and what callers are told of their wait."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from desk.model import Action, Announce, Moved, Needs, Overflow, Waiting, WhyOut, slot_of
from desk.queues import QueueSpec
from desk.shifts import Shifts
from desk.tallies import QueueFigures, Tally, expected_wait_ms


class Limits(Shifts):
    """Queues as supervisors set them."""

    def set_queues(self, specs: Iterable[QueueSpec], now_ms: int) -> list[Action]:
        """These are the queues from now on, also for those who wait; one that is gone goes on with the desk's defaults."""
        before, self._specs = self._specs, {spec.queue: spec for spec in specs}
        changed = {name for name in {*before, *self._specs} if before.get(name) != self._specs.get(name)}
        if not changed:
            return []
        for contact in self.waiting.values():
            if contact.queue in changed and self._lines.stands(contact):
                ready = self._lines.is_ready(contact)
                self._lines.leave(contact)
                self._lines.stand(contact, self.queue(contact.queue))
                self._limit(contact)
                self._alarms.set(f"c:{contact.contact_id}")
                if ready:
                    self._ready(contact)
        return self._match(now_ms)

    def figures(self, queue: str, now_ms: int) -> QueueFigures:
        """How a queue is doing now, and did in the last hour."""
        spec = self.queue(queue)
        oldest = self._lines.oldest_ms(queue)
        offered, answered, abandoned, level = self.tallies[queue].counted(spec.sl_target, now_ms)
        able = self._roster.able(queue, self._asked(queue))
        return QueueFigures(
            queue=queue,
            name=spec.shown,
            waiting=self._lines.size(queue),
            longest_wait_ms=0 if oldest is None else now_ms - oldest,
            service_level=level,
            sl_target_s=spec.sl_target.seconds,
            offered=offered,
            answered=answered,
            abandoned=abandoned,
            agents_available=(able & ~self._roster.out).bit_count(),
        )

    def position(self, contact_id: str, now_ms: int) -> int:
        """Place in its queue, 1 = next. Who is to be called back later does not stand in line yet. Raises KeyError."""
        contact = self.waiting[contact_id]
        return self._lines.position(contact, self.queue(contact.queue))

    def takes(self, queue: str, now_ms: int) -> bool:
        """Would somebody who comes now be let in, here or in the queue that it sends them on to?"""
        most = self.queue(queue).max_size
        full = most is not None and self._lines.size(queue) >= most
        return not (full or self._shut(queue, now_ms)) or self._way_on(queue, (queue,), now_ms) is not None

    def _shut(self, queue: str, now_ms: int) -> bool:
        """Nobody is let in now, whoever is free."""
        hours = self.queue(queue).hours
        return hours is not None and not self.opening(hours, now_ms)

    def _too_many(self, contact: Waiting) -> bool:
        most = self.queue(contact.queue).max_size
        return most is not None and self._lines.size(contact.queue) > most

    def _way_on(self, queue: str, been: tuple[str, ...], now_ms: int) -> str | None:
        """The queue that takes who cannot stay, or None: the flow does."""
        to = self.queue(queue).overflow
        while to.to == "queue" and to.name not in been:
            spec = self.queue(to.name)
            full = spec.max_size is not None and self._lines.size(to.name) >= spec.max_size
            if not full and not self._shut(to.name, now_ms):
                return to.name
            been, to = (*been, to.name), spec.overflow
        return None

    def _out_of(self, contact: Waiting, why: WhyOut, now_ms: int) -> list[Action]:
        """The queue's own limit: on to the next queue, or back to the flow."""
        target = self._way_on(contact.queue, (*contact.been, contact.queue), now_ms)
        if target is None:
            return self._give_back(contact, why, now_ms)
        self.tallies[contact.queue].settled("overflowed", now_ms - contact.enqueued_ms, now_ms)
        self._lines.leave(contact)
        return self._settle_in(contact, target, why, now_ms)

    def _settle_in(self, contact: Waiting, queue: str, why: WhyOut, now_ms: int) -> list[Action]:
        """It waits on in another queue, at the age that it has."""
        before = contact.queue
        self._prefers_nobody(contact)
        contact.been, contact.queue = (*contact.been, before), queue
        self._join(contact, now_ms)
        return [Moved(contact.contact_id, before, queue, now_ms - contact.enqueued_ms, why)]

    def _give_back(self, contact: Waiting, why: WhyOut, now_ms: int) -> list[Action]:
        waited_ms = now_ms - contact.enqueued_ms
        self.tallies[contact.queue].settled("overflowed", waited_ms, now_ms)
        self._forget(contact)
        return [Overflow(contact.contact_id, waited_ms, why)]

    def _join(self, contact: Waiting, now_ms: int) -> None:
        contact.joined_ms = now_ms
        self._limit(contact)
        self._stand(contact)

    def _limit(self, contact: Waiting) -> None:
        most = self.queue(contact.queue).max_wait_s
        limited = most is not None and contact.only is None and not contact.callback and not contact.called
        contact.leaves_ms = contact.joined_ms + round(most * 1000) if limited and most is not None else None

    def _announcement(self, contact: Waiting, now_ms: int) -> Announce:
        """Place, and the expected wait of those who can take it and are at work."""
        spec = self.queue(contact.queue)
        slot = slot_of(contact.channel)
        able = self._lines.able(contact) or 0
        here = ~(self._roster.groups["away"] | self._roster.groups["leaving"] | self._roster.broken(slot))
        own_ms, others = self._mean_ms(contact.queue), defaultdict[int, float](float)
        for queue, count in self._lines.ahead(contact, self.queue, now_ms):
            if queue == contact.queue:
                own_ms += count * self._mean_ms(queue)
            elif count:
                others[self._roster.able(queue, self._asked(queue)) & here] += count * self._mean_ms(queue)
        own_ms += others.pop(able & here, 0.0)
        places = lambda who: self._roster.places(slot, who)  # noqa: E731
        position = self.position(contact.contact_id, now_ms)
        eta_s = round(expected_wait_ms(able & here, own_ms, others, places) / 1000)
        return Announce(contact.contact_id, position, eta_s, spec.announce.position, spec.announce.wait)

    def _asked(self, queue: str) -> Needs:
        """What a queue asks of each of its agents."""
        return tuple((need.skill, need.min_level) for need in self.queue(queue).skills)

    def _mean_ms(self, queue: str) -> float:
        tally = self.tallies.get(queue)
        return (tally or Tally()).mean_ms(self.options.handle_time_s)
