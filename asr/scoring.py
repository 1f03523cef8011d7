"""How wrong is a transcript: word and character errors after both sides are written the same way.

Case, punctuation and ways of writing a number are no errors of hearing. English goes through Whisper's own normaliser
(Radford et al. 2022, appendix C: contractions, spelling, numbers to figures), as in published Whisper results. Chinese
becomes simplified (OpenCC), its figures become characters (cn2an) and punctuation goes. In languages written without
spaces every character counts as a word, so there both rates are the same. Counts are added up over a corpus before
they are divided; the alignment is jiwer's.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
import warnings
from dataclasses import dataclass

import cn2an
import jiwer
import opencc
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

UNSPACED = frozenset({"zh", "yue", "ja", "th", "lo", "my", "km"})
_FIGURES_APART = re.compile(r"(?<=\d) (?=\d)")
_LATIN_OR_ONE = re.compile(r"[a-zà-ɏ]+|\S")
_FIGURE = re.compile(r"[0-9]")
_FIGURES = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Errors:
    """Substitutions, deletions and insertions together, out of so many of the reference."""

    word_errors: int = 0
    words: int = 0
    char_errors: int = 0
    chars: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.word_errors + other.word_errors,
            self.words + other.words,
            self.char_errors + other.char_errors,
            self.chars + other.chars,
        )

    @property
    def wer(self) -> float | None:
        """Word errors per word of the reference; None without any."""
        return self.word_errors / self.words if self.words else None

    @property
    def cer(self) -> float | None:
        """Character errors per character of the reference; None without any."""
        return self.char_errors / self.chars if self.chars else None


def score(reference: str, heard: str, language: str) -> Errors:
    """Errors of one utterance. A reference without a word gives every word heard as an error."""
    # Either way of reading figures aloud is right: the one nearer to the other side counts.
    pairs = itertools.product(readings(reference, language), readings(heard, language))
    return min((_compare(wanted, got) for wanted, got in pairs), key=lambda errors: errors.char_errors)


def readings(text: str, language: str) -> list[list[str]]:
    """The tokens that are compared: normalised words; in languages without spaces characters, and Latin words.

    Two ways for Chinese figures: 2008 is 二千零八 or 二零零八.
    """
    if language == "en":
        # "2 3 4" and "two three four" are the same number read out; the normaliser joins only the latter.
        words = _FIGURES_APART.sub("", _english()(text)).split()
        return [[word for word in words if any(letter.isalnum() for letter in word)]]  # "..." is not a word
    if language not in UNSPACED:
        return [str(_basic()(text)).split()]
    text = unicodedata.normalize("NFKC", text).lower()
    if language != "zh":
        return [_characters(text)]
    text = _simplified().convert(text)
    one_by_one = _FIGURE.sub(lambda figure: _FIGURES[int(figure[0])], text)
    with warnings.catch_warnings(action="ignore"):  # of numbers beyond its range, which it leaves as they are
        as_numbers = str(cn2an.transform(text, "an2cn"))
    return [_characters(as_numbers), _characters(one_by_one)]


def _characters(text: str) -> list[str]:
    return _LATIN_OR_ONE.findall("".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in text))


def _compare(wanted: list[str], got: list[str]) -> Errors:
    letters, got_letters = list("".join(wanted)), list("".join(got))
    return Errors(_edits(wanted, got), len(wanted), _edits(letters, got_letters), len(letters))


def _edits(wanted: list[str], got: list[str]) -> int:
    if not wanted or not got:
        return max(len(wanted), len(got))
    found = jiwer.process_words(" ".join(wanted), " ".join(got))
    return found.substitutions + found.deletions + found.insertions


@functools.cache
def _english() -> EnglishTextNormalizer:
    return EnglishTextNormalizer()


@functools.cache
def _basic() -> BasicTextNormalizer:
    return BasicTextNormalizer()


@functools.cache
def _simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
