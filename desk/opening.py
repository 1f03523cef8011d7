"""When people may be called: hours of the day in a time zone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_open(at_ms: int, hours: Sequence[str], timezone: str) -> int:
    """`at_ms` (UTC epoch ms) if it lies within `hours` (["09:00", "18:00"], the end excluded), else when they begin next.

    No hours: always. Where the clocks change, an hour that there is not begins with the next one.
    """
    if not hours:
        return at_ms
    zone = ZoneInfo(timezone or "UTC")
    begin, end = (time.fromisoformat(text) for text in hours)
    here = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    if begin <= here.time() < end:
        return at_ms
    day = here.date() if here.time() < begin else here.date() + timedelta(days=1)
    return round(datetime.combine(day, begin, zone).timestamp() * 1000)
