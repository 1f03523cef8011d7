"""English numbers in a sentence, written as figures by the WeTextProcessing grammars (`wetext`, Apache-2.0).

Only stretches that are surely numbers go through the grammar (~1 ms each): a sentence with none is not touched at all,
and words such as "one of them", "no one" or "wait a second" never are. Digits said one by one are joined here.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache

from wetext import Normalizer

from asr.digits_text import digits_of

_ONES = "one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_SCALE = "hundred|thousand|million|billion"
_CARDINAL = rf"(?:{_TEENS}|{_TENS}|{_SCALE}|{_ONES}|zero)"
_SMALL_ORDINAL = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
_ORDINAL = (
    rf"(?:{_SMALL_ORDINAL}|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth"
    r"|nineteenth|twentieth|thirtieth|fortieth|fiftieth|sixtieth|seventieth|eightieth|ninetieth|hundredth|thousandth)"
)
_MONTH = "(?:january|february|march|april|may|june|july|august|september|october|november|december)"
# "I may second that" names no month.
_NO_VERB = r"(?<!\bI )(?<!\byou )(?<!\bwe )(?<!\bthey )(?<!\bit )"
_GAP = r"(?:[ \t]+|-)"
_DIGIT = rf"(?:{_ONES}|zero|oh|o)"
_SAID = rf"(?:(?:double|triple){_GAP}{_DIGIT}|{_DIGIT})"
# Digit by digit: "four seven one one", "double five oh one"; with commas only from four on, for "one, two, three" may be a count.
_DIGITS = re.compile(
    rf"(?<!point )(?<!point-)\b(?:{_SAID}(?:[ \t,-]+{_SAID}){{3,}}|{_SAID}(?:{_GAP}{_SAID}){{2,}}"
    rf"|(?:double|triple){_GAP}{_DIGIT}(?:{_GAP}{_SAID})+)\b(?!{_GAP}(?:{_SCALE}|{_TEENS}|{_TENS}|point)\b)",
    re.IGNORECASE,
)
_TAIL = rf"(?:{_GAP}(?:and{_GAP})?(?:{_CARDINAL}|oh(?={_GAP}{_CARDINAL}\b)))"
_COUNT = rf"(?:(?:minus|negative){_GAP})?{_CARDINAL}{_TAIL}*(?:{_GAP}point(?:{_GAP}(?:{_ONES}|zero|oh))+(?:{_GAP}(?:{_SCALE}))?)?"
_COIN = r"(?:dollars?|cents?|pounds?|pence|euros?|yuan)"
_MERIDIEM = r"(?:[ap](?:\.[ \t]?|[ \t])?m\b\.?)"
# From the most particular to the most general; each is one stretch for the grammar.
_STRETCHES = tuple(
    re.compile(rf"\b{pattern}", re.IGNORECASE)
    for pattern in (
        rf"(?:the[ \t])?(?:{_COUNT}{_GAP})?{_ORDINAL}[ \t](?:of[ \t])?{_MONTH}\b(?:,?[ \t](?:{_COUNT}))?",
        rf"{_NO_VERB}{_MONTH}[ \t](?:the[ \t])?(?:(?:twenty|thirty){_GAP})?{_ORDINAL}\b(?:,?[ \t]{_COUNT})?",
        rf"(?:half[ \t]past|(?:a[ \t])?quarter[ \t](?:past|to))[ \t]{_CARDINAL}\b(?:[ \t]{_MERIDIEM})?",
        rf"{_COUNT}(?:[ \t]o'clock\b|[ \t]{_MERIDIEM})",
        rf"(?:(?<=at )|(?<=around )|(?<=about ))(?:{_ONES}|ten|eleven|twelve)[ \t](?:thirty|fifteen|forty[ -]five)\b(?![ \t]{_COIN})",
        rf"{_COUNT}[ \t]{_COIN}\b(?:(?:,?[ \t]and)?[ \t]{_COUNT}[ \t](?:cents?|pence)\b"
        rf"|[ \t](?:{_TEENS}|(?:{_TENS})(?:{_GAP}(?:{_ONES}))?)(?=\W*$))?",
        rf"{_COUNT}[ \t](?:percent|per[ \t]cent)\b",
        rf"(?:{_COUNT}{_GAP}(?:and{_GAP})?)?{_ORDINAL}\b",
        rf"{_COUNT}\b",
    )
)
_ANY = re.compile(rf"\b(?:{_CARDINAL}|{_ORDINAL})", re.IGNORECASE)
# What the grammar would take for one number and is two: "twenty four seven", "fifty fifty", "one to one".
_NO_NUMBER = re.compile(rf"(?:twenty[ -]four[ -]seven|({_TENS}|{_ONES})[ -]\1)", re.IGNORECASE)
_FIGURED = re.compile(r"\d")


class EnglishNumbers:
    """The grammar, loaded (0.4 s, 60 MB). `normalise` may be called from any thread."""

    def __init__(self) -> None:
        self._grammar = Normalizer(lang="en", operator="itn")
        self._one_at_a_time = threading.Lock()
        self._cached = lru_cache(maxsize=2048)(self._through_grammar)
        self._cached("twenty five dollars")  # the first one is slower

    def normalise(self, text: str) -> str:
        """`text` with its numbers, dates, times, money and percentages as figures."""
        if not _ANY.search(text):
            return text
        out = _DIGITS.sub(self._digits, text)
        for stretch in _STRETCHES:
            out = stretch.sub(self._written, out)
        return out

    @staticmethod
    def _digits(found: re.Match[str]) -> str:
        return digits_of(found.group(), "en")

    def _written(self, found: re.Match[str]) -> str:
        said = found.group()
        if _NO_NUMBER.fullmatch(said) or re.fullmatch(_SMALL_ORDINAL, said, re.IGNORECASE):
            return said
        plain = re.sub(r"[-\s]+", " ", said.lower().replace(",", " ").replace("per cent", "percent"))
        stop = "." if re.search(r"[ap][. ]?m\.$", plain) else ""
        plain = re.sub(r"\b([ap])[. ]*m\.?$", r"\1 m", plain)
        written = self._cached(plain)
        if not _FIGURED.search(written) or _ANY.search(written):
            return said
        if stop and not written.endswith("."):
            written += stop
        return re.sub(rf"\b{_MONTH}\b", lambda month: month.group().title(), written)

    def _through_grammar(self, plain: str) -> str:
        try:
            with self._one_at_a_time:
                written = str(self._grammar.normalize(plain))
        except Exception:  # whatever a grammar trips over, the words as they were said are right
            return plain
        written = re.sub(r"(\d) %", r"\1%", written)
        return re.sub(r"\b0(\d:\d\d)", r"\1", written)
