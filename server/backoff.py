"""When a process that died is started again. Pure: fed with times."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_S = 0.2
FACTOR = 2.0
LONGEST_S = 30.0
STABLE_S = 30.0  # s a process must live for its earlier deaths to be forgotten


@dataclass(slots=True)
class Backoff:
    """One process's history of deaths."""

    failures: int = 0
    restarts: int = 0

    def died(self, lived_s: float) -> float:
        """It lived so long; returns the s to wait before it is started again."""
        if lived_s >= STABLE_S:
            self.failures = 0
        delay = min(LONGEST_S, FIRST_S * FACTOR**self.failures)
        self.failures += 1
        self.restarts += 1
        return delay
