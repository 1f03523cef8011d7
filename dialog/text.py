"""Words in many languages: which locale, how many words, digits that were spoken, templates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

Localised = Annotated[
    dict[str, str], Field(min_length=1, description="wording by BCP-47 locale, one for each of the flow's")
]

_VARIABLE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")
_DIGIT_WORDS = {
    "zero": "0", "oh": "0", "o": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "〇": "0", "零": "0", "洞": "0", "一": "1", "幺": "1",
    "壹": "1", "二": "2", "两": "2", "贰": "2", "三": "3", "叁": "3", "四": "4", "肆": "4", "五": "5", "伍": "5",
    "六": "6", "陆": "6", "七": "7", "柒": "7", "拐": "7", "八": "8", "捌": "8", "九": "9", "玖": "9",
}  # fmt: skip
_REPEATS = {"double": 2, "triple": 3}
_TOKEN = re.compile(r"[A-Za-z]+|\d|[\u3007\u3400-\u9fff]")
_FILLER = frozenset(
    {
        "my",
        "pin",
        "is",
        "the",
        "it",
        "its",
        "number",
        "code",
        "and",
        "uh",
        "um",
        "please",
        *"我的密码是号嗯呃啊编客户哦",
    }
)


def pick(wording: Mapping[str, str], locale: str) -> str:
    """The wording for a locale: exact, same language, or the first given."""
    if locale in wording:
        return wording[locale]
    language = locale.partition("-")[0]
    for key, value in wording.items():
        if key.split("-")[0] == language:
            return value
    return next(iter(wording.values()))


def match_locale(locales: Sequence[str], wanted: str) -> str | None:
    """The locale of `locales` that serves `wanted` (a locale or a bare language)."""
    if wanted in locales:
        return wanted
    language = wanted.partition("-")[0]
    return next((locale for locale in locales if locale.split("-")[0] == language), None)


def variables(text: str) -> list[str]:
    """Names used in a template."""
    return _VARIABLE.findall(text)


def render(text: str, values: Mapping[str, Any], locale: str) -> str:
    """Fill `{{a.b}}`; a value that maps locales to words gives the words of `locale`; what is missing is empty."""

    def value_of(match: re.Match[str]) -> str:
        value: Any = values
        for part in match.group(1).split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, Mapping):
            value = pick(value, locale) if value else ""
        return "" if value is None else str(value)

    return " ".join(_VARIABLE.sub(value_of, text).split())


def count_words(text: str) -> int:
    """Latin words plus Han characters (a Chinese word is one or two of them)."""
    return len(_LATIN.findall(text)) + len(_HAN.findall(text))


def language_of(text: str) -> str:
    """`zh` when Han characters prevail over Latin words, `en` when Latin ones do, else empty."""
    han, latin = len(_HAN.findall(text)), len(_LATIN.findall(text))
    if han == latin == 0:
        return ""
    return "zh" if han >= latin else "en"


def agrees(text: str, language: str) -> bool:
    """Whether the script of the words is one in which the language is written."""
    if language == "zh":
        return bool(_HAN.search(text))
    return bool(_LATIN.search(text)) and not _HAN.search(text)


def spoken_digits(text: str) -> str:
    """Digits that were said or typed, if the text is hardly anything else; otherwise empty."""
    digits, other, times = "", 0, 1
    for token in _TOKEN.findall(text.lower().replace("'s", "")):
        if token in _REPEATS:
            times = _REPEATS[token]
            continue
        digit = token if token.isdigit() else _DIGIT_WORDS.get(token, "")
        if digit:
            digits += digit * times
        elif token not in _FILLER:
            other += 1
        times = 1
    return digits if other <= len(digits) // 4 else ""
