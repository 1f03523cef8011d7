"""Signals and keys: their pitches, their cadence, and that none of them clicks."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from media.frames import SPEECH_RATE, Samples
from media.tones import CADENCES, FRAME, KEYS_MOST, Keys, key, signal
from session import wire


def strength(samples: Samples, hz: float) -> float:
    """Amplitude of one pitch."""
    wave = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / SPEECH_RATE)
    return float(abs(2 * np.mean(samples * wave)))


def test_every_signal_of_the_vocabulary_is_there_loops_whole_frames_and_does_not_click() -> None:
    assert set(CADENCES) == set(get_args(wire.Tone))
    for name in CADENCES:
        samples = signal(name)
        assert len(samples) % FRAME == 0
        assert 1000 < np.abs(samples).max() < 9000  # well below speech at full scale, well above a whisper
        twice = np.concatenate([samples, samples]).astype(int)
        bend = np.abs(np.diff(twice, 2)).max()
        assert bend < np.abs(samples).max() * (2 * np.pi * 1000 / SPEECH_RATE) ** 2 * 1.5


def test_ringback_sounds_one_second_in_five() -> None:
    samples = signal("ringback")
    assert len(samples) == 5 * SPEECH_RATE
    assert strength(samples[:SPEECH_RATE], 425.0) > 2000
    assert not samples[SPEECH_RATE:].any()


@pytest.mark.parametrize(
    ("digit", "row", "column"), [("1", 697, 1209), ("5", 770, 1336), ("#", 941, 1477), ("d", 941, 1633)]
)
def test_a_key_is_two_pitches_for_100_ms(digit: str, row: int, column: int) -> None:
    sound = key(digit)
    sounding = sound[: SPEECH_RATE // 10]
    pitches = {hz: strength(sounding, hz) for hz in (697, 770, 852, 941, 1209, 1336, 1477, 1633)}
    assert sorted(pitches, key=pitches.__getitem__)[-2:] in ([row, column], [column, row])
    assert not sound[SPEECH_RATE // 10 :].any()


def test_keys_sound_over_what_plays_and_then_leave_it_alone() -> None:
    keys, block = Keys(), np.full(FRAME, 100, np.int16)
    assert keys.over(block) is block
    keys.press("19")
    heard = np.concatenate([keys.over(block) for _ in range(25)])
    assert np.array_equal(heard[: 20 * FRAME] - 100, np.concatenate([key("1"), key("9")]))
    assert set(heard[20 * FRAME :]) == {100}
    for wrong in ("x", "1-2", "1" * (KEYS_MOST + 1)):
        with pytest.raises(ValueError, match="key"):
            keys.press(wrong)
    assert keys.over(block) is block  # nothing of what was refused
