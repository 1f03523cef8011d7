"""Who asks: a user by cookie or bearer token, or a caller by the token of their own conversation."""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from starlette.requests import HTTPConnection

from server.auth import Auth, Refused
from session.types import UserRecord

COOKIE = "warmline"
ELSEWHERE = "this request comes from a page of another site"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def auth_of(connection: HTTPConnection) -> Auth:
    """The app's `Auth`."""
    auth: Auth = connection.app.state.auth
    return auth


def bearer(connection: HTTPConnection) -> str | None:
    """The bearer token, if one was sent."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


def address_of(connection: HTTPConnection) -> str:
    """Whom to count requests to: an IPv4 address, or an IPv6 network of one subscriber (/64)."""
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False))


def from_elsewhere(connection: HTTPConnection) -> bool:
    """A write that another site's page makes in a browser."""
    return connection.scope.get("method", "GET") in WRITES and not same_origin(connection)


def same_origin(connection: HTTPConnection) -> bool:
    """A browser's request comes from our own pages (or from no page at all)."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")


async def who(connection: HTTPConnection) -> UserRecord | None:
    """The user who asks, or None. Raises 403 when another site's page sends our cookie."""
    token = bearer(connection)
    if token is None:
        token = connection.cookies.get(COOKIE)
        if token is None:
            return None
        if from_elsewhere(connection):
            raise HTTPException(403, ELSEWHERE)
    try:
        return await auth_of(connection).user(token)
    except Refused:
        return None


async def user(request: Request) -> UserRecord:
    """Any logged-in user."""
    found = await who(request)
    if found is None:
        raise HTTPException(401, "log in first: POST /api/login, then send the cookie or `Authorization: Bearer …`")
    return found


async def agent(found: Annotated[UserRecord, Depends(user)]) -> UserRecord:
    """A user who takes contacts."""
    if found.device is None:
        raise HTTPException(403, "only agents may do this; ask an admin to make you one")
    return found


async def staff(found: Annotated[UserRecord, Depends(user)]) -> UserRecord:
    """Those who may read conversations."""
    if not {"agent", "supervisor", "admin"} & set(found.roles):
        raise HTTPException(403, "agents, supervisors and admins may read conversations")
    return found


async def admin(found: Annotated[UserRecord, Depends(user)]) -> UserRecord:
    """Those who manage users and see the machinery."""
    if "admin" not in found.roles:
        raise HTTPException(403, "only admins may do this")
    return found


async def designer(found: Annotated[UserRecord, Depends(user)]) -> UserRecord:
    """Those who may change what callers meet."""
    if not {"designer", "admin"} & set(found.roles):
        raise HTTPException(403, "only designers and admins may do this; ask an admin for the role `designer`")
    return found


async def supervisor(found: Annotated[UserRecord, Depends(user)]) -> UserRecord:
    """Those who answer for what is promised and paid."""
    if not {"supervisor", "admin"} & set(found.roles):
        raise HTTPException(403, "only supervisors and admins may do this")
    return found


def is_caller_of(conversation_id: str, request: Request) -> bool:
    """The bearer token is that of this very conversation."""
    token = bearer(request)
    try:
        return token is not None and auth_of(request).caller(token).conversation_id == conversation_id
    except Refused:
        return False


async def caller_or_staff(conversation_id: str, request: Request) -> UserRecord | None:
    """The caller of this very conversation (None), or staff."""
    if is_caller_of(conversation_id, request):
        return None
    found = await who(request)
    if found is None:
        raise HTTPException(401, "send the token that began this conversation, or log in")
    return await staff(found)


User = Annotated[UserRecord, Depends(user)]
Agent = Annotated[UserRecord, Depends(agent)]
Staff = Annotated[UserRecord, Depends(staff)]
Admin = Annotated[UserRecord, Depends(admin)]
Supervisor = Annotated[UserRecord, Depends(supervisor)]
Designer = Annotated[UserRecord, Depends(designer)]
CallerOrStaff = Annotated[UserRecord | None, Depends(caller_or_staff)]
