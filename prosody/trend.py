"""The mood of a conversation, from utterance to utterance: a label that does not flap, and `frustration`.

Times are seconds on any clock that only moves forward; none is read here. Everything is forgotten by half-lives, so
silence and small talk bring a caller back to neutral, and the state is five shares and a dozen numbers.

The label changes only when the last `STREAK` utterances that had a label agree on another one, and what was heard
lately (the decayed shares) favours it by `MARGIN`. Utterances that alternate therefore change nothing.
Frustration f moves by f + gain · (1 − f) with each bad event: never above 1, and a further bad event never lowers it.
"""

from __future__ import annotations

import math

import msgspec

from prosody.feeling import CIRCUMPLEX, LABELS, Label
from prosody.fusion import Affect

STREAK = 2  # utterances in a row before the label changes
MARGIN = 0.1  # of the decayed shares by which the new label must lead
MOOD_HALF_S = 45.0  # half-life of what was heard: three or four turns of a call
FORGOTTEN = 0.05  # weight below which nothing is known any more: after about 3 minutes without a clear utterance
FRUSTRATION_HALF_S = 180.0  # crossness outlives the sentence it was heard in

# what bad events add to frustration, as a share of what is left to 1
GAIN_FAILED = 0.18
GAIN_REPEATED = 0.15
GAIN_PASSED_ON = 0.12
GAIN_WAITED = 0.06  # per minute of waiting
GAIN_ANGRY = 0.35  # × probability
GAIN_ANXIOUS = 0.12
GAIN_SAD = 0.06
GAIN_TENSE = 0.1  # × arousal × −valence of an upset utterance
GAIN_SARCASM = 0.2
RELIEF_SOLVED = 0.5  # share of frustration that goes when something worked
RELIEF_CONTENT = 0.25  # × probability


class Trend(msgspec.Struct, frozen=True, array_like=True):
    """State of one customer in one conversation; immutable, each method returns the next state.

    label: the settled label; confidence: its decayed share, 0…1; arousal, valence: −1…1, decayed means; frustration: 0…1 at `at`
    """

    at: float = 0.0  # seconds, of the last event
    label: Label = "unknown"
    frustration: float = 0.0
    shares: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)  # decayed weights by LABELS
    rival: Label = "unknown"  # what the last labelled utterances agreed on
    streak: int = 0
    heard_count: int = 0
    failures: int = 0
    repeats: int = 0
    passed: int = 0
    waited_s: float = 0.0

    # ------------------------------------------------------------------ events

    def heard(self, affect: Affect, at: float) -> Trend:
        """An utterance of the customer. One that is `unknown` changes nothing but by the time that passed."""
        now = self._forward(at)
        if affect.label == "unknown":
            return now
        shares = _add(now.shares, affect)
        streak = now.streak + 1 if affect.label == now.rival else 1
        settled = _settle(now.label, affect.label, streak, shares)
        return msgspec.structs.replace(
            now,
            label=settled,
            shares=shares,
            rival=affect.label,
            streak=min(streak, 9),
            heard_count=now.heard_count + 1,
            frustration=_felt(now.frustration, affect),
        )

    def failed(self, at: float) -> Trend:
        """A step failed: not understood, a check not passed, no answer found, a system out of order."""
        now = self._forward(at)
        return msgspec.structs.replace(now, frustration=_worse(now.frustration, GAIN_FAILED), failures=now.failures + 1)

    def repeated(self, at: float) -> Trend:
        """The customer had to ask the same again."""
        now = self._forward(at)
        return msgspec.structs.replace(now, frustration=_worse(now.frustration, GAIN_REPEATED), repeats=now.repeats + 1)

    def passed_on(self, at: float) -> Trend:
        """The customer was handed over to somebody else."""
        now = self._forward(at)
        return msgspec.structs.replace(now, frustration=_worse(now.frustration, GAIN_PASSED_ON), passed=now.passed + 1)

    def waited(self, seconds: float, at: float) -> Trend:
        """The customer has waited for so many seconds (queue or hold) until `at`. Raises ValueError below 0."""
        if not seconds >= 0 or math.isinf(seconds):
            raise ValueError(f"a wait lasts 0 seconds or more, got {seconds}")
        gain = 1 - (1 - GAIN_WAITED) ** (seconds / 60)  # two waits of a minute weigh as much as one of two
        now = self._forward(at)
        return msgspec.structs.replace(now, frustration=_worse(now.frustration, gain), waited_s=now.waited_s + seconds)

    def solved(self, at: float) -> Trend:
        """What the customer asked for has been done."""
        now = self._forward(at)
        return msgspec.structs.replace(now, frustration=now.frustration * (1 - RELIEF_SOLVED))

    def passing(self, at: float) -> Trend:
        """The state at a later time, nothing else having happened."""
        return self._forward(at)

    # ------------------------------------------------------------------ reading

    @property
    def confidence(self) -> float:
        """Share of the settled label in what was heard lately, 0…1."""
        total = sum(self.shares)
        return self.shares[LABELS.index(self.label)] / total if self.label != "unknown" and total > 0 else 0.0

    @property
    def arousal(self) -> float:
        """Decayed mean, −1…1."""
        return self._mean(0)

    @property
    def valence(self) -> float:
        """Decayed mean, −1…1."""
        return self._mean(1)

    def evidence(self) -> list[str]:
        """What frustration came from, in plain words."""
        counted = (("failed step", self.failures), ("question asked again", self.repeats), ("passed on", self.passed))
        lines = [f"{name}: {number}" for name, number in counted if number]
        return lines + ([f"waited {self.waited_s / 60:.0f} minutes in all"] if self.waited_s >= 60 else [])

    def dump(self) -> bytes:
        """To be kept with the conversation; under 200 bytes."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def load(cls, data: bytes) -> Trend:
        """What `dump` gave; empty bytes give the start. Raises msgspec.DecodeError on anything else."""
        return msgspec.msgpack.decode(data, type=cls) if data else cls()

    # ------------------------------------------------------------------ inside

    def _forward(self, at: float) -> Trend:
        """Forgetting: x · 2^(−Δt / half-life). A time before the last one counts as the last one."""
        passed = max(at - self.at, 0.0)
        keep = 0.5 ** (passed / MOOD_HALF_S)
        one, two, three, four, five = (share * keep for share in self.shares)
        known = one + two + three + four + five >= FORGOTTEN
        return msgspec.structs.replace(
            self,
            at=max(at, self.at),
            shares=(one, two, three, four, five),
            label=self.label if known else "unknown",
            rival=self.rival if known else "unknown",
            streak=self.streak if known else 0,
            frustration=self.frustration * 0.5 ** (passed / FRUSTRATION_HALF_S),
        )

    def _mean(self, axis: int) -> float:
        total = sum(self.shares)
        if total <= 0:
            return 0.0
        return sum(w * CIRCUMPLEX[label][axis] for label, w in zip(LABELS, self.shares, strict=True)) / total


def _add(shares: tuple[float, float, float, float, float], affect: Affect) -> tuple[float, float, float, float, float]:
    chances = affect.chances or {affect.label: affect.confidence}
    one, two, three, four, five = (s + chances.get(label, 0.0) for label, s in zip(LABELS, shares, strict=True))
    return one, two, three, four, five


def _settle(current: Label, heard: Label, streak: int, shares: tuple[float, ...]) -> Label:
    if current == "unknown":
        return heard
    if heard == current or streak < STREAK:
        return current
    total = sum(shares)
    lead = shares[LABELS.index(heard)] - shares[LABELS.index(current)]
    return heard if lead >= MARGIN * total else current


def _worse(frustration: float, gain: float) -> float:
    return frustration + gain * (1 - frustration)


def _felt(frustration: float, affect: Affect) -> float:
    chances = affect.chances or {affect.label: affect.confidence}
    gain = GAIN_ANGRY * chances.get("angry", 0.0) + GAIN_ANXIOUS * chances.get("anxious", 0.0)
    gain += GAIN_SAD * chances.get("sad", 0.0) + GAIN_TENSE * max(affect.arousal, 0.0) * max(-affect.valence, 0.0)
    gain += GAIN_SARCASM if affect.disagreement == "sarcasm" else 0.0
    return _worse(frustration * (1 - RELIEF_CONTENT * chances.get("content", 0.0)), min(gain, 1.0))
