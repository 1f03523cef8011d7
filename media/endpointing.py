"""When does an utterance begin and end? Pure: fed with frame times, voiced flags and facts, answers with signals.

    frames   . . v v v v v v v v . . . . . . . v v v . . . . . . . . . . . . . .
    signals      ^Opened (3 of 5 voiced)   |   ^Resumed      |          ^Closed
                                           ^Speculated       ^Speculated
    facts                                    sound()           sound()  say("Yes.")
                              |<-160 ms-->|                  |<------->| a silence as long as the facts ask for

`Speculated` asks for two things: how the end sounds (`sound`, at once) and what was said (`say`, when the decode answers,
150–350 ms later on an idle machine). Each names the pause it is about by its `t1_ms`, and is ignored once speech went on.
With every fact the silence that ends the utterance is worked out again (`media/turn_end.py`); whatever the facts say, it
lies between `Bounds.least_ms` and `Bounds.most_ms`. A fact closes nothing by itself: the next frame does, ≤ 20 ms later.
Without words (a busy or absent inference worker) time decides, at `Bounds.unheard_ms` at the latest.

A pause after which speech went on is remembered as this speaker's habit, and so is one after which it went on in a new
utterance within `SAME_BREATH_MS`: there we cut in. After 80 ms of silence a single voiced frame does not end the pause,
two in a row do. `Opened.t0_ms` is the first voiced frame, `Closed.t1_ms` the end of the last. An utterance of
`max_utterance_s` is `Closed(cut=True)` and a new one opens with the next voiced frames.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from media.frames import FRAME_MS
from media.pitch import Ending
from media.turn_end import Bounds, Evidence, Expects, silence_ms

ONSET_WINDOW = 5  # frames looked at for an onset
CLICK_MS = 80  # ms of silence after which one lone voiced frame is a click, not speech that goes on
ONSET_VOICED = 3  # of them voiced: 60 ms; clicks are shorter, the shortest words ("no") last 100 ms and more
SAME_BREATH_MS = 1500  # ms; who goes on that soon was not answering us: our own voice starts later
HABIT_PAUSES = 16  # remembered, newest first out; about a minute of speech
HABIT_KNOWN = 3  # pauses before they count as a habit
HABIT_QUANTILE = 0.75


@dataclass(frozen=True, slots=True)
class Opened:
    """An utterance began at `t0_ms`."""

    t0_ms: int


@dataclass(frozen=True, slots=True)
class Speculated:
    """It may be over since `t1_ms`: request the final decode ahead."""

    t1_ms: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """It was not over: drop what `Speculated` requested."""


@dataclass(frozen=True, slots=True)
class Closed:
    """It is over; `voiced_ms` of it were voiced."""

    t0_ms: int
    t1_ms: int
    voiced_ms: int
    cut: bool = False


Signal = Opened | Speculated | Resumed | Closed


class Endpointer:
    """One leg's utterances."""

    def __init__(self, *, bounds: Bounds, speculate_ms: int, max_ms: int) -> None:
        self.bounds = bounds
        self.speculate_ms = speculate_ms
        self.max_ms = max_ms
        self.open = False
        self._recent: deque[tuple[int, bool]] = deque(maxlen=ONSET_WINDOW)
        self._t0 = 0
        self._t1 = 0
        self._voiced_ms = 0
        self._speculated = False
        self._pause_voiced = False
        self._evidence = Evidence()
        self._silence_ms = silence_ms(self._evidence, bounds)
        self._pauses: deque[int] = deque(maxlen=HABIT_PAUSES)
        self._last_t1: int | None = None

    def push(self, t_ms: int, voiced: bool) -> list[Signal]:
        """The frame that begins at `t_ms`; times must rise."""
        if not self.open:
            return self._onset(t_ms, voiced)
        signals: list[Signal] = []
        if voiced and (self._pause_voiced or t_ms - self._t1 < CLICK_MS):
            if self._speculated:
                self._speculated = False
                self._paused(t_ms - self._t1)
                signals.append(Resumed())
            self._t1 = t_ms + FRAME_MS
            self._voiced_ms += FRAME_MS
        self._pause_voiced = voiced
        silence = t_ms + FRAME_MS - self._t1
        if t_ms + FRAME_MS - self._t0 >= self.max_ms:
            signals.append(self._close(cut=True))
        elif silence >= self.speculate_ms and not self._speculated:
            self._speculated = True
            signals.append(Speculated(self._t1))
        if self.open and self._speculated and silence >= self._silence_ms:
            signals.append(self._close(cut=False))
        return signals

    def expect(self, expects: Expects, digit_count: int) -> None:
        """What was just asked; from the pause under way on."""
        self._know(replace(self._evidence, expects=expects, digit_count=digit_count))

    def sound(self, t1_ms: int, ending: Ending) -> None:
        """How the speech before the pause at `t1_ms` ended."""
        if self._pausing(t1_ms):
            self._know(replace(self._evidence, ending=ending))

    def say(self, t1_ms: int, text: str) -> None:
        """What was said before the pause at `t1_ms`; empty = no words."""
        if self._pausing(t1_ms):
            self._know(replace(self._evidence, text=text))

    @property
    def habit_ms(self) -> float | None:
        """How long this speaker pauses inside utterances, once known."""
        if len(self._pauses) < HABIT_KNOWN:
            return None
        ordered = sorted(self._pauses)
        return float(ordered[round((len(ordered) - 1) * HABIT_QUANTILE)])

    def ends_at(self, t_ms: int) -> bool:
        """Is the frame that began at `t_ms` the last voiced one so far?"""
        return self._t1 == t_ms + FRAME_MS

    def reset(self) -> None:
        """Forget the utterance in progress, not how the speaker speaks."""
        self.open = False
        self._recent.clear()
        self._last_t1 = None

    # ------------------------------------------------------------------ inside

    def _onset(self, t_ms: int, voiced: bool) -> list[Signal]:
        self._recent.append((t_ms, voiced))
        onsets = [t for t, v in self._recent if v]
        if len(onsets) < ONSET_VOICED:
            return []
        self.open = True
        self._t0, self._t1 = onsets[0], t_ms + FRAME_MS
        self._voiced_ms = len(onsets) * FRAME_MS
        self._speculated = False
        self._pause_voiced = voiced
        self._recent.clear()
        if self._last_t1 is not None and self._t0 - self._last_t1 < SAME_BREATH_MS:
            self._paused(self._t0 - self._last_t1)
        self._fresh()
        return [Opened(self._t0)]

    def _pausing(self, t1_ms: int) -> bool:
        return self.open and self._speculated and self._t1 == t1_ms

    def _paused(self, ms: int) -> None:
        self._pauses.append(min(ms, self.bounds.most_ms))
        self._fresh()

    def _fresh(self) -> None:
        """Nothing is known of the pause to come but who speaks and what was asked."""
        self._know(Evidence(None, self._evidence.expects, self._evidence.digit_count, habit_ms=self.habit_ms))

    def _know(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._silence_ms = silence_ms(evidence, self.bounds)

    def _close(self, *, cut: bool) -> Closed:
        self.open = False
        self._last_t1 = None if cut else self._t1
        return Closed(self._t0, self._t1, self._voiced_ms, cut)
