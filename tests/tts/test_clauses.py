"""Where text may be cut, and that nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts import clauses
from tts.clauses import pause_ms, split, weight

LETTERS = "ab 你好1.,!?，。：:；\"'”…—\n@-（）"


@given(st.text(alphabet=LETTERS, max_size=300))
def test_clauses_join_to_the_text_or_it_says_nothing(text: str) -> None:
    parts = split(text)
    assert "".join(parts) == (text if any(c.isalnum() for c in text) else "")
    assert all(any(c.isalnum() for c in part) or len(parts) > 1 for part in parts)


@given(st.text(alphabet="你好ab ", min_size=300, max_size=900))
def test_no_clause_is_longer_than_the_model_takes(text: str) -> None:
    assert all(weight(part) <= clauses.LIMIT for part in split(text))


@pytest.mark.parametrize(
    "whole",
    [
        "The total is 1,280.50 dollars",
        "Write to jane.doe@example.com today",
        "Please see Dr. Smith about this",
        "We open at 10:30 and close late",
        "See e.g. the second page of it",
        "会议在10：30开始请准时",
        "版本3.14已经发布了吗",
    ],
)
def test_marks_inside_a_number_address_or_abbreviation_do_not_cut(whole: str) -> None:
    assert split(whole) == [whole]


def test_sentences_and_full_width_marks_cut() -> None:
    assert split("您好，欢迎致电暖线。请问有什么可以帮您？") == ["您好，欢迎致电暖线。", "请问有什么可以帮您？"]
    assert split("Thank you for calling. How can I help?") == ["Thank you for calling. ", "How can I help?"]


def test_quotes_stay_with_the_sentence_they_close() -> None:
    assert split("她说：“请稍等一下。”然后挂断了电话。")[-1] == "然后挂断了电话。"


def test_the_first_clause_is_short_and_commas_cut_later_ones_only_when_long() -> None:
    text = "好的没问题，我来帮您看一下，您的账户，余额充足，状态正常，可以继续使用。"
    parts = split(text)
    assert parts[0] == "好的没问题，"
    assert all(weight(part) >= clauses.FIRST for part in parts)


def test_pauses_follow_the_mark() -> None:
    assert pause_ms("Yes. ") == pause_ms("好。”") == 220
    assert pause_ms("well, ") == 90
    assert pause_ms("cut in the middle ") == 0
