"""Hours in which people may be called."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from desk.opening import next_open

BERLIN = "Europe/Berlin"
DAY = ["09:00", "18:00"]


def ms(text: str, zone: str = BERLIN) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-23T10:30", "2026-11-23T10:30"),
        ("2026-11-23T09:00", "2026-11-23T09:00"),
        ("2026-11-23T07:15", "2026-11-23T09:00"),
        ("2026-11-23T18:00", "2026-11-24T09:00"),
        ("2026-12-31T23:59", "2027-01-01T09:00"),
        ("2026-10-24T20:00", "2026-10-25T09:00"),  # the clocks go back in between: the day has 25 hours
    ],
)
def test_when_it_opens(at: str, opens: str) -> None:
    assert next_open(ms(at), DAY, BERLIN) == ms(opens)


def test_the_zone_counts() -> None:
    assert next_open(ms("2026-11-23T10:30"), DAY, "Asia/Shanghai") == ms("2026-11-23T17:30", "Asia/Shanghai")


def test_without_hours_it_is_always_open() -> None:
    assert next_open(1234, [], "") == 1234
