"""Digits from words, and digits from a voice whose digits the reader was not trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.conditions import by_telephone
from asr.digits import DigitReader
from asr.digits_text import digits_of, is_digits
from asr.engine import Ask, Recogniser
from media.frames import SPEECH_RATE, Audio
from tests.speech_data import JFK, SPEECH, cut, load

SPOKEN = [
    ("four seven one one", "en", "4711"),
    ("Four, seven, one, one.", "en", "4711"),
    ("4-7-1-1", "en", "4711"),
    ("double five oh one", "en", "5501"),
    ("triple zero", "en", "000"),
    ("my number is 47 eleven", "en", "4711"),
    ("forty seven eleven", "en", "4711"),
    ("forty oh seven", "en", "4007"),
    ("oh, I see", "en", ""),
    ("oh oh seven", "en", "007"),
    ("I don't know it", "en", ""),
    ("double trouble", "en", ""),
    ("幺三八零零", "zh", "13800"),
    ("四七一一", "zh", "4711"),
    ("两二〇", "zh", "220"),
    ("四十七，十一", "zh", "4711"),
    ("我的密码是4711。", "zh", "4711"),
    ("转人工", "zh", ""),
]


@pytest.mark.parametrize(("text", "language", "digits"), SPOKEN)
def test_digits_of(text: str, language: str, digits: str) -> None:
    assert digits_of(text, language) == digits


@pytest.mark.parametrize(
    ("text", "language", "answer"),
    [("four seven", "en", True), ("my number is four", "en", False), ("四七", "zh", True), ("四个人", "zh", False)],
)
def test_nothing_but_digits(text: str, language: str, answer: bool) -> None:
    assert is_digits(text, language) is answer


@given(st.text(max_size=80), st.sampled_from(["en", "zh"]))
def test_any_text_gives_figures_only(text: str, language: str) -> None:
    assert set(digits_of(text, language)) <= set("0123456789")


def number(digits: str, gap_ms: int = 200) -> Audio:
    """The digits one after the other, over the telephone."""
    gap = np.zeros(gap_ms * SPEECH_RATE // 1000, dtype=np.int16)
    parts = [gap]
    for digit in digits:
        parts += [load(SPEECH / "digits" / f"{digit}.flac").samples, gap]
    return by_telephone(Audio(np.concatenate(parts), SPEECH_RATE))


@pytest.mark.parametrize("count", [4, 0])
def test_a_number_is_read_digit_by_digit(recogniser: Recogniser, count: int) -> None:
    heard = recogniser.transcribe(Ask(number("4710"), ("en", "zh"), grammar="digits", digit_count=count, words=True))
    assert (heard.text, heard.language) == ("4710", "en")
    assert [word.text for word in heard.words] == list("4710")
    assert all(a.t1_ms <= b.t0_ms for a, b in zip(heard.words, heard.words[1:], strict=False))
    assert heard.confidence == min(word.confidence for word in heard.words) > 0.5


def test_a_number_that_is_too_short_is_not_made_longer(recogniser: Recogniser) -> None:
    heard = recogniser.transcribe(Ask(number("471"), ("en",), grammar="digits", digit_count=6))
    assert heard.text == "471"
    assert heard.confidence <= 0.5


def test_a_sentence_is_no_number(recogniser: Recogniser) -> None:
    heard = recogniser.transcribe(Ask(cut(load(JFK), 0, 4000), ("en",), grammar="digits", digit_count=4))
    assert "fellow" in heard.text.lower()


def test_another_encoder_is_not_read() -> None:
    reader = DigitReader()
    assert not reader.fits(np.zeros((1500, 768), dtype=np.float32))
    assert not reader.fits(np.random.default_rng(1).standard_normal((1500, 512)).astype(np.float32))


def test_silence_and_nothing_are_no_number() -> None:
    reader = DigitReader()
    assert reader.read(np.zeros((0, 512), dtype=np.float32), 0.0, ["en"]).rejected
    assert (
        reader.read(np.zeros((50, 512), dtype=np.float32), 1.0, ["de"]).rejected == "no language whose digits are known"
    )


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"none\.npz"):
        DigitReader(tmp_path / "none.npz")
