"""Spoken forms to written ones, with the way back: "double seven" → "7 7", "三百五十块" → "350块".

Patterns are written once, against digits; `Reading.span` tells which characters of the caller's own words a match
came from. Numbers said digit by digit stay apart ("4 7 1 1"), so that "twenty twenty four" is "20 24" and whoever
looks for a year or a telephone number joins what it needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialog.number_words import HAN_DIGITS, ORDINALS, TENS, UNITS

_SCALES = {"thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_REPEATS = {"double": 2, "triple": 3, "treble": 3}
_OH = {"oh", "o", "nought", "naught", "null"}

_HAN_SCALES = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_HAN_GROUPS = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
_HAN_NUMBER = re.compile(
    rf"[{''.join([*HAN_DIGITS, *_HAN_SCALES])}][{''.join([*HAN_DIGITS, *_HAN_SCALES, *_HAN_GROUPS])}]*"
    rf"(?:点[{''.join(HAN_DIGITS)}]+(?=[{''.join(_HAN_GROUPS)}元块美欧英镑度]))?"
)
_TOKEN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?|\d+(?:[.,]\d+)*|[\u3007\u3400-\u9fff]+|\s+|.", re.DOTALL)
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x2D: 0x2D, 0x2013: 0x2D}


@dataclass(frozen=True, slots=True)
class Reading:
    """`text` is the written form; character i of it came from `source[starts[i]:ends[i]]`."""

    source: str
    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` is in the source, without blanks at its ends."""
        first, last = self.starts[start], self.ends[end - 1]
        piece = self.source[first:last]
        return first + len(piece) - len(piece.lstrip()), last - len(piece) + len(piece.rstrip())


class _Writer:
    def __init__(self) -> None:
        self.chars: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def put(self, text: str, start: int, end: int) -> None:
        """Written form of source[start:end]; one that has as many characters keeps each in its place."""
        same = len(text) == end - start
        for index, char in enumerate(text):
            self.chars.append(char)
            self.starts.append(start + index if same else start)
            self.ends.append(start + index + 1 if same else end)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def read(source: str) -> Reading:
    """The written form of what was said or typed."""
    plain = source.translate(_FULL_WIDTH)
    tokens = [_Token(match.group(), match.start()) for match in _TOKEN.finditer(plain)]
    out = _Writer()
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if "\u3007" <= token.text[0] <= "\u9fff":
            _write_han(token, out)
            index += 1
            continue
        index = _write_latin(tokens, index, out)
    return Reading(source, "".join(out.chars), tuple(out.starts), tuple(out.ends))


# ---------------------------------------------------------------------- English


def _write_latin(tokens: list[_Token], index: int, out: _Writer) -> int:
    """Write the number that begins here, or the token as it stands; returns the index after it."""
    token = tokens[index]
    word = token.text.lower()
    if word in _REPEATS and (after := _word_at(tokens, index + 1)) is not None:
        digit = _digit(tokens[after].text.lower())
        if digit:
            out.put(" ".join(digit * _REPEATS[word]), token.start, tokens[after].end)
            return after + 1
    if word in _OH and _beside_digit(tokens, index):
        out.put("0", token.start, token.end)
        return index + 1
    value, after, ordinal = _english_number(tokens, index)
    if after > index:
        if not ordinal and (decimal := _decimals(tokens, after)):
            digits, after = decimal
            out.put(f"{value}.{digits}", token.start, tokens[after - 1].end)
            return after
        out.put(f"{value}{_suffix(value) if ordinal else ''}", token.start, tokens[after - 1].end)
        return after
    out.put(token.text, token.start, token.end)
    return index + 1


def _suffix(value: int) -> str:
    if value % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def _digit(word: str) -> str:
    if word.isdigit() and len(word) == 1:
        return word
    if word in _OH:
        return "0"
    return str(UNITS[word]) if UNITS.get(word, 10) < 10 else ""


def _word_at(tokens: list[_Token], index: int) -> int | None:
    """Index of the next token that is no blank or hyphen, if it is near."""
    while index < len(tokens) and (tokens[index].text.isspace() or tokens[index].text == "-"):
        index += 1
    return index if index < len(tokens) else None


def _word_before(tokens: list[_Token], index: int) -> int | None:
    while index >= 0 and (tokens[index].text.isspace() or tokens[index].text in "-,"):
        index -= 1
    return index if index >= 0 else None


def _beside_digit(tokens: list[_Token], index: int) -> bool:
    """Whether "oh" stands next to a number: "o seven", not "oh hello"."""
    before, after = _word_before(tokens, index - 1), _word_at(tokens, index + 1)
    for near in (before, after):
        if near is None:
            continue
        word = tokens[near].text.lower()
        if word in UNITS or word in TENS or word in _REPEATS or word.isdigit():
            return True
        if word in _OH and near == after and (further := _word_at(tokens, near + 1)) is not None:
            following = tokens[further].text.lower()
            if following in UNITS or following in TENS or following in _REPEATS or following.isdigit():
                return True
    return False


def _english_number(tokens: list[_Token], index: int) -> tuple[int, int, bool]:
    """Value, index after the number (== index when there is none), and whether it is an ordinal.

    "three hundred and fifty" is one number; "four seven" and "twenty twenty" are two.
    """
    total = group = 0
    least = 10**12  # scale of the last word: each further one must be smaller
    after, at = index, index
    ordinal = False
    while at is not None and at < len(tokens):
        word = tokens[at].text.lower()
        value = UNITS.get(word, ORDINALS.get(word))
        if word == "and" and after > index and (least >= 100):
            following = _word_at(tokens, at + 1)
            if following is None or not _is_number(tokens[following].text.lower()):
                break
            at = following
            continue
        if word in ("a", "an") and after == index:
            following = _word_at(tokens, at + 1)
            if following is None or tokens[following].text.lower() not in ("hundred", "thousand", "million"):
                break
            group, least, after, at = 1, 1, at + 1, following
            continue
        if word in ("second",) and after == index:
            break  # "one second": alone it is a time more often than a day
        if value is not None and (after == index or (value < 10 and least == 10) or (value < 100 and least >= 100)):
            group += value
            least, after, ordinal = 1, at + 1, word in ORDINALS
        elif word in TENS and (after == index or least >= 100):
            group += TENS[word]
            least, after = 10, at + 1
        elif word == "hundred" and 0 < group < 100 and after > index and least <= 10:
            group *= 100
            least, after = 100, at + 1
        elif word in _SCALES and group and after > index and (least <= 100):
            total += group * _SCALES[word]
            group, least, after = 0, _SCALES[word], at + 1
        elif word.isdigit() and after == index and _scale_follows(tokens, at):
            group, least, after = int(word), 1, at + 1
        else:
            break
        if ordinal:
            break
        following = _word_at(tokens, after)
        if following is None:
            break
        at = following
    return total + group, after, ordinal


def _decimals(tokens: list[_Token], index: int) -> tuple[str, int] | None:
    """Digits after "point", and the index after them."""
    at = _word_at(tokens, index)
    if at is None or tokens[at].text.lower() != "point":
        return None
    digits, after = "", index
    following = _word_at(tokens, at + 1)
    while following is not None and (digit := _digit(tokens[following].text.lower())):
        digits, after = digits + digit, following + 1
        following = _word_at(tokens, after)
    return (digits, after) if digits else None


def _scale_follows(tokens: list[_Token], index: int) -> bool:
    following = _word_at(tokens, index + 1)
    return following is not None and tokens[following].text.lower() in (*_SCALES, "hundred")


def _is_number(word: str) -> bool:
    return word in UNITS or word in TENS or word in ORDINALS


# ---------------------------------------------------------------------- Chinese


def _write_han(token: _Token, out: _Writer) -> None:
    last = 0
    for match in _HAN_NUMBER.finditer(token.text):
        out.put(token.text[last : match.start()], token.start + last, token.start + match.start())
        start, end = token.start + match.start(), token.start + match.end()
        words = match.group()
        if any(char in _HAN_SCALES or char in _HAN_GROUPS for char in words):
            out.put(_han_value(words), start, end)
        else:
            out.put("".join("." if char == "点" else str(HAN_DIGITS[char]) for char in words), start, end)
        last = match.end()
    out.put(token.text[last:], token.start + last, token.start + len(token.text))


def _han_value(words: str) -> str:
    """ "两千零二十四" → "2024", "一千二" → "1200", "两万三" → "23000", "三点五万" → "35000"."""
    whole, _, decimals = words.partition("点")
    total = section = digit = 0
    scale = 1  # of the character before: a digit right after it stands for the next scale down
    zero = False
    for char in whole:
        if char in HAN_DIGITS:
            digit = digit * 10 + HAN_DIGITS[char]
            zero = zero or HAN_DIGITS[char] == 0
        elif char in _HAN_SCALES:
            scale = _HAN_SCALES[char]
            section += (digit or 1) * scale
            digit, zero = 0, False
        else:
            scale = _HAN_GROUPS[char]
            total = (total + section + digit) * scale
            section, digit, zero = 0, 0, False
    if 0 < digit < 10 and scale >= 100 and not zero:
        digit *= scale // 10
    value = total + section + digit
    return f"{value}.{''.join(str(HAN_DIGITS[char]) for char in decimals)}" if decimals else str(value)
