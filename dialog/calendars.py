"""Opening hours: weekly rules, holidays, an emergency switch. `calendars.yaml` beside the flows holds them by id.

calendars:
  shop:
    timezone: Europe/Berlin
    weekly: {mon-fri: ["09:00-18:00"], sat: ["09:00-13:00"]}
    holidays: {country: DE, subdivision: BE, extra: ["2026-12-24"], except: ["2026-05-01"]}
    emergency: false
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dialog import yamlfile
from dialog.yamlfile import FileError

FILE = "calendars.yaml"
HoursState = Literal["open", "closed", "holiday", "emergency"]
STATES: tuple[HoursState, ...] = ("open", "closed", "holiday", "emergency")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(24:00|([01]\d|2[0-3]):([0-5]\d))")


class Holidays(BaseModel):
    """Days on which nobody works."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    country: str = Field(default="", description="ISO 3166 code whose public holidays count, such as CN, DE, US")
    subdivision: str = Field(default="", description="of the country, such as BE (Berlin) or CA (California)")
    extra: list[date] = Field(default_factory=list, max_length=400, description="further days, as 2026-12-24")
    working: list[date] = Field(
        default_factory=list,
        max_length=400,
        alias="except",
        description="public holidays on which the weekly hours hold",
    )

    @model_validator(mode="after")
    def _known(self) -> Holidays:
        if self.country:
            known = holidays.list_supported_countries(include_aliases=True)
            if self.country not in known:
                raise ValueError(f"country {self.country!r} is not known; use an ISO 3166 code such as DE")
            if self.subdivision and self.subdivision not in known[self.country]:
                listed = ", ".join(known[self.country]) or "none"
                raise ValueError(f"subdivision {self.subdivision!r} of {self.country} is not known; there are {listed}")
        elif self.subdivision:
            raise ValueError("subdivision needs a country")
        return self

    def has(self, day: date) -> bool:
        """Is it one?"""
        if day in self.working:
            return False
        return day in self.extra or bool(self.country and day in _public(self.country, self.subdivision, day.year))


class Calendar(BaseModel):
    """When somebody is there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: str = Field(default="", description="IANA name such as Asia/Shanghai; empty = UTC, which is seldom meant")
    weekly: dict[str, list[str]] = Field(
        description="days (mon, or mon-fri) → times like 09:00-18:00; days that are not named are closed; a time like "
        "22:00-06:00 ends on the next day"
    )
    holidays: Holidays = Holidays()
    emergency: bool = Field(default=False, description="the switch: whatever the time, the exit is `emergency`")

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is no IANA time zone; write it like Europe/Berlin") from None
        return name

    @field_validator("weekly")
    @classmethod
    def _week(cls, weekly: dict[str, list[str]]) -> dict[str, list[str]]:
        for days, spans in weekly.items():
            _days(days)
            for span in spans:
                if not _SPAN.fullmatch(span):
                    raise ValueError(f"{span!r} is no time span; write it like 09:00-18:00")
        return weekly

    @property
    def zone(self) -> tzinfo:
        """Its time zone."""
        return ZoneInfo(self.timezone) if self.timezone else UTC

    def state(self, now_ms: int) -> HoursState:
        """What holds at this time (UTC epoch ms)."""
        if self.emergency:
            return "emergency"
        now = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(self.zone)
        if self._within(now.date() - timedelta(days=1), now.time(), late=True):
            return "open"
        if self.holidays.has(now.date()):
            return "holiday"
        return "open" if self._within(now.date(), now.time(), late=False) else "closed"

    def opening(self, day: date) -> list[tuple[datetime, datetime]]:
        """When it is open from times of this day on (a span may end on the next one), as UTC, by beginning."""
        if self.holidays.has(day):
            return []
        found = []
        for days, spans in self.weekly.items():
            for span in spans if day.weekday() in _days(days) else ():
                begin, end = span.split("-")
                begins, ends = time.fromisoformat(begin), time() if end == "24:00" else time.fromisoformat(end)
                until = day + timedelta(days=1) if ends <= begins else day
                found.append((self._at(day, begins), self._at(until, ends)))
        return sorted(found)

    def _at(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, self.zone).astimezone(UTC)

    def _within(self, day: date, moment: time, *, late: bool) -> bool:
        """In one of the day's spans; `late`: in what a span of that day reaches into the next one."""
        if late and self.holidays.has(day):
            return False
        for days, spans in self.weekly.items():
            if day.weekday() not in _days(days):
                continue
            for span in spans:
                begin, end = span.split("-")
                begins, ends = time.fromisoformat(begin), time.max if end == "24:00" else time.fromisoformat(end)
                over_night = ends <= begins
                if late and over_night and moment < ends:
                    return True
                if not late and moment >= begins and (over_night or moment < ends or end == "24:00"):
                    return True
        return False


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    calendars: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Calendar]


@dataclass
class Switches:
    """What somebody switched by hand while calls come in: calendar id → what holds until it is taken back."""

    states: dict[str, HoursState] = field(default_factory=dict)

    def state(self, calendar: str) -> HoursState | None:
        """What was switched, if anything."""
        return self.states.get(calendar)


def read_calendars(folder: Path) -> Mapping[str, Calendar]:
    """Of `calendars.yaml` in the folder; none when there is no such file. Raises `FileError`."""
    path = folder / FILE
    if not path.is_file():
        return {}
    document = yamlfile.read(path)
    try:
        return _File.model_validate(document.data).calendars
    except ValidationError as error:
        raise FileError(
            [
                document.problem(item["loc"], f"{'.'.join(map(str, item['loc']))}: {item['msg']}")
                for item in error.errors()
            ]
        ) from None


def _days(text: str) -> list[int]:
    first, _, last = text.partition("-")
    if first not in _DAYS or (last and last not in _DAYS):
        raise ValueError(f"{text!r} are no days; write mon, or mon-fri")
    begin = _DAYS.index(first)
    count = (_DAYS.index(last) - begin) % 7 + 1 if last else 1
    return [(begin + step) % 7 for step in range(count)]


@lru_cache(maxsize=128)
def _public(country: str, subdivision: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))
