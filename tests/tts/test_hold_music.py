"""The file that waiting callers hear."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

AUDIO = Path(__file__).parents[2] / "flows" / "audio"


def test_hold_music_is_small_mono_loops_and_names_its_licence() -> None:
    samples, rate = soundfile.read(AUDIO / "hold.flac", dtype="int16")
    assert (rate, samples.ndim) == (16_000, 1)
    assert 10 < len(samples) / rate <= 30
    assert (AUDIO / "hold.flac").stat().st_size <= 600_000
    assert np.abs(samples[[0, -1]]).max() < 50  # no click where it starts again
    assert "hold.flac" in (AUDIO / "LICENCE.md").read_text(encoding="utf-8")
