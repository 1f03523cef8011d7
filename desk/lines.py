"""Who waits, in the order in which they are served.

A contact's points at time t are

    points(t) = queue's priority + own priority + aging × (minutes waited + head start)

Within a queue `aging` is one number, so the order of two contacts never changes while both wait: it is a sorted list.
Between queues the heads are compared at the time of the decision. All of it is whole numbers: `RANK` per point.

A *line* holds those of a queue who need the same of an agent; only its head has to be looked at.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from desk.model import Needs, Slot, Waiting, slot_of
from desk.queues import QueueSpec
from desk.roster import Roster

RANK = 60_000_000  # of one point: ms of a minute × thousandths of a point, so that an aging of 0.001 is exact
MOST_EMPTY = 500  # lines without contacts that are kept for the next one of their kind

T = TypeVar("T", tuple[int, int, int, str], tuple[int, str])
Key = tuple[int, int, int, str]
"""Minus the rank at time 0, when the wait began (head start included), order of arrival, contact."""


@dataclass(slots=True)
class Line:
    """Contacts of one queue that the same agents can take. `able`: mask of these agents."""

    queue: str
    needs: Needs
    slot: Slot
    only: str | None
    but: frozenset[str]
    able: int
    ready: list[Key] = field(default_factory=list)


LineId = tuple[str, Needs, Slot, str | None, frozenset[str]]


def key_of(contact: Waiting, spec: QueueSpec) -> Key:
    """Sorts within a queue."""
    since = contact.enqueued_ms - contact.head_ms
    rank = (spec.priority + contact.priority) * RANK - aging_of(spec) * since
    return (-rank, since, contact.order, contact.contact_id)


def aging_of(spec: QueueSpec) -> int:
    """Rank per ms."""
    return round(spec.aging * 1000)


def points_of(contact: Waiting, spec: QueueSpec, now_ms: int) -> float:
    """At this time."""
    return (-key_of(contact, spec)[0] + aging_of(spec) * now_ms) / RANK


class Lines:
    """All that wait."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self.active: dict[LineId, Line] = {}
        """Lines in which somebody is ready to be offered."""
        self._lines: dict[LineId, Line] = {}
        self._standing: dict[str, list[Key]] = defaultdict(list)
        self._kinds: dict[tuple[str, Slot], list[Key]] = defaultdict(list)
        self._ages: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._keys: dict[str, tuple[Key, int]] = {}
        self._line_of: dict[str, LineId] = {}

    def stand(self, contact: Waiting, spec: QueueSpec) -> None:
        """It has a place in its queue."""
        key = key_of(contact, spec)
        self._keys[contact.contact_id] = (key, contact.enqueued_ms)
        insort(self._standing[contact.queue], key)
        insort(self._kinds[contact.queue, slot_of(contact.channel)], key)
        insort(self._ages[contact.queue], (contact.enqueued_ms, contact.contact_id))

    def leave(self, contact: Waiting) -> None:
        """It has none any more. One that had none is ignored."""
        self.unready(contact)
        found = self._keys.pop(contact.contact_id, None)
        if found is not None:
            key, enqueued = found
            _take(self._standing[contact.queue], key)
            _take(self._kinds[contact.queue, slot_of(contact.channel)], key)
            _take(self._ages[contact.queue], (enqueued, contact.contact_id))

    def stands(self, contact: Waiting) -> bool:
        """Has it a place?"""
        return contact.contact_id in self._keys

    def ready(self, contact: Waiting, needs: Needs, only: str | None) -> None:
        """It may be offered, to those who have what it needs or to the `only` one."""
        self.unready(contact)
        line_id = (contact.queue, needs, slot_of(contact.channel), only, contact.but)
        line = self._lines.get(line_id)
        if line is None:
            if len(self._lines) - len(self.active) > MOST_EMPTY:
                self._lines = dict(self.active)
            line = self._lines[line_id] = Line(*line_id, self._roster.able(contact.queue, needs, only, contact.but))
        insort(line.ready, self._keys[contact.contact_id][0])
        self._line_of[contact.contact_id] = line_id
        self.active[line_id] = line

    def unready(self, contact: Waiting) -> None:
        """It is not to be offered now; its place stays."""
        line_id = self._line_of.pop(contact.contact_id, None)
        if line_id is None:
            return
        line = self._lines[line_id]
        _take(line.ready, self._keys[contact.contact_id][0])
        if not line.ready:
            del self.active[line_id]

    def is_ready(self, contact: Waiting) -> bool:
        """May it be offered?"""
        return contact.contact_id in self._line_of

    def able(self, contact: Waiting) -> int | None:
        """Mask of those who can take it, while it is ready."""
        line_id = self._line_of.get(contact.contact_id)
        return None if line_id is None else self._lines[line_id].able

    def agents_changed(self) -> None:
        """What agents can do is different: every line's mask follows."""
        for line in self._lines.values():
            line.able = self._roster.able(line.queue, line.needs, line.only, line.but)

    def position(self, contact: Waiting, spec: QueueSpec) -> int:
        """1 = next. One that does not stand in line yet is counted where it would."""
        return bisect_left(self._standing[contact.queue], key_of(contact, spec)) + 1

    def ahead(self, contact: Waiting, spec_of: Callable[[str], QueueSpec], now_ms: int) -> Iterator[tuple[str, int]]:
        """Of each queue, how many of its kind stand before it: would be served sooner, would the same agent serve both."""
        own, slot = spec_of(contact.queue), slot_of(contact.channel)
        rank, since, order, name = key_of(contact, own)
        points = rank - aging_of(own) * now_ms
        for (queue, kind), keys in self._kinds.items():
            if kind == slot and keys:
                yield queue, bisect_left(keys, (points + aging_of(spec_of(queue)) * now_ms, since, order, name))

    def size(self, queue: str) -> int:
        """How many stand in it."""
        return len(self._standing[queue])

    def oldest_ms(self, queue: str) -> int | None:
        """When the one who waits longest began to."""
        ages = self._ages[queue]
        return ages[0][0] if ages else None

    def members(self, queue: str) -> list[str]:
        """Contacts, in the order of service."""
        return [key[3] for key in self._standing[queue]]


def _take(items: list[T], item: T) -> None:
    del items[bisect_left(items, item)]
