"""The digit words, and the classes that the network tells apart: thirds of each word, silence, other speech."""

from __future__ import annotations

from asr.digits import LANGUAGE, STATES
from asr.digits_text import DIGIT_EN, DIGIT_ZH

SPOKEN = {
    "en": ("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "zh": ("零", "一", "幺", "二", "两", "三", "四", "五", "六", "七", "八", "九"),
}
_LETTER = {"zero": "z", "零": "z", "oh": "o", "幺": "y", "两": "l"}  # where the figure would not tell two words apart


def name_of(word: str, language: str) -> str:
    """As the weights name it: e7 (seven), eo (oh), c1 (一), cy (幺)."""
    figures = DIGIT_EN if language == "en" else DIGIT_ZH
    return LANGUAGE[language] + _LETTER.get(word, figures[word])


WORDS: list[str] = []  # names, in the order of the network's outputs
DIGITS: list[str] = []  # the figure of each
for _language, _words in SPOKEN.items():
    WORDS += [name_of(word, _language) for word in _words]
    DIGITS += [(DIGIT_EN if _language == "en" else DIGIT_ZH)[word] for word in _words]
INDEX = {name: index for index, name in enumerate(WORDS)}
SILENCE = STATES * len(WORDS)
OTHER = SILENCE + 1  # speech that is no digit
CLASSES = OTHER + 1
