"""When something falls due: a heap that forgives entries which have become wrong."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush

SLACK = 1000  # entries; below it the heap is not worth tidying


class Alarms:
    """`due` tells when a thing has something to do, or None; things are told of by `set` whenever that may be sooner."""

    def __init__(self, due: Callable[[str], int | None]) -> None:
        self._due = due
        self._heap: list[tuple[int, int, str]] = []
        self._set: dict[str, int] = {}
        """Thing → its earliest entry."""
        self._count = 0

    def set(self, thing: str) -> None:
        """Its time may have changed."""
        at = self._due(thing)
        if at is None or self._set.get(thing, at + 1) <= at:
            return
        self._set[thing] = at
        self._count += 1
        heappush(self._heap, (at, self._count, thing))
        if len(self._heap) > 4 * len(self._set) + SLACK:
            self._heap = [entry for entry in self._heap if self._set.get(entry[2]) == entry[0]]
            heapify(self._heap)

    def next(self) -> int | None:
        """When the first thing is due."""
        while self._heap:
            at, _, thing = self._heap[0]
            if self._set.get(thing) == at and self._due(thing) == at:
                return at
            self._drop(at, thing)
        return None

    def take(self, now_ms: int) -> list[str]:
        """All things that are due, each once, earliest first."""
        found: list[str] = []
        while (at := self.next()) is not None and at <= now_ms:
            _, _, thing = heappop(self._heap)
            del self._set[thing]
            found.append(thing)
        return found

    def _drop(self, at: int, thing: str) -> None:
        heappop(self._heap)
        if self._set.get(thing) == at:
            del self._set[thing]
            self.set(thing)
