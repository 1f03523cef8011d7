"""Typed values: what a flow says a piece of text is, read as that, whatever it looks like.

`spell` (orders, tickets, plates, cards) and `phone` are said character by character in groups with a pause after each;
in Mandarin a 1 is then yāo (幺), as on the telephone. Amounts, dates and the like need no kind: their form says it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["spell", "phone"]
KINDS: frozenset[str] = frozenset(get_args(Kind))

_YAO = dict(zip("0123456789", "零幺二三四五六七八九", strict=True))
_WORDS = dict(
    zip("0123456789", ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), strict=True)
)
_COUNTRIES = {"86": 11, "1": 10}  # calling code → digits that follow it
_RUN = re.compile(r"\d+|[A-Za-z]+|[\u3400-\u9fff]+")
_GROUPS = {5: (5,), 6: (3, 3), 7: (3, 4), 8: (4, 4), 9: (3, 3, 3), 10: (3, 3, 4), 11: (3, 4, 4), 18: (6, 4, 4, 4)}


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` is of this kind."""

    start: int
    end: int
    kind: Kind


def groups(digits: str) -> list[str]:
    """Digits as people group them: 13800138000 → 138 0013 8000; longer ones by fours."""
    sizes = _GROUPS.get(len(digits)) or (4,) * (len(digits) // 4) + ((len(digits) % 4,) if len(digits) % 4 else ())
    parts, at = [], 0
    for size in sizes:
        parts.append(digits[at : at + size])
        at += size
    return parts


def _said(run: str, chinese: bool) -> list[str]:
    """One run of digits or letters, as groups of spoken characters."""
    if run[0].isdigit():
        if chinese:
            return ["".join(_YAO[char] for char in group) for group in groups(run)]
        return [" ".join(_WORDS[char] for char in group) for group in groups(run)]
    if run[0].isascii():
        # Alone an English A would be read as the article; with a full stop it is the letter.
        return [" ".join("A." if char == "A" and not chinese else char for char in run.upper())]
    return [run]


def spell(text: str, *, chinese: bool) -> str:
    """Character by character: A4711-88 → `A., four seven one one, eight eight`; 京A12345 → 京A一二三四五 with 幺."""
    runs = _RUN.findall(text)
    if not chinese:
        return ", ".join(part for run in runs for part in _said(run, False))
    said = ""
    for before, run in zip(["", *runs], runs, strict=False):
        # Letters lean on what follows: 京A and A四七 are said in one breath.
        pause = "，" if before and before[0].isdigit() else ""
        said += pause + "，".join(_said(run, True))
    return said


def phone(text: str, *, chinese: bool) -> str:
    """A telephone number: the written groups when it has some of 2–4 digits, else the usual ones; + is said."""
    lead = ("加" if chinese else "plus ") if text.lstrip().startswith("+") else ""
    runs = re.findall(r"\d+", text)
    digits = "".join(runs)
    code = next(
        (
            code
            for code, rest in _COUNTRIES.items()
            if lead and len(digits) == len(code) + rest and digits.startswith(code)
        ),
        "",
    )
    if (code and len(runs) == 1) or (chinese and code):
        runs = [code, digits[len(code) :]]
    said = [part for run in runs for part in _said(run, chinese)]
    return lead + ("，" if chinese else ", ").join(said)
