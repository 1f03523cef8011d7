"""Queues: what supervisors set. A change holds at once, also for those who wait."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from pydantic import Field

from desk.queues import Announcing, OverflowTo, QueueError, QueueId, QueueSpec, SkillNeed, Strategy, Target
from server.api.access import Staff, Supervisor
from server.queues import QueueBook

UNNAMED = "unnamed"  # of a body that leaves the id to the path

router = APIRouter(prefix="/api/queues", tags=["queues"])


class QueueOut(QueueSpec):
    """A queue."""

    skills: tuple[SkillNeed, ...]
    sl_target: Target
    overflow: OverflowTo
    announce: Announcing
    strategy: Strategy
    calendars: list[str] = Field(description="what `hours` may name")


class QueueIn(QueueSpec):
    """A queue; what is left out has the default. The id is the path's."""

    queue: QueueId = UNNAMED


class NewQueue(QueueSpec):
    """A queue that there is not yet; what is left out has the default."""


@router.get("")
async def listed(_staff: Staff, request: Request) -> list[QueueOut]:
    """All queues, by id."""
    book = _book(request)
    return [_out(book, spec) for spec in (await book.specs()).values()]


@router.post("", status_code=201)
async def add(body: NewQueue, user: Supervisor, request: Request) -> QueueOut:
    """Make one."""
    if body.queue in await _book(request).specs():
        raise HTTPException(409, f"queue: there is {body.queue!r} already; PUT /api/queues/{body.queue} changes it")
    return await _put(body.queue, body, user.name, request)


@router.get("/{queue}")
async def one(queue: str, _staff: Staff, request: Request) -> QueueOut:
    """One queue."""
    book = _book(request)
    return _out(book, _found(await book.specs(), queue))


@router.put("/{queue}")
async def change(queue: str, body: QueueIn, user: Supervisor, request: Request) -> QueueOut:
    """Set one anew."""
    _found(await _book(request).specs(), queue)
    if body.queue not in (queue, UNNAMED):
        raise HTTPException(422, f"queue: an id stays; leave it out, or write {queue!r} as in the path")
    return await _put(queue, body, user.name, request)


@router.delete("/{queue}", status_code=204)
async def remove(queue: str, _user: Supervisor, request: Request) -> None:
    """Remove one that no flow, no other queue and no agent names, in which nobody waits and from which nobody is to be called."""
    try:
        if not await _book(request).remove(queue):
            raise HTTPException(404, f"there is no queue {queue!r}")
    except QueueError as error:
        raise HTTPException(409, str(error)) from error
    await request.app.state.control.queues_changed()


async def _put(queue: str, body: QueueSpec, by: str, request: Request) -> QueueOut:
    book = _book(request)
    try:
        spec = await book.put(queue, body.model_dump(mode="json", exclude_unset=True), by=by)
    except QueueError as error:
        raise HTTPException(422, str(error)) from error
    await request.app.state.control.queues_changed()
    return _out(book, spec)


def _found(specs: dict[str, QueueSpec], queue: str) -> QueueSpec:
    if queue not in specs:
        raise HTTPException(404, f"there is no queue {queue!r}; there are {', '.join(specs) or 'none'}")
    return specs[queue]


def _out(book: QueueBook, spec: QueueSpec) -> QueueOut:
    return QueueOut(**spec.model_dump(), calendars=sorted(book.openings.calendars))


def _book(request: Request) -> QueueBook:
    book: QueueBook | None = request.app.state.queues
    if book is None:
        raise HTTPException(503, "no desk works here")
    return book
