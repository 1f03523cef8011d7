"""How long a silence ends a turn? From what was said, what was asked, how it sounded, and how this person speaks. Pure.

Evidence adds up to the log odds that the turn is over (a logistic model, so each piece moves the answer one way only):

    z = what was said + what was asked + pitch fall + fade + this speaker's habit
    silence = least + (most − least) · (1 − p),   p = 1 / (1 + exp(−z))

Before the words are known, `unheard` stands in for them, and the silence is at most `unheard_ms`. Dictated digits follow a
rule instead: short once all are there, long as long as some are missing, and `digits_ms` when nobody knows.
The weights were chosen on one half of the recordings and are reported on the other: docs/endpointing.md.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from media.options import MediaOptions
from media.pitch import Ending

Expects = Literal["sentence", "answer", "digits"]
Said = Literal["unheard", "nothing", "unfinished", "figures", "open", "complete", "answer"]

UNKNOWN = Ending()
TYPICAL_PAUSE_MS = 300.0  # inside utterances; a speaker at this habit is taken as everybody


def _words(*lines: str) -> tuple[str, ...]:
    """A list that stays readable."""
    return tuple(" ".join(lines).split())


_UNFINISHED_EN = _words(
    "and or but because if when while although than whether which who whose the a an my your his our their these those",
    "of to from with for into onto about between at by as via per is are was were am be i'm it's that's he's she's",
    "we're they're i've i'd i'll i we he she they can could would should will may might must",
    "uh um uhm er erm ah hmm mm eh",
)
_UNFINISHED_EN_PHRASES = ("would like", "i want", "i need", "let me see", "you know", "kind of", "so i")
_UNFINISHED_ZH = _words(
    "因为 所以 然后 但是 不过 可是 而且 或者 还有 如果 要是 就是 那个 这个 那么 嗯 呃 额 啊我 我想 我要 我的 你的 他的 请问",
    "关于 比如 比如说 以及 并且 和 跟 与 把 被 给 在 从 向 对于 号码是 电话是 名字是 地址是 的话 之后 以后 的时候 还是 是不是 一个",
)
_ANSWERS = frozenset(
    [
        "yes",
        "yeah",
        "yep",
        "yup",
        "yes please",
        "no",
        "nope",
        "no thanks",
        "no thank you",
        "okay",
        "ok",
        "sure",
        "right",
        "correct",
        "that's right",
        "that is right",
        "that's correct",
        "that's it",
        "that's all",
        "that is all",
        "exactly",
        "of course",
        "never mind",
        "i don't know",
        "not sure",
        "i agree",
        "i do",
        "i don't",
        "thank you",
        "thanks",
        "thank you very much",
        "bye",
        "goodbye",
        "stop",
        "repeat",
        "again",
        "agent",
        "operator",
        "hello",
        "是",
        "是的",
        "对",
        "对的",
        "对对",
        "没错",
        "好",
        "好的",
        "好吧",
        "行",
        "可以",
        "嗯好",
        "同意",
        "不",
        "不是",
        "不对",
        "不用",
        "不用了",
        "不要",
        "不同意",
        "没有",
        "没有了",
        "没了",
        "不行",
        "不可以",
        "不知道",
        "不清楚",
        "谢谢",
        "不用谢谢",
        "好谢谢",
        "再见",
        "拜拜",
        "人工",
        "转人工",
        "重复",
        "再说一遍",
        "喂",
        "你好",
    ]
)
_ENDS = ".?!。？！"
_GOES_ON = ",，、;；:：-–—…~"
_DIGIT_WORDS = _words("zero oh one two three four five six seven eight nine")
_ZH_DIGITS = frozenset("零〇一二三四五六七八九幺两")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known at a pause. `text` is None before the words came; `habit_ms` None before a habit is known."""

    text: str | None = None
    expects: Expects = "sentence"
    digit_count: int = 0
    ending: Ending = UNKNOWN
    habit_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """ms of silence: never less than `least`, never more than `most`; see `MediaOptions` for each."""

    least_ms: int = 240
    most_ms: int = 1200
    unheard_ms: int = 600
    digits_ms: int = 1000

    @classmethod
    def of(cls, options: MediaOptions) -> Bounds:
        """Those that are set."""
        return cls(
            options.endpoint_least_ms,
            options.endpoint_most_ms,
            options.endpoint_unheard_ms,
            options.endpoint_digits_ms,
        )


@dataclass(frozen=True, slots=True)
class Weights:
    """Log odds that the turn is over, chosen on the half `fit` of `python -m benchmarks.endpointing`.

    Fall and fade told nothing about the recorded pauses (docs/endpointing.md); in conversation they are known to, so they
    keep a small say: at most ±60 ms where nothing else decides.
    """

    said: tuple[tuple[Said, float], ...] = (
        ("unheard", 0.0),
        ("nothing", 0.5),
        ("unfinished", -1.2),
        ("figures", 0.5),
        ("open", 0.7),
        ("complete", 1.6),
        ("answer", 3.5),
    )
    asked_answer: float = 0.7
    fall_st: float = 0.03
    fade_db: float = 0.01
    habit_100ms: float = -0.35


WEIGHTS = Weights()
FALL_ST = 6.0  # semitones either way; more is an octave error
FADE_DB = 15.0
HABIT_MS = 300.0  # either side of typical


def silence_ms(evidence: Evidence, bounds: Bounds, weights: Weights = WEIGHTS) -> int:
    """ms of silence after which this turn is over, within the bounds."""
    if evidence.expects == "digits":
        return _digits_ms(evidence, bounds)
    wanted = bounds.least_ms + (bounds.most_ms - bounds.least_ms) * (1 - over(evidence, weights))
    if evidence.text is None:
        wanted = min(wanted, bounds.unheard_ms)
    return round(min(max(wanted, bounds.least_ms), bounds.most_ms))


def over(evidence: Evidence, weights: Weights = WEIGHTS) -> float:
    """Probability 0…1 that the turn is over at this pause, digits aside."""
    said = reading(evidence.text)
    z = dict(weights.said)[said]
    if evidence.expects == "answer" and said != "unfinished":
        z += weights.asked_answer
    z += weights.fall_st * _within(evidence.ending.fall_st, FALL_ST)
    z += weights.fade_db * _within(evidence.ending.fade_db, FADE_DB)
    if evidence.habit_ms is not None:
        z += weights.habit_100ms * _within(evidence.habit_ms - TYPICAL_PAUSE_MS, HABIT_MS) / 100
    return 1 / (1 + math.exp(-z))


def reading(text: str | None) -> Said:
    """How the words end. Whisper closes many a half sentence with a full stop, so the last word counts before it."""
    if text is None:
        return "unheard"
    text = unicodedata.normalize("NFKC", text).strip().lower().replace("’", "'")
    bare = re.sub(r"[^\w\s']", " ", text)
    words = bare.split()
    if not words:
        return "nothing"
    joined = " ".join(words)
    if joined in _ANSWERS or joined.replace(" ", "") in _ANSWERS:
        return "answer"
    if text.endswith(("...", "。。。")) or text[-1] in _GOES_ON:
        return "unfinished"
    if not text.endswith("?") and _hangs(joined, words[-1]):
        return "unfinished"
    if words[-1][-1].isdecimal() or words[-1] in _DIGIT_WORDS or _zh_digits_at_end(joined):
        return "figures"
    return "complete" if text[-1] in _ENDS or text[-1] in "\"”'" else "open"


def _hangs(joined: str, last: str) -> bool:
    """Does the last word want another after it?"""
    return (
        last in _UNFINISHED_EN
        or joined.endswith(_UNFINISHED_EN_PHRASES)
        or (not last.isascii() and last.endswith(_UNFINISHED_ZH))
    )


def _zh_digits_at_end(joined: str) -> bool:
    return len(joined) >= 3 and all(letter in _ZH_DIGITS for letter in joined.replace(" ", "")[-3:])


def digits_in(text: str) -> int:
    """How many digits were dictated: figures, or English and Chinese digit words."""
    text = unicodedata.normalize("NFKC", text).lower()
    figures = sum(letter.isdecimal() or letter in _ZH_DIGITS for letter in text)
    return figures + sum(word in _DIGIT_WORDS for word in re.findall(r"[a-z]+", text))


def _digits_ms(evidence: Evidence, bounds: Bounds) -> int:
    """Short once all digits are there, long while some are missing. More than all were misheard: nobody knows."""
    unknown = max(bounds.least_ms, min(bounds.digits_ms, bounds.most_ms))
    if evidence.text is None or not evidence.digit_count:
        return unknown
    count = digits_in(evidence.text)
    if count == evidence.digit_count:
        return bounds.least_ms
    return bounds.most_ms if 0 < count < evidence.digit_count else unknown


def _within(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))
