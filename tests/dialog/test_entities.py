"""Entities in what callers say and type: values, places, and what must not be taken for one."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from benchmarks.entities import read_cases, score
from dialog.entities import ALL_TYPES, EntityType, extract
from dialog.entities.identity import id_card_valid
from dialog.entities.reading import read

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def values(
    text: str, kind: EntityType, locale: str = "en", now: datetime = NOW, tz: str = "Asia/Shanghai"
) -> list[str]:
    return [one.value for one in extract(text, [kind], locale, now, tz)]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("oh seven double one nine", "0 7 1 1 9"),
        ("twenty twenty four", "20 24"),
        ("a hundred and five thousand two hundred", "105200"),
        ("one point five million", "1.5 million"),
        ("the twenty first of March", "the 21st of March"),
        ("oh hello there", "oh hello there"),
        ("wait a second", "wait a second"),
        ("两千零二十四年三月五号", "2024年3月5号"),
        ("一千二", "1200"),
        ("一千零二", "1002"),
        ("两万三千", "23000"),
        ("十五", "15"),
        ("三点半", "3点半"),
        ("１２３", "123"),
    ],
)
def test_spoken_numbers_are_written(said: str, written: str) -> None:
    assert read(said).text == written


def test_a_span_is_in_the_callers_own_words() -> None:
    text = "well, I paid three hundred and fifty dollars last week"
    (amount,) = extract(text, ["money"], "en", NOW, "UTC")
    assert (amount.value, amount.text, text[amount.start : amount.end]) == ("USD 35000",) + (
        "three hundred and fifty dollars",
    ) * 2
    text = "我是说两千零八十元"
    (amount,) = extract(text, ["money"], "zh-CN", NOW, "UTC")
    assert text[amount.start : amount.end] == "两千零八十元" and amount.value == "CNY 208000"


def test_relative_days_are_relative_to_the_callers_clock() -> None:
    late = datetime(2026, 11, 18, 23, 30, tzinfo=ZoneInfo("UTC"))
    assert values("tomorrow", "date", now=late, tz="UTC") == ["2026-11-19"]
    assert values("tomorrow", "date", now=late, tz="Asia/Shanghai") == ["2026-11-20"]
    assert values("明天上午十点", "date", "zh-CN", late, "America/New_York") == ["2026-11-19T10:00-05:00"]


def test_dates_that_do_not_exist_are_none() -> None:
    assert values("31 April 2026", "date") == []
    assert values("二月三十号", "date", "zh-CN") == []
    assert values("29 February 2024", "date") == ["2024-02-29"]


def test_an_identity_card_needs_its_check_digit() -> None:
    assert id_card_valid("11010519491231002X")
    assert not id_card_valid("110105194912310021")
    assert not id_card_valid("11010519491331002X")


def test_nothing_is_found_in_nothing() -> None:
    for text in ("", "   ", "……", "\u0000", "x" * 5000):
        assert [one for one in extract(text, ALL_TYPES, "en", NOW, "UTC") if one.type not in ("name",)] == []


def test_long_runs_of_digits_do_not_take_long() -> None:
    found = extract("1 2 3 4 5 6 7 8 9 0 " * 100, ALL_TYPES, "en", NOW, "UTC")
    assert [one.value for one in found if one.type == "digits"] == ["1234567890" * 100]


def test_the_written_set_is_read_as_well_as_the_docs_say() -> None:
    table = score([case for case in read_cases() if case.half == "test"])
    assert table["all all"]["right"] >= 0.92 * table["all all"]["of"]
    assert table["all zh"]["of"] >= 40 and table["all en"]["of"] >= 40
