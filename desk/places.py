"""Places of those who are to be called back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from desk.limits import Limits
from desk.model import Action, Waiting, slot_of
from desk.state import wants_of
from desk.strategies import Choice


class Places(Limits):
    """A place ages like everybody's; its turn is a call to the customer."""

    def book(
        self,
        callback_id: str,
        queue: str,
        now_ms: int,
        *,
        skills: Iterable[str] | Mapping[str, int] = (),
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
        place = self.waiting[callback_id] = Waiting(
            callback_id,
            queue,
            "voice",
            wants_of(skills),
            priority,
            enqueued_ms=now_ms if enqueued_ms is None else enqueued_ms,
            order=self._order,
            callback=True,
        )
        self._from(place, not_before_ms, now_ms)
        return self._match(now_ms)

    def reached(self, callback_id: str, contact_id: str, now_ms: int) -> list[Action] | None:
        """The customer answered and is there: `contact_id` takes the place over. None when there is no such place."""
        place = self.waiting.get(callback_id)
        if place is None or not place.callback:
            return None
        kept = self.agents.get(place.offer_agent or "")
        actions = self._take_back(place, "left", now_ms)
        self._forget(place)
        every_ms = round(self.queue(place.queue).announce.every_s * 1000)
        contact = self.waiting[contact_id] = Waiting(
            contact_id,
            place.queue,
            place.channel,
            place.wants,
            place.priority,
            enqueued_ms=place.enqueued_ms,
            order=place.order,
            announce_ms=now_ms + every_ms,
            announce_every_ms=every_ms,
            called=True,
        )
        self._stand(contact)
        able = self._lines.able(contact) or 0
        if kept is not None and (able & self._roster.free(slot_of(contact.channel))) >> kept.index & 1:
            choice = Choice([kept], "was kept free while the customer was called back", ())
            actions += self._offer(contact, choice, able, now_ms)
        actions += self._match(now_ms)
        if not contact.offers:
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
            self._forget(place)
        else:
            self._from(place, again_ms, now_ms)
        return actions + self._match(now_ms)

    def _from(self, place: Waiting, not_before_ms: int, now_ms: int) -> None:
        """A place stands in line from this time on."""
        place.not_before_ms = not_before_ms
        self._lines.leave(place)
        if not_before_ms <= now_ms:
            self._stand(place)
        self._alarms.set(f"c:{place.contact_id}")
