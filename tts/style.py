"""Manners of speaking, and what each means to an engine. One place: engines differ in what they can change.

| style | pace | pitch | pauses between clauses |
| --- | --- | --- | --- |
| (none) | 1 | 0 | 1 |
| calm: the caller is upset or afraid | 0.88 | −1 semitone | × 1.5 |
| slow: the caller asked for it | 0.75 | 0 | × 1.8 |

hibari and Kokoro have a pace but no pitch: theirs is changed by giving a wave made a little faster (or slower) as one of a
lower (or higher) rate, which the change to 16 kHz turns into pitch at no cost. espeak-ng has both as arguments.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manner:
    """`pace` 1 = the voice's own; `pitch` in semitones; `pause` multiplies the silence after a clause."""

    pace: float = 1.0
    pitch: float = 0.0
    pause: float = 1.0

    @property
    def ratio(self) -> float:
        """Frequency ratio of the pitch."""
        return float(2 ** (self.pitch / 12))

    def speed(self, base: float) -> float:
        """What to ask of an engine that has a speed only."""
        return base * self.pace / self.ratio

    def rate(self, rate: int) -> int:
        """The rate to give for its wave, Hz."""
        return round(rate * self.ratio)


NORMAL = Manner()
STYLES: dict[str, Manner] = {"": NORMAL, "calm": Manner(0.88, -1.0, 1.5), "slow": Manner(0.75, 0.0, 1.8)}


def manner(style: str) -> Manner:
    """The manner of a style; of one that it does not know, the normal one: a caller must hear something."""
    return STYLES.get(style, NORMAL)
