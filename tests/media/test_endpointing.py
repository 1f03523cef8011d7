"""Voice activity and endpointing in virtual time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.endpointing import Closed, Endpointer, Opened, Resumed, Signal, Speculated
from media.frames import FRAME_MS, Samples
from media.turn_end import Bounds
from media.vad import VoiceActivity

SPEECH = Path(__file__).parents[1] / "data" / "jfk.flac"


def run(
    pattern: str, *, unheard: int = 500, speculate: int = 160, longest: int = 28_000, said: dict[int, str] | None = None
) -> list[tuple[int, Signal]]:
    """`v` is a voiced frame of 20 ms, anything else a silent one; answers (end of frame, signal).

    `said[n]` are the words before the n-th pause, there 100 ms after they were asked for.
    """
    ear = Endpointer(bounds=Bounds(240, 1200, unheard, 900), speculate_ms=speculate, max_ms=longest)
    out: list[tuple[int, Signal]] = []
    for number, mark in enumerate(pattern):
        out += [((number + 1) * FRAME_MS, signal) for signal in ear.push(number * FRAME_MS, mark == "v")]
    return out


def test_a_plain_utterance() -> None:
    assert run("....." + "v" * 20 + "." * 30) == [
        (160, Opened(100)),
        (660, Speculated(500)),
        (1000, Closed(100, 500, 400)),
    ]


def test_speech_that_goes_on_cancels_what_was_speculated() -> None:
    signals = run("v" * 10 + "." * 12 + "v" * 10 + "." * 30)
    assert [type(s) for _, s in signals] == [Opened, Speculated, Resumed, Speculated, Closed]
    assert signals[2][0] == 480  # with the second voiced frame after the pause
    assert signals[-1][1] == Closed(0, 640, 380)


def test_a_lone_click_in_the_pause_delays_nothing() -> None:
    quiet = run("v" * 10 + "." * 40)
    clicked = run("v" * 10 + "." * 12 + "v" + "." * 40)
    assert clicked == quiet


def test_clicks_open_nothing_and_a_gappy_onset_does() -> None:
    assert run("v....v....v....v....") == []
    assert run("..v.v.v")[0] == (140, Opened(40))


def test_a_monologue_is_cut_and_goes_on() -> None:
    signals = run("v" * 300, longest=5000)
    assert signals[0][1] == Opened(0)
    assert signals[1] == (5000, Closed(0, 5000, 5000, cut=True))
    assert signals[2] == (5060, Opened(5000))


def test_the_end_is_where_the_options_put_it() -> None:
    assert run("v" * 10 + "." * 60, unheard=900, speculate=300)[-1] == (920, Closed(0, 200, 200))


def noise(level_db: float, seconds: float, seed: int = 1) -> Samples:
    rng = np.random.default_rng(seed)
    return (
        (rng.standard_normal(int(16_000 * seconds)) * 32768 * 10 ** (level_db / 20))
        .clip(-32768, 32767)
        .astype(np.int16)
    )


def voiced(samples: Samples) -> list[bool]:
    vad = VoiceActivity()
    return [vad.voiced(samples[at : at + 320]) for at in range(0, len(samples) - 319, 320)]


def test_recorded_speech_is_voiced_and_its_pauses_are_not() -> None:
    samples, rate = soundfile.read(SPEECH, dtype="int16")
    assert rate == 16_000
    flags = voiced(samples)
    assert 0.4 < np.mean(flags) < 0.95
    signals = [s for _, s in run("".join("v" if flag else "." for flag in flags) + "." * 30)]
    closed = [s for s in signals if isinstance(s, Closed)]
    assert 1 <= len(closed) <= 6
    assert sum(c.voiced_ms for c in closed) > 5000


def test_soft_speech_counts_too() -> None:
    samples, _ = soundfile.read(SPEECH, dtype="int16")
    assert np.mean(voiced((samples * 0.1).astype(np.int16))) > 0.3


@pytest.mark.parametrize("level_db", [-100, -60, -50])
def test_a_quiet_noisy_line_opens_nothing(level_db: float) -> None:
    flags = voiced(noise(level_db, 10))
    assert run("".join("v" if flag else "." for flag in flags)) == []


def test_loud_steady_noise_is_learnt() -> None:
    flags = voiced(noise(-38, 20))
    assert run("".join("v" if flag else "." for flag in flags[500:])) == []


def test_a_frame_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="320"):
        VoiceActivity().voiced(np.zeros(160, np.int16))
