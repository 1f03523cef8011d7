"""Business time: what a promise of so many working hours means on the calendar. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from dialog.calendars import Calendar

MOST_DAYS = 730
"""A calendar that is not open for so long is as good as never open: then the clock runs through."""


def due(calendar: Calendar | None, begin: datetime, ms: int) -> datetime:
    """When `ms` of business time after `begin` are over; without a calendar the clock always runs."""
    left = timedelta(milliseconds=ms)
    for opens, closes in _open(calendar, begin):
        if closes - opens >= left:
            return opens + left
        left -= closes - opens
    return begin + timedelta(milliseconds=ms)


def elapsed(calendar: Calendar | None, begin: datetime, end: datetime) -> int:
    """Ms of business time between two times; 0 when `end` is not later."""
    if end <= begin:
        return 0
    total = timedelta()
    for opens, closes in _open(calendar, begin):
        if opens >= end:
            break
        total += min(closes, end) - opens
    return round(total / timedelta(milliseconds=1))


def _open(calendar: Calendar | None, begin: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Spans of open time from `begin` on, none overlapping another."""
    if calendar is None:
        yield begin, datetime.max.replace(tzinfo=UTC)
        return
    first = begin.astimezone(calendar.zone).date() - timedelta(days=1)  # one that began yesterday may still be open
    reached, never = begin, True
    for number in range(MOST_DAYS):
        for opens, closes in calendar.opening(first + timedelta(days=number)):
            if closes > reached:
                yield max(opens, reached), closes
                reached, never = closes, False
    if never:
        yield begin, datetime.max.replace(tzinfo=UTC)
