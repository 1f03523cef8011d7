"""Digits in words or figures → a string of 0…9. Pure: for spoken numbers that are written down digit by digit."""

from __future__ import annotations

import re

DIGIT_ZH = {
    **dict(zip("零一二三四五六七八九", "0123456789", strict=True)),
    "〇": "0", "洞": "0", "幺": "1", "两": "2", "兩": "2", "拐": "7",
}  # fmt: skip
DIGIT_EN = {
    **dict(
        zip(
            ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), "0123456789", strict=True
        )
    ),
    "oh": "0", "o": "0", "nought": "0", "naught": "0", "nil": "0",
}  # fmt: skip
_TEENS = {
    word: str(value)
    for value, word in enumerate(
        ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"],
        10,
    )
}
_TENS = {
    word: tens
    for tens, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_WORD = re.compile(r"[a-z]+|\d|[零〇洞一幺二两兩三四五六七八九拐十百]|[^\W\d_]", re.IGNORECASE)


def digits_of(text: str, language: str) -> str:
    """Every digit said or written in `text`, in order, as 0…9; words that are no digits are passed over.

    "double five oh one" → 5501, "forty seven eleven" → 4711, 幺三八 → 138, 四十七 → 47. In English text a lone "oh" or
    "o" counts only beside another digit ("oh, I see" holds none).
    """
    words = [word.lower() for word in _WORD.findall(text)]
    if language == "zh" or any(word in DIGIT_ZH for word in words):
        text, words = _tens_zh(text), []
        words = [word.lower() for word in _WORD.findall(text)]
    out: list[str] = []
    at = 0
    while at < len(words):
        word, after = words[at], words[at + 1] if at + 1 < len(words) else ""
        before = words[at - 1] if at else ""
        times = _TIMES.get(word, 1) if _digit(after) else 1
        if times > 1:
            out.append(_digit(after) * times)
            at += 2
            continue
        if word in {"oh", "o"}:
            near = [near for near in (before, after) if near not in {"oh", "o"}]
            if any(_digit(one) or one in _TIMES or one in _TEENS or one in _TENS for one in near) or (
                word in (before, after)
            ):
                out.append("0")
        elif word in _TENS:
            unit = _digit(after) if after not in {"oh", "o", "zero"} else ""
            out.append(f"{_TENS[word]}{unit or 0}" if not after.isdigit() else f"{_TENS[word]}0")
            at += bool(unit) and not after.isdigit()
        else:
            out.append(_digit(word) or _TEENS.get(word, ""))
        at += 1
    return "".join(out)


def is_digits(text: str, language: str) -> bool:
    """Whether `text` consists of digits alone (with punctuation, "double", and the tens of "forty seven")."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words or not digits_of(text, language):
        return False
    known = {*_TIMES, *_TEENS, *_TENS}
    return all(_digit(word) or word in known or word in "十百" for word in words)


def _digit(word: str) -> str:
    if len(word) == 1 and word in "0123456789":
        return word
    return DIGIT_EN.get(word) or DIGIT_ZH.get(word, "")


def _tens_zh(text: str) -> str:
    """四十七 → 47, 十五 → 15, 四十 → 40; what is said digit by digit stays."""

    def figures(found: re.Match[str]) -> str:
        tens, unit = found.group(1), found.group(2)
        return f"{DIGIT_ZH[tens] if tens else 1}{DIGIT_ZH[unit] if unit else 0}"

    return re.sub("([一二三四五六七八九])?十([一二三四五六七八九])?", figures, text)
