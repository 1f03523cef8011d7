"""The caller's side: a browser calls, presses keys, writes, hangs up."""

from __future__ import annotations

import math
from typing import Literal

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, Field

from media.turn import turn_credentials
from server.api.access import CallerOrStaff, address_of, auth_of, is_caller_of, supervisor
from server.api.ports import CallControl, NotNow, Turned
from server.api.told import told
from server.throttle import Throttle
from session.strict import Strict

router = APIRouter(prefix="/api", tags=["calls"])


class Offer(Strict):
    """A browser's call. `conversation` continues one, and needs its token in `Authorization`."""

    sdp: str = Field(min_length=10, max_length=100_000)
    type: Literal["offer"] = "offer"
    conversation: str | None = Field(default=None, max_length=36)
    customer: str | None = Field(default=None, max_length=64)
    locale: str | None = Field(default=None, max_length=35)
    video: bool = False
    slow: bool = Field(default=False, description="the assistant speaks slower, from its first word on")
    resume: bool = Field(
        default=False, description="only take up the call of `conversation` that goes on; 409 when it is over"
    )


class Answer(BaseModel):
    """What the browser sets as remote description, and how it comes back to its conversation."""

    sdp: str
    type: Literal["answer"] = "answer"
    leg_id: str
    contact_id: str = Field(description="of this call: its `contact.ended` is the call's end")
    conversation_id: str
    token: str


class Begin(Strict):
    """Somebody begins to write."""

    customer: str | None = Field(default=None, max_length=64)
    locale: str | None = Field(default=None, max_length=35)


class Begun(BaseModel):
    """The conversation, and the token by which its caller writes and reads in it."""

    conversation_id: str
    token: str


class Text(Strict):
    """A chat message."""

    text: str = Field(min_length=1, max_length=4000)


class Pace(Strict):
    """How fast the assistant speaks."""

    slow: bool


class Key(Strict):
    """One key of the keypad."""

    digit: str = Field(pattern=r"^[0-9*#]$")


class IceServer(BaseModel):
    """As the browser's RTCPeerConnection takes it."""

    urls: str
    username: str | None = None
    credential: str | None = None


class IceServers(BaseModel):
    """STUN and TURN servers of this installation."""

    ice_servers: list[IceServer]


def control_of(request: Request) -> CallControl:
    """The app's call controller."""
    control: CallControl = request.app.state.control
    return control


@router.post("/offer")
async def offer(body: Offer, request: Request) -> Answer:
    """A browser calls; anybody may."""
    address = request.client.host if request.client else ""
    calls: Throttle = request.app.state.offers
    if wait_s := calls.take(address_of(request)):
        raise _too_many("calls from this address", wait_s)
    if body.conversation is not None and not is_caller_of(body.conversation, request):
        raise HTTPException(401, "conversation: send the token that began it as `Authorization: Bearer …`")
    try:
        call = await control_of(request).offer_webrtc(
            body.sdp,
            conversation_id=body.conversation,
            customer_id=body.customer,
            locale=body.locale,
            remote=address,
            slow=body.slow,
            resume=body.resume,
        )
    except NotNow as error:
        raise HTTPException(409, str(error)) from error
    except Turned as error:
        raise HTTPException(503, str(error), {"Retry-After": str(error.retry_after_s)}) from error
    except LookupError as error:
        raise HTTPException(404, str(error)) from error
    except ValueError as error:
        raise HTTPException(422, f"sdp: {error}") from error
    token = auth_of(request).caller_token(call.conversation_id)
    return Answer(
        sdp=call.sdp,
        leg_id=call.leg_id,
        contact_id=call.contact_id,
        conversation_id=call.conversation_id,
        token=token,
    )


@router.post("/chat")
async def chat(body: Begin, request: Request) -> Begun:
    """Write instead of calling; anybody may. What is said follows as messages of the conversation."""
    chats: Throttle = request.app.state.offers
    if wait_s := chats.take(address_of(request)):
        raise _too_many("calls from this address", wait_s)
    try:
        conversation_id = await control_of(request).open_chat(customer_id=body.customer, locale=body.locale)
    except Turned as error:
        raise HTTPException(503, str(error), {"Retry-After": str(error.retry_after_s)}) from error
    except LookupError as error:
        raise HTTPException(404, str(error)) from error
    return Begun(conversation_id=conversation_id, token=auth_of(request).caller_token(conversation_id))


@router.get("/ice")
async def ice(request: Request) -> IceServers:
    """STUN and TURN servers; TURN passwords end by themselves after a few hours."""
    media = request.app.state.media
    servers = [IceServer(urls=media.stun_url)] if media.stun_url else []
    if media.turn_url and media.turn_secret:
        username, credential = turn_credentials(media.turn_secret)
        servers.append(IceServer(urls=media.turn_url, username=username, credential=credential))
    return IceServers(ice_servers=servers)


@router.post("/conversations/{conversation_id}/messages", status_code=204)
async def message(conversation_id: str, body: Text, who: CallerOrStaff, request: Request) -> None:
    """Write in a conversation. A customer's words begin another contact where all is over; an agent's would not be read: 409."""
    messages: Throttle = request.app.state.messages
    if who is None and (wait_s := messages.take(conversation_id)):
        raise _too_many("messages", wait_s)
    with told():
        await control_of(request).message(
            conversation_id, body.text, role="agent" if who else "customer", user_id=who.user_id if who else None
        )


@router.put("/conversations/{conversation_id}/pace", status_code=204)
async def pace(conversation_id: str, body: Pace, _who: CallerOrStaff, request: Request) -> None:
    """The assistant speaks slower from its next words on, or as usual again; without a call nothing changes."""
    await control_of(request).pace(conversation_id, slow=body.slow)


@router.post("/conversations/{conversation_id}/dtmf", status_code=204)
async def key(conversation_id: str, body: Key, who: CallerOrStaff, request: Request) -> None:
    """Press a key on the caller's page."""
    if who is not None:
        raise HTTPException(403, "only the caller presses keys")
    try:
        await control_of(request).key(conversation_id, body.digit)
    except NotNow as error:
        raise HTTPException(409, str(error)) from error


@router.post("/conversations/{conversation_id}/hangup", status_code=204)
async def hang_up(conversation_id: str, who: CallerOrStaff, request: Request) -> None:
    """End the caller's call."""
    if who is not None:
        await supervisor(who)  # agents end their own part, by their contact
    await control_of(request).hang_up(conversation_id)


@router.delete("/conversations/{conversation_id}/consents/{purpose}", status_code=204)
async def withdraw(
    conversation_id: str, purpose: Literal["emotion", "emotion_history"], who: CallerOrStaff, request: Request
) -> None:
    """Take consent back, during the call or after it: the analysis ends at once and what it found is deleted."""
    try:
        await control_of(request).withdraw(conversation_id, purpose, by="agent" if who else "caller")
    except LookupError as error:
        raise HTTPException(404, str(error)) from error


def _too_many(what: str, wait_s: float) -> HTTPException:
    seconds = math.ceil(wait_s)
    return HTTPException(429, f"too many {what}; wait {seconds} seconds", {"Retry-After": str(seconds)})
