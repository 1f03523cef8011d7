"""`warmline user …`: the people who work here."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from server.auth import hash_password, new_sip_secret, sip_ha1
from server.cli.common import fail, settings_or_exit, with_store
from session.store import Store
from session.types import UserRecord
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
    skill: Annotated[list[str] | None, typer.Option(help="repeat for more")] = None,
    display_name: Annotated[str, typer.Option(help="as callers and colleagues see it")] = "",
) -> None:
    """Add somebody. A softphone's password is printed once."""
    settings = settings_or_exit()
    roles = [role for role, on in (("admin", admin), ("supervisor", supervisor), ("agent", agent is not None)) if on]
    if not roles:
        raise fail("say what they are: --admin, --supervisor or --agent browser|sip|uri", 2)
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
        await Users(store).add(
            name,
            password_hash=digest,
            roles=roles,
            display_name=display_name,
            uri=uri,
            skills=skill or [],
            device=agent.value if agent else None,
            sip_ha1=sip_ha1(name, settings.edge.domain, secret) if secret else "",
        )

    try:
        with_store(work)
    except DuplicateUser as error:
        raise fail(str(error)) from error
    typer.echo(f"added {name} ({', '.join(roles)})")
    if secret:
        typer.echo(
            f"softphone: user {name}, domain {settings.edge.domain}, port {settings.edge.port}, password {secret} "
            "(shown this once)"
        )
    typer.echo("a running server takes new people up within a few seconds")


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
            ", ".join(user.skills),
            "shut out" if user.disabled else user.availability,
        )
    Console().print(table)


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
