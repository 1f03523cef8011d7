"""The caller's side: a browser calls, presses keys, writes, hangs up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections import deque
from typing import Literal

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, Field

from server.api.access import CallerOrStaff, auth_of
from server.api.ports import CallControl, NotNow, Turned
from server.auth import Refused

router = APIRouter(prefix="/api", tags=["calls"])

TURN_CREDENTIAL_S = 3600


class Offer(BaseModel):
    """A browser's call. `conversation` continues one, and needs its token in `Authorization`."""

    sdp: str = Field(min_length=10, max_length=100_000)
    type: Literal["offer"] = "offer"
    conversation: str | None = Field(default=None, max_length=36)
    customer: str | None = Field(default=None, max_length=64)
    locale: str | None = Field(default=None, max_length=35)
    video: bool = False


class Answer(BaseModel):
    """What the browser sets as remote description, and how it comes back to its conversation."""

    sdp: str
    type: Literal["answer"] = "answer"
    leg_id: str
    conversation_id: str
    token: str


class Text(BaseModel):
    """A chat message."""

    text: str = Field(min_length=1, max_length=4000)


class Key(BaseModel):
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


class RateLimit:
    """At most so many calls of an address in a minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._seen: dict[str, deque[float]] = {}

    def allow(self, address: str, now: float) -> bool:
        """Count one call at monotonic second `now`."""
        if len(self._seen) > 10_000:
            self._seen.clear()
        seen = self._seen.setdefault(address, deque(maxlen=self._per_minute))
        while seen and now - seen[0] > 60:
            seen.popleft()
        if len(seen) == self._per_minute:
            return False
        seen.append(now)
        return True


def control_of(request: Request) -> CallControl:
    """The app's call controller."""
    control: CallControl = request.app.state.control
    return control


@router.post("/offer")
async def offer(body: Offer, request: Request) -> Answer:
    """A browser calls; anybody may."""
    address = request.client.host if request.client else ""
    limit: RateLimit = request.app.state.rate_limit
    if not limit.allow(address, time.monotonic()):
        raise HTTPException(429, "too many calls from this address; wait a minute", {"Retry-After": "60"})
    if body.conversation is not None:
        _own_conversation(request, body.conversation)
    try:
        call = await control_of(request).offer_webrtc(
            body.sdp, conversation_id=body.conversation, customer_id=body.customer, locale=body.locale, remote=address
        )
    except Turned as error:
        raise HTTPException(503, str(error), {"Retry-After": str(error.retry_after_s)}) from error
    except LookupError as error:
        raise HTTPException(404, str(error)) from error
    except ValueError as error:
        raise HTTPException(422, f"sdp: {error}") from error
    token = auth_of(request).caller_token(call.conversation_id)
    return Answer(sdp=call.sdp, leg_id=call.leg_id, conversation_id=call.conversation_id, token=token)


@router.get("/ice")
async def ice(request: Request) -> IceServers:
    """STUN and TURN servers; TURN passwords are good for an hour (RFC 8489 long-term, coturn's shared secret)."""
    media = request.app.state.media
    servers = [IceServer(urls=media.stun_url)] if media.stun_url else []
    if media.turn_url and media.turn_secret:
        username = str(int(time.time()) + TURN_CREDENTIAL_S)
        digest = hmac.new(media.turn_secret.encode(), username.encode(), hashlib.sha1).digest()
        servers.append(IceServer(urls=media.turn_url, username=username, credential=base64.b64encode(digest).decode()))
    return IceServers(ice_servers=servers)


@router.post("/conversations/{conversation_id}/messages", status_code=204)
async def message(conversation_id: str, body: Text, who: CallerOrStaff, request: Request) -> None:
    """Write in the chat of a conversation."""
    try:
        await control_of(request).message(
            conversation_id, body.text, role="agent" if who else "customer", user_id=who.user_id if who else None
        )
    except LookupError as error:
        raise HTTPException(404, str(error)) from error


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
async def hang_up(conversation_id: str, _who: CallerOrStaff, request: Request) -> None:
    """End the caller's call."""
    await control_of(request).hang_up(conversation_id)


def _own_conversation(request: Request, conversation_id: str) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        own = scheme.lower() == "bearer" and auth_of(request).caller(token).conversation_id == conversation_id
    except Refused:
        own = False
    if not own:
        raise HTTPException(401, "conversation: send the token that began it as `Authorization: Bearer …`")
