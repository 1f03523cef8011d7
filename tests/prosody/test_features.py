"""Features: known sounds give known numbers, and what is no voice gives a reason."""

from __future__ import annotations

import numpy as np
import pytest

from prosody.augment import codec, level, noisy
from prosody.features import NAMES, extract

RATE = 16_000


def voice(seconds: float, hertz: float, swing: float = 0.0, seed: int = 0) -> np.ndarray:
    """A pulse train through two resonances, syllables of 200 ms with gaps of 50 ms; `swing` in semitones."""
    rng = np.random.default_rng(seed)
    n = int(RATE * seconds)
    f0 = hertz * 2 ** (swing / 12 * np.sin(2 * np.pi * 1.3 * np.arange(n) / RATE))
    phase = np.cumsum(f0) / RATE
    pulses = np.diff(np.floor(phase), prepend=0.0) + rng.normal(0, 0.002, n)
    for centre, width in ((600, 90), (1500, 120)):
        r = np.exp(-np.pi * width / RATE)
        a1, a2 = 2 * r * np.cos(2 * np.pi * centre / RATE), -r * r
        out = np.zeros(n)
        for i in range(2, n):
            out[i] = pulses[i] + a1 * out[i - 1] + a2 * out[i - 2]
        pulses = out
    syllables = (np.arange(n) % (RATE // 4)) < RATE // 5
    return (0.2 * pulses / np.abs(pulses).max() * syllables).astype(np.float32)


def named(wave: np.ndarray) -> dict[str, float]:
    prosody = extract(wave, 300)
    assert prosody.reason == ""
    assert prosody.values.shape == (len(NAMES),)
    return dict(zip(NAMES, prosody.values.tolist(), strict=True))


@pytest.mark.parametrize("hertz", [110.0, 220.0])
def test_pitch_is_the_voices_own(hertz: float) -> None:
    assert named(voice(2, hertz))["f0_median"] == pytest.approx(12 * np.log2(hertz / 55), abs=0.5)


def test_a_livelier_melody_has_more_spread_and_slope() -> None:
    flat, lively = named(voice(2, 150, 0.2)), named(voice(2, 150, 4))
    assert lively["f0_std"] > flat["f0_std"] + 1
    assert lively["f0_slope"] > flat["f0_slope"]


def test_syllables_and_pauses_are_counted() -> None:
    found = named(voice(3, 150))
    assert found["syllable_rate"] == pytest.approx(4, abs=0.8)
    assert 0.05 < found["pause_share"] < 0.35


def test_level_does_not_matter() -> None:
    wave = voice(2, 150, 2)
    one, two = extract(level(wave, -40), 300).values, extract(level(wave, -22), 300).values
    np.testing.assert_allclose(one, two, rtol=0.02, atol=0.05)


def test_the_telephone_changes_little() -> None:
    wave = voice(2, 150, 2)
    wide, narrow = named(wave), named(codec(wave, "ULAW"))
    assert narrow["f0_median"] == pytest.approx(wide["f0_median"], abs=0.3)
    assert narrow["centroid_mean"] == pytest.approx(wide["centroid_mean"], rel=0.15)


@pytest.mark.parametrize(
    ("wave", "reason"),
    [
        (np.zeros(0, np.float32), "no audio"),
        (np.zeros(RATE, np.float32), "silence"),
        (np.random.default_rng(1).normal(0, 0.1, 3 * RATE).astype(np.float32), "no voiced speech"),
        ((0.3 * np.sin(np.arange(3 * RATE) * 2 * np.pi * 400 / RATE)).astype(np.float32), "a tone, not a voice"),
        (voice(0.2, 150), "too short"),
    ],
)
def test_what_is_no_voice_has_a_reason(wave: np.ndarray, reason: str) -> None:
    found = extract(wave, 300)
    assert found.reason == reason
    assert found.values.size == 0


def test_a_voice_under_noise_is_still_found() -> None:
    wave = noisy(voice(2, 150), np.random.default_rng(2).normal(0, 0.1, RATE).astype(np.float32), 10)
    assert named(wave)["f0_median"] == pytest.approx(12 * np.log2(150 / 55), abs=0.7)


def test_the_first_resonance_is_found_where_it_was_put() -> None:
    found = named(voice(2, 120))
    assert found["f1_mean"] == pytest.approx(600, abs=80)


def test_a_falling_melody_has_a_falling_trend() -> None:
    n = 2 * RATE
    phase = 2 * np.pi * np.cumsum(200 * 2 ** (-np.arange(n) / RATE * 3 / 12)) / RATE
    wave = sum(np.sin(k * phase) / k for k in range(1, 12)) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * np.arange(n) / RATE))
    assert named((0.05 * wave).astype(np.float32))["f0_trend"] == pytest.approx(-3.0, abs=0.4)


def test_a_breathy_voice_has_a_lower_cepstral_peak() -> None:
    clear = voice(2, 150, 2)
    breathy = noisy(clear, np.random.default_rng(3).normal(0, 0.1, 2 * RATE).astype(np.float32), 5)
    assert named(breathy)["cpp_mean"] < named(clear)["cpp_mean"]


def test_speech_that_was_cut_off_is_told() -> None:
    found = extract(np.clip(voice(2, 150) * 20, -1, 1) * 0.5, 300)
    assert found.reason.startswith("clipped: ")
    assert not found.values.size


def test_every_feature_is_explained() -> None:
    import prosody.features as module

    table = module.__doc__ or ""
    for name in NAMES:
        stem = name.split("_")[0].rstrip("0123456789")
        assert name in table or stem in table, name
