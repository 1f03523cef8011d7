"""What a test phone's mouth says and its ear hears, on one sample clock.

The clock counts 16 kHz samples since the call's audio began; a tick hands out 320 samples to send and takes in the
320 heard in the same tick, so "last voiced sample sent" and "first audible sample received" are exact to the sample.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from media.frames import SPEECH_RATE, Samples

WINDOW = SPEECH_RATE // 100  # 10 ms
AUDIBLE_DBFS = -50.0  # a telephone line's own noise lies near -65
PAUSE_MS = 300  # shorter gaps belong to the same stretch of speech
RESYNC_S = 0.2  # a hole in the ticks longer than this is a pause of the media (re-INVITE), not jitter


def level_dbfs(samples: npt.NDArray[np.int16]) -> float:
    """RMS level in dBFS; −120 for silence."""
    if not len(samples):
        return -120.0
    rms = float(np.sqrt(np.mean(np.square(samples.astype(np.float64)))))
    return 20 * math.log10(max(rms, 0.033) / 32768.0)


def load_speech(path: Path) -> Samples:
    """Any sound file as 16 kHz mono int16. Raises ValueError naming the file."""
    try:
        data, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise ValueError(f"cannot read {path} as audio: {error}; give a WAV or FLAC file") from None
    if not len(data):
        raise ValueError(f"{path} holds no audio")
    mono = data.mean(axis=1)
    if rate != SPEECH_RATE:
        mono = soxr.resample(mono, rate, SPEECH_RATE)
    scaled: Samples = np.clip(np.rint(mono * 32767.0), -32768, 32767).astype(np.int16)
    return scaled


def voiced_span(samples: Samples) -> tuple[int, int]:
    """First and one-past-last voiced sample: 10 ms windows within 30 dB of the loudest and above −55 dBFS.

    (0, 0) when nothing is voiced.
    """
    count = len(samples) // WINDOW
    if not count:
        return 0, 0
    windows = samples[: count * WINDOW].reshape(count, WINDOW).astype(np.float64)
    rms = np.sqrt(np.mean(np.square(windows), axis=1))
    floor = max(float(rms.max()) * 10 ** (-30 / 20), 32768.0 * 10 ** (-55 / 20))
    voiced = np.flatnonzero(rms >= floor)
    if not len(voiced):
        return 0, 0
    head = np.abs(windows[voiced[0]]) >= floor
    tail = np.abs(windows[voiced[-1]]) >= floor
    first = int(voiced[0]) * WINDOW + int(np.argmax(head))
    last = int(voiced[-1]) * WINDOW + WINDOW - int(np.argmax(tail[::-1]))
    return first, last


class Spotter:
    """Finds stretches of sound in a stream of samples: `spans` holds [start, end) in samples, the last may be open."""

    def __init__(self, audible_dbfs: float = AUDIBLE_DBFS) -> None:
        self.spans: list[tuple[int, int]] = []
        self._floor = 32768.0 * 10 ** (audible_dbfs / 20)
        self._candidate: int | None = None  # where a first loud window began; a click alone opens nothing
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._rest_at = 0

    def feed(self, samples: Samples, at: int) -> None:
        """Samples that begin at clock position `at`; a jump of the clock drops a started window."""
        if at != self._rest_at + len(self._rest):
            self._rest, self._rest_at, self._candidate = np.zeros(0, dtype=np.int16), at, None
        data = np.concatenate([self._rest, samples])
        whole = len(data) - len(data) % WINDOW
        for offset in range(0, whole, WINDOW):
            self._window(data[offset : offset + WINDOW], self._rest_at + offset)
        self._rest, self._rest_at = data[whole:], self._rest_at + whole

    def _window(self, window: Samples, at: int) -> None:
        values = window.astype(np.float64)
        if float(np.sqrt(np.mean(np.square(values)))) < self._floor:
            self._candidate = None
            return
        if self.spans and at - self.spans[-1][1] <= PAUSE_MS * SPEECH_RATE // 1000:
            self.spans[-1] = (self.spans[-1][0], at + WINDOW)
        elif self._candidate is None:
            self._candidate = at + int(np.argmax(np.abs(values) >= self._floor))
        else:
            self.spans.append((self._candidate, at + WINDOW))
            self._candidate = None


@dataclass(slots=True)
class Played:
    """One sound given to the mouth; clock positions in samples, None until they are reached."""

    samples: Samples
    voiced: tuple[int, int] = (0, 0)
    started: int | None = None
    done: bool = False
    _offset: int = field(default=0, repr=False)


class Tape:
    """The audio of one call: `fetch` and `receive` run on the clock thread, everything else anywhere."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.position = 0  # samples handed out so far = the clock
        self.base: float | None = None  # monotonic s at position 0
        self.spotter = Spotter()
        self._clock = clock
        self._queue: list[Played] = []
        self._heard: list[tuple[int, Samples]] = []
        self._fetched = False
        self._lock = threading.Lock()

    def play(self, samples: Samples) -> Played:
        """Send `samples` after what is queued already."""
        sound = Played(samples, voiced_span(samples))
        with self._lock:
            self._queue.append(sound)
        return sound

    def stop(self) -> None:
        """Say nothing more."""
        with self._lock:
            for sound in self._queue:
                sound.done = True
            self._queue.clear()

    def fetch(self, count: int) -> Samples:
        """The next `count` samples for the remote side."""
        out = np.zeros(count, dtype=np.int16)
        with self._lock:
            self._resync()
            filled = 0
            while self._queue and filled < count:
                sound = self._queue[0]
                if sound.started is None:
                    sound.started = self.position + filled
                part = sound.samples[sound._offset : sound._offset + count - filled]
                out[filled : filled + len(part)] = part
                sound._offset += len(part)
                filled += len(part)
                if sound._offset >= len(sound.samples):
                    sound.done = True
                    self._queue.pop(0)
            self.position += count
            self._fetched = True
        return out

    def receive(self, samples: Samples) -> None:
        """What the remote side said in this tick."""
        with self._lock:
            if not self._fetched:
                self._resync()
                self.position += len(samples)
            self._fetched = False
            at = self.position - len(samples)
            self._heard.append((at, samples))
            self.spotter.feed(samples, at)

    def _resync(self) -> None:
        now = self._clock()
        if self.base is None:
            self.base = now
        behind = (now - self.base) - self.position / SPEECH_RATE
        if behind > RESYNC_S:
            self.position += round(behind * 50) * (SPEECH_RATE // 50)

    def heard(self) -> list[tuple[float, float]]:
        """Stretches of far-end sound, in seconds of the call's audio clock."""
        with self._lock:
            return [(start / SPEECH_RATE, end / SPEECH_RATE) for start, end in self.spotter.spans]

    def silent_for(self) -> float | None:
        """Seconds since the far end's last sound; None when it has made none."""
        with self._lock:
            if not self.spotter.spans:
                return None
            return max(0.0, (self.position - self.spotter.spans[-1][1]) / SPEECH_RATE)

    def received(self) -> Samples:
        """Everything heard, holes filled with silence."""
        with self._lock:
            total = max((at + len(part) for at, part in self._heard), default=0)
            out = np.zeros(total, dtype=np.int16)
            for at, part in self._heard:
                out[at : at + len(part)] = part
        return out
