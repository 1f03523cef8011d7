"""How long a silence ends a turn: what each piece of evidence does, alone and together."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.frames import Samples
from media.options import MediaOptions
from media.pitch import Ending, phrase_final
from media.turn_end import Bounds, Evidence, digits_in, reading, silence_ms
from tests.media.scripted import speech

BOUNDS = Bounds(240, 1200, 600, 900)


def ms(text: str | None = None, **known: object) -> int:
    return silence_ms(Evidence(text, **known), BOUNDS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (None, "unheard"),
        ("", "nothing"),
        ("...", "nothing"),
        ("Yes.", "answer"),
        ("No, thank you.", "answer"),
        ("That’s right", "answer"),
        ("是的。", "answer"),
        ("不用了，谢谢。", "complete"),
        ("不用了", "answer"),
        ("I would like to change my address.", "complete"),
        ("Where is my parcel?", "complete"),
        ("我的快递到哪里了？", "complete"),
        ("my parcel has not", "open"),
        ("我的快递", "open"),
        ("I called because", "unfinished"),
        ("I called because.", "unfinished"),  # Whisper likes to close what it hears
        ("What is it for?", "complete"),
        ("First of all,", "unfinished"),
        ("I would like", "unfinished"),
        ("Well, uh", "unfinished"),
        ("My number is", "unfinished"),
        ("我打电话是因为", "unfinished"),
        ("我想。", "unfinished"),
        ("那个，", "unfinished"),
        ("嗯", "unfinished"),
        ("right in the...", "unfinished"),
        ("It is 4 5 6", "figures"),
        ("一三八五", "figures"),
        ("one two three.", "figures"),
    ],
)
def test_how_words_end(text: str | None, how: str) -> None:
    assert reading(text) == how


def test_what_sounds_finished_waits_less_than_what_does_not() -> None:
    order = ["Yes.", "I lost my card.", "I lost my card", "I lost my card because"]
    waits = [ms(text) for text in order]
    assert waits == sorted(waits)
    assert waits[0] < waits[2] < waits[3]
    assert waits[0] <= 300
    assert waits[3] >= 800
    zh = [ms(text) for text in ("是的。", "我的卡丢了。", "我的卡丢了", "我的卡丢了因为")]
    assert zh == sorted(zh)
    assert zh[0] < zh[-1]


def test_asked_for_an_answer_an_answer_is_believed_sooner() -> None:
    for text in (None, "", "I lost my card.", "my card"):
        assert ms(text, expects="answer") <= ms(text)
    assert ms("my card", expects="answer") < ms("my card")
    assert ms("because", expects="answer") == ms("because")


def test_without_words_time_decides() -> None:
    assert 240 < ms() <= 600
    assert ms(habit_ms=900.0) <= 600


def test_digits_wait_until_all_are_there() -> None:
    assert ms("1 2 3", expects="digits", digit_count=6) == 1200
    assert ms("123 456", expects="digits", digit_count=6) == 240
    assert ms("one two three", expects="digits", digit_count=3) == 240
    assert ms("一二三", expects="digits", digit_count=3) == 240
    assert ms("1 2 3", expects="digits") == 900
    assert ms(None, expects="digits", digit_count=6) == 900
    assert ms("", expects="digits", digit_count=6) == 900
    assert ms("1 2 3 4 5 6 7", expects="digits", digit_count=6) == 900  # one was misheard


def test_asked_for_digits_and_told_something_else() -> None:
    assert ms("I don't know.", expects="digits", digit_count=6) == 900
    assert ms("Free.", expects="digits") == 900  # perhaps "three"


@pytest.mark.parametrize(("text", "count"), [("", 0), ("12-34", 4), ("one oh four", 3), ("幺三八〇", 4), ("twenty", 0)])
def test_digits_are_counted(text: str, count: int) -> None:
    assert digits_in(text) == count


texts = (
    st.none() | st.sampled_from(["", "Yes.", "It is lost.", "it is", "my card", "4 5 6", "因为", "好的。"]) | st.text()
)
evidences = st.builds(
    Evidence,
    texts,
    st.sampled_from(["sentence", "answer", "digits"]),
    st.integers(0, 12),
    st.builds(Ending, st.floats(-40, 40), st.floats(-60, 60)),
    st.none() | st.floats(0, 5000),
)


@given(evidences, st.integers(160, 1000), st.integers(0, 1500), st.integers(200, 2000), st.integers(300, 4000))
def test_always_within_the_bounds(evidence: Evidence, least: int, more: int, unheard: int, digits: int) -> None:
    bounds = Bounds(least, least + more, unheard, digits)
    assert least <= silence_ms(evidence, bounds) <= least + more


@given(evidences, st.floats(-40, 40), st.floats(-60, 60), st.floats(0, 5000))
def test_every_piece_of_evidence_moves_it_one_way(evidence: Evidence, fall: float, fade: float, habit: float) -> None:
    def wait(ending: Ending, habit_ms: float | None) -> int:
        return silence_ms(Evidence(evidence.text, evidence.expects, evidence.digit_count, ending, habit_ms), BOUNDS)

    falls = sorted([fall, evidence.ending.fall_st])
    fades = sorted([fade, evidence.ending.fade_db])
    habits = sorted([habit, evidence.habit_ms or 0.0])
    assert wait(Ending(falls[1], fades[0]), habits[0]) <= wait(Ending(falls[0], fades[0]), habits[0])
    assert wait(Ending(falls[0], fades[1]), habits[0]) <= wait(Ending(falls[0], fades[0]), habits[0])
    assert wait(Ending(falls[0], fades[0]), habits[0]) <= wait(Ending(falls[0], fades[0]), habits[1])


@given(st.lists(st.sampled_from("0123456789"), max_size=8), st.integers(1, 8))
def test_digits_that_are_missing_never_end_sooner_than_all_of_them(digits: list[str], count: int) -> None:
    waits = [
        ms(" ".join(digits[:n]), expects="digits", digit_count=count) for n in range(1, 1 + min(count, len(digits)))
    ]
    assert all(before >= after for before, after in itertools.pairwise(waits))


def test_bounds_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match=r"endpoint_least_ms \(900\) must not exceed endpoint_most_ms \(800\)"):
        MediaOptions(endpoint_least_ms=900, endpoint_most_ms=800)


# ------------------------------------------------------------------ how it sounds


def voice(
    start_hz: float, end_hz: float, *, start: float = 1.0, end: float = 1.0, harmonics: range = range(1, 6)
) -> Samples:
    """Half a second of a glide; harmonics from 2 on are what a telephone leaves of a deep voice."""
    hz = np.linspace(start_hz, end_hz, 8000)
    phase = 2 * np.pi * np.cumsum(hz) / 16_000
    wave = sum(np.sin(n * phase) / n for n in harmonics)
    return (3000 * np.linspace(start, end, 8000) * wave).astype(np.int16)


@pytest.mark.parametrize("harmonics", [range(1, 6), range(3, 9)])
def test_a_falling_voice_falls_and_a_rising_one_rises(harmonics: range) -> None:
    assert phrase_final(voice(200, 150, harmonics=harmonics)).fall_st > 1.5
    assert phrase_final(voice(120, 170, harmonics=harmonics)).fall_st < -1.5
    assert phrase_final(voice(140, 140, harmonics=harmonics)).fall_st == pytest.approx(0, abs=0.2)


def test_a_fading_voice_fades() -> None:
    assert phrase_final(voice(150, 150, end=0.1)).fade_db > 4
    assert abs(phrase_final(voice(150, 150)).fade_db) < 1


def test_noise_silence_and_too_little_have_no_melody() -> None:
    noise = (np.random.default_rng(1).standard_normal(8000) * 1000).astype(np.int16)
    assert phrase_final(noise).fall_st == 0
    assert phrase_final(np.zeros(8000, np.int16)) == Ending()
    assert phrase_final(noise[:500]) == Ending()
    assert phrase_final(noise[:0]) == Ending()


def test_recorded_speech_has_one() -> None:
    ending = phrase_final(speech()[: 16 * 2150])  # "...my fellow Americans"
    assert ending.fall_st != 0
    assert abs(ending.fall_st) < 16
