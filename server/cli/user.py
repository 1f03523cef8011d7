"""`warmline user …`: the people who work here."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from desk.queues import LEVEL, QueueError, SkillNeed
from dialog.yamlfile import FileError
from server.auth import hash_password, new_sip_secret, sip_ha1
from server.cli.common import fail, print_table, settings_or_exit, with_store
from server.cli.queue import book_of
from session.store import Store
from session.types import Skill, UserRecord
from session.users import DuplicateUser, Users
from telephony.dial_rules import check_target

app = typer.Typer(help="The people who work here.", no_args_is_help=True)


class DeviceChoice(StrEnum):
    """How an agent is reached."""

    browser = "browser"
    sip = "sip"
    uri = "uri"


Password = Annotated[
    str,
    typer.Option(prompt=True, confirmation_prompt=True, hide_input=True, envvar="WARMLINE_PASSWORD", show_envvar=True),
]


@app.command("add")
def add(
    name: str,
    password: Password,
    admin: Annotated[bool, typer.Option("--admin", help="may manage users and see the machinery")] = False,
    supervisor: Annotated[bool, typer.Option("--supervisor")] = False,
    agent: Annotated[
        DeviceChoice | None, typer.Option(help="takes calls: in the browser, on a SIP softphone, or at a SIP URI")
    ] = None,
    uri: Annotated[str, typer.Option(help="sip: address of a `uri` agent")] = "",
    skill: Annotated[list[str] | None, typer.Option(help="name, or name:level (1-5); repeat for more")] = None,
    queue: Annotated[
        list[str] | None, typer.Option(help="served by them alone; none = all whose skills they have")
    ] = None,
    chats: Annotated[int, typer.Option(min=0, max=20, help="chats at once")] = 2,
    display_name: Annotated[str, typer.Option(help="as callers and colleagues see it")] = "",
) -> None:
    """Add somebody. A softphone's password is printed once."""
    settings = settings_or_exit()
    roles = [role for role, on in (("admin", admin), ("supervisor", supervisor), ("agent", agent is not None)) if on]
    if not roles:
        raise fail("say what they are: --admin, --supervisor or --agent browser|sip|uri", 2)
    skills = [_skill(text) for text in skill or []]
    if agent is DeviceChoice.uri:
        try:
            check_target(uri, agents_at="", allowed=settings.sip.dial_allowed)
        except ValueError as error:
            raise fail(f"--uri: {error}", 2) from error
    secret = new_sip_secret() if agent is DeviceChoice.sip else ""
    try:
        digest = hash_password(password)
    except ValueError as error:
        raise fail(str(error), 2) from error

    async def work(store: Store) -> None:
        await _check_queues(store, queue or [])
        await Users(store).add(
            name,
            password_hash=digest,
            roles=roles,
            display_name=display_name,
            uri=uri,
            skills=skills,
            queues=queue or [],
            chat_capacity=chats,
            device=agent.value if agent else None,
            sip_ha1=sip_ha1(name, settings.edge.domain, secret) if secret else "",
        )

    try:
        with_store(work)
    except DuplicateUser as error:
        raise fail(str(error)) from error
    except (QueueError, FileError) as error:
        raise fail(f"--queue: {error}") from error
    typer.echo(f"added {name} ({', '.join(roles)})")
    if secret:
        typer.echo(
            f"softphone: user {name}, domain {settings.edge.domain}, port {settings.edge.port}, password {secret} "
            "(shown this once)"
        )
    typer.echo("a running server takes new people up within a few seconds")


@app.command("change")
def change(
    name: str,
    skill: Annotated[list[str] | None, typer.Option(help="name, or name:level (1-5); all of them anew")] = None,
    queue: Annotated[list[str] | None, typer.Option(help="served by them; `all` = all whose skills they have")] = None,
    voice: Annotated[int | None, typer.Option(min=0, max=5, help="calls at once, with or without picture")] = None,
    chats: Annotated[int | None, typer.Option(min=0, max=20, help="chats at once")] = None,
) -> None:
    """What an agent takes: skills, queues, contacts at once. What is left out stays."""
    skills = None if skill is None else [_skill(text) for text in skill]

    async def work(store: Store) -> bool:
        users = Users(store)
        user = await users.by_name(name)
        if user is None or user.device is None:
            return False
        served = [] if queue == ["all"] else queue
        await _check_queues(store, set(served or ()) - set(user.queues))
        await users.set_agent(
            user.user_id,
            device=user.device,
            uri=user.uri,
            skills=skills,
            queues=served,
            voice_capacity=voice,
            chat_capacity=chats,
        )
        return True

    try:
        found = with_store(work)
    except (QueueError, FileError) as error:
        raise fail(f"--queue: {error}") from error
    if not found:
        raise fail(f"there is no agent {name!r}; `warmline user list` shows who there is")
    typer.echo(f"changed {name}; a running server takes it up within a few seconds")


async def _check_queues(store: Store, queues: Collection[str]) -> None:
    """Raises `QueueError`, or `FileError` for flows that cannot be read. Flows are read only for a queue that is given."""
    if queues:
        await book_of(store, flows=True).check_names(queues)


def _skill(text: str) -> Skill:
    """`zh` or `zh:4`."""
    try:
        skill, colon, level = text.partition(":")
        need = SkillNeed(skill=skill, min_level=int(level) if colon else LEVEL)
    except ValueError as error:
        raise fail(f"--skill {text}: write a name, or name:level with a level of 1 to 5, such as zh:4", 2) from error
    return Skill(need.skill, need.min_level)


@app.command("list")
def list_users() -> None:
    """Everybody."""

    async def work(store: Store) -> list[UserRecord]:
        return await Users(store).all()

    table = Table("name", "roles", "reached at", "skills", "state")
    for user in with_store(work):
        table.add_row(
            user.name,
            ", ".join(user.roles),
            " ".join(filter(None, (user.device, user.uri))),
            ", ".join(f"{one.skill} {one.level}" for one in user.skills),
            "shut out" if user.disabled else user.availability,
        )
    print_table(table)


@app.command("passwd")
def passwd(name: str, password: Password) -> None:
    """A new password; logins made with the old one end."""

    async def work(store: Store) -> bool:
        users = Users(store)
        user = await users.by_name(name)
        if user is None:
            return False
        await users.set_password(user.user_id, hash_password(password))
        return True

    try:
        found = with_store(work)
    except ValueError as error:
        raise fail(str(error), 2) from error
    if not found:
        raise fail(f"there is no user {name!r}; `warmline user list` shows who there is")
    typer.echo(f"changed the password of {name}")
