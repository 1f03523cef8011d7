"""Opening hours: what holds now, and the switch by which people overrule a calendar at once."""

from __future__ import annotations

import time
from datetime import datetime

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, Field

from dialog.calendars import HoursState
from dialog.switches import UsedCalendar
from server.api.access import Staff, Supervisor
from server.following import Following
from server.publishing import Publishing
from server.queues import QueueBook
from session.hours_switches import HoursSwitches, Switched
from session.strict import Strict

router = APIRouter(prefix="/api/hours", tags=["hours"])


class HoursOut(BaseModel):
    """A calendar that flows or queues ask. `now`: what they are told; `by_calendar`: what it would be without the switch."""

    pack: str
    calendar: str
    flows: list[str]
    queues: list[str]
    now: str
    by_calendar: str
    switched: str = ""
    why: str = ""
    by: str = ""
    at: datetime | None = None


class Switch(Strict):
    """What holds from now on, whatever the time is."""

    state: HoursState
    why: str = Field(default="", max_length=2000)


@router.get("")
async def listed(_user: Staff, request: Request) -> list[HoursOut]:
    """Every calendar that flows or queues ask, and what is switched."""
    return await _all(request)


@router.put("/{pack}/{calendar}")
async def switch(pack: str, calendar: str, body: Switch, user: Supervisor, request: Request) -> HoursOut:
    """The next caller meets it; so does one who is in a call and comes to an `hours` block, or into the queue."""
    return await _switched(request, pack, calendar, body.state, user.name, body.why)


@router.delete("/{pack}/{calendar}")
async def take_back(pack: str, calendar: str, user: Supervisor, request: Request, why: str = "") -> HoursOut:
    """The calendar decides again."""
    return await _switched(request, pack, calendar, "", user.name, why[:2000])


async def _switched(request: Request, pack: str, calendar: str, state: str, by: str, why: str) -> HoursOut:
    known = [f"{one.pack}/{one.name}" for one in await _calendars(request)]
    if f"{pack}/{calendar}" not in known:
        have = ", ".join(known) or "none"
        raise HTTPException(404, f"no flow and no queue asks a calendar {pack}/{calendar}; there are {have}")
    following = _following(request)
    await HoursSwitches(following.store).switch(pack, calendar, state, by=by, why=why)
    await following.read_switches()
    return next(one for one in await _all(request) if (one.pack, one.calendar) == (pack, calendar))


async def _all(request: Request) -> list[HoursOut]:
    switched = {(one.pack, one.calendar): one for one in await HoursSwitches(_following(request).store).all()}
    return [_out(one, switched.get((one.pack, one.name))) for one in await _calendars(request)]


async def _calendars(request: Request) -> list[UsedCalendar]:
    book: QueueBook | None = request.app.state.queues
    asked = _publishing(request).calendars()
    return asked if book is None else await book.calendars(asked)


def _out(one: UsedCalendar, switched: Switched | None) -> HoursOut:
    by_calendar = one.calendar.state(time.time_ns() // 1_000_000)
    out = HoursOut(
        pack=one.pack,
        calendar=one.name,
        flows=list(one.flows),
        queues=list(one.queues),
        now=by_calendar,
        by_calendar=by_calendar,
    )
    if switched is None:
        return out
    told = {
        "now": switched.state,
        "switched": switched.state,
        "why": switched.why,
        "by": switched.by,
        "at": switched.at,
    }
    return out.model_copy(update=told)


def _following(request: Request) -> Following:
    found: Following | None = request.app.state.following
    if found is None:
        raise HTTPException(503, "no calendars are in use here")
    return found


def _publishing(request: Request) -> Publishing:
    found: Publishing | None = request.app.state.publishing
    if found is None:
        raise HTTPException(503, "no calendars are in use here")
    return found
