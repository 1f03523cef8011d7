"""Streaming resampling: exact lengths, small constant delay, the voice kept and its images gone."""

from __future__ import annotations

import numpy as np
import pytest

from media.frames import Audio, Samples
from media.resample import Resampler, convert


def sine(hz: float, rate: int, ms: int, level: float = 10_000) -> Samples:
    return (level * np.sin(2 * np.pi * hz * np.arange(rate * ms // 1000) / rate)).astype(np.int16)


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(float) ** 2)))


PAIRS = [(8000, 16000), (16000, 8000), (16000, 48000), (48000, 16000), (24000, 16000), (16000, 24000)]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_every_packet_comes_out_at_once_with_its_length(source: int, target: int) -> None:
    stream = Resampler(source, target)
    for ms in (20, 20, 10, 30, 20):
        assert len(stream.push(np.ones(source * ms // 1000, np.int16))) == target * ms // 1000


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_voice_band_passes_unchanged_whatever_the_chunks(source: int, target: int) -> None:
    tone = sine(1000, source, 400)
    stream = Resampler(source, target)
    chunks = [stream.push(tone[at : at + source // 50]) for at in range(0, len(tone), source // 50)]
    out = np.concatenate(chunks)
    settled = out[target // 50 :]
    assert rms(settled) == pytest.approx(rms(tone), rel=0.02)
    spectrum = np.abs(np.fft.rfft(settled * np.hanning(len(settled))))
    peak = int(np.argmax(spectrum))
    assert peak * target / len(settled) == pytest.approx(1000, abs=5)
    rest = np.delete(spectrum, range(max(0, peak - 4), peak + 5))
    assert rest.max() < spectrum[peak] / 500  # images and seams below −54 dB


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_delay_is_below_two_milliseconds(source: int, target: int) -> None:
    click = np.zeros(source // 10, np.int16)
    click[source // 50] = 20_000
    out = Resampler(source, target).push(click)
    delay_ms = 1000 * int(np.argmax(np.abs(out))) / target - 20
    assert 0 <= delay_ms < 2.0


@pytest.mark.parametrize("hz", [9_500, 12_000, 15_000])
def test_what_the_lower_rate_cannot_carry_is_removed_not_folded(hz: int) -> None:
    out = Resampler(48_000, 16_000).push(sine(hz, 48_000, 400))
    assert rms(out[800:]) < 10_000 / 300


def test_loud_input_is_limited_not_wrapped() -> None:
    square = np.where(np.arange(16_000) // 20 % 2, 32767, -32768).astype(np.int16)
    out = Resampler(16_000, 48_000).push(square)
    assert np.abs(np.diff(out.astype(int))).max() < 40_000


def test_unusual_rates_and_no_rate_change() -> None:
    stream = Resampler(44_100, 16_000)
    total = sum(len(stream.push(np.zeros(441, np.int16))) for _ in range(100))
    assert total == 16_000
    same = np.arange(10, dtype=np.int16)
    assert Resampler(16_000, 16_000).push(same) is same
    assert len(convert(Audio(sine(440, 24_000, 500), 24_000), 16_000).samples) == 8000
