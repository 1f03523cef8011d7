"""What other legs say, on its way into what this leg hears: one jitter buffer per speaker, and their sum.

Speakers come and go, and are added and left out, without a click and without the others noticing.
"""

from __future__ import annotations

import threading
from collections import deque

import numpy as np
import numpy.typing as npt

from media.frames import FRAME_MS, SPEECH_RATE, Samples

FRAME = SPEECH_RATE * FRAME_MS // 1000  # samples
LEAST, START, MOST = 1, 2, 3  # frames kept before playing: 20…60 ms; two busy cores need about 40
ROOM = 12  # frames; a burst beyond it is cut at once
SETTLE = 50  # frames (1 s) over which a standing surplus must last before one frame is skipped
CALM = 500  # frames (10 s) without an underrun before the target shrinks again
FADE_FRAMES = 3  # a hole is filled with the last frame, ever softer, this often

_FADES = [
    np.linspace(1 - n / FADE_FRAMES, 1 - (n + 1) / FADE_FRAMES, FRAME, dtype=np.float32) for n in range(FADE_FRAMES)
]
_FADE_IN = np.linspace(0.0, 1.0, FRAME, dtype=np.float32)
_FADE_OUT = np.linspace(1.0, 0.0, FRAME, dtype=np.float32)


class JitterBuffer:
    """Frames in by sequence number, one out per 20 ms. Pure; not thread safe.

    It waits for `target` frames, then plays. An underrun raises the target, calm lowers it; frames that pile up after
    a stall are skipped one by one, each faded into the next, so no delay stays behind.
    """

    def __init__(self) -> None:
        self.target = START
        self.late = 0
        self.dropped = 0
        self.concealed = 0
        self._frames: deque[Samples] = deque()
        self._stream: int | None = None
        self._next = 0
        self._playing = False
        self._last: Samples | None = None
        self._faded = 1  # the first frame fades in: a voice may be joined in the middle of a vowel
        self._surplus = ROOM  # smallest depth seen since the last adjustment
        self._watched = 0
        self._calm = 0

    def __len__(self) -> int:
        return len(self._frames)

    def push(self, stream: int, sequence: int, frame: Samples) -> None:
        """A frame came. One that is older than what came already is dropped; a new stream begins anew."""
        if stream != self._stream:
            self._stream = stream
            self._frames.clear()
            self._next = sequence
        if sequence < self._next:
            self.late += 1
            return
        self._next = sequence + 1
        self._frames.append(frame)
        while len(self._frames) > ROOM:
            self._frames.popleft()
            self.dropped += 1

    def pop(self) -> Samples | None:
        """The next 20 ms; None when there is nothing to play."""
        if not self._playing:
            if len(self._frames) < self.target:
                return self._conceal()
            self._playing = True
            self._surplus, self._watched = ROOM, 0
        if not self._frames:
            self._playing = False
            self.target = min(MOST, self.target + 1)
            self._calm = 0
            return self._conceal()
        skipped = self._adjust()
        frame = self._frames.popleft()
        if skipped is not None:
            frame = (skipped * _FADE_OUT + frame * _FADE_IN).astype(np.int16)
        if self._faded:
            frame, self._faded = (frame * _FADE_IN).astype(np.int16), 0
        self._last = frame
        return frame

    def _adjust(self) -> Samples | None:
        """The frame that is left out now, if any."""
        self._calm += 1
        if self._calm >= CALM:
            self._calm, self.target = 0, max(LEAST, self.target - 1)
        self._surplus = min(self._surplus, len(self._frames))
        self._watched += 1
        far = len(self._frames) > 2 * MOST  # more than 120 ms stands in line: do not wait to see whether it lasts
        skipped = None
        if far or (self._watched >= SETTLE and self._surplus > self.target):
            skipped = self._frames.popleft()
            self.dropped += 1
        if far or self._watched >= SETTLE:
            self._surplus, self._watched = ROOM, 0
        return skipped

    def _conceal(self) -> Samples | None:
        if self._last is None:
            return None
        faded = (self._last * _FADES[self._faded]).astype(np.int16)
        self._faded += 1
        self.concealed += 1
        if self._faded == FADE_FRAMES:
            self._last = None
        return faded


class Voices:
    """The speakers one leg hears, and their sum. Thread safe; no call waits for anything but another's few sums."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buffers: dict[str, JitterBuffer] = {}
        self._leaving: list[JitterBuffer] = []

    def choose(self, speakers: frozenset[str]) -> None:
        """From now on exactly these are heard. Who is heard already goes on untouched; who is left out dies away."""
        with self._lock:
            for name in [name for name in self._buffers if name not in speakers]:
                self._leaving.append(self._buffers.pop(name))
            for name in speakers - self._buffers.keys():
                self._buffers[name] = JitterBuffer()

    def push(self, speaker: str, stream: int, sequence: int, frame: Samples) -> None:
        """A frame of a speaker; of somebody who is not heard it is dropped."""
        with self._lock:
            if (buffer := self._buffers.get(speaker)) is not None:
                buffer.push(stream, sequence, frame)

    def pull(self) -> npt.NDArray[np.float32] | None:
        """The sum of the next 20 ms, shape (320,), not limited; None when nobody sounds."""
        with self._lock:
            total: npt.NDArray[np.float32] | None = None
            for buffer in self._buffers.values():
                if (frame := buffer.pop()) is not None:
                    total = frame.astype(np.float32) if total is None else np.add(total, frame, out=total)
            for buffer in self._leaving:
                if (frame := buffer.pop()) is not None:
                    last = frame * _FADE_OUT
                    total = last if total is None else np.add(total, last, out=total)
            self._leaving.clear()
            return total
