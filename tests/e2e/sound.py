"""Who is heard where: everybody in a test sounds at a pitch of their own, and recordings are searched for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from media.frames import SPEECH_RATE


def tone(path: Path, hz: float, seconds: float = 60.0) -> Path:
    """A sine of −12 dBFS that lasts a whole talk."""
    t = np.arange(int(seconds * SPEECH_RATE)) / SPEECH_RATE
    soundfile.write(path, 0.25 * np.sin(2 * np.pi * hz * t), SPEECH_RATE, subtype="PCM_16")
    return path


def seconds_of(samples: np.ndarray, hz: float, rate: int = SPEECH_RATE) -> float:
    """How long a tone of this frequency is the greater part of a sound, in s."""
    size = rate // 10
    found = 0
    for start in range(0, len(samples) - size, size):
        spectrum = np.abs(np.fft.rfft(samples[start : start + size].astype(np.float64) * np.hanning(size))) ** 2
        near = spectrum[max(0, round(hz / 10) - 2) : round(hz / 10) + 3].sum()
        if spectrum.sum() > 1e-3 and near > 0.5 * spectrum.sum():
            found += 1
    return found / 10


def heard(path: Path, hz: int) -> np.ndarray:
    """Per tenth of a second: is this tone a good part of the sound?"""
    samples, rate = soundfile.read(path)
    size = rate // 10
    whole = samples[: len(samples) // size * size].reshape(-1, size)
    spectrum = np.abs(np.fft.rfft(whole * np.hanning(size), axis=1)) ** 2
    near = spectrum[:, round(hz / 10) - 2 : round(hz / 10) + 3].sum(axis=1)
    total = spectrum.sum(axis=1)
    return np.asarray((total > 1e-3) & (near > 0.15 * total))


def spells(samples_of: Path, hz: int) -> list[tuple[float, float]]:
    """When a tone was heard for half a second or more, from and to in s: no voice holds one so long, nor does the hold music from 400 Hz on."""
    on = np.concatenate([[0], heard(samples_of, hz).astype(int), [0]])
    edges = np.flatnonzero(np.diff(on))
    return [(start / 10, stop / 10) for start, stop in zip(edges[::2], edges[1::2], strict=True) if stop - start >= 5]
