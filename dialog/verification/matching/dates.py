"""Birth dates: as words, figures or keys, in English order or Chinese, whole or run together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise

from dialog.number_words import HAN_DIGITS, MONTHS, ORDINALS, TENS, UNITS
from dialog.verification.matching.letters import distance

_NUMBERS = {
    **UNITS, **TENS, **ORDINALS,
    "oh": 0, "o": 0, "too": 2, "to": 2, "for": 4, "sick": 6, "ate": 8,
}  # fmt: skip
"""With what recognisers write for them."""
_HAN_DATE = re.compile(r"(?:(\d{2,4})年)?(?:(\d{1,2})月)?(?:(\d{1,2})[日号])?")
_TOKEN = re.compile(r"[a-z]+|\d+")
_FEWEST_FIGURES = 4
_FIGURES_ONLY = 0.95  # a run of figures is a little less sure than a date with its month


def like_date(heard: Sequence[str], true: str) -> float:
    """Of all that was understood, what comes closest to `true` (YYYY-MM-DD): 0…1."""
    try:
        wanted = date.fromisoformat(true)
    except ValueError:
        return 0.0
    return max((_like(text, wanted) for text in heard), default=0.0)


def mentions_date(text: str) -> bool:
    """Do these words hold a month or figures enough for a date?"""
    words = _TOKEN.findall(text.lower())
    if re.search("[年月日号]", text) or any(_month_of(word) for word in words):
        return True
    return (
        len("".join(_figures(words))) >= _FEWEST_FIGURES
        or len(re.findall("[〇零一二三四五六七八九十]", text)) >= _FEWEST_FIGURES
    )


def keyed_date(keys: str, order: str = "YYYYMMDD") -> str:
    """Eight keys as a date (YYYY-MM-DD), empty when they are none: DDMMYYYY 12031985 → 1985-03-12."""
    year, month, day = (keys[order.index(mark) : order.rindex(mark) + 1] for mark in "YMD")
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def _like(text: str, wanted: date) -> float:
    han = _from_han(text)
    if han is not None:
        return _parts(han, wanted)
    words = _TOKEN.findall(text.lower())
    named = [_month_of(word) for word in words]
    scores = [0.0]
    if any(named):
        scores.append(max(_parts(reading, wanted) for reading in _named(words, named)))
    figures = "".join(_figures(words))
    if len(figures) >= 4 and not any(named):
        scores.append(
            _FIGURES_ONLY * max(1 - distance(figures, form) / max(len(figures), len(form)) for form in forms(wanted))
        )
    return max(scores)


@lru_cache(maxsize=16384)
def forms(wanted: date) -> tuple[str, ...]:
    """The ways in which people say or key a date in figures."""
    day, month, year = f"{wanted.day}", f"{wanted.month}", f"{wanted.year}"
    return tuple(
        dict.fromkeys(
            [
                *(d + m + y for d in (day.zfill(2), day) for m in (month.zfill(2), month) for y in (year, year[2:])),
                *(m.zfill(2) + d.zfill(2) + year for d in (day,) for m in (month,)),
                year + month.zfill(2) + day.zfill(2),
                year + month + day,
            ]
        )
    )


Reading = tuple[int | None, int | None, str]
"""Day, month, and the figures of a year, as far as they were understood."""


def _parts(reading: Reading, wanted: date) -> float:
    """Day and month weigh a quarter each, the year a half: it has the most figures."""
    day, month, year = reading
    score = 0.25 * (month == wanted.month) + 0.25 * _like_day(day, wanted.day)
    if year:
        true = f"{wanted.year}"
        score += 0.5 if year in (true, true[2:]) else 0.5 * max(0.0, 1 - distance(year, true) / 2)
    return score


def _like_day(day: int | None, true: int) -> float:
    if day is None:
        return 0.0
    return 1.0 if day == true else 0.3 if day % 10 == true % 10 or day // 10 == true // 10 else 0.0


def _named(words: Sequence[str], named: Sequence[int]) -> Iterator[Reading]:
    """Day before or after each word that may be a month; the year is what figures remain."""
    for at, month in enumerate(named):
        if not month:
            continue
        before, after = list(_figures(words[:at])), list(_figures(words[at + 1 :]))
        tail = "".join(after)
        yield (int(before[-1]) if before and len(before[-1]) < 3 else None), month, tail
        if after and len(after[0]) <= 2:  # "march the third nineteen twenty"
            yield int(after[0]), month, "".join(after[1:])
        if len(before) > 1:
            yield int("".join(before)[:2]), month, tail
        if len(after) > 1:  # "march 8th 1926", where the middle is a slip of the recogniser
            yield (int(before[-1]) if before and len(before[-1]) < 3 else None), month, after[-1]
    yield None, None, ""


def _month_of(word: str) -> int:
    return 0 if word == "mar" else MONTHS.get(word, 0)  # "mar" is what is left of many a word


def _figures(words: Sequence[str]) -> Iterator[str]:
    """Numbers in their order: "nineteen twenty six" → 19, 26."""
    tens: int | None = None
    for word, after in pairwise([*words, ""]):
        if word.isdigit():
            if tens is not None:
                yield str(tens + int(word)) if len(word) == 1 and word != "0" else f"{tens}{word}"
                tens = None
            else:
                yield word
            continue
        value = _NUMBERS.get(word)
        if value is None or (
            word in ("to", "for", "o", "second") and not (after.isdigit() or after in _NUMBERS or after == "")
        ):
            if tens is not None:
                yield str(tens)
                tens = None
            continue
        if tens is not None:
            yield str(tens + value) if 0 < value < 10 else str(tens)
            tens = None
            if 0 < value < 10:
                continue
        if value >= 20 and value % 10 == 0 and not word.endswith("th"):
            tens = value
        else:
            yield str(value)
    if tens is not None:
        yield str(tens)


def _from_han(text: str) -> Reading | None:
    """一九八五年三月十二日, 85年3月12号; None where there is no 年, 月, 日 or 号."""
    if not re.search("[年月日号]", text):
        return None
    figures = _han_figures(re.sub(r"[\s,，。的]", "", text))
    best: Reading | None = None
    for found in _HAN_DATE.finditer(figures):
        if found.group():
            year, month, day = found.groups()
            reading = (int(day) if day else None, int(month) if month else None, year or "")
            if best is None or sum(map(bool, reading)) > sum(map(bool, best)):
                best = reading
    return best


def _han_figures(text: str) -> str:
    def tens(found: re.Match[str]) -> str:
        left, right = found.groups()
        return f"{HAN_DIGITS[left] if left else 1}{HAN_DIGITS[right] if right else 0}"

    text = re.sub("([一二三四五六七八九])?十([一二三四五六七八九])?", tens, text)
    return "".join(str(HAN_DIGITS[char]) if char in HAN_DIGITS else char for char in text)
