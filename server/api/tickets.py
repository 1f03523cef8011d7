"""Tickets at the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from dialog.ticketing import NewTicket
from server.api.access import Staff
from server.desktop.catalogue import Priority, Status
from server.desktop.desktop import Desktop, desktop_of
from server.desktop.tickets import BadTicket, NoTicket, Ticket, TicketConflict
from session.queries import Queries
from session.strict import Strict
from session.users import UserNotFound, Users

router = APIRouter(prefix="/api", tags=["tickets"])
TicketNo = Annotated[int, Path(ge=1, le=2**53)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class TicketEvent(BaseModel):
    """One line of a ticket's history; `what`: created, comment, breached, or the field that changed."""

    at: datetime
    by: str = Field(description="user id; `bot` for flows, empty for the clock")
    what: str
    old: str
    new: str
    text: str


class TicketOut(BaseModel):
    """A ticket. `due_at` is null while its clock stands (pending, hold, solved, closed)."""

    ticket_id: str = Field(description="a short number, as people say it")
    title: str
    description: str
    category: str
    department: str
    status: Status
    priority: Priority
    language: str
    due_at: datetime | None
    left_ms: int | None = Field(description="business time left when the clock was stopped")
    breached: bool
    customer_id: str | None
    conversation_id: str | None
    assignee: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    solved_at: datetime | None
    events: list[TicketEvent]


class TicketIn(Strict):
    """A new one. Without a category the words choose it; it names the department, and the priority where none is given."""

    title: Title
    description: str = Field(default="", max_length=10_000)
    category: str = Field(default="", max_length=64)
    department: str = Field(default="", max_length=64)
    priority: Priority | None = None
    customer_id: str | None = Field(default=None, min_length=1, max_length=64)
    conversation_id: str | None = Field(default=None, max_length=36)
    contact_id: str | None = Field(default=None, max_length=36)
    assignee: str | None = Field(default=None, min_length=1, max_length=36)
    language: str = Field(default="", max_length=16)


class TicketChange(Strict):
    """What is to be different; what is left out stays. `assignee` null: nobody's."""

    title: Title | None = None
    category: str | None = Field(default=None, max_length=64)
    department: str | None = Field(default=None, max_length=64)
    status: Status | None = None
    priority: Priority | None = None
    assignee: str | None = Field(default=None, min_length=1, max_length=36)
    customer_id: str | None = Field(default=None, min_length=1, max_length=64)
    note: str = Field(default="", max_length=2000, description="why, for the history; alone it is a remark")
    seen: AwareDatetime | None = Field(
        default=None, description="`updated_at` of what you looked at: 409 where somebody changed the ticket since"
    )


class Comment(Strict):
    """A remark."""

    text: str = Field(min_length=1, max_length=10_000)


class CategoryOut(BaseModel):
    """What tickets are about."""

    category: str
    title: dict[str, str]
    priority: Priority


class DepartmentOut(BaseModel):
    """Who sees to them, by which calendar."""

    department: str
    title: dict[str, str]
    hours: str
    categories: list[CategoryOut]


@router.get("/departments")
async def departments(_staff: Staff, request: Request) -> list[DepartmentOut]:
    """Departments with their categories, titles by locale."""
    catalogue = _desk(request).tickets.catalogue
    return [
        DepartmentOut(
            department=one.id,
            title=one.title,
            hours=one.hours,
            categories=[
                CategoryOut(category=c.id, title=c.title, priority=c.priority)
                for c in catalogue.categories
                if c.department == one.id
            ],
        )
        for one in catalogue.departments
    ]


@router.get("/tickets")
async def tickets(
    staff: Staff,
    request: Request,
    state: Annotated[Status | Literal["unsolved", ""], Query(description="a status, or `unsolved`")] = "",
    department: str = Query("", max_length=64),
    customer: str = Query("", max_length=64),
    conversation: str = Query("", max_length=36),
    mine: bool = False,
    limit: int = Query(100, ge=1, le=500),
    offset: int = Query(0, ge=0, le=1_000_000, description="how many to pass over"),
) -> list[TicketOut]:
    """Those that are due first, without their histories."""
    found = await _desk(request).tickets.listed(
        status=state,
        department=department,
        customer_id=customer,
        conversation_id=conversation,
        assignee=staff.user_id if mine else "",
        limit=limit,
        offset=offset,
    )
    return [ticket_out(ticket) for ticket in found]


@router.post("/tickets", status_code=201)
async def create(body: TicketIn, staff: Staff, request: Request) -> TicketOut:
    """Open one."""
    store = Queries(request.app.state.store)
    if body.conversation_id is not None and not await store.exists(body.conversation_id):
        raise HTTPException(404, "conversation_id: there is no such conversation")
    if body.contact_id is not None and not await store.is_contact_of(body.contact_id, body.conversation_id):
        raise HTTPException(422, "contact_id: there is no such contact in the conversation")
    await _check_assignee(request, body.assignee)
    wanted = NewTicket(body.title, body.description, body.category, body.priority or "", body.language)
    try:
        ticket = await _desk(request).tickets.create(
            wanted,
            by=staff.user_id,
            department=_known_department(request, body.department),
            customer_id=body.customer_id,
            conversation_id=body.conversation_id,
            contact_id=body.contact_id,
            assignee=body.assignee,
        )
    except BadTicket as error:
        raise HTTPException(422, str(error)) from error
    return ticket_out(ticket)


@router.get("/tickets/{ticket_id}")
async def one(ticket_id: TicketNo, _staff: Staff, request: Request) -> TicketOut:
    """One with its history."""
    try:
        return ticket_out(await _desk(request).tickets.get(ticket_id))
    except NoTicket as error:
        raise HTTPException(404, str(error)) from error


@router.patch("/tickets/{ticket_id}")
async def change(ticket_id: TicketNo, body: TicketChange, staff: Staff, request: Request) -> TicketOut:
    """Change it; the clock follows status, priority and department."""
    changes: dict[str, str | None] = body.model_dump(exclude_unset=True, exclude={"note", "seen"})
    await _check_assignee(request, body.assignee)
    try:
        return ticket_out(
            await _desk(request).tickets.change(ticket_id, changes, by=staff.user_id, note=body.note, seen=body.seen)
        )
    except NoTicket as error:
        raise HTTPException(404, str(error)) from error
    except TicketConflict as error:
        raise HTTPException(409, str(error)) from error
    except BadTicket as error:
        raise HTTPException(422, str(error)) from error


@router.post("/tickets/{ticket_id}/comments", status_code=201)
async def comment(ticket_id: TicketNo, body: Comment, staff: Staff, request: Request) -> TicketOut:
    """Write a remark."""
    try:
        return ticket_out(await _desk(request).tickets.comment(ticket_id, body.text, by=staff.user_id))
    except NoTicket as error:
        raise HTTPException(404, str(error)) from error


def ticket_out(ticket: Ticket) -> TicketOut:
    """As the API shows it."""
    return TicketOut(
        ticket_id=str(ticket.number), title=ticket.title, description=ticket.description, category=ticket.category,
        department=ticket.department, status=ticket.status, priority=ticket.priority, language=ticket.language,
        due_at=ticket.due_at, left_ms=ticket.left_ms, breached=ticket.breached, customer_id=ticket.customer_id,
        conversation_id=ticket.conversation_id, assignee=ticket.assignee, created_by=ticket.created_by,
        created_at=ticket.created_at, updated_at=ticket.updated_at, solved_at=ticket.solved_at,
        events=[
            TicketEvent(at=e.at, by=e.by, what=e.what, old=e.old, new=e.new, text=e.text) for e in ticket.events
        ],
    )  # fmt: skip


async def _check_assignee(request: Request, user_id: str | None) -> None:
    if user_id is None:
        return
    users: Users = request.app.state.users
    try:
        found = await users.get(user_id)
    except UserNotFound as error:
        raise HTTPException(422, "assignee: there is nobody of this id") from error
    if found.disabled:
        raise HTTPException(422, "assignee: they do not work here any more")


def _known_department(request: Request, name: str) -> str:
    if name and _desk(request).tickets.catalogue.department(name) is None:
        raise HTTPException(422, f"department: there is no {name!r}")
    return name


def _desk(request: Request) -> Desktop:
    return desktop_of(request)
