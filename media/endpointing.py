"""When does an utterance begin and end? Pure: fed with frame times and voiced flags, answers with signals.

    frames   . . v v v v v v v v . . . . . . . v v v . . . . . . . . . . . . . .
    signals      ^Opened (3 of 5 voiced)   |   ^Resumed      |             ^Closed
                                           ^Speculated       ^Speculated
                              |<-160 ms-->|                  |<-- 500 ms -->| since the last voiced frame

After 80 ms of silence a single voiced frame does not end the pause, two in a row do.
`Opened.t0_ms` is the first voiced frame, `Closed.t1_ms` the end of the last. An utterance of `max_utterance_s` is
`Closed(cut=True)` and a new one opens with the next voiced frames.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from media.frames import FRAME_MS

ONSET_WINDOW = 5  # frames looked at for an onset
CLICK_MS = 80  # ms of silence after which one lone voiced frame is a click, not speech that goes on
ONSET_VOICED = 3  # of them voiced: 60 ms; clicks are shorter, the shortest words ("no") last 100 ms and more


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

    def __init__(self, *, silence_ms: int, speculate_ms: int, max_ms: int) -> None:
        self.silence_ms = silence_ms
        self.speculate_ms = speculate_ms
        self.max_ms = max_ms
        self.open = False
        self._recent: deque[tuple[int, bool]] = deque(maxlen=ONSET_WINDOW)
        self._t0 = 0
        self._t1 = 0
        self._voiced_ms = 0
        self._speculated = False
        self._pause_voiced = False

    def push(self, t_ms: int, voiced: bool) -> list[Signal]:
        """The frame that begins at `t_ms`; times must rise."""
        if not self.open:
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
            return [Opened(self._t0)]
        signals: list[Signal] = []
        if voiced and (self._pause_voiced or t_ms - self._t1 < CLICK_MS):
            if self._speculated:
                self._speculated = False
                signals.append(Resumed())
            self._t1 = t_ms + FRAME_MS
            self._voiced_ms += FRAME_MS
        self._pause_voiced = voiced
        silence = t_ms + FRAME_MS - self._t1
        if t_ms + FRAME_MS - self._t0 >= self.max_ms:
            signals.append(self._close(cut=True))
        elif silence >= self.silence_ms:
            signals.append(self._close(cut=False))
        elif silence >= self.speculate_ms and not self._speculated:
            self._speculated = True
            signals.append(Speculated(self._t1))
        return signals

    def ends_at(self, t_ms: int) -> bool:
        """Is the frame that began at `t_ms` the last voiced one so far?"""
        return self._t1 == t_ms + FRAME_MS

    def reset(self) -> None:
        """Forget the utterance in progress."""
        self.open = False
        self._recent.clear()

    def _close(self, *, cut: bool) -> Closed:
        self.open = False
        return Closed(self._t0, self._t1, self._voiced_ms, cut)
