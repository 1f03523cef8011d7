"""Business time over nights, weekends, holidays and the change of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dialog.calendars import Calendar
from server.desktop import clock

BERLIN = Calendar.model_validate(
    {
        "timezone": "Europe/Berlin",
        "weekly": {"mon-fri": ["09:00-12:00", "13:00-18:00"], "sat": ["22:00-02:00"]},
        "holidays": {"extra": ["2026-12-24"]},
    }
)
HOUR = 3_600_000


def at(text: str) -> datetime:
    """Berlin's time."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN.zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("begin", "hours", "due"),
    [
        ("2026-11-23 10:00", 1, "2026-11-23 11:00"),  # Monday
        ("2026-11-23 11:00", 2, "2026-11-23 14:00"),  # over lunch
        ("2026-11-23 17:00", 2, "2026-11-24 10:00"),  # over night
        ("2026-11-23 20:00", 1, "2026-11-24 10:00"),  # begins after hours
        ("2026-11-27 17:00", 3, "2026-11-29 00:00"),  # Friday, goes on late on Saturday
        ("2026-11-27 17:00", 6, "2026-11-30 10:00"),  # beyond the small hours of Sunday
        ("2026-12-23 17:30", 1, "2026-12-25 09:30"),  # over a holiday
        ("2026-11-29 01:00", 1, "2026-11-29 02:00"),  # in a span of the day before
    ],
)
def test_business_hours_are_due_when_the_calendar_says(begin: str, hours: int, due: str) -> None:
    assert clock.due(BERLIN, at(begin), hours * HOUR) == at(due)
    assert clock.elapsed(BERLIN, at(begin), at(due)) == hours * HOUR


def test_an_hour_is_an_hour_when_the_clocks_change() -> None:
    night = Calendar.model_validate({"timezone": "Europe/Berlin", "weekly": {"sat": ["22:00-06:00"]}})
    begin = at("2026-10-24 22:00")  # the night has an hour more
    assert clock.elapsed(night, begin, at("2026-10-25 06:00")) == 9 * HOUR
    assert clock.due(night, begin, 8 * HOUR) == at("2026-10-25 05:00")


def test_without_a_calendar_or_with_one_that_never_opens_the_clock_runs_through() -> None:
    begin = at("2026-11-28 03:00")
    never = Calendar.model_validate({"weekly": {}})
    for calendar in (None, never):
        assert clock.due(calendar, begin, HOUR) == begin + timedelta(hours=1)
        assert clock.elapsed(calendar, begin, begin + timedelta(hours=2)) == 2 * HOUR
    assert clock.elapsed(BERLIN, begin, begin) == clock.elapsed(BERLIN, begin, begin - timedelta(days=1)) == 0
