"""Voice activity and endpointing in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from media.endpointing import Closed, Endpointer, Opened, Resumed, Signal, Speculated
from media.frames import FRAME_MS, Samples
from media.pitch import Ending
from media.turn_end import Bounds, Expects
from media.vad import VoiceActivity

SPEECH = Path(__file__).parents[1] / "data" / "jfk.flac"


BOUNDS = Bounds(240, 1200, 500, 900)


def run(
    pattern: str,
    *,
    speculate: int = 160,
    longest: int = 28_000,
    bounds: Bounds = BOUNDS,
    said: Sequence[str | None] = (),
    expects: Expects = "sentence",
    digit_count: int = 0,
) -> list[tuple[int, Signal]]:
    """`v` is a voiced frame of 20 ms, anything else a silent one; answers (end of frame, signal).

    `said[n]` are the words before the n-th pause, there 100 ms after they were asked for (None: never).
    """
    ear = Endpointer(bounds=bounds, speculate_ms=speculate, max_ms=longest)
    ear.expect(expects, digit_count)
    return play(ear, pattern, said)


def play(ear: Endpointer, pattern: str, said: Sequence[str | None] = (), start: int = 0) -> list[tuple[int, Signal]]:
    out: list[tuple[int, Signal]] = []
    answers = iter(said)
    due: list[tuple[int, int, str]] = []
    for number, mark in enumerate(pattern):
        t_ms = start + number * FRAME_MS
        while due and due[0][0] <= t_ms:
            ear.say(*due.pop(0)[1:])
        for signal in ear.push(t_ms, mark == "v"):
            out.append((t_ms + FRAME_MS, signal))
            if isinstance(signal, Speculated) and (text := next(answers, None)) is not None:
                due.append((t_ms + FRAME_MS + 100, signal.t1_ms, text))
    return out


def wait(pattern: str, **how: Any) -> int:
    """ms from the end of the last voiced frame to the end of the utterance."""
    at, signal = run(pattern + "." * 100, **how)[-1]
    assert isinstance(signal, Closed)
    return at - signal.t1_ms


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
    assert run("v" * 10 + "." * 60, bounds=Bounds(240, 1200, 900, 900), speculate=300)[-1] == (920, Closed(0, 200, 200))


# ------------------------------------------------------------------ facts


def test_words_end_the_turn_as_soon_as_they_are_there() -> None:
    assert wait("v" * 20, said=["Yes."]) == 280  # asked for at 160, there at 260, closed by the next frame
    assert wait("v" * 20, said=["My number is"]) > 800
    assert wait("v" * 20, said=["My number is"]) <= 1200
    assert wait("v" * 20) == 500  # no words: time decides


def test_words_about_another_pause_are_not_believed() -> None:
    ear = Endpointer(bounds=BOUNDS, speculate_ms=160, max_ms=28_000)
    play(ear, "v" * 20 + "." * 10 + "v" * 5 + "." * 10)
    ear.say(400, "Yes.")  # the first pause's, late
    assert play(ear, "." * 40, start=900)[0][0] == 700 + 500
    ear.say(500, "because")  # nothing is open
    assert not play(ear, "." * 40, start=1700)


def test_words_are_forgotten_when_speech_goes_on() -> None:
    signals = run("v" * 20 + "." * 14 + "v" * 20 + "." * 60, said=["because", None])
    assert [type(s) for _, s in signals] == [Opened, Speculated, Resumed, Speculated, Closed]
    assert signals[-1][0] == 1080 + 500


def test_digits_being_dictated_are_waited_for() -> None:
    group = "v" * 20 + "." * 35  # 700 ms between groups
    how: dict[str, Any] = {"expects": "digits", "digit_count": 6}
    signals = run(group + group, said=["1 2 3", "1 2 3 4 5 6"], **how)
    assert [type(s) for _, s in signals] == [Opened, Speculated, Resumed, Speculated, Closed]
    assert signals[-1][0] - 1500 == 280
    assert wait("v" * 20, said=["1 2 3"], **how) == 1200
    assert wait("v" * 20, said=["1 2 3"], expects="digits") == 900
    assert wait("v" * 20, expects="digits") == 900


def test_a_question_asked_meanwhile_counts_from_then_on() -> None:
    ear = Endpointer(bounds=BOUNDS, speculate_ms=160, max_ms=28_000)
    play(ear, "v" * 20 + "." * 10)
    ear.expect("digits", 4)
    assert play(ear, "." * 60, start=600)[0][0] - 400 == 900


def test_how_it_sounded_counts_too() -> None:
    def closed(ending: Ending) -> int:
        ear = Endpointer(bounds=Bounds(240, 1200, 1200, 900), speculate_ms=160, max_ms=28_000)
        play(ear, "v" * 20 + "." * 8)
        ear.sound(400, ending)
        return play(ear, "." * 60, start=560)[-1][0]

    assert closed(Ending(fall_st=4, fade_db=12)) < closed(Ending(fall_st=-4))


def test_a_slow_speaker_is_given_more_time_and_only_on_this_leg() -> None:
    slow = Endpointer(bounds=Bounds(240, 1200, 1200, 900), speculate_ms=160, max_ms=28_000)
    quick = Endpointer(bounds=Bounds(240, 1200, 1200, 900), speculate_ms=160, max_ms=28_000)
    assert slow.habit_ms is None
    for ear, pause in ((slow, 26), (quick, 9)):
        for number in range(4):
            play(ear, "v" * 10 + "." * pause, said=["open"], start=number * (10 + pause) * FRAME_MS)
    assert slow.habit_ms == 540  # with the first of the two frames that end a pause
    assert quick.habit_ms == 200
    ends = []
    for ear in (slow, quick):
        at = 10_000
        signals = play(ear, "v" * 10 + "." * 100, said=["open"], start=at)
        ends.append(next(t for t, s in signals if isinstance(s, Closed) and s.t1_ms == at + 200))
    assert ends[0] > ends[1]
    assert slow.habit_ms <= 1200


def test_going_on_right_after_we_closed_is_a_pause_too() -> None:
    ear = Endpointer(bounds=Bounds(240, 1200, 300, 900), speculate_ms=160, max_ms=28_000)
    for number in range(5):
        play(ear, "v" * 20 + "." * 30, start=number * 1000)
    assert ear.habit_ms == 600
    ear.reset()
    play(ear, "v" * 20 + "." * 30, start=60_000)
    assert ear.habit_ms == 600  # minutes later is no pause, and what was learnt stays


marks = st.lists(st.sampled_from("v."), max_size=300).map("".join)
words = st.lists(
    st.none() | st.sampled_from(["Yes.", "because", "", "4 5 6", "my card", "是的", "It is lost."]), max_size=20
)


@given(marks, words, st.sampled_from(["sentence", "answer", "digits"]), st.integers(0, 6))
def test_whatever_comes_it_ends_within_the_bounds(
    pattern: str, said: list[str | None], expects: Expects, n: int
) -> None:
    signals = run(pattern + "." * 90, said=said, expects=expects, digit_count=n)
    open_since: int | None = None
    for at, signal in signals:
        if isinstance(signal, Opened):
            assert open_since is None
            open_since = signal.t0_ms
        if isinstance(signal, Closed):
            assert open_since == signal.t0_ms < signal.t1_ms
            assert 240 <= at - signal.t1_ms <= 1200
            open_since = None
    assert open_since is None  # 1.8 s of silence closed everything


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
