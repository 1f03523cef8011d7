"""What an entity is, and the context in which words are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dialog.entities.reading import Reading

EntityType = Literal[
    "order_number", "phone", "money", "date", "time", "name", "plate", "address", "id_card", "number", "digits"
]


@dataclass(frozen=True, slots=True)
class Entity:
    """A value in a text. `start`/`end` are places in the caller's own words.

    `value` by type: phone E.164; money `CNY 35000` (ISO 4217 code and minor units); date `2024-03-05`, with a time
    `2024-03-05T15:30+08:00`; time `15:30`; id_card and plate and order_number upper case without blanks; number
    decimal; digits as said; name and address as written. `confidence` 0…1: how sure the kind is, from the form and
    from the words around it; it does not know what the recogniser misheard.
    """

    type: EntityType
    value: str
    start: int
    end: int
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Context:
    """What relative words are relative to. `now` is aware, in the caller's time zone."""

    locale: str
    now: datetime

    @property
    def chinese(self) -> bool:
        """Whether the conversation is in Chinese: numbers and regions default to China's."""
        return self.locale.split("-")[0] == "zh"


def entity(kind: EntityType, value: str, reading: Reading, start: int, end: int, confidence: float) -> Entity:
    """An entity from `reading.text[start:end]`."""
    first, last = reading.span(start, end)
    return Entity(kind, value, first, last, reading.source[first:last], round(confidence, 3))


def said_near(words: str, reading: Reading, start: int, end: int, *, before: int = 28, after: int = 12) -> bool:
    """Whether the pattern `words` stands shortly before (or after) that place."""
    return bool(
        re.search(words, reading.text[max(0, start - before) : start], re.IGNORECASE)
        or re.search(words, reading.text[end : end + after], re.IGNORECASE)
    )
