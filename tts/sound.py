"""What every engine's output goes through: silence trimmed, level set, rate changed once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from media.frames import Audio

Wave = npt.NDArray[np.float32]

LEAD_MS = 20  # kept before the voice, so that soft onsets survive
TAIL_MS = 80  # kept after it, so that the last syllable may fade
FLOOR_DB = -42.0  # below the loudest frame by this much counts as silence; hibari's noise lies at −60
PEAK = 0.89  # −1 dBFS, room for the resampler's overshoot
_FRAME_MS = 5


def _frame_rms(wave: Wave, rate: int) -> Wave:
    size = rate * _FRAME_MS // 1000
    count = len(wave) // size
    frames = wave[: count * size].reshape(count, size)
    return np.sqrt(np.mean(frames * frames, axis=1, dtype=np.float64)).astype(np.float32)


def trim(wave: Wave, rate: int) -> Wave:
    """`wave` (n,) without its leading and trailing silence but for `LEAD_MS` and `TAIL_MS`; empty if all is silence."""
    rms = _frame_rms(wave, rate)
    if len(rms) == 0 or float(rms.max()) < 1e-4:
        return wave[:0]
    loud = np.flatnonzero(rms > rms.max() * 10 ** (FLOOR_DB / 20))
    size = rate * _FRAME_MS // 1000
    start = max(0, int(loud[0]) * size - rate * LEAD_MS // 1000)
    end = min(len(wave), (int(loud[-1]) + 1) * size + rate * TAIL_MS // 1000)
    return wave[start:end]


def level(wave: Wave, rate: int, dbfs: float) -> Wave:
    """Scale so that the voiced frames have an RMS of `dbfs`, but no sample passes `PEAK`."""
    rms = _frame_rms(wave, rate)
    voiced = rms[rms > rms.max(initial=0.0) * 0.1]
    if len(voiced) == 0:
        return wave
    loudness = float(np.sqrt(np.mean(voiced.astype(np.float64) ** 2)))
    gain = min(10 ** (dbfs / 20) / loudness, PEAK / float(np.abs(wave).max()))
    return (wave * gain).astype(np.float32)


def finish(wave: Wave, rate: int, *, out_rate: int, dbfs: float) -> Audio:
    """An engine's float wave (n,) → trimmed, levelled 16-bit audio at `out_rate`. Raises ValueError on silence."""
    if not np.all(np.isfinite(wave)):
        raise ValueError("the engine's audio holds values that are not numbers")
    wave = trim(np.asarray(wave, dtype=np.float32), rate)
    if len(wave) < rate // 50:
        raise ValueError("the engine gave no audible sound")
    if rate != out_rate:
        wave = soxr.resample(wave, rate, out_rate, quality="HQ").astype(np.float32)
    wave = level(wave, out_rate, dbfs)
    return Audio(np.round(np.clip(wave, -1.0, 1.0) * 32767).astype(np.int16), out_rate)
