"""Which variant somebody gets: always the same one, without keeping a list of who got what."""

from __future__ import annotations

import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Choice:
    """What was decided about an experiment: the variant for everybody, and those for nobody."""

    promoted: str = ""
    stopped: frozenset[str] = frozenset()


@dataclass(slots=True)
class Experiments:
    """The real `dialog.ports.Assignment`. `choices` is replaced by whoever reads the store."""

    salt: str = ""
    choices: Mapping[str, Choice] = field(default_factory=dict)

    def unit(self, experiment: str, who: str) -> str:
        """A customer, number or contact as it is recorded: keyed, so that nobody can be found by it."""
        return self._keyed(f"{experiment}:{who}").hex()[:32]

    def variant(self, experiment: str, weights: Mapping[str, float], who: str) -> tuple[str, bool]:
        """The variant, and whether this is a test (False: it was promoted, or no other is left).

        Each variant draws a lot for this customer and the best one wins (weighted rendezvous hashing: Efraimidis and
        Spirakis, "Weighted random sampling with a reservoir", 2006, with lots from a hash). So whatever is changed in
        mid-experiment moves only those whom it must: a variant that is stopped or removed gives its own away, one that is
        added or weighs more takes some, the order says nothing.
        """
        choice = self.choices.get(experiment, Choice())
        if choice.promoted in weights:
            return choice.promoted, False
        left = {name: weight for name, weight in weights.items() if name not in choice.stopped and weight > 0}
        if len(left) < 2:
            return next(iter(left or weights)), False
        return min(left, key=lambda name: self._lot(f"{experiment}:{name}:{who}") / left[name]), True

    def _lot(self, what: str) -> float:
        """Exponentially distributed; over a weight it is the waiting time of that rate."""
        return -math.log((int.from_bytes(self._keyed(what)[:6], "big") + 0.5) / 2**48)

    def _keyed(self, what: str) -> bytes:
        return hmac.new(self.salt.encode() or b"warmline", what.encode(), sha256).digest()
