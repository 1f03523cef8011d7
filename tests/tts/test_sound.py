"""Trimming and level."""

from __future__ import annotations

import numpy as np
import pytest

from tts.sound import finish, trim

RATE = 24_000


def _tone(seconds: float, amplitude: float) -> np.ndarray:
    return (amplitude * np.sin(np.arange(int(RATE * seconds)) * 2 * np.pi * 220 / RATE)).astype(np.float32)


def test_silence_around_the_voice_is_cut_to_20_and_80_ms() -> None:
    noise = np.random.default_rng(1).normal(0, 1e-4, RATE).astype(np.float32)
    wave = np.concatenate([noise[: int(0.32 * RATE)], _tone(0.5, 0.3), noise[: int(0.4 * RATE)]])
    trimmed = trim(wave, RATE)
    assert len(trimmed) / RATE == pytest.approx(0.6, abs=0.011)
    assert np.flatnonzero(np.abs(trimmed) > 0.05)[0] / RATE == pytest.approx(0.02, abs=0.006)


@pytest.mark.parametrize("amplitude", [0.01, 0.9])
def test_loud_and_soft_engines_come_out_alike(amplitude: float) -> None:
    audio = finish(_tone(1.0, amplitude), RATE, out_rate=16_000, dbfs=-20)
    rms = np.sqrt(np.mean(audio.float32()[1600:-2400] ** 2))
    assert audio.rate == 16_000
    assert 20 * np.log10(rms) == pytest.approx(-20, abs=0.5)


def test_a_peaky_wave_is_not_clipped() -> None:
    wave = _tone(1.0, 0.01)
    wave[::2400] = 0.9
    audio = finish(wave, RATE, out_rate=24_000, dbfs=-10)
    assert np.abs(audio.samples).max() < 32_000


@pytest.mark.parametrize(
    "wave", [np.zeros(RATE, np.float32), np.zeros(0, np.float32), np.full(RATE, np.nan, np.float32)]
)
def test_silence_and_rubbish_are_refused(wave: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"audible|numbers"):
        finish(wave, RATE, out_rate=16_000, dbfs=-20)
