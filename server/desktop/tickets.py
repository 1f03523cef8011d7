"""Tickets: opened by flows and at the desk, sent to a department, held to their time, told to their customer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from dialog.calendars import Calendar
from dialog.guard import PRIVATE_LEVEL
from dialog.text import pick
from dialog.ticketing import NewTicket
from server.desktop import clock
from server.desktop.catalogue import Catalogue, Catalogues, Priority, Status
from session.ids import new_id
from session.model import Conversation, EventRow, utcnow
from session.model_tickets import TicketEventRow, TicketRow
from session.store import Store, stored_event

log = structlog.get_logger(__name__)

FIRST = 1000  # the first ticket is 1001: four digits are easily said and keyed in
MOST_LISTED = 500
RUNNING: tuple[Status, ...] = ("new", "open")
PAUSED: tuple[Status, ...] = ("pending", "hold")
UNSOLVED: tuple[Status, ...] = (*RUNNING, *PAUSED)
CHOOSE_S = 2.5  # s to find a category by the words, while a caller waits; then the first one serves
IDLE_S = 30.0  # s after which the clock looks anyway, should the machine have slept

Choose = Callable[[str, Sequence[Sequence[str]]], Awaitable[int | None]]
"""Which group of examples a text comes closest to."""


class NoTicket(LookupError):
    """There is no such ticket."""


class BadTicket(ValueError):
    """A change that does not fit; the text says why."""


class TicketConflict(BadTicket):
    """It does not fit what the ticket has become."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a ticket's history."""

    at: datetime
    by: str
    what: str
    old: str = ""
    new: str = ""
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as people see it. `number` is short; `due_at` is None while its clock stands."""

    number: int
    title: str = field(repr=False)
    description: str = field(repr=False)
    category: str
    department: str
    status: Status
    priority: Priority
    language: str
    due_at: datetime | None
    left_ms: int | None
    breached: bool
    customer_id: str | None
    conversation_id: str | None
    contact_id: str | None
    assignee: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    solved_at: datetime | None
    events: tuple[Change, ...] = ()


class TicketDesk:
    """All tickets. `choose` may be missing: then what has no category gets the first one."""

    def __init__(
        self,
        store: Store,
        catalogues: Catalogues,
        choose: Choose | None = None,
        now: Callable[[], datetime] = utcnow,
    ) -> None:
        self._store = store
        self._catalogues = catalogues
        self.choose = choose
        self._now = now
        self._changed = asyncio.Event()

    def words(self, ticket: Ticket, language: str) -> tuple[str, str]:
        """What a customer is told of its department and of the day it is due; no day where that is over, or none."""
        catalogue, calendars = self._catalogues.now()
        department = catalogue.department(ticket.department)
        calendar = _calendar(catalogue, calendars, ticket.department)
        title = pick(department.title, language) if department else ticket.department
        if ticket.due_at is None or ticket.due_at < self._now():
            return title, ""
        return title, ticket.due_at.astimezone(calendar.zone if calendar else None).date().isoformat()

    @property
    def catalogue(self) -> Catalogue:
        """Departments and categories as they are now."""
        return self._catalogues.now()[0]

    # ------------------------------------------------------------------ making and finding

    async def create(
        self,
        wanted: NewTicket,
        *,
        by: str,
        key: str = "",
        department: str = "",
        customer_id: str | None = None,
        conversation_id: str | None = None,
        contact_id: str | None = None,
        assignee: str | None = None,
    ) -> Ticket:
        """Open one; the same `key` gives the one that is there. Raises `BadTicket`."""
        catalogue, calendars = self._catalogues.now()
        name = wanted.category or await self._category(f"{wanted.title} {wanted.text}")
        category = catalogue.category(name)
        if category is None:
            raise BadTicket(f"there is no category {name!r}; there are {', '.join(c.id for c in catalogue.categories)}")
        priority = _priority(wanted.priority or category.priority)
        where = department or category.department
        calendar = _calendar(catalogue, calendars, where)
        sla_ms, now, key = catalogue.sla_ms(priority), self._now(), key or f"desk:{new_id()}"
        row = TicketRow(
            key=key, title=wanted.title.strip()[:200] or category.id, description=wanted.text[:10_000],
            category=name, department=where, status="new", priority=priority, language=wanted.language[:16],
            customer_id=customer_id, conversation_id=conversation_id, contact_id=contact_id, assignee=assignee,
            created_by=by, created_at=now, updated_at=now, sla_ms=sla_ms, due_at=clock.due(calendar, now, sla_ms),
        )  # fmt: skip
        try:
            async with self._store.writing() as session:
                there = await session.scalar(select(TicketRow).where(TicketRow.key == key))
                if there is not None:
                    return _ticket(there, await _history(session, there.number))
                session.add(row)
                await session.flush()
                event = self._note(session, row, Change(now, by, "created", new="new"))
                await session.flush()
        except IntegrityError:  # another process was first
            found = await self.by_key(key)
            if found is None:
                raise
            return found
        self._show([event])
        return await self.get(FIRST + row.number)

    async def get(self, number: int) -> Ticket:
        """One with its history. Raises `NoTicket`."""
        async with self._store.reading() as session:
            row = await session.get(TicketRow, number - FIRST)
            if row is None:
                raise NoTicket(f"there is no ticket {number}")
            return _ticket(row, await _history(session, row.number))

    async def listed(
        self,
        *,
        status: str = "",
        department: str = "",
        customer_id: str = "",
        conversation_id: str = "",
        assignee: str = "",
        limit: int = MOST_LISTED,
        offset: int = 0,
    ) -> list[Ticket]:
        """Those that are due first, without histories. `status` may be `unsolved`."""
        query = select(TicketRow).order_by(TicketRow.due_at.is_(None), TicketRow.due_at, TicketRow.number.desc())
        if status:
            query = query.where(TicketRow.status.in_(UNSOLVED if status == "unsolved" else [status]))
        for column, value in (
            (TicketRow.department, department),
            (TicketRow.customer_id, customer_id),
            (TicketRow.conversation_id, conversation_id),
            (TicketRow.assignee, assignee),
        ):
            if value:
                query = query.where(column == value)
        async with self._store.reading() as session:
            return [_ticket(row) for row in await session.scalars(query.limit(limit).offset(offset))]

    async def of_customer(self, customer_id: str) -> list[Ticket]:
        """A customer's, newest first: those given to them, and those of conversations in which they proved who they are."""
        theirs = select(Conversation.id).where(
            Conversation.customer_id == customer_id, Conversation.auth_level >= PRIVATE_LEVEL
        )
        query = (
            select(TicketRow)
            .where(
                (TicketRow.customer_id == customer_id)
                | (TicketRow.customer_id.is_(None) & TicketRow.conversation_id.in_(theirs))
            )
            .order_by(TicketRow.number.desc())
        )
        async with self._store.reading() as session:
            return [_ticket(row) for row in await session.scalars(query.limit(MOST_LISTED))]

    # ------------------------------------------------------------------ changes

    async def change(
        self,
        number: int,
        changes: Mapping[str, str | None],
        *,
        by: str,
        note: str = "",
        seen: datetime | None = None,
    ) -> Ticket:
        """Set title, category, department, status, priority, assignee or customer_id; a `note` alone is a comment.

        `seen`: `updated_at` of what was looked at. Raises `NoTicket`, `BadTicket`, and `TicketConflict` where the
        ticket is closed, or was changed after that.
        """
        catalogue, calendars = self._catalogues.now()
        events: list[EventRow] = []
        async with self._store.writing() as session:
            row = await session.get(TicketRow, number - FIRST, with_for_update=True)
            if row is None:
                raise NoTicket(f"there is no ticket {number}")
            if seen is not None and row.updated_at != seen:
                raise TicketConflict("somebody changed the ticket meanwhile; read it again")
            if row.status == "closed" and set(changes) - {"assignee", "customer_id"}:
                raise TicketConflict("the ticket is closed; open another one that names it")
            now = self._now()
            self._check(catalogue, changes)
            clock_was, left_ms = _clocked(row), self._stopped(row, catalogue, calendars, now)
            for name, value in changes.items():
                old = getattr(row, name)
                if old == value:
                    continue
                setattr(row, name, value)
                if name == "category" and "department" not in changes and (to := catalogue.category(value or "")):
                    events += self._moved(session, row, to.department, now, by)
                events.append(
                    self._note(session, row, Change(now, by, name, str(old or "")[:200], str(value or "")[:200], note))
                )
                note = ""
            if note:
                events.append(self._note(session, row, Change(now, by, "comment", text=note)))
            if _clocked(row) != clock_was:  # else the time stands as it was told, whatever became of the calendar
                self._go_on(row, left_ms, catalogue, calendars, now)
            row.updated_at = now
            await session.flush()
        self._show(events)
        return await self.get(number)

    async def comment(self, number: int, text: str, *, by: str) -> Ticket:
        """Write a remark. Raises `NoTicket`."""
        async with self._store.writing() as session:
            row = await session.get(TicketRow, number - FIRST)
            if row is None:
                raise NoTicket(f"there is no ticket {number}")
            row.updated_at = self._now()
            event = self._note(session, row, Change(row.updated_at, by, "comment", text=text))
            await session.flush()
        self._show([event])
        return await self.get(number)

    # ------------------------------------------------------------------ the clock

    async def breach(self) -> list[int]:
        """Mark tickets whose time is over, each once whatever restarts or other processes do; their numbers."""
        now, found, events = self._now(), list[int](), list[EventRow]()
        late = (TicketRow.breached_at.is_(None), TicketRow.due_at <= now, TicketRow.status.in_(RUNNING))
        async with self._store.writing() as session:
            for row in list(await session.scalars(select(TicketRow).where(*late).limit(100))):
                taken = update(TicketRow).where(TicketRow.number == row.number, *late).values(breached_at=now)
                done = await session.execute(
                    taken.returning(TicketRow.number).execution_options(synchronize_session=False)
                )
                if done.scalar() is None:
                    continue  # somebody else was first
                found.append(FIRST + row.number)
                events.append(self._note(session, row, Change(now, "", "breached"), once=True))
            await session.flush()
        self._show(events)
        return found

    async def run(self) -> None:
        """Watch the clock for ever: sleeps until the next ticket is due, or one changed."""
        while True:
            self._changed.clear()
            wait_s = IDLE_S
            try:
                if await self.breach():
                    continue
                wait_s = min(IDLE_S, await self._next_s())
            except Exception as error:  # whatever the database does, the clock goes on
                log.error("tickets.clock_trouble", error=type(error).__name__)
            try:
                await asyncio.wait_for(self._changed.wait(), max(0.05, wait_s))
            except TimeoutError:
                continue

    async def _next_s(self) -> float:
        open_ones = (TicketRow.breached_at.is_(None), TicketRow.due_at.is_not(None), TicketRow.status.in_(RUNNING))
        async with self._store.reading() as session:
            due = await session.scalar(select(TicketRow.due_at).where(*open_ones).order_by(TicketRow.due_at).limit(1))
        return IDLE_S if due is None else (due - self._now()).total_seconds()

    def _stopped(self, row: TicketRow, catalogue: Catalogue, calendars: Any, now: datetime) -> int:
        """Ms left of its time, before a change."""
        if row.due_at is None:
            return row.left_ms or 0
        calendar = _calendar(catalogue, calendars, row.department)
        late = clock.elapsed(calendar, row.due_at, now)
        return -late if late else clock.elapsed(calendar, now, row.due_at)

    def _go_on(self, row: TicketRow, left_ms: int, catalogue: Catalogue, calendars: Any, now: datetime) -> None:
        """After a change: the clock runs from here on by the department's calendar, or stands."""
        allowed = catalogue.sla_ms(_priority(row.priority))
        left_ms += allowed - row.sla_ms  # another priority, another time; what was used stays used
        row.sla_ms = allowed
        if row.status in RUNNING:
            calendar = _calendar(catalogue, calendars, row.department)
            row.left_ms = None
            if left_ms > 0:
                row.due_at = clock.due(calendar, now, left_ms)
            else:
                row.due_at = min(row.due_at or now, now)
            row.solved_at = None
        else:
            row.due_at, row.left_ms = None, left_ms
            row.solved_at = (row.solved_at or now) if row.status in ("solved", "closed") else None

    # ------------------------------------------------------------------ small things

    async def by_key(self, key: str) -> Ticket | None:
        """What was opened under this key."""
        async with self._store.reading() as session:
            row = await session.scalar(select(TicketRow).where(TicketRow.key == key))
            return None if row is None else _ticket(row)

    async def _category(self, text: str) -> str:
        """By the words; the first category where none fits, or nothing can be asked."""
        categories = self.catalogue.categories
        examples = [[text for listed in one.examples.values() for text in listed] for one in categories]
        if self.choose is not None and text.strip():
            try:
                async with asyncio.timeout(CHOOSE_S):
                    found = await self.choose(text, examples)
                if found is not None:
                    return categories[found].id
            except (OSError, TimeoutError, RuntimeError) as error:
                log.info("tickets.not_categorised", error=type(error).__name__)
        return categories[0].id

    @staticmethod
    def _check(catalogue: Catalogue, changes: Mapping[str, str | None]) -> None:
        if (name := changes.get("category")) and catalogue.category(name) is None:
            raise BadTicket(f"there is no category {name!r}")
        if (name := changes.get("department")) and catalogue.department(name) is None:
            raise BadTicket(f"there is no department {name!r}")
        for name in ("title", "category", "department", "status", "priority"):
            if name in changes and not changes[name]:
                raise BadTicket(f"{name} cannot be empty")

    def _moved(self, session: AsyncSession, row: TicketRow, to: str, now: datetime, by: str) -> list[EventRow]:
        if row.department == to:
            return []
        old, row.department = row.department, to
        return [self._note(session, row, Change(now, by, "department", old, to))]

    def _note(self, session: AsyncSession, row: TicketRow, change: Change, *, once: bool = False) -> EventRow:
        """History and event in the transaction of the change. No words of customers in the event."""
        session.add(
            TicketEventRow(
                number=row.number, at=change.at, by=change.by, what=change.what, old=change.old, new=change.new,
                text=change.text,
            )
        )  # fmt: skip
        shown = change.what not in ("title", "comment")
        payload = {
            "ticket_id": str(FIRST + row.number), "what": change.what, "by": change.by, "status": row.status,
            "priority": row.priority, "department": row.department, "category": row.category, "assignee": row.assignee,
            "old": change.old if shown else "", "new": change.new if shown else "",
        }  # fmt: skip
        event = EventRow(
            conversation_id=row.conversation_id or "", contact_id=row.contact_id, payload=payload, at=change.at,
            type=f"ticket.{change.what if change.what in ('created', 'comment', 'breached') else 'changed'}",
            dedup=f"ticket-breached:{row.number}" if once else None,
        )  # fmt: skip
        session.add(event)
        return event

    def _show(self, events: list[EventRow]) -> None:
        if not events:
            return  # the clock, which looks and finds nothing, must not wake itself
        for event in events:
            self._store.bus.publish(stored_event(event))
        self._changed.set()


def _calendar(catalogue: Catalogue, calendars: Any, department: str) -> Calendar | None:
    found = catalogue.department(department)
    calendar: Calendar | None = calendars.get(found.hours) if found and found.hours else None
    return calendar


def _clocked(row: TicketRow) -> tuple[str, str, str]:
    """What its clock goes by."""
    return row.status, row.priority, row.department


def _priority(name: str) -> Priority:
    """Raises `BadTicket`."""
    known: tuple[Priority, ...] = get_args(Priority)
    for priority in known:
        if priority == name:
            return priority
    raise BadTicket(f"priority is one of {', '.join(known)}, not {name!r}")


async def _history(session: AsyncSession, number: int) -> list[TicketEventRow]:
    rows = await session.scalars(
        select(TicketEventRow).where(TicketEventRow.number == number).order_by(TicketEventRow.id)
    )
    return list(rows)


def _ticket(row: TicketRow, history: Sequence[TicketEventRow] = ()) -> Ticket:
    states: tuple[Status, ...] = get_args(Status)
    return Ticket(
        number=FIRST + row.number, title=row.title, description=row.description, category=row.category,
        department=row.department, status=next(name for name in states if name == row.status),
        priority=_priority(row.priority), language=row.language, due_at=row.due_at, left_ms=row.left_ms,
        breached=row.breached_at is not None, customer_id=row.customer_id, conversation_id=row.conversation_id,
        contact_id=row.contact_id, assignee=row.assignee, created_by=row.created_by, created_at=row.created_at,
        updated_at=row.updated_at, solved_at=row.solved_at,
        events=tuple(Change(e.at, e.by, e.what, e.old, e.new, e.text) for e in history),
    )  # fmt: skip
