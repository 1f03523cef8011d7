"""What is counted of a queue: how long contacts take, how they fared in the last hour, how long the next will wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Literal

from desk.queues import Target

MEASURED_FOR_ESTIMATE = 10  # contacts handled before their own mean is used
REMEMBERED = 50  # contacts whose handling is averaged: half a shift of a small team
WINDOW_MS = 3_600_000
MOST_OUTCOMES = 20_000  # in a window; five a second
SHORT_ABANDON_MS = 5_000  # who hangs up sooner was not kept waiting; left out of the service level
Outcome = Literal["answered", "abandoned", "overflowed"]


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """Of a queue: now, and over the last hour. `service_level` 0…1, None while nobody has come."""

    queue: str
    name: str
    waiting: int
    longest_wait_ms: int
    service_level: float | None
    sl_target_s: int
    offered: int
    answered: int
    abandoned: int
    agents_available: int


@dataclass(slots=True)
class Tally:
    """Of one queue."""

    handled: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """ms from the answer to the end of after-call work."""
    outcomes: deque[tuple[int, Outcome, int]] = field(default_factory=lambda: deque(maxlen=MOST_OUTCOMES))
    """(when, what, waited ms), oldest first."""

    def mean_ms(self, assumed_s: float) -> float:
        """How long a contact takes an agent."""
        return fmean(self.handled) if len(self.handled) >= MEASURED_FOR_ESTIMATE else assumed_s * 1000

    def settled(self, outcome: Outcome, waited_ms: int, now_ms: int) -> None:
        """A contact is through with the queue."""
        self.outcomes.append((now_ms, outcome, waited_ms))
        while self.outcomes and self.outcomes[0][0] < now_ms - WINDOW_MS:
            self.outcomes.popleft()

    def counted(self, target: Target, now_ms: int) -> tuple[int, int, int, float | None]:
        """(offered, answered, abandoned, service level) of the last hour.

        Service level = answered within the target ÷ (all that are through − those who hung up within 5 s).
        """
        recent = [entry for entry in self.outcomes if entry[0] >= now_ms - WINDOW_MS]
        answered = [waited for _, outcome, waited in recent if outcome == "answered"]
        left = [waited for _, outcome, waited in recent if outcome == "abandoned"]
        whole = len(recent) - sum(waited < SHORT_ABANDON_MS for waited in left)
        within = sum(waited <= target.seconds * 1000 for waited in answered)
        return len(recent), len(answered), len(left), within / whole if whole else None


def expected_wait_ms(who: int, own_ms: float, others: Mapping[int, float], places: Callable[[int], int]) -> float:
    """How long until agents who also serve others take a contact, in ms.

    `who`: mask of those who can take it. `own_ms`: handling of those whom exactly these serve before it, and once more
    for the place that it needs itself. `others`: mask → handling of those who are served before it by other groups of
    agents. `places` of a mask, all together; none counts as one.

    Any agents need at least (work that is theirs alone) / (their places), and where the longest wait is served first they
    need no longer: whoever can do both turns to the queue that is behind. So it is the greatest of these over all groups
    that contain `who`; groups are added one by one, those that bring most work for the places that they add first.
    """
    wait_ms = own_ms / max(1, places(who))
    touching = {mask: ms for mask, ms in others.items() if mask & who}
    for mask in sorted(touching, key=lambda mask: -touching[mask] / (places(mask & ~who) or 0.001)):
        both = (own_ms + touching[mask]) / max(1, places(who | mask))
        if both > wait_ms:
            own_ms, who, wait_ms = own_ms + touching[mask], who | mask, both
    return wait_ms
