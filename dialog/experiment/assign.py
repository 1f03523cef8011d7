"""Which variant somebody gets: always the same one, without keeping a list of who got what."""

from __future__ import annotations

import hmac
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
        return hmac.new(self.salt.encode() or b"warmline", f"{experiment}:{who}".encode(), sha256).hexdigest()[:32]

    def variant(self, experiment: str, weights: Mapping[str, float], who: str) -> tuple[str, bool]:
        """The variant, and whether this is a test (False: it was promoted, or no other is left)."""
        choice = self.choices.get(experiment, Choice())
        if choice.promoted in weights:
            return choice.promoted, False
        left = {name: weight for name, weight in weights.items() if name not in choice.stopped and weight > 0}
        if len(left) < 2:
            return next(iter(left or weights)), False
        place = int(self.unit(experiment, who)[:13], 16) / 16**13 * sum(weights[name] for name in weights)
        # Over all weights, so that a stop moves only those who had the stopped variant.
        for name, weight in weights.items():
            place -= weight
            if place < 0 and name in left:
                return name, True
            if place < 0:
                break
        rest = int(self.unit(f"{experiment}:again", who)[:13], 16) / 16**13 * sum(left.values())
        for name, weight in left.items():
            rest -= weight
            if rest < 0:
                return name, True
        return next(iter(left)), True
