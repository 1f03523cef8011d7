"""The agent's side: state and device, offers, the contacts the agent is in, after-call work."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field, StringConstraints

from server.api.access import Agent, Staff
from server.api.calls import control_of
from server.api.desk_ports import DeskControl
from server.api.told import told
from server.api.views import (
    AgentView,
    Availability,
    Device,
    DirectoryEntry,
    Parked,
    Party,
    Rejoined,
    Taken,
    Target,
    TargetKind,
)
from session.strict import Strict

router = APIRouter(prefix="/api", tags=["agent"])
CONTACT = "/agent/contacts/{contact_id}"
Sdp = Annotated[str, StringConstraints(min_length=10, max_length=100_000)]


class AvailabilityIn(Strict):
    """What the agent chose, and why in words of their own."""

    availability: Availability
    reason: str = Field(default="", max_length=64)


class DeviceIn(Strict):
    """How the agent is reached. `uri` only for device `uri`."""

    device: Device
    uri: str = Field(default="", max_length=256)


class Taking(Strict):
    """A browser gives its offer; phones ring and chats have no leg, so they give none."""

    sdp: Sdp | None = None
    type: Literal["offer"] = "offer"


class Rejoin(Strict):
    """A browser that comes back."""

    sdp: Sdp
    type: Literal["offer"] = "offer"


class Switch(Strict):
    """On or off."""

    on: bool


class Hold(Switch):
    """The customer, or one party alone."""

    party_id: str | None = Field(default=None, max_length=36)


class Keys(Strict):
    """Tones for one party."""

    digits: str = Field(pattern=r"^[0-9*#A-D]{1,32}$")
    party_id: str = Field(max_length=36)


class TargetIn(Strict):
    """Whom to ask or to transfer to."""

    kind: TargetKind
    to: str = Field(min_length=1, max_length=256)
    note: str = Field(default="", max_length=1000)

    def target(self, note: str = "") -> Target:
        """For live calls."""
        return Target(self.kind, self.to.strip(), note or self.note)


class Consult(Strict):
    """Whom to ask."""

    target: TargetIn


class Transfer(Consult):
    """Where the customer is to go; `note` is for whoever takes them."""

    note: str = Field(default="", max_length=1000)


class Code(BaseModel):
    """By which a parked customer is taken back."""

    code: str


class Extend(Strict):
    """More time."""

    seconds: float = Field(gt=0, le=3600)


class WrapUp(Strict):
    """After-call work. `summary`: as edited; `follow_up`: what is to be done, in words."""

    disposition: str = Field(max_length=64)
    notes: str = Field(default="", max_length=4000)
    summary: str | None = Field(default=None, max_length=4000)
    follow_up: str | None = Field(default=None, max_length=1000)


def desk_of(request: Request) -> DeskControl:
    """Live calls, as agents use them."""
    return control_of(request).desk


def _view(request: Request, user_id: str) -> AgentView:
    try:
        return desk_of(request).view(user_id)
    except LookupError as error:
        raise HTTPException(409, str(error)) from error


@router.get("/agent")
async def state(agent: Agent, request: Request) -> AgentView:
    """My state, what rings at me, whom I serve."""
    return _view(request, agent.user_id)


@router.put("/agent/availability")
async def availability(body: AvailabilityIn, agent: Agent, request: Request) -> AgentView:
    """Choose whether I take contacts. While I serve one it is carried out after it (`next_availability`)."""
    before = _view(request, agent.user_id)  # also says who is no agent
    with told():
        same = (before.availability, before.next_availability, before.reason) == (body.availability, None, body.reason)
        if not same or before.status == "not_responding":  # choosing `available` again says: I am back
            await desk_of(request).set_availability(agent.user_id, body.availability, body.reason, by=agent.user_id)
    return _view(request, agent.user_id)


@router.put("/agent/device")
async def device(body: DeviceIn, agent: Agent, request: Request) -> AgentView:
    """Be reached in the browser, on the softphone or at an address from now on."""
    with told():
        await desk_of(request).set_device(agent.user_id, body.device, body.uri)
    return _view(request, agent.user_id)


@router.post("/agent/offers/{offer_id}/accept")
async def accept(offer_id: str, body: Taking, agent: Agent, request: Request) -> Taken:
    """Take what is offered."""
    with told():
        return await desk_of(request).accept(agent.user_id, offer_id, body.sdp)


@router.post("/agent/offers/{offer_id}/decline", status_code=204)
async def decline(offer_id: str, agent: Agent, request: Request) -> None:
    """Let somebody else take it."""
    with told():
        await desk_of(request).decline(agent.user_id, offer_id)


@router.post(CONTACT + "/rejoin")
async def rejoin(contact_id: str, body: Rejoin, agent: Agent, request: Request) -> Rejoined:
    """My page was reloaded, or I go on in another tab or on another machine: this browser takes my place."""
    with told():
        return await desk_of(request).rejoin(agent.user_id, contact_id, body.sdp)


@router.post(CONTACT + "/hold", status_code=204)
async def hold(contact_id: str, body: Hold, agent: Agent, request: Request) -> None:
    """Hold the customer (with music), or one party; or take them back."""
    with told():
        await desk_of(request).hold(agent.user_id, contact_id, body.on, body.party_id)


@router.post(CONTACT + "/mute", status_code=204)
async def mute(contact_id: str, body: Switch, agent: Agent, request: Request) -> None:
    """My microphone."""
    with told():
        await desk_of(request).mute(agent.user_id, contact_id, body.on)


@router.post(CONTACT + "/keypad", status_code=204)
async def keypad(contact_id: str, body: Keys, agent: Agent, request: Request) -> None:
    """Tones to one party, for machines that answer."""
    with told():
        await desk_of(request).keypad(agent.user_id, contact_id, body.party_id, body.digits)


@router.post(CONTACT + "/hangup", status_code=204)
async def hang_up(contact_id: str, agent: Agent, request: Request) -> None:
    """End my part of the contact."""
    with told():
        await desk_of(request).hang_up(agent.user_id, contact_id)


@router.post(CONTACT + "/help", status_code=204)
async def ask_help(contact_id: str, agent: Agent, request: Request) -> None:
    """A supervisor is to come: each of them sees who asks and where."""
    with told():
        await desk_of(request).ask_help(agent.user_id, contact_id)


@router.post(CONTACT + "/record", status_code=204)
async def record(contact_id: str, body: Switch, agent: Agent, request: Request) -> None:
    """Pause the recording or go on with it; never without the customer's consent."""
    with told():
        await desk_of(request).record(agent.user_id, contact_id, body.on)


@router.post(CONTACT + "/consult")
async def consult(contact_id: str, body: Consult, agent: Agent, request: Request) -> Party:
    """Ask somebody while the customer is on hold."""
    with told():
        return await desk_of(request).consult(agent.user_id, contact_id, body.target.target())


@router.post(CONTACT + "/consult/{step}", status_code=204)
async def consult_step(
    contact_id: str,
    step: Literal["swap", "cancel", "conference", "complete"],
    agent: Agent,
    request: Request,
) -> None:
    """Change between both, give it up, put all together, or leave them to each other (also while it still rings)."""
    with told():
        await desk_of(request).consult_step(agent.user_id, contact_id, step)


@router.post(CONTACT + "/transfer", status_code=204)
async def transfer(contact_id: str, body: Transfer, agent: Agent, request: Request) -> None:
    """Give the customer to somebody unasked; they come back to me when it fails."""
    with told():
        await desk_of(request).transfer(agent.user_id, contact_id, body.target.target(body.note))


@router.delete(CONTACT + "/parties/{party_id}", status_code=204)
async def drop(contact_id: str, party_id: str, agent: Agent, request: Request) -> None:
    """Remove somebody from the call; the customer only by ending it."""
    with told():
        await desk_of(request).drop(agent.user_id, contact_id, party_id)


@router.post(CONTACT + "/park")
async def park(contact_id: str, agent: Agent, request: Request) -> Code:
    """Let the customer wait with music for whoever takes them back by the code."""
    with told():
        return Code(code=await desk_of(request).park(agent.user_id, contact_id))


@router.get("/agent/parked")
async def parked(_agent: Agent, request: Request) -> list[Parked]:
    """Customers who wait to be taken back."""
    return desk_of(request).parked()


@router.post("/agent/parked/{code}/take")
async def take_parked(code: str, body: Taking, agent: Agent, request: Request) -> Taken:
    """Take a parked customer."""
    with told():
        return await desk_of(request).take_parked(agent.user_id, code, body.sdp)


@router.post(CONTACT + "/acw/extend", status_code=204)
async def extend(contact_id: str, body: Extend, agent: Agent, request: Request) -> None:
    """More time for after-call work."""
    with told():
        await desk_of(request).extend_acw(agent.user_id, contact_id, body.seconds)


@router.post(CONTACT + "/wrapup", status_code=204)
async def wrap_up(contact_id: str, body: WrapUp, agent: Agent, request: Request) -> None:
    """After-call work is done: I am free again."""
    with told():
        await desk_of(request).wrap_up(
            agent.user_id,
            contact_id,
            disposition=body.disposition,
            notes=body.notes,
            summary=body.summary,
            follow_up=body.follow_up,
        )


@router.get("/directory")
async def directory(
    _staff: Staff, request: Request, q: Annotated[str, Query(max_length=100)] = ""
) -> list[DirectoryEntry]:
    """Whom one may transfer to."""
    return desk_of(request).directory(q)
