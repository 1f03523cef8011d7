"""Words in many languages: which locale, how many words, digits that were spoken, templates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema

from dialog import cel, text_filter
from dialog.events import Channel
from dialog.number_words import HAN_DIGITS, UNITS
from session.speech import SayAs

CHANNELS: tuple[str, ...] = get_args(Channel)
AT = "@"
"""Between a name and the channel for which it differs, as in `en@chat`."""


def by_channel(value: Any) -> Any:
    """Wordings with parts for one channel, flattened: `{en: A, chat: {en: B}}` → `{en: A, en@chat: B}`.

    Where every wording is under a channel, the first channel's serve those that are not named.
    """
    if not isinstance(value, Mapping):
        return value
    flat = {key: words for key, words in value.items() if key not in CHANNELS}
    parts = {key: part for key, part in value.items() if key in CHANNELS}
    for channel, part in parts.items():
        if not isinstance(part, Mapping):
            raise ValueError(f"{channel} has wordings by locale below it")
        if not flat:
            flat.update(part)
            continue
        flat.update({f"{locale}{AT}{channel}": words for locale, words in part.items()})
    return flat


_WORDS = {"type": "object", "additionalProperties": {"type": "string"}}
Localised = Annotated[
    dict[str, str],
    Field(min_length=1),
    BeforeValidator(by_channel),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "description": "wording by BCP-47 locale, one for each of the flow's; under `voice`, `video` or `chat` those that "
            "differ there. `{{name}}` and `{{CEL}}` are filled in",
            "properties": dict.fromkeys(CHANNELS, _WORDS),
            "additionalProperties": {"type": "string"},
        }
    ),
]

_TEMPLATE = re.compile(r"\{\{\s*(.+?)\s*\}\}")
_NAME = re.compile(r"[\w.]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")
_DIGIT_WORDS = {word: str(n) for word, n in {**UNITS, **HAN_DIGITS, "oh": 0, "o": 0}.items() if n < 10}
_REPEATS = {"double": 2, "triple": 3}
_TOKEN = re.compile(r"[A-Za-z]+|\d|[\u3007\u3400-\u9fff]")
_FILLER = frozenset(
    {
        "my",
        "pin",
        "is",
        "the",
        "it",
        "its",
        "number",
        "code",
        "and",
        "uh",
        "um",
        "please",
        *"我的密码是号嗯呃啊编客户哦",
    }
)


def pick(wording: Mapping[str, str], locale: str, channel: str = "voice") -> str:
    """The wording for a locale: exact, same language, or the first given; the channel's own goes before others'.

    Video, which is spoken as well, takes voice's where it has none of its own.
    """
    ways = ("video", "voice", "") if channel == "video" else (channel, "")
    for way in ways:
        if (exact := wording.get(f"{locale}{AT}{way}" if way else locale)) is not None:
            return exact
    language = locale.partition("-")[0]
    for way in ways:
        for key, value in wording.items():
            given, _, only = key.partition(AT)
            if only == way and given.split("-")[0] == language:
                return value
    return next(iter(wording.values()))


def locale_of(key: str) -> tuple[str, tuple[str, ...]]:
    """Locale of a flattened wording's key, and where in the file it stands below its parameter."""
    locale, _, channel = key.partition(AT)
    return locale, (channel, locale) if channel else (locale,)


def match_locale(locales: Sequence[str], wanted: str) -> str | None:
    """The locale of `locales` that serves `wanted` (a locale or a bare language)."""
    if wanted in locales:
        return wanted
    language = wanted.partition("-")[0]
    return next((locale for locale in locales if locale.split("-")[0] == language), None)


def variables(text: str) -> list[str]:
    """Names used in a template: `a.b` as written, and of an expression the names that it reads."""
    return [name for part in expressions(text) for name in cel.names(part)] + _plain(text)


def expressions(text: str) -> list[str]:
    """The CEL expressions of a template: what is more than a name. Not yet checked."""
    return [part for part in _parts(text) if not _NAME.fullmatch(part)]


def unclosed(text: str) -> bool:
    """Whether there is a `{{` or `}}` that belongs to no other: nothing is filled in there."""
    rest = _TEMPLATE.sub("", text)
    return "{{" in rest or "}}" in rest


def _plain(text: str) -> list[str]:
    return [part for part in _parts(text) if _NAME.fullmatch(part)]


def _parts(text: str) -> list[str]:
    return [text_filter.cut(part)[0] for part in _TEMPLATE.findall(text)]


def render(text: str, values: Mapping[str, Any], locale: str) -> str:
    """As `render_typed`, the text alone."""
    return render_typed(text, values, locale)[0]


def render_typed(text: str, values: Mapping[str, Any], locale: str) -> tuple[str, list[SayAs]]:
    """Fill `{{a.b}}`, `{{CEL}}` and `{{… | filter}}`; and which pieces a voice reads character by character.

    A value that maps locales to words gives the words of `locale`.

    What is missing, or cannot be computed, is empty: half a sentence is better than a call that ends.
    """

    def value_of(match: re.Match[str]) -> str:
        name, used, argument = text_filter.cut(match.group(1))
        value: Any = values
        if _NAME.fullmatch(name):
            for part in name.split("."):
                value = value.get(part) if isinstance(value, Mapping) else None
        else:
            try:
                value = cel.evaluate(name, values)
            except cel.ExpressionError:
                value = None
        if isinstance(value, Mapping):
            value = pick(value, locale) if value else ""
        return "" if value is None else text_filter.write(value, used, argument, values, locale)

    return text_filter.split(" ".join(_TEMPLATE.sub(value_of, text).split()))


def count_words(text: str) -> int:
    """Latin words plus Han characters (a Chinese word is one or two of them)."""
    return len(_LATIN.findall(text)) + len(_HAN.findall(text))


def language_of(text: str) -> str:
    """`zh` when Han characters prevail over Latin words, `en` when Latin ones do, else empty."""
    han, latin = len(_HAN.findall(text)), len(_LATIN.findall(text))
    if han == latin == 0:
        return ""
    return "zh" if han >= latin else "en"


def agrees(text: str, language: str) -> bool:
    """Whether the script of the words is one in which the language is written."""
    if language == "zh":
        return bool(_HAN.search(text))
    return bool(_LATIN.search(text)) and not _HAN.search(text)


def spoken_digits(text: str) -> str:
    """Digits that were said or typed, if the text is hardly anything else; otherwise empty."""
    digits, other, times = "", 0, 1
    for token in _TOKEN.findall(text.lower().replace("'s", "")):
        if token in _REPEATS:
            times = _REPEATS[token]
            continue
        digit = token if token.isdigit() else _DIGIT_WORDS.get(token, "")
        if digit:
            digits += digit * times
        elif token not in _FILLER:
            other += 1
        times = 1
    return digits if other <= len(digits) // 4 else ""
