"""Bare numbers: a value ("three hundred and five"), or digits in their order ("double seven four")."""

from __future__ import annotations

import re

from dialog.entities.base import Context, Entity, entity
from dialog.entities.reading import Reading

_NUMBER = re.compile(r"(?<![\w.,])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|(?<![\d.])-?\d+(?:\.\d+)?(?![\d])")
_DIGITS = re.compile(r"\d(?:[ \-.,，]{0,2}\d)*")
_SCALES = {"万": 10_000, "亿": 100_000_000}


def numbers(reading: Reading, context: Context) -> list[Entity]:
    """Numbers by value."""
    found = []
    for match in _NUMBER.finditer(reading.text):
        value, end = match.group().replace(",", ""), match.end()
        scale = _SCALES.get(reading.text[end : end + 1])
        if scale:
            value, end = f"{float(value) * scale:g}" if "." in value else str(int(value) * scale), end + 1
        found.append(entity("number", value, reading, match.start(), end, 0.8))
    return found


def digit_runs(reading: Reading, context: Context) -> list[Entity]:
    """Digits as said or typed, longest run first."""
    found = [
        entity("digits", re.sub(r"\D", "", match.group()), reading, *match.span(), 0.8)
        for match in _DIGITS.finditer(reading.text)
    ]
    return sorted(found, key=lambda one: -len(one.value))
