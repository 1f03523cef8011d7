"""Written forms as they are said: the table `spoken_forms.tsv`, typed values, what stays alone.

Rows of the set `later` were written after the patterns, which read 37 of those 40 rightly at first sight.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tts.normalise import for_speech
from tts.read_as import Kind, Span, groups

_ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "spoken_forms.tsv").read_text(encoding="utf-8").splitlines()[1:]
]


@pytest.mark.parametrize(("_set", "language", "written", "spoken"), _ROWS)
def test_spoken_form(_set: str, language: str, written: str, spoken: str) -> None:
    assert for_speech(written, language) == spoken


def test_the_table_is_large_enough_and_half_of_it_mandarin() -> None:
    mandarin = sum(row[1] == "zh" for row in _ROWS)
    assert len(_ROWS) >= 160
    assert mandarin * 2 >= len(_ROWS)


@pytest.mark.parametrize(
    ("text", "value", "kind", "language", "spoken"),
    [
        ("order 350 today", "350", "spell", "en", "order three five zero today"),
        ("order 350 today", "350", None, "en", "order three hundred and fifty today"),
        ("ref AB-12.", "AB-12", "spell", "en", "ref A. B, one two."),
        ("订单350，共2件", "350", "spell", "zh", "订单三五零，共两件"),
        ("订单100，共2件", "100", "spell", "zh", "订单幺零零，共两件"),
        ("dial 5550199 now", "5550199", "phone", "en", "dial five five five, zero one nine nine now"),
        ("请拨12345678", "12345678", "phone", "zh", "请拨幺二三四，五六七八"),
    ],
)
def test_typed_values_are_read_as_their_kind(
    text: str, value: str, kind: Kind | None, language: str, spoken: str
) -> None:
    at = text.index(value)
    spans = [Span(at, at + len(value), kind)] if kind else []
    assert for_speech(text, language, spans) == spoken


def test_groups_lose_no_digit() -> None:
    for length in range(1, 40):
        digits = "".join(str(n % 10) for n in range(length))
        assert "".join(groups(digits)) == digits
        assert all(groups(digits))


@pytest.mark.parametrize("text", ["Ruf 10086", "3 €"])
def test_other_languages_pass_unchanged(text: str) -> None:
    assert for_speech(text, "de") == text


@pytest.mark.parametrize("text", ["He read the lead article.", "银行行长在重庆还款，长得很长。", "一个、不行、了解"])
def test_words_without_figures_are_left_to_the_engine(text: str) -> None:
    """Homographs are the phonemisers' business: nothing here changes the words they are told by."""
    assert for_speech(text, "zh" if text[0] > "z" else "en") == text
