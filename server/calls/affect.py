"""What a caller conveys over one conversation: voice, words and what went before, judged together and followed.

Pure: fed with times, words, vectors and what the flow did, by `feelings.py`, which holds the consent and does the I/O.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from dialog import events as ev
from prosody.context import Context, Said, times_asked
from prosody.feeling import Feeling
from prosody.fusion import Affect, fuse
from prosody.trend import Trend
from prosody.words import WordsModel
from session import wire
from session.types import NewAffect

REMEMBERED = 12  # utterances among which the same question is looked for: a caller asks again within a few turns
MUST_WORK = frozenset({"no_match", "gap", "asked_again", "failed", "locked", "unavailable", "unknown", "on_error"})
"""Exits of blocks that mean: the caller got nowhere."""
WORKED = frozenset({"answered", "passed"})


class MoodSnapshot(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """What a restarted app needs: a few hundred bytes, never what was said."""

    trend: bytes = b""
    context: tuple[int, float, int, bool] = (0, 0.0, 0, False)


@dataclass(slots=True)
class Mood:
    """One customer's, in one contact. Times are seconds of UTC, which go on over a restart."""

    words: WordsModel | None
    trend: Trend = field(default_factory=Trend)
    context: Context = field(default_factory=Context)
    _said: deque[Said] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def felt(self, event: wire.UtteranceFelt) -> NewAffect:
        """An utterance by its voice alone, its words still to come: the mood stays as it is until they do."""
        affect = fuse(_feeling(event.emotion), None, self.context)
        return self._kept(event.utterance_id, affect, event.emotion.model)

    def heard(
        self, event: wire.UtteranceFinal, vector: NDArray[np.float32] | None, at: float
    ) -> tuple[NewAffect, ev.Feeling]:
        """One utterance: what it conveyed, and the mood after it. `vector` (384,) of the words, None without."""
        voice = None if event.emotion is None else _feeling(event.emotion)
        words = None
        asked = 1
        if vector is not None:
            asked = times_asked(event.text, vector, list(self._said))
            self._said.append(Said(event.text, vector))
            if self.words is not None:
                words = self.words.judge(event.text, "zh" if event.language.startswith("zh") else "en", vector)
        affect = fuse(voice, words, replace(self.context, times_asked=asked).told(event.text))
        if asked > 1:
            self.trend = self.trend.repeated(at)
        self.trend = self.trend.heard(affect, at)
        self.context = replace(self.context, solved=False)
        models = [event.emotion.model] if event.emotion is not None else []
        models += [words.model] if words is not None and words.model else []
        return self._kept(event.utterance_id, affect, "+".join(models)), self.feeling(affect.disagreement)

    def _kept(self, utterance_id: str, affect: Affect, model: str) -> NewAffect:
        return NewAffect(
            utterance_id=utterance_id,
            arousal=round(affect.arousal, 3),
            valence=round(affect.valence, 3),
            label=affect.label,
            confidence=round(affect.confidence, 3),
            evidence=affect.evidence,
            frustration=round(self.trend.frustration, 3),
            trend=self.trend.label,
            disagreement=affect.disagreement,
            model=model[:64],
        )

    def feeling(self, disagreement: str = "") -> ev.Feeling:
        """The settled mood, as flows read it."""
        trend = self.trend
        return ev.Feeling(
            label=trend.label,
            arousal=round(trend.arousal, 3),
            valence=round(trend.valence, 3),
            confidence=round(trend.confidence, 3),
            turns=trend.streak if trend.rival == trend.label else 1,
            frustration=round(trend.frustration, 3),
            disagreement=disagreement,
        )

    def left(self, exit_name: str, at: float) -> None:
        """The flow left a block by this exit."""
        if exit_name in MUST_WORK:
            self.trend = self.trend.failed(at)
            self.context = replace(self.context, failed_steps=self.context.failed_steps + 1)
        elif exit_name in WORKED:
            self.trend = self.trend.solved(at)
            self.context = Context(handed_over=self.context.handed_over, solved=True)

    def waited(self, seconds: float, at: float) -> None:
        """In the queue or on hold."""
        self.trend = self.trend.waited(max(0.0, seconds), at)
        self.context = replace(self.context, waited_s=self.context.waited_s + max(0.0, seconds))

    def passed_on(self, at: float) -> None:
        """Somebody else took over."""
        self.trend = self.trend.passed_on(at)
        self.context = replace(self.context, handed_over=self.context.handed_over + 1)

    def snapshot(self) -> MoodSnapshot:
        """For a restarted app."""
        c = self.context
        return MoodSnapshot(
            trend=self.trend.dump(), context=(c.failed_steps, round(c.waited_s, 1), c.handed_over, c.solved)
        )

    def restore(self, saved: MoodSnapshot) -> None:
        """Go on from there. Raises `msgspec.DecodeError`."""
        failed, waited_s, handed_over, solved = saved.context
        self.trend = Trend.load(saved.trend)
        self.context = Context(waited_s=waited_s, failed_steps=failed, handed_over=handed_over, solved=solved)


def _feeling(emotion: wire.Emotion) -> Feeling:
    return Feeling(
        emotion.arousal,
        emotion.valence,
        emotion.label,
        emotion.confidence,
        emotion.chances,
        emotion.evidence,
        emotion.model,
    )
