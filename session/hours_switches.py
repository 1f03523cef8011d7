"""Calendars switched by hand, in the store: what holds, since when, by whom and why; each change with its audit event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from session.model import EventRow, utcnow
from session.model_hours import HoursSwitch
from session.store import Store, stored_event


@dataclass(frozen=True, slots=True)
class Switched:
    """One switch. `pack`: the pack's folder, or `flows` for what ships outside packs."""

    pack: str
    calendar: str
    state: str
    why: str
    by: str
    at: datetime


class HoursSwitches:
    """Reads and writes them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> list[Switched]:
        """What is switched now."""
        async with self._store.reading() as session:
            rows = await session.scalars(select(HoursSwitch).order_by(HoursSwitch.pack, HoursSwitch.calendar))
            return [Switched(row.pack, row.calendar, row.state, row.why, row.by, row.at) for row in rows]

    async def switch(self, pack: str, calendar: str, state: str, *, by: str, why: str = "") -> bool:
        """From now on `state` holds; empty = the calendar decides again. False when nothing changed by that."""
        async with self._store.writing() as session:
            row = await session.get(HoursSwitch, (pack, calendar), with_for_update=True)
            before = row.state if row is not None else ""
            if before == state:
                return False
            if row is None:
                session.add(HoursSwitch(pack=pack, calendar=calendar, state=state, why=why, by=by, at=utcnow()))
            elif state:
                row.state, row.why, row.by, row.at = state, why, by, utcnow()
            else:
                await session.delete(row)
            payload = {
                "about": "hours", "pack": pack, "calendar": calendar, "by": by, "why": why, "before": before, "after": state,
            }  # fmt: skip
            event = EventRow(conversation_id="", type="audit", payload=payload, at=utcnow())
            session.add(event)
            await session.flush()
        self._store.bus.publish(stored_event(event))
        return True
