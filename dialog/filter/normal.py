"""Text as the filter compares it: one width, one script, no characters put in to slip through, each with its origin.

Everything here takes time linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

_HAN = re.compile(r"[\u3400-\u9fff]")
_LOOKALIKES = str.maketrans("аеорсухікмтнвАЕОРСУХІКМТНВοανιρ", "aeopcyxikmthbaeopcyxikmthboavip")
_STUFFING = frozenset("*·•.-_~|/\\^+=#\"'`'′‧・、，,。…")
"""Between single letters or characters they separate nothing; elsewhere sentence marks among them stay."""
MOST_MARKS = 4
_ALWAYS_DROPPED = frozenset("*·•_~|^‧・`")
_NUMBER_ZH = "零〇一二两三四五六七八九十百点半"
_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|a hundred|half|and a half|point"
)
_PERCENT = re.compile(
    rf"\d+(?:[.,]\d+)? ?(?:%|percent\b|per cent\b)|\b(?:{_WORDS})(?:[ -](?:{_WORDS}))* per ?cent\b"
    rf"|百分之(?:[{_NUMBER_ZH}]+|\d+(?:\.\d+)?)|[{_NUMBER_ZH}\d.]+个(?:百分)?点"
)
_NUMBER = re.compile(rf"\d+(?:[.,]\d+)*|[{_NUMBER_ZH}万亿]+(?=[倍成元块])|\b(?:{_WORDS})\b")


@dataclass(frozen=True, slots=True)
class Normal:
    """The text to compare; `origin[i]` is the place in the original of character i."""

    text: str
    origin: list[int]

    def percents(self) -> list[tuple[int, int]]:
        """Spans of percentages, in figures or spelled out."""
        return [found.span() for found in _PERCENT.finditer(self.text)]

    def numbers(self) -> list[tuple[int, int]]:
        """Spans of numbers."""
        return [found.span() for found in _NUMBER.finditer(self.text)]


@lru_cache(maxsize=1)
def _simplified() -> dict[str, str]:
    """Traditional character → simplified."""
    table = resources.files("opencc").joinpath("dictionary/TSCharacters.txt").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in table.splitlines() if "\t" in line)
    return {old: new.split(" ")[0] for old, new in pairs if len(old) == 1 and len(new.split(" ")[0]) == 1}


def normal(text: str, hyphens: Literal["space", "keep"] = "space") -> Normal:
    """NFKC, lower case, simplified, look-alikes and stuffing undone; hyphens inside words are spaces, or kept."""
    simplified = _simplified()
    letters: list[tuple[str, int]] = []
    for place, raw in enumerate(text):
        for letter in unicodedata.normalize("NFKC", raw).lower().translate(_LOOKALIKES):
            if unicodedata.category(letter) in ("Cf", "Mn", "Cc") and letter != "\n":
                continue
            letters.append((" " if letter.isspace() and letter != "\n" else simplified.get(letter, letter), place))
    letters = _without_stuffing(_hyphens(letters) if hyphens == "space" else letters)
    return Normal("".join(letter for letter, _ in letters), [place for _, place in letters])


def joined(text: str) -> Normal:
    """As `normal`, with hyphens inside words taken for stuffing as well (`guar-anteed`)."""
    plain = normal(text, "keep")
    keep = [
        index
        for index, letter in enumerate(plain.text)
        if not (letter == "-" and 0 < index < len(plain.text) - 1 and plain.text[index - 1].isalpha())
    ]
    return Normal("".join(plain.text[index] for index in keep), [plain.origin[index] for index in keep])


def _hyphens(letters: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Hyphens between letters of words as spaces: `risk-free` is `risk free`."""
    last = len(letters) - 1
    return [
        (" ", place)
        if letter in "-‐‑–" and 0 < index < last and letters[index - 1][0].isalpha() and letters[index + 1][0].isalpha()
        else (letter, place)
        for index, (letter, place) in enumerate(letters)
    ]


def _without_stuffing(letters: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Drop symbols and spaces between Han characters, marks inside words, and marks between single letters."""
    kept: list[tuple[str, int]] = []
    index, count = 0, len(letters)
    while index < count:
        letter = letters[index][0]
        if not _is_filler(letter):
            kept.append(letters[index])
            index += 1
            continue
        end = index
        while end < count and _is_filler(letters[end][0]):
            end += 1
        gap = "".join(item[0] for item in letters[index:end])
        before = letters[index - 1][0] if index else ""
        after = letters[end][0] if end < count else ""
        if not _drops(gap, before, after, letters, index, end):
            kept += letters[index:end]
        index = end
    return kept


def _is_filler(letter: str) -> bool:
    return letter == " " or letter in _STUFFING or unicodedata.category(letter) in ("So", "Sk")


def _drops(gap: str, before: str, after: str, letters: list[tuple[str, int]], index: int, end: int) -> bool:
    if _HAN.match(before) and _HAN.match(after):
        marks = gap.strip(" ")
        return all(mark not in "，,。、…." for mark in marks) or _single(letters, index, end)
    if before.isalpha() and after.isalpha():
        return all(mark in _ALWAYS_DROPPED for mark in gap) or (len(gap) <= 3 and _spelled(letters, index, end))
    return False


def _alone(letters: list[tuple[str, int]], place: int, step: int) -> bool:
    """The letter at `place` has a mark, or nothing, beyond it."""
    beyond = place + step
    return not 0 <= beyond < len(letters) or _is_filler(letters[beyond][0])


def _spelled(letters: list[tuple[str, int]], index: int, end: int) -> bool:
    """The gap is one of `g u a r`: between single letters, with at least one more before or after them."""
    left, right = index - 1, end
    if not (_alone(letters, left, -1) and _alone(letters, right, 1)):
        return False
    return any(_alone(letters, place, step) for place, step in _next(letters, left, right))


def _single(letters: list[tuple[str, int]], index: int, end: int) -> bool:
    """The gap is one of `保，证，收`: marks on both sides of at least two characters in a row."""
    left, right = index - 1, end
    alone_left, alone_right = _alone(letters, left, -1), _alone(letters, right, 1)
    if alone_left and alone_right:
        return bool(_next(letters, left, right))
    return any(
        _alone(letters, place, step)
        for place, step in _next(letters, left, right)
        if (step < 0 and alone_left) or (step > 0 and alone_right)
    )


def _next(letters: list[tuple[str, int]], left: int, right: int) -> list[tuple[int, int]]:
    """The letters beyond the marks beyond `left` and `right`, and in which direction; at most a few marks away."""
    found = []
    for place, step in ((left, -1), (right, 1)):
        at = place + step
        while 0 <= at < len(letters) and abs(at - place) <= MOST_MARKS and _is_filler(letters[at][0]):
            at += step
        if 0 <= at < len(letters) and abs(at - place) > 1 and not _is_filler(letters[at][0]):
            found.append((at, step))
    return found
