"""Names: whole, in part, misheard, spelled out, in Chinese characters that only sound right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import jellyfish
from pypinyin import lazy_pinyin
from rapidfuzz.distance import JaroWinkler

from dialog.verification.matching.letters import likeness, written

_HAN = re.compile(r"[\u3400-\u9fff]")
_LEAD = re.compile(
    r"^(my name is|my name's|my full name is|it is|it's|its|this is|i am|i'm|im|the name is|the name's|name is|first name|last name"
    r"|我的名字是|我的名字叫|我姓名是|我叫|我是|名字是|姓名是|叫)\s*"
)
_ONE_ONLY = 0.62  # likeness of a whole name of which only one part was said, and that rightly
_SPELLED = 0.9  # a name spelled out rightly is as good as one that was said


def like_name(heard: Sequence[str], true: str) -> float:
    """Of all that was understood, what comes closest to the name on file: 0…1."""
    if _HAN.search(true):
        return max((_like_han(text, true) for text in heard), default=0.0)
    wanted = tuple(plain_name(true).split())
    if not wanted:
        return 0.0
    return max((_like_latin(plain_name(text), wanted) for text in heard), default=0.0)


def plain_name(text: str) -> str:
    """Lower case without accents, punctuation and "my name is"."""
    bare = "".join(
        char
        for char in unicodedata.normalize("NFKD", text.lower().replace("ł", "l"))
        if not unicodedata.combining(char)
    )
    words = re.sub(r"[^a-z0-9\u3400-\u9fff' ]", " ", bare)
    return " ".join(_LEAD.sub("", " ".join(words.split())).replace("'", "").split())


def _like_latin(said: str, wanted: tuple[str, ...]) -> float:
    words = said.split()
    if not words:
        return 0.0
    whole = JaroWinkler.similarity("".join(words), "".join(wanted))
    spelled = written(said)
    best = [max((_alike(word, part) for word in words), default=0.0) for part in wanted]
    # Each part is one word of what was said, so the mean of the parts; a part that was not said counts as little.
    parts = sum(best) / len(best)
    if min(best) < 0.75 < max(best):
        parts = min(parts, _ONE_ONLY)
    letters = [likeness(spelled, part) for part in (*wanted, "".join(wanted))] if _is_spelling(words) else [0.0]
    spelling = letters[-1] * _SPELLED if len(letters) > 1 else 0.0
    part_spelled = max(letters[:-1], default=0.0) * _ONE_ONLY
    return (
        max(0.5 * whole + 0.5 * parts, spelling, part_spelled)
        if whole > 0.6
        else max(parts * 0.9, spelling, part_spelled)
    )


def _is_spelling(words: Sequence[str]) -> bool:
    short = sum(len(word) <= 2 or len(written(word)) == 1 for word in words)
    return short >= max(2, len(words) / 2)


@lru_cache(maxsize=65536)
def _alike(left: str, right: str) -> float:
    """Two words: by letters, and by how they sound."""
    spelled = JaroWinkler.similarity(left, right)
    if spelled == 1.0:
        return 1.0
    sound_left, sound_right = _sound(left), _sound(right)
    sounds = JaroWinkler.similarity(sound_left, sound_right) if sound_left and sound_right else 0.0
    return 0.6 * spelled + 0.4 * sounds


@lru_cache(maxsize=65536)
def _sound(word: str) -> str:
    return jellyfish.metaphone(word)


def _like_han(said: str, true: str) -> float:
    text = _LEAD.sub("", re.sub(r"[^\u3400-\u9fffa-z]", "", said.lower()))
    if not text:
        return 0.0
    left, right = lazy_pinyin(text), lazy_pinyin(true)
    same = sum(max(JaroWinkler.similarity(a, b) for a in left) for b in right) / len(right)
    return same * min(1.0, len(right) / len(left)) if len(left) > len(right) + 2 else same
