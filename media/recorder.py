"""Stereo recording of a leg: left what came in, right what went out, on one time line, playable at any moment.

Sound is handed over from the media threads without waiting; a thread of its own writes it twice a second and mends
the WAV header each time, so that a worker that is killed leaves a file that plays up to the last half second.
"""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import structlog

from media.frames import SPEECH_RATE, Samples

log = structlog.get_logger(__name__)

FLUSH_S = 0.5
GAP = SPEECH_RATE // 5  # samples (200 ms); a side further behind the clock than this is filled with silence
HEADER_BYTES = 44
WAITING_MOST = 30 * SPEECH_RATE  # samples a side may wait for a disk that does not write; then recording ends
CLOSE_S = 2.0


def wav_header(data_bytes: int, rate: int, channels: int) -> bytes:
    """RIFF/WAVE header for 16-bit PCM (Microsoft, "Multimedia Programming Interface", 1991)."""
    block = channels * 2
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + data_bytes,
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        rate,
        rate * block,
        block,
        16,
        b"data",
        data_bytes,
    )


class Recorder:
    """Open until `close`. Raises OSError when the file cannot be made."""

    def __init__(self, path: Path, clock: Callable[[], float] | None = None) -> None:
        self.path = path
        self.paused = False
        self._clock = clock or time.monotonic
        self._started = self._clock()
        self._lock = threading.Lock()
        self._sides: dict[str, list[Samples]] = {"left": [], "right": []}
        self._lengths = {"left": 0, "right": 0}
        self._written = 0
        self._broken = False
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")
        self._file.write(wav_header(0, SPEECH_RATE, 2))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"recorder-{path.stem}", daemon=True)
        self._thread.start()

    def left(self, samples: Samples) -> None:
        """What the remote side said (16 kHz)."""
        self._append("left", samples)

    def right(self, samples: Samples) -> None:
        """What the remote side heard (16 kHz)."""
        self._append("right", samples)

    def close(self) -> int:
        """Write the rest; returns the duration in ms of what is on disk. Blocks for the disk: not for the event loop."""
        self._stop.set()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            log.error("recorder.disk_stuck", path=str(self.path))
            return self._written * 1000 // SPEECH_RATE
        try:
            if not self._broken:
                with self._lock:
                    end = max(self._lengths.values())
                    for side in ("left", "right"):
                        self._pad(side, end)
                self._flush(all_of_it=True)
            self._file.close()
        except OSError as error:
            log.error("recorder.disk", path=str(self.path), error=str(error))
        return self._written * 1000 // SPEECH_RATE

    def _append(self, side: Literal["left", "right"], samples: Samples) -> None:
        with self._lock:
            if self._broken:
                return
            if self._lengths[side] - self._written > WAITING_MOST:
                self._broken = True
                self._sides = {"left": [], "right": []}
                log.error("recorder.disk_too_slow", path=str(self.path))
                return
            now = int((self._clock() - self._started) * SPEECH_RATE)
            if now - self._lengths[side] - len(samples) > GAP:
                self._pad(side, now - len(samples))
            elif self._lengths[side] - now > 2 * GAP:
                return  # a burst after a stall: the clock has passed it already
            self._sides[side].append(np.zeros_like(samples) if self.paused else samples)
            self._lengths[side] += len(samples)

    def _pad(self, side: str, until: int) -> None:
        missing = until - self._lengths[side]
        if missing > 0:
            self._sides[side].append(np.zeros(missing, dtype=np.int16))
            self._lengths[side] = until

    def _run(self) -> None:
        while not self._stop.wait(FLUSH_S):
            try:
                self._flush(all_of_it=False)
            except OSError as error:
                log.error("recorder.disk", path=str(self.path), error=str(error))
                with self._lock:
                    self._broken = True
                    self._sides = {"left": [], "right": []}
                return

    def _flush(self, *, all_of_it: bool) -> None:
        with self._lock:
            if self._broken:
                return
            if not all_of_it:
                # A side that lags is silent by now; one second is beyond any jitter.
                horizon = int((self._clock() - self._started - 1.0) * SPEECH_RATE)
                for side in ("left", "right"):
                    self._pad(side, horizon)
            ready = min(self._lengths.values()) - self._written
            if ready <= 0:
                return
            taken = {side: self._take(side, ready) for side in ("left", "right")}
        stereo = np.empty((ready, 2), dtype="<i2")
        stereo[:, 0], stereo[:, 1] = taken["left"], taken["right"]
        self._file.write(stereo.tobytes())
        self._written += ready
        self._file.seek(0)
        self._file.write(wav_header(self._written * 4, SPEECH_RATE, 2))
        self._file.seek(HEADER_BYTES + self._written * 4)
        self._file.flush()

    def _take(self, side: str, count: int) -> Samples:
        joined = np.concatenate(self._sides[side])
        self._sides[side] = [joined[count:]] if len(joined) > count else []
        return joined[:count]
