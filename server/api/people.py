"""Logging in, and the people who work here."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field

from desk.queues import LEVEL, Level, QueueError, QueueId, SkillName
from server.api.access import COOKIE, ELSEWHERE, Admin, User, address_of, auth_of, from_elsewhere
from server.auth import Refused, TooManyTries, hash_password, new_sip_secret, sip_ha1
from server.queues import QueueBook
from session.strict import Strict
from session.types import Device, Role, Skill, UserRecord
from session.users import DuplicateUser, UserNotFound, Users

router = APIRouter(prefix="/api", tags=["people"])


class Login(Strict):
    """Name and password."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=256)


class SkillLevel(Strict):
    """What an agent can do, and how well."""

    skill: SkillName
    level: Level = LEVEL


class CapacityOf(Strict):
    """Contacts that an agent holds at once; video counts as voice."""

    voice: int = Field(default=1, ge=0, le=5)
    chat: int = Field(default=2, ge=0, le=20)


Skills = Annotated[list[SkillLevel | SkillName], Field(max_length=50, description="a name alone has level 3")]
ServedQueues = Annotated[list[QueueId], Field(max_length=100, description="empty = all whose skills they have")]


class UserOut(BaseModel):
    """A user without secrets."""

    id: str
    name: str
    display_name: str
    roles: list[str]
    locale: str
    device: str | None
    uri: str
    skills: list[SkillLevel]
    queues: list[str]
    capacity: CapacityOf
    disabled: bool


class LoginOut(UserOut):
    """A user and, for programs, the bearer token that the cookie holds too."""

    token: str


class NewUser(Strict):
    """Somebody new; `device` makes them an agent."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="login name, and SIP user of a softphone")
    password: str = Field(max_length=256)
    display_name: str = Field(default="", max_length=128)
    roles: list[Role] = Field(default_factory=lambda: list[Role](["agent"]))
    device: Device | None = None
    uri: str = Field(default="", max_length=256, description="sip: address of a `uri` agent")
    skills: Skills = Field(default_factory=list)
    queues: ServedQueues = Field(default_factory=list)
    capacity: CapacityOf = CapacityOf()


class UserChange(Strict):
    """What is to be different; what is left out stays. `device` makes somebody an agent."""

    display_name: str | None = Field(default=None, max_length=128)
    password: str | None = Field(default=None, max_length=256, description="ends the logins made with the old one")
    roles: list[Role] | None = None
    device: Device | None = None
    uri: str | None = Field(default=None, max_length=256)
    skills: Skills | None = None
    queues: ServedQueues | None = None
    capacity: CapacityOf | None = None
    disabled: bool | None = Field(default=None, description="true shuts them out at once, false lets them in again")
    new_sip_secret: bool = Field(default=False, description="the softphone gets another password, shown in the answer")


class UserSecretOut(UserOut):
    """`sip_secret` is the softphone's new password; it is shown this once."""

    sip_secret: str | None


def user_out(record: UserRecord) -> UserOut:
    """A record as the API shows it."""
    return UserOut(**_fields(record))


@router.post("/login")
async def login(body: Login, request: Request, response: Response) -> LoginOut:
    """Log in: sets the cookie, and returns the token for programs."""
    if from_elsewhere(request):
        raise HTTPException(403, ELSEWHERE)
    try:
        user, token = await auth_of(request).login(body.name, body.password, address_of(request))
    except TooManyTries as error:
        raise HTTPException(429, str(error), {"Retry-After": str(error.retry_after_s)}) from error
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
async def logout(request: Request, response: Response) -> None:
    """Forget the cookie."""
    if from_elsewhere(request):
        raise HTTPException(403, ELSEWHERE)
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
async def add_user(body: NewUser, _admin: Admin, request: Request) -> UserSecretOut:
    """Add somebody."""
    _check_reach(body.device, body.uri)
    await _check_queues(request, body.queues)
    digest = await _hash(body.password)
    secret = new_sip_secret() if body.device == "sip" else None
    try:
        record = await _users(request).add(
            body.name,
            password_hash=digest,
            roles=list(body.roles),
            display_name=body.display_name,
            device=body.device,
            uri=body.uri,
            skills=_levels(body.skills),
            queues=body.queues,
            voice_capacity=body.capacity.voice,
            chat_capacity=body.capacity.chat,
            sip_ha1=sip_ha1(body.name, request.app.state.realm, secret) if secret else "",
        )
    except DuplicateUser as error:
        raise HTTPException(409, str(error)) from error
    await request.app.state.control.users_changed()
    return UserSecretOut(**_fields(record), sip_secret=secret)


@router.patch("/users/{user_id}")
async def change_user(user_id: str, body: UserChange, admin: Admin, request: Request) -> UserSecretOut:
    """Change somebody: what they may do, how they are reached, their password."""
    users = _users(request)
    before = await _found(users, user_id)
    if user_id == admin.user_id and (body.disabled or (body.roles is not None and "admin" not in body.roles)):
        raise HTTPException(409, "you cannot shut yourself out; another admin can")
    device = body.device or before.device
    uri = before.uri if body.uri is None else body.uri
    _check_reach(device, uri)
    if body.new_sip_secret and device != "sip":
        raise HTTPException(422, "new_sip_secret: only agents whose device is sip have one")
    for field in ("skills", "queues", "capacity"):
        if getattr(body, field) is not None and device is None:
            raise HTTPException(422, f"{field}: give a device too, which makes them an agent")
    await _check_queues(request, set(body.queues or ()) - set(before.queues))
    digest = None if body.password is None else await _hash(body.password)
    secret = new_sip_secret() if device == "sip" and (body.new_sip_secret or before.device != "sip") else None
    await users.change(user_id, display_name=body.display_name, roles=body.roles)
    if device is not None:
        await users.set_agent(
            user_id,
            device=device,
            uri=uri,
            skills=None if body.skills is None else _levels(body.skills),
            queues=body.queues,
            voice_capacity=body.capacity.voice if body.capacity else None,
            chat_capacity=body.capacity.chat if body.capacity else None,
            sip_ha1=sip_ha1(before.name, request.app.state.realm, secret) if secret else None,
        )
    if digest is not None:
        await users.set_password(user_id, digest)
    if body.disabled is not None and body.disabled != before.disabled:
        await users.set_disabled(user_id, body.disabled)
    await request.app.state.control.users_changed()
    return UserSecretOut(**_fields(await users.get(user_id)), sip_secret=secret)


@router.delete("/users/{user_id}", status_code=204)
async def disable_user(user_id: str, admin: Admin, request: Request) -> None:
    """Shut somebody out; what they did stays."""
    if user_id == admin.user_id:
        raise HTTPException(409, "you cannot shut yourself out; another admin can")
    await _found(_users(request), user_id)
    await _users(request).set_disabled(user_id, True)
    await request.app.state.control.users_changed()


def _users(request: Request) -> Users:
    users: Users = request.app.state.users
    return users


async def _found(users: Users, user_id: str) -> UserRecord:
    try:
        return await users.get(user_id)
    except UserNotFound as error:
        raise HTTPException(404, str(error)) from error


async def _hash(password: str) -> str:
    """In a thread: argon2 takes its time on purpose."""
    try:
        return await asyncio.to_thread(hash_password, password)
    except ValueError as error:
        raise HTTPException(422, f"password: {error}") from error


def _levels(skills: list[SkillLevel | str]) -> list[Skill]:
    return [Skill(one) if isinstance(one, str) else Skill(one.skill, one.level) for one in skills]


async def _check_queues(request: Request, queues: Collection[str]) -> None:
    book: QueueBook | None = request.app.state.queues
    try:
        if queues and book is not None:
            await book.check_names(queues)
    except QueueError as error:
        raise HTTPException(422, f"queues: {error}") from error


def _check_reach(device: str | None, uri: str) -> None:
    if device == "uri" and not uri.startswith(("sip:", "sips:")):
        raise HTTPException(422, "uri: an agent reached by address needs one like sip:desk@192.0.2.7")


def _fields(record: UserRecord) -> dict[str, Any]:
    return {
        "id": record.user_id,
        "name": record.name,
        "display_name": record.display_name,
        "roles": list(record.roles),
        "locale": record.locale,
        "device": record.device,
        "uri": record.uri,
        "skills": [{"skill": one.skill, "level": one.level} for one in record.skills],
        "queues": list(record.queues),
        "capacity": {"voice": record.voice_capacity, "chat": record.chat_capacity},
        "disabled": record.disabled,
    }
