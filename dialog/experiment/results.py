"""Results of experiments from their events, one by one: rates per variant, what is sure, which variant does harm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dialog.experiment.stats import ALPHA, Counts, Difference, difference

EXPOSED, OUTCOME = "experiment.exposed", "experiment.outcome"


@dataclass(slots=True)
class VariantResult:
    """One variant. `transferred` counts callers that ended with a person: the guardrail."""

    exposed: int = 0
    outcomes: Counts = field(default_factory=Counts)
    transferred: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A variant against the control: did it change successes, did it change transfers to people."""

    variant: str
    success: Difference
    transfers: Difference

    @property
    def harmful(self) -> bool:
        """Surely more callers end with a person."""
        return self.transfers.low > 0


@dataclass(slots=True)
class ExperimentResults:
    """One experiment; feed it its events in order. Each customer counts once, for the variant met first.

    The control is the one that the newest exposure names: a file may be published with another first variant, and calls of the
    older version end after that.
    """

    name: str
    control: str = ""
    variants: dict[str, VariantResult] = field(default_factory=dict)
    _met: dict[str, str] = field(default_factory=dict)
    """Who → the variant met first."""
    _done: set[str] = field(default_factory=set)

    def add(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Count an event."""
        unit, name = str(payload["unit"]), str(payload["variant"])
        result = self.variants.setdefault(name, VariantResult())
        if kind == EXPOSED:
            self.control = str(payload["control"])
            if unit not in self._met:
                self._met[unit] = name
                result.exposed += 1
        elif unit not in self._done and self._met.get(unit) == name:
            self._done.add(unit)
            result.outcomes = _plus(result.outcomes, bool(payload["success"]))
            result.transferred = _plus(result.transferred, bool(payload["transferred"]))

    def verdicts(self, alpha: float = ALPHA) -> list[Verdict]:
        """Every variant but the control; the error is shared among them (Bonferroni), so it holds for all at once."""
        control = self.variants.get(self.control, VariantResult())
        others = [name for name in self.variants if name != self.control]
        share = alpha / max(1, len(others))
        return [
            Verdict(
                name,
                difference(self.variants[name].outcomes, control.outcomes, alpha=share),
                difference(self.variants[name].transferred, control.transferred, alpha=share),
            )
            for name in others
        ]


def _plus(counts: Counts, success: bool) -> Counts:
    return Counts(counts.n + 1, counts.successes + success)
