"""Letters and figures that were said one by one, and how easily one is taken for another."""

from __future__ import annotations

import re
from functools import lru_cache

_NATO = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo sierra tango "
    "uniform victor whiskey xray yankee zulu"
)
_SAID = {
    **{word: word[0] for word in _NATO.split()}, "xray": "x",
    "alfa": "a", "ay": "a", "hey": "a", "bee": "b", "be": "b", "baby": "b", "see": "c", "sea": "c", "dee": "d",
    "the": "d", "ee": "e", "eff": "f", "gee": "g", "age": "h", "aitch": "h", "heights": "h", "eye": "i", "jay": "j", "juliett": "j",
    "julia": "j", "kay": "k", "okay": "k", "el": "l", "hello": "l", "hell": "l", "em": "m", "and": "n", "an": "n", "in": "n", "end": "n",
    "oh": "o", "pee": "p", "pea": "p", "poppa": "p", "cue": "q", "queue": "q", "que": "q", "are": "r", "our": "r", "ar": "r",
    "es": "s", "yes": "s", "tee": "t", "tea": "t", "you": "u", "vee": "v", "we": "v", "viewed": "w", "whisky": "w", "ex": "x",
    "ax": "x", "why": "y", "zed": "z", "zee": "z", "said": "z", "hector": "h", "feet": "b",
    "zero": "0", "nought": "0", "nil": "0", "one": "1", "won": "1", "two": "2", "to": "2", "too": "2", "three": "3", "tree": "3",
    "free": "3", "four": "4", "for": "4", "five": "5", "six": "6", "sex": "6", "sick": "6", "seven": "7", "eight": "8", "ate": "8", "eat": "8",
    "date": "8", "nine": "9", "niner": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14",
    "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19", "twenty": "20",
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
    "零": "0", "〇": "0", "一": "1", "幺": "1", "二": "2", "两": "2", "三": "3", "四": "4", "五": "5", "六": "6", "七": "7",
    "八": "8", "九": "9",
}  # fmt: skip
_ALIKE = ("bcdegptvz3", "ajkh8", "flmnsx6", "iy59", "uqw2", "o0", "l1", "mn", "sf", "bd", "td", "v5")
"""Letters and figures whose names sound alike on the telephone."""
_TOKEN = re.compile(r"[a-z]+|\d+|[〇零一幺二两三四五六七八九]")
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_HALF = 0.4  # cost of taking one for another that sounds like it


def written(said: str) -> str:
    """Letters and figures without anything between: "double u 2 o alpha" → "w2oa", "bee for see" → "b4c"."""
    out: list[str] = []
    times = 1
    words = _TOKEN.findall(said.lower().replace("x-ray", "xray").replace("'", ""))
    at = 0
    while at < len(words):
        word, after = words[at], words[at + 1] if at + 1 < len(words) else ""
        at += 1
        if word == "double" and after in ("u", "you", "viewed"):
            out.append("w")
            at += 1
            continue
        if word in _TIMES and after:
            times = _TIMES[word]
            continue
        if word == "for" and after in _NATO.split() and out and after[0] == out[-1][-1:]:
            at += 1  # "b for bravo"
            continue
        known = _SAID.get(word)
        if known is None:
            known = word if len(word) <= 4 or word.isdigit() else word[0]
        out.append(known * times if len(known) == 1 else known)
        times = 1
    return "".join(out)


def distance(heard: str, true: str) -> float:
    """Edits that turn one into the other; taking a letter for one that sounds alike costs less than half an edit."""
    row = [float(at) for at in range(len(true) + 1)]
    for left in heard:
        before, row = row, [row[0] + 1.0]
        for at, right in enumerate(true):
            row.append(min(before[at + 1] + 1.0, row[at] + 1.0, before[at] + _cost(left, right)))
    return row[-1]


def likeness(heard: str, true: str) -> float:
    """1 for the same letters, 0 for nothing in common."""
    longest = max(len(heard), len(true))
    return 1.0 - distance(heard, true) / longest if longest else 0.0


@lru_cache(maxsize=4096)
def _cost(left: str, right: str) -> float:
    if left == right:
        return 0.0
    return _HALF if any(left in group and right in group for group in _ALIKE) else 1.0
