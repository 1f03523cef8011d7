"""Values in what callers say and type: who, when, how much, which number. English and Chinese.

extract("it's double seven four one one", ["order_number"], "en", now, "Europe/London")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from dialog.entities.base import Context, Entity, EntityType
from dialog.entities.dates import dates, times
from dialog.entities.identity import id_cards, orders, phones, plates
from dialog.entities.money import money
from dialog.entities.numbers import digit_runs, numbers
from dialog.entities.people import addresses, names
from dialog.entities.reading import Reading, read

__all__ = ["ALL_TYPES", "Entity", "EntityType", "extract"]

_FINDERS: dict[EntityType, Callable[[Reading, Context], list[Entity]]] = {
    "id_card": id_cards,
    "phone": phones,
    "plate": plates,
    "money": money,
    "date": dates,
    "time": times,
    "order_number": orders,
    "address": addresses,
    "name": names,
    "number": numbers,
    "digits": digit_runs,
}
ALL_TYPES: tuple[EntityType, ...] = tuple(_FINDERS)


def extract(text: str, types: Sequence[EntityType], locale: str, now: datetime, tz: str) -> list[Entity]:
    """Entities of the wanted types in `text`, surest first, then by place.

    `now`: an aware moment; `tz`: IANA zone of the caller, in which "tomorrow" is meant. Raises
    `zoneinfo.ZoneInfoNotFoundError` for an unknown zone and KeyError for an unknown type.
    """
    context = Context(locale, now.astimezone(ZoneInfo(tz)))
    reading = read(text)
    found = [one for kind in dict.fromkeys(types) for one in _FINDERS[kind](reading, context)] if text.strip() else []
    return sorted(found, key=lambda one: (-one.confidence, one.start, one.type))
