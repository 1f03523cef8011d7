"""Which words are shown while somebody speaks, and how often they are asked for."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.partials import FIRST_MS, LEAST_EVERY_MS, MOST_EVERY_MS, SOON_MS, Agreement, PartialRate, units


def pages(*texts: str) -> list[str]:
    """What is on the page after each decode."""
    agreement = Agreement()
    out = []
    for text in texts:
        agreement.push(text)
        out.append(agreement.shown)
    return out


def test_the_first_decode_is_shown_but_for_its_last_word() -> None:
    assert pages("I would like to") == ["I would like"]
    assert pages("I") == ["I"]
    assert pages("我想听歌") == ["我想听"]


def test_then_what_two_agree_on() -> None:
    assert pages("I would like to", "I would like two", "I would like to change my", "I would like to change my") == [
        "I would like",
        "I would like",
        "I would like",
        "I would like to change my",
    ]


def test_punctuation_and_case_are_no_disagreement_and_the_newest_writing_is_shown() -> None:
    assert pages("hello, my name.", "Hello my name is", "Hello, my name is Ann.") == [
        "hello, my",
        "Hello my name",
        "Hello, my name is",
    ]


def test_one_decode_alone_takes_nothing_back_two_do() -> None:
    assert pages("the red car is", "a bed car", "the red car is there", "the red car is there now") == [
        "the red car",
        "the red car",
        "the red car",
        "the red car is there",
    ]
    assert pages("the red car", "a bed car is", "a bed car is") == ["the red", "the red", "a bed car is"]


def test_an_empty_decode_is_neither_for_nor_against() -> None:
    assert pages("good morning to", "", "good morning to you") == ["good morning", "good morning", "good morning to"]


def test_chinese_agrees_by_characters() -> None:
    assert pages("我想听", "我想听歌曲", "我想听歌取") == ["我想", "我想听", "我想听歌"]
    assert [word for word, _ in units("我用WiFi上网。")] == ["我", "用", "wifi", "上", "网"]


def test_what_was_agreed_on_can_be_read() -> None:
    agreement = Agreement()
    assert agreement.push("so my fellow")
    assert agreement.agreed == ""
    assert agreement.push("so my fellow Americans")
    assert agreement.agreed == "so my fellow"
    assert not agreement.push("so my fellow")


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c,", "好", "."]), max_size=6).map(" ".join), max_size=8))
def test_only_what_two_in_a_row_said_replaces_a_page(texts: list[str]) -> None:
    agreement = Agreement()
    said = [[word for word, _ in units(text)] for text in texts]
    heard = [words for words in said if words]
    for text in texts:
        before = agreement.shown
        new = agreement.push(text)
        assert new == (agreement.shown != before)
        shown = [word for word, _ in units(agreement.shown)]
        pairs = list(itertools.pairwise(heard))
        assert (
            not shown
            or shown == heard[0][: len(shown)]
            or any(one[: len(shown)] == shown == other[: len(shown)] for one, other in pairs)
        )


# ------------------------------------------------------------------ how often


def test_an_idle_machine_is_asked_soon_and_steadily() -> None:
    rate = PartialRate()
    rate.begin()
    assert not rate.due(FIRST_MS - 20)
    assert rate.due(FIRST_MS)
    rate.asked(FIRST_MS)
    rate.answered(220)
    assert not rate.due(FIRST_MS + LEAST_EVERY_MS - 20)
    assert rate.due(FIRST_MS + LEAST_EVERY_MS)


def test_slow_answers_and_shed_ones_make_it_rarer_and_quick_ones_often_again() -> None:
    rate = PartialRate()
    rate.begin()
    rate.asked(400)
    rate.answered(1000)
    assert rate.every_ms == 2500
    assert not rate.due(2800)
    assert rate.due(2900)
    rate.asked(2900)
    rate.shed()
    assert rate.every_ms == 5000
    rate.shed()
    assert rate.every_ms == MOST_EVERY_MS
    rate.begin()
    assert not rate.due(FIRST_MS)  # the next utterance knows of the load
    for _ in range(5):
        rate.answered(100)
    assert rate.every_ms == LEAST_EVERY_MS
    rate.begin()
    assert rate.due(FIRST_MS)


def test_after_an_answer_without_words_the_next_is_asked_for_soon_unless_the_machine_is_busy() -> None:
    rate = PartialRate()
    rate.begin()
    rate.asked(400)
    rate.answered(200, words=False)
    assert not rate.due(400 + SOON_MS - 20)
    assert rate.due(400 + SOON_MS)
    rate.asked(660)
    rate.answered(300, words=False)
    assert not rate.due(940)
    assert rate.due(960)
    rate.asked(960)
    rate.answered(1000, words=False)
    assert not rate.due(3440)
    assert rate.due(3460)


@given(st.lists(st.floats(0, 20_000) | st.none(), max_size=50))
def test_it_stays_within_its_bounds(events: list[float | None]) -> None:
    rate = PartialRate()
    for took in events:
        if took is None:
            rate.shed()
        else:
            rate.answered(took)
        assert LEAST_EVERY_MS <= rate.every_ms <= MOST_EVERY_MS
        rate.begin()
        assert rate.due(FIRST_MS + MOST_EVERY_MS)
        assert not rate.due(FIRST_MS - 1)


@pytest.mark.parametrize(("text", "count"), [("", 0), ("--- !", 0), ("don't stop", 2), ("1,234.5", 1)])
def test_units(text: str, count: int) -> None:
    assert len(units(text)) == count
