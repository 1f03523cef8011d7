"""The agent's side."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Literal

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, Field

from server.api.access import Agent
from server.api.calls import control_of
from server.api.ports import AgentView, Availability, NotNow, Turned

router = APIRouter(prefix="/api/agent", tags=["agent"])


class AvailabilityIn(BaseModel):
    """What the agent chose."""

    availability: Availability


class OfferRef(BaseModel):
    """Which offer."""

    offer_id: str = Field(max_length=100)


class Accept(OfferRef):
    """The agent's browser answers."""

    sdp: str = Field(min_length=10, max_length=100_000)
    type: Literal["offer"] = "offer"


class Accepted(BaseModel):
    """What the agent's browser sets as remote description."""

    sdp: str
    type: Literal["answer"] = "answer"
    leg_id: str


class Switch(BaseModel):
    """On or off."""

    on: bool


class WrapUp(BaseModel):
    """After-call work."""

    conversation_id: str = Field(max_length=36)
    disposition: str = Field(max_length=64)
    notes: str = Field(default="", max_length=4000)


@router.get("")
async def state(agent: Agent, request: Request) -> AgentView:
    """My state, what rings at me, whom I talk to."""
    try:
        return control_of(request).agent(agent.user_id)
    except LookupError as error:
        raise HTTPException(409, str(error)) from error


@router.put("/availability")
async def availability(body: AvailabilityIn, agent: Agent, request: Request) -> AgentView:
    """Choose whether I take contacts."""
    try:
        control_of(request).set_availability(agent.user_id, body.availability)
        return control_of(request).agent(agent.user_id)
    except LookupError as error:
        raise HTTPException(409, str(error)) from error


@router.post("/accept")
async def accept(body: Accept, agent: Agent, request: Request) -> Accepted:
    """Take the offered contact in this browser."""
    try:
        call = await control_of(request).accept(agent.user_id, body.offer_id, body.sdp)
    except NotNow as error:
        raise HTTPException(409, str(error)) from error
    except Turned as error:
        raise HTTPException(503, str(error), {"Retry-After": str(error.retry_after_s)}) from error
    except ValueError as error:
        raise HTTPException(422, f"sdp: {error}") from error
    return Accepted(sdp=call.sdp, leg_id=call.leg_id)


@router.post("/decline", status_code=204)
async def decline(body: OfferRef, agent: Agent, request: Request) -> None:
    """Let somebody else take it."""
    await _now(control_of(request).decline(agent.user_id, body.offer_id))


@router.post("/hold", status_code=204)
async def hold(body: Switch, agent: Agent, request: Request) -> None:
    """Hold the caller (with music), or take the call back."""
    await _now(control_of(request).hold(agent.user_id, body.on))


@router.post("/mute", status_code=204)
async def mute(body: Switch, agent: Agent, request: Request) -> None:
    """My microphone."""
    await _now(control_of(request).mute(agent.user_id, body.on))


@router.post("/hangup", status_code=204)
async def hang_up(agent: Agent, request: Request) -> None:
    """End my part of the call."""
    await _now(control_of(request).agent_hang_up(agent.user_id))


@router.post("/wrapup", status_code=204)
async def wrap_up(body: WrapUp, agent: Agent, request: Request) -> None:
    """After-call work is done: I am free again."""
    await _now(control_of(request).wrap_up(agent.user_id, body.conversation_id, body.disposition, body.notes))


async def _now(work: Awaitable[None]) -> None:
    try:
        await work
    except NotNow as error:
        raise HTTPException(409, str(error)) from error
