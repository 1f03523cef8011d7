"""What happened before an utterance that makes its tone mean something: asked again, waited long, failed steps.

Pure functions; times and counts come from whoever keeps the conversation. Two things are read off the words:
whether this is the same question again (`times_asked`), and what the caller says of it (`claims`: "for the third time").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

LONG_WAIT_S = 180.0  # from here on a wait is worth a word; half of all callers have given up by then or are cross

SAME_COSINE = 0.89  # of two questions' vectors, when they share some words; see docs/emotion-words.md for both
SAME_ALONE = 0.92  # when they share none
_SHARED_MIN = 0.25  # Dice coefficient of character pairs
_NOT_WORDS = re.compile(r"[^\w]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_UNITS_MIN = 3  # Han characters or words beside courtesies and numbers; "yes, please" twice is no question twice

_COURTESY = re.compile(
    "yes|no|yeah|yep|nope|okay|ok|right|sure|fine|please|thanks|thank|you|very|much|so|hello|hi|hey|bye|goodbye|good|morning"
    "|afternoon|evening|day|sorry|pardon|well|oh|ah|um|uh|hmm|the|a|an|it|is|that|i|m"
)
_COURTESY_ZH = re.compile(
    "谢谢您?|多谢|感谢|你好|您好|喂|再见|拜拜|好的?|是的?|对的?|不是|不对|不用|没有|可以|行|嗯+|啊+|哦+|哎+|呃+|麻烦(你|您)了?|请问?|不好意思|抱歉"
)

_ORDINALS = {
    "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
    "twice": 2, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "a": 1, "an": 1, "one": 1, "half": 0.5, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45,
    "fifty": 50, "sixty": 60,
}  # fmt: skip
_HAN_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_NUMBER = r"(\d{1,3}|" + "|".join(sorted(_ORDINALS, key=len, reverse=True)) + ")"
_TIMES = (
    re.compile(r"\b(\d{1,2})(?:nd|rd|th) time\b"),
    re.compile(r"\b(second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth) time\b"),
    re.compile(r"\b(two|three|four|five|six|seven|eight|nine|ten|\d{1,2}) times\b"),
    re.compile(r"\b(twice)\b"),
    re.compile(r"第([二两三四五六七八九十]|\d{1,2})[次遍回趟]"),
    re.compile(r"([两三四五六七八九十]|\d{1,2})[次遍回趟]了"),
)
_AGAIN = re.compile(
    r"\b(once again|yet again|over and over|keep (asking|telling|saying|repeating)|already (told|said|explained|gave|asked))\b"
    r"|(说|讲|问|打|报|解释)(过|了)?(很多|好多|好几|多少|无数)[次遍回]|(已经|都|刚)(跟你们?|和你们?|给你们?)?(说|讲|报|问)过"
)
_WAIT = re.compile(
    r"\b(?:wait\w*|hold\w*|held|hung on|hanging on|queue\w*|sat here|been on)\b[^.!?]{0,30}?\b" + _NUMBER
    + r"(?: and a half)?(?: an?| of an)? (second|minute|hour)s?\b"
)  # fmt: skip
_WAIT_ZH = re.compile(r"等[^。！？,，]{0,6}?(半|\d{1,3}|[一两二三四五六七八九十]{1,3})个?多?(分钟|小时|钟头)")
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "分钟": 60.0, "小时": 3600.0, "钟头": 3600.0}


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a conversation when the caller speaks.

    times_asked: how often this question was put in this contact, this time included; 1 = for the first time
    waited_s: seconds in the queue and on hold since the caller last got anywhere
    failed_steps: steps that failed since something last worked (not understood, check not passed, no answer found)
    handed_over: how often the caller was passed on to somebody else
    solved: the last thing asked for has just been done
    """

    times_asked: int = 1
    waited_s: float = 0.0
    failed_steps: int = 0
    handed_over: int = 0
    solved: bool = False

    def told(self, text: str) -> Context:
        """With what the caller says about it: "this is the third time", "等了半个小时"; the greater of both counts."""
        times, waited_s = claims(text)
        return replace(self, times_asked=max(self.times_asked, times), waited_s=max(self.waited_s, waited_s))

    @property
    def trying(self) -> bool:
        """Whether there is anything to be cross about."""
        return bool(self.failed_steps or self.handed_over or self.times_asked > 1 or self.waited_s >= LONG_WAIT_S)

    def evidence(self) -> list[str]:
        """In plain words, worst first."""
        lines = []
        if self.failed_steps:
            lines.append(f"after {_count(self.failed_steps, 'failed step')}")
        if self.times_asked > 1:
            lines.append(f"asked {self.times_asked} times")
        if self.handed_over:
            lines.append(f"passed on {_count(self.handed_over, 'time')}")
        if self.waited_s >= LONG_WAIT_S:
            lines.append(f"waited {round(self.waited_s / 60)} minutes")
        if self.solved:
            lines.append("the request has just been met")
        return lines


@dataclass(frozen=True, slots=True)
class Said:
    """An earlier utterance of the caller; `vector` is its sentence vector of unit length, shape (384,)."""

    text: str
    vector: Vector


def claims(text: str) -> tuple[int, float]:
    """(times, seconds) a caller says to have asked and waited; (1, 0.0) when nothing is said of it."""
    low = text.lower()
    times = max((int(_number(found.group(1))) for pattern in _TIMES for found in pattern.finditer(low)), default=1)
    if times == 1 and _AGAIN.search(low):
        times = 2
    waited = [_number(found.group(1)) * _SECONDS[found.group(2)] for found in _WAIT.finditer(low)]
    waited += [_number(found.group(1)) * _SECONDS[found.group(2)] for found in _WAIT_ZH.finditer(low)]
    return times, max(waited, default=0.0)


def times_asked(text: str, vector: Sequence[float] | Vector, earlier: Sequence[Said]) -> int:
    """How often this question was put, this time included; 1 for whatever is no question of some length."""
    if _units(text) < _UNITS_MIN:
        return 1
    own = np.asarray(vector, dtype=np.float32)
    return 1 + sum(same_question(text, own, said) for said in earlier)


def same_question(text: str, vector: Vector, said: Said) -> bool:
    """Whether two utterances ask the same: vectors alike, the less so the more their letters are (Dice 1945)."""
    if _units(text) < _UNITS_MIN or _units(said.text) < _UNITS_MIN:
        return False
    shared = _dice(text, said.text)
    if shared >= 0.9:
        return True
    cosine = float(np.dot(vector, said.vector))
    return cosine >= (SAME_COSINE if shared >= _SHARED_MIN else SAME_ALONE)


def _dice(left: str, right: str) -> float:
    one, two = _pairs(left), _pairs(right)
    return 2 * len(one & two) / (len(one) + len(two)) if one and two else 0.0


def _pairs(text: str) -> set[str]:
    plain = _NOT_WORDS.sub("", text.lower())
    return {plain[i : i + 2] for i in range(len(plain) - 1)}


def _units(text: str) -> int:
    """Han characters and other words, without courtesies and numbers."""
    low = _COURTESY_ZH.sub(" ", text.lower())
    words = [word for word in _NOT_WORDS.split(_HAN.sub(" ", low)) if word and not word.isdigit()]
    return len(_HAN.findall(low)) + sum(not _COURTESY.fullmatch(word) for word in words)


def _number(word: str) -> float:
    if word.isdigit():
        return float(word)
    if word == "半":
        return 0.5
    if word in _ORDINALS:
        return float(_ORDINALS[word])
    tens, found, ones = word.partition("十")
    if not found:
        return float(_HAN_DIGITS.get(word[-1:], 1))
    return float(_HAN_DIGITS.get(tens, 1) * 10 + _HAN_DIGITS.get(ones, 0))


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
