"""Spoken numbers as figures, and words that must stay words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.normalise import load, normalise
from asr.text import names_in

load()

ENGLISH = {
    "twenty five dollars and ten cents": "$25.10",
    "Twenty-five dollars and ten cents.": "$25.10.",
    "fifty cents": "$0.50",
    "twelve euros fifty": "€12.50",
    "three thousand yuan": "3000 yuan",
    "one million two hundred thousand dollars": "$1200000",
    "You owe one thousand two hundred and thirty four dollars.": "You owe $1234.",
    "the third of May twenty twenty six": "3 May 2026",
    "may third twenty twenty six": "May 3 2026",
    "December twenty fifth": "December 25",
    "nineteen eighty four": "1984",
    "it's at half past three": "it's at 3:30",
    "three thirty p m": "3:30 p.m.",
    "Three thirty pm.": "3:30 p.m.",
    "call me at seven o'clock": "call me at 7:00",
    "at two thirty": "at 2:30",
    "ten percent": "10%",
    "two point five percent": "2.5%",
    "one hundred and twenty three": "123",
    "three point one four": "3.14",
    "he is twenty-one years old": "he is 21 years old",
    "two hundred and fifty third": "253rd",
    "my number is five five five one two three four": "my number is 5551234",
    "Five five five, one two three four.": "5551234.",
    "double five oh one, please": "5501, please",
    "my pin is oh five one two": "my pin is 0512",
    "four, seven, one, one.": "4711.",
    "one two one support": "121 support",
}
CHINESE = {
    "三百二十块五": "320.5元",
    "三块五": "3.5元",
    "三十八块九毛": "38.9元",
    "三百零五块二毛五": "305.25元",
    "二百五十元五角": "250.5元",
    "二十五块钱": "25元",
    "三百块": "300块",
    "二零二六年五月三号": "2026年5月3日",
    "八月八号": "8月8日",
    "一九九零年后": "1990年后",
    "二零二三年": "2023年",
    "五月份": "5月份",
    "十五号": "15号",
    "下午三点半": "下午3:30",
    "上午九点十五分": "上午9:15",
    "六点十分": "6:10",
    "九点零五分": "9:05",
    "下午三点": "下午3点",
    "百分之二十五": "25%",
    "百分之三点五": "3.5%",
    "百分之百": "100%",
    "三分之一": "1/3",
    "一百二十三": "123",
    "一千零五": "1005",
    "一百一十": "110",
    "一万两千": "12000",
    "两百五": "250",
    "一百五十万": "150万",
    "四点五万": "4.5万",
    "负五度": "-5度",
    "零下五度": "零下5度",
    "设定三十二度": "设定32度",
    "第十二个": "第12个",
    "十分钟": "10分钟",
    "我的电话是幺三八零零一三八零零零": "我的电话是13800138000",
    "您好，我要查一下我的订单四七一一。": "您好，我要查一下我的订单4711。",
    "四、七、一、一": "4711",
    "兩萬五千塊錢": "25000元",
    "三點半": "3:30",
    "我要 twenty five dollars 的": "我要 $25 的",
}
UNTOUCHED = {
    "en": [
        "one of them", "no one", "One moment, please.", "the first one", "wait a second", "I may second that",
        "oh no", "I have two dogs", "one or two", "it's twenty four seven", "fifty fifty", "He said one, two, three.",
        "May I have three tickets?", "I paid 25 dollars.", "My number is 555-1234.", "Meet at 3 p.m.", "seven eleven",
        "a hundred people", "someone", "the one thing", "",
    ],
    "zh": [
        "一些", "一下", "万一", "三心二意", "一起去", "等一等", "一点也不", "十分感谢", "千万不要", "不管三七二十一", "星期一",
        "周三", "第三个", "一个人", "我有两个问题", "两三个", "两三百", "七八十块", "一两万", "十几个", "好几百", "一千零一夜",
        "两块蛋糕", "一块去", "一点", "五一劳动节", "双十一", "很多二三四线城市", "1个", "10块钱", "2026年5月3日", "",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("said", "written"), ENGLISH.items())
def test_english(said: str, written: str) -> None:
    assert normalise(said, "en") == written


@pytest.mark.parametrize(("said", "written"), CHINESE.items())
def test_chinese(said: str, written: str) -> None:
    assert normalise(said, "zh") == written


@pytest.mark.parametrize(("language", "text"), [(lang, text) for lang, texts in UNTOUCHED.items() for text in texts])
def test_words_stay_words(language: str, text: str) -> None:
    assert normalise(text, language) == text


def test_other_languages_stay_as_they_are() -> None:
    assert normalise("twenty five", "de") == "twenty five"


_WORDS = st.lists(
    st.sampled_from(
        [
            "one",
            "two",
            "twenty",
            "hundred",
            "million",
            "third",
            "of",
            "may",
            "the",
            "point",
            "dollars",
            "cents",
            "p.m.",
            "percent",
            "half",
            "past",
            "double",
            "oh",
            "-",
            ",",
            ".",
            "a",
            "zero",
            "and",
            "minus",
            "o'clock",
            "7",
            "%",
            "一",
            "两",
            "十",
            "百",
            "千",
            "万",
            "亿",
            "零",
            "幺",
            "点",
            "半",
            "分",
            "之",
            "年",
            "月",
            "号",
            "块",
            "毛",
            "钱",
            "负",
            "第",
            "几",
            "、",
            "，",
            "百分之",
        ]
    ),
    max_size=30,
)


@given(words=_WORDS, joint=st.sampled_from(["", " "]), language=st.sampled_from(["en", "zh"]))
@settings(max_examples=400, deadline=None)
def test_never_raises_on_numbers_in_disorder(words: list[str], joint: str, language: str) -> None:
    assert isinstance(normalise(joint.join(words), language), str)


@given(text=st.text(max_size=200), language=st.sampled_from(["en", "zh"]))
@settings(max_examples=300, deadline=None)
def test_never_raises_on_any_text(text: str, language: str) -> None:
    assert isinstance(normalise(text, language), str)


def test_threads_agree() -> None:
    said = [*ENGLISH] * 8
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda one: normalise(one, "en"), said)) == [ENGLISH[one] for one in said]


def test_chinese_hotwords_are_for_chinese_speech() -> None:
    assert names_in("en", ("ComfyUI", "转人工")) == "ComfyUI"
    assert names_in("zh", ("ComfyUI", "转人工")) == "ComfyUI、转人工"
