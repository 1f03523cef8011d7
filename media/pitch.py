"""How a phrase ends to the ear: does the pitch fall, does the voice fade? Pure arithmetic, well under 1 ms a call.

Pitch by autocorrelation (Rabiner 1977) on speech averaged down to 4 kHz. A telephone line takes the fundamental itself
away, but its harmonics keep the period, which is what autocorrelation looks for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.frames import SPEECH_RATE, Samples

PHRASE_MS = 500  # ms at the end of the speech that are listened to
RATE = 4000  # Hz; harmonics up to 2 kHz are plenty to find a period
FRAME = 160  # samples: 40 ms hold nearly three periods of the deepest voice
HOP = 80
LOWEST_HZ, HIGHEST_HZ = 70, 400
PERIODIC = 0.45  # least normalised autocorrelation of a frame with a pitch
QUIET_DB = 25.0  # dB below the loudest frame: what is softer is breath
FEWEST = 6  # frames with a pitch that a trend needs
JUMP_ST = 8.0  # semitones off the median: an octave error, not a melody


@dataclass(frozen=True, slots=True)
class Ending:
    """`fall_st`: semitones the pitch went down at the end (negative: rose), 0 where no pitch was found.

    `fade_db`: dB that the last 100 ms are softer than the phrase's median.
    """

    fall_st: float = 0.0
    fade_db: float = 0.0


def phrase_final(samples: Samples) -> Ending:
    """The end of 16 kHz speech, cut where the voice ended; shape (n,), only its last 500 ms are looked at."""
    step = SPEECH_RATE // RATE
    tail = samples[-PHRASE_MS * SPEECH_RATE // 1000 :].astype(np.float64)
    tail = tail[len(tail) % step :]
    if len(tail) < (FRAME + FEWEST * HOP) * step:
        return Ending()
    slow = tail.reshape(-1, step).mean(axis=1)
    first = (len(slow) - FRAME) % HOP
    frames = np.lib.stride_tricks.sliding_window_view(slow, FRAME)[first::HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    power = np.mean(frames**2, axis=1) + 1.0
    level = 10 * np.log10(power)
    fade = float(np.median(level) - level[-(100 * RATE // 1000 // HOP) :].mean())
    return Ending(_fall(_pitch(frames, level)), round(fade, 2))


def _pitch(frames: NDArray[np.float64], level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Semitones over 70 Hz of each frame, shape (frames,); NaN where there is no pitch."""
    spectrum = np.fft.rfft(frames, 2 * FRAME, axis=1)
    found = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :FRAME]
    # Longer lags overlap less; without this the shortest period always wins.
    found = found / (found[:, :1] + 1e-9) * (FRAME / (FRAME - np.arange(FRAME)))
    low, high = RATE // HIGHEST_HZ, RATE // LOWEST_HZ + 1
    span = found[:, low:high]
    lag = low + np.argmax(span, axis=1)
    at = np.arange(len(frames))
    left, mid, right = found[at, lag - 1], found[at, lag], found[at, lag + 1]
    bend = left - 2 * mid + right
    lag = lag + np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0).clip(-0.5, 0.5)
    semitones = 12 * np.log2(RATE / lag / LOWEST_HZ)
    return np.where((span.max(axis=1) > PERIODIC) & (level > level.max() - QUIET_DB), semitones, np.nan)


def _fall(pitch: NDArray[np.float64]) -> float:
    """The last third against what came before it."""
    known = pitch[~np.isnan(pitch)]
    known = known[np.abs(known - np.median(known)) < JUMP_ST] if len(known) else known
    if len(known) < FEWEST:
        return 0.0
    last = len(known) // 3
    return round(float(np.median(known[:-last]) - np.median(known[-last:])), 2)
