"""Fair scoring: what counts as an error of hearing, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.scoring import Errors, score


@pytest.mark.parametrize(
    ("reference", "heard", "language"),
    [
        ("Ten of clubs.", "10 of clubs", "en"),
        ("There are currently ...", "there are currently", "en"),
        ("It's twenty-one dollars", "it is $21", "en"),
        ("two three four", "2 3 4", "en"),
        ("Dial one hundred and five", "dial 105", "en"),
        ("設定三十二度", "设定32度。", "zh"),
        ("二零二一年十月", "2021年10月", "zh"),
        ("号码是二零零八", "号码是2008", "zh"),
        ("百分之五十", "50%", "zh"),
        ("我想用 iPhone 打电话", "我想用iphone打電話", "zh"),
        ("Guten Tag!", "guten tag", "de"),
    ],
)
def test_ways_of_writing_are_no_errors(reference: str, heard: str, language: str) -> None:
    errors = score(reference, heard, language)
    assert (errors.word_errors, errors.char_errors) == (0, 0)
    assert errors.words and errors.chars


def test_words_and_characters_are_counted_by_hand() -> None:
    # "the cat sat" → "a cat sat down": one word replaced, one too many; t,h,e → a is 3, "down" 4 more.
    assert score("the cat sat", "a cat sat down", "en") == Errors(2, 3, 7, 9)
    # Mandarin: 度 → 肚 replaced, 三 left out; a character is a word.
    assert score("设定三十度", "设定十肚", "zh") == Errors(2, 5, 2, 5)
    # A Latin word among characters is one word and six letters, one of them wrong.
    assert score("用iphone打", "用iphane打", "zh") == Errors(1, 3, 1, 8)


def test_words_out_of_nothing_are_errors_and_a_rate_without_words_is_none() -> None:
    invented = score("", "thank you", "en")
    assert (invented.word_errors, invented.words) == (2, 0)
    assert invented.wer is None
    assert score("yes please", "", "en").wer == 1.0


def test_a_corpus_adds_counts_not_rates() -> None:
    total = score("one", "two", "en") + score("a b c d e f g h i", "a b c d e f g h i", "en")
    assert total.wer == pytest.approx(1 / 10)


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(["en", "zh", "ja", "fr"]))
def test_any_text_can_be_scored(reference: str, heard: str, language: str) -> None:
    same, other = score(reference, reference, language), score(reference, heard, language)
    assert same.word_errors == same.char_errors == 0
    assert other.char_errors == 0 or other.word_errors > 0
