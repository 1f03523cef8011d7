"""Logging in, and the people who work here."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field

from server.api.access import COOKIE, Admin, User, auth_of
from server.auth import Refused, TooManyTries, hash_password, new_sip_secret, sip_ha1
from session.types import Role, UserRecord
from session.users import DuplicateUser, UserNotFound, Users

router = APIRouter(prefix="/api", tags=["people"])


class Login(BaseModel):
    """Name and password."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=256)


class UserOut(BaseModel):
    """A user without secrets."""

    id: str
    name: str
    display_name: str
    roles: list[str]
    locale: str
    device: str | None
    uri: str
    skills: list[str]
    disabled: bool


class LoginOut(UserOut):
    """A user and, for programs, the bearer token that the cookie holds too."""

    token: str


class NewUser(BaseModel):
    """Somebody new; `device` makes them an agent."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="login name, and SIP user of a softphone")
    password: str = Field(max_length=256)
    display_name: str = Field(default="", max_length=128)
    roles: list[Role] = Field(default_factory=lambda: list[Role](["agent"]))
    device: Literal["sip", "uri", "browser"] | None = None
    uri: str = Field(default="", max_length=256, description="sip: address of a `uri` agent")
    skills: list[str] = Field(default_factory=list, max_length=50)


class NewUserOut(UserOut):
    """`sip_secret` is the softphone's password; it is shown this once."""

    sip_secret: str | None


def user_out(record: UserRecord) -> UserOut:
    """A record as the API shows it."""
    return UserOut(**_fields(record))


@router.post("/login")
async def login(body: Login, request: Request, response: Response) -> LoginOut:
    """Log in: sets the cookie, and returns the token for programs."""
    address = request.client.host if request.client else ""
    try:
        user, token = await auth_of(request).login(body.name, body.password, address)
    except TooManyTries as error:
        raise HTTPException(429, str(error)) from error
    except Refused as error:
        raise HTTPException(401, str(error)) from error
    state = request.app.state
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(state.session_hours * 3600),
        httponly=True,
        samesite="lax",
        secure=state.secure_cookies,
    )
    return LoginOut(**_fields(user), token=token)


@router.post("/logout", status_code=204)
async def logout(response: Response) -> None:
    """Forget the cookie."""
    response.delete_cookie(COOKIE)


@router.get("/me")
async def me(user: User) -> UserOut:
    """Who I am."""
    return user_out(user)


@router.get("/users")
async def list_users(_admin: Admin, request: Request) -> list[UserOut]:
    """Everybody."""
    return [user_out(record) for record in await _users(request).all()]


@router.post("/users", status_code=201)
async def add_user(body: NewUser, _admin: Admin, request: Request) -> NewUserOut:
    """Add somebody."""
    if body.device == "uri" and not body.uri.startswith(("sip:", "sips:")):
        raise HTTPException(422, "uri: an agent reached by address needs one like sip:desk@192.0.2.7")
    secret = new_sip_secret() if body.device == "sip" else None
    try:
        record = await _users(request).add(
            body.name,
            password_hash=hash_password(body.password),
            roles=list(body.roles),
            display_name=body.display_name,
            device=body.device,
            uri=body.uri,
            skills=body.skills,
            sip_ha1=sip_ha1(body.name, request.app.state.realm, secret) if secret else "",
        )
    except ValueError as error:
        raise HTTPException(409 if isinstance(error, DuplicateUser) else 422, str(error)) from error
    await request.app.state.control.users_changed()
    return NewUserOut(**_fields(record), sip_secret=secret)


@router.delete("/users/{user_id}", status_code=204)
async def disable_user(user_id: str, admin: Admin, request: Request) -> None:
    """Shut somebody out; what they did stays."""
    if user_id == admin.user_id:
        raise HTTPException(409, "you cannot shut yourself out")
    try:
        await _users(request).get(user_id)
    except UserNotFound as error:
        raise HTTPException(404, str(error)) from error
    await _users(request).set_disabled(user_id, True)
    await request.app.state.control.users_changed()


def _users(request: Request) -> Users:
    users: Users = request.app.state.users
    return users


def _fields(record: UserRecord) -> dict[str, Any]:
    return {
        "id": record.user_id,
        "name": record.name,
        "display_name": record.display_name,
        "roles": list(record.roles),
        "locale": record.locale,
        "device": record.device,
        "uri": record.uri,
        "skills": list(record.skills),
        "disabled": record.disabled,
    }
