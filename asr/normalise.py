"""Inverse text normalisation: spoken numbers, phone numbers, money, dates, times and percentages as figures.

The verbatim text is kept beside it; this one is for reading and for matching. Text that is in figures already, and
languages other than English and Chinese, come back as they are. See docs/spoken-digits.md for what is left in words and why.
"""

from __future__ import annotations

import re
from functools import lru_cache

from asr.numbers_en import EnglishNumbers
from asr.numbers_zh import normalise_zh

_HAN = re.compile("[\u4e00-\u9fff]")


@lru_cache(maxsize=1)
def _english() -> EnglishNumbers:
    return EnglishNumbers()


def load() -> None:
    """Load the grammars (0.5 s), so that no caller waits for it."""
    _english()
    normalise_zh("三百二十块五")


def normalise(text: str, language: str) -> str:
    """`text` in figures. "twenty five dollars" → "$25", 三百二十块五 → 320.5元. Never raises; any thread; ~1 ms.

    A Chinese sentence with English words in it is read in both languages.
    """
    if language not in {"en", "zh"}:
        return text
    out = normalise_zh(text) if language == "zh" or _HAN.search(text) else text
    return _english().normalise(out)
