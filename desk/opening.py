"""When people may be called: hours of the day in a time zone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_open(at_ms: int, hours: Sequence[str], timezone: str) -> int:
    """`at_ms` (UTC epoch ms) if it lies within `hours` (["09:00", "18:00"], the end excluded), else when they begin next.

    No hours: always. Where the clocks change, an hour that there is not begins with the next one, and one that there is twice
    opens twice.
    """
    if not hours:
        return at_ms
    zone = ZoneInfo(timezone or "UTC")
    begin, end = (time.fromisoformat(text) for text in hours)
    here = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    if begin <= here.time() < end:
        return at_ms
    today = here.time() < begin
    opens = datetime.combine(here.date() if today else here.date() + timedelta(days=1), begin, zone)
    return round(opens.replace(fold=here.fold if today else 0).timestamp() * 1000)
