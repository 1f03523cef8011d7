"""What a telephone does to a voice: G.711, level, noise. For training and evaluation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from media.frames import SPEECH_RATE

Wave = npt.NDArray[np.float32]


def g711(wave: Wave) -> Wave:
    """16 kHz (n,) → through 8 kHz µ-law (ITU-T G.711, continuous form) and back; same length."""
    narrow = np.clip(soxr.resample(wave, SPEECH_RATE, 8000), -1.0, 1.0)
    coded = np.round(np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256) * 127) / 127
    decoded = np.sign(coded) * (256.0 ** np.abs(coded) - 1) / 255
    wide = soxr.resample(decoded.astype(np.float32), 8000, SPEECH_RATE)
    return np.asarray(np.resize(wide, len(wave)), dtype=np.float32)


def gain(wave: Wave, db: float) -> Wave:
    """Louder or softer by `db`, clipped as a 16-bit path would."""
    return np.asarray(np.clip(wave * 10 ** (db / 20), -1.0, 1.0), dtype=np.float32)


def noise(wave: Wave, snr_db: float, rng: np.random.Generator) -> Wave:
    """With pink noise `snr_db` below the speech's RMS."""
    spectrum = np.fft.rfft(rng.normal(size=len(wave)))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    pink = np.fft.irfft(spectrum, n=len(wave))
    speech = np.sqrt(np.mean(wave.astype(np.float64) ** 2))
    pink *= speech / (np.sqrt(np.mean(pink**2)) + 1e-12) * 10 ** (-snr_db / 20)
    return np.asarray(wave + pink, dtype=np.float32)


def variants(wave: Wave, rng: np.random.Generator) -> list[Wave]:
    """The clean utterance and what three kinds of calls make of it."""
    normal = wave / (np.sqrt(np.mean(wave.astype(np.float64) ** 2)) + 1e-9) * 0.05
    return [
        normal.astype(np.float32),
        g711(gain(normal, float(rng.uniform(-12, 12)))),
        g711(noise(normal, float(rng.uniform(10, 25)), rng)),
        noise(gain(normal, float(rng.uniform(-12, 12))), float(rng.uniform(10, 30)), rng),
    ]
