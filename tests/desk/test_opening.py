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


def test_it_never_opens_in_the_past() -> None:
    """02:02 for the second time that night: the half hour that was over before was named, and somebody was called at once."""
    second = ms("2026-10-25T02:02") + 3_600_000
    assert next_open(second, ["02:30", "03:30"], BERLIN) == second + 28 * 60_000
    assert next_open(second - 3_600_000, ["02:30", "03:30"], BERLIN) == second - 32 * 60_000


def test_without_hours_it_is_always_open() -> None:
    assert next_open(1234, [], "") == 1234
