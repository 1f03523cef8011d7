"""The supervisor's side: the board, listening in, and what only supervisors may order."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from server.api.access import Supervisor
from server.api.calls import control_of
from server.api.desk import AvailabilityIn, Consult, desk_of
from server.api.desk_ports import SuperviseControl
from server.api.told import told
from server.api.views import Board, Supervising, Supervision
from session.strict import Strict

router = APIRouter(prefix="/api/supervise", tags=["supervise"])
CONTACT = "/contacts/{contact_id}"


class ModeIn(Strict):
    """`monitor`: nobody hears me; `whisper`: the agent does; `barge`: all do."""

    mode: Supervising


class Join(ModeIn):
    """Listen in; without `sdp` my own phone is rung."""

    sdp: Annotated[str, StringConstraints(min_length=10, max_length=100_000)] | None = None
    type: Literal["offer"] = "offer"


class Priority(Strict):
    """0…100; 50 is usual."""

    priority: int = Field(ge=0, le=100)


class Broadcast(Strict):
    """A text for agents; `user_ids` empty: for all."""

    text: str = Field(min_length=1, max_length=1000)
    user_ids: list[str] = Field(default_factory=list, max_length=1000)


def supervision_of(request: Request) -> SuperviseControl:
    """Live calls, as supervisors use them."""
    return control_of(request).supervision


@router.get("/board")
async def board(_supervisor: Supervisor, request: Request) -> Board:
    """Agents, queues and contacts as they are now."""
    return supervision_of(request).board()


@router.post(CONTACT + "/join")
async def join(contact_id: str, body: Join, supervisor: Supervisor, request: Request) -> Supervision:
    """Listen in to a call."""
    with told():
        return await supervision_of(request).join(supervisor.user_id, contact_id, body.mode, body.sdp)


@router.put(CONTACT + "/mode", status_code=204)
async def mode(contact_id: str, body: ModeIn, supervisor: Supervisor, request: Request) -> None:
    """Listen, whisper or talk, from now on."""
    with told():
        await supervision_of(request).mode(supervisor.user_id, contact_id, body.mode)


@router.post(CONTACT + "/takeover", status_code=204)
async def take_over(contact_id: str, supervisor: Supervisor, request: Request) -> None:
    """The agent leaves, and I am the agent."""
    with told():
        await supervision_of(request).take_over(supervisor.user_id, contact_id)


@router.post(CONTACT + "/leave", status_code=204)
async def leave(contact_id: str, supervisor: Supervisor, request: Request) -> None:
    """No longer listen in."""
    with told():
        await supervision_of(request).leave(supervisor.user_id, contact_id)


@router.post("/agents/{user_id}/state", status_code=204)
async def state(user_id: str, body: AvailabilityIn, supervisor: Supervisor, request: Request) -> None:
    """Put an agent into a state."""
    with told():
        await desk_of(request).set_availability(user_id, body.availability, body.reason, by=supervisor.user_id)


@router.post(CONTACT + "/reassign", status_code=204)
async def reassign(contact_id: str, body: Consult, supervisor: Supervisor, request: Request) -> None:
    """Somebody else is to serve this contact."""
    with told():
        await supervision_of(request).reassign(supervisor.user_id, contact_id, body.target.target())


@router.post(CONTACT + "/priority", status_code=204)
async def priority(contact_id: str, body: Priority, supervisor: Supervisor, request: Request) -> None:
    """Of a contact that waits."""
    with told():
        await supervision_of(request).priority(supervisor.user_id, contact_id, body.priority)


@router.post("/broadcast", status_code=204)
async def broadcast(body: Broadcast, supervisor: Supervisor, request: Request) -> None:
    """Show a text to agents."""
    with told():
        await supervision_of(request).broadcast(supervisor.user_id, body.text, body.user_ids)
