"""The command's root: serve, health, call, settings, and the groups of the other modules."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from server import logs, settings_doc
from server.cli import flow, models, user
from server.cli.common import fail, settings_or_exit, with_store
from session.store import Store
from session.users import Users

app = typer.Typer(
    help="Warmline, the contact-centre media server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(flow.app, name="flow")
app.add_typer(user.app, name="user")
app.add_typer(models.app, name="models")


@app.command()
def serve() -> None:
    """Start everything and keep it running; SIGTERM drains."""
    from server import supervisor

    settings = settings_or_exit()
    logs.configure(settings.server, "supervisor")
    raise typer.Exit(supervisor.main(settings))


@app.command()
def edge() -> None:
    """Write Kamailio's configuration and run only it, for an app whose `edge.kamailio` is external."""
    from server import supervisor

    settings = settings_or_exit()
    raise typer.Exit(supervisor.run_edge(settings))


@app.command()
def welcome() -> None:
    """What to do next on a fresh installation."""
    settings = settings_or_exit()

    async def work(store: Store) -> int:
        return len(await Users(store).all())

    where = f"http://{settings.server.host}:{settings.server.port}"
    typer.echo(
        f"Warmline: {where} in a browser, sip:support@{settings.edge.host}:{settings.edge.port} from a SIP phone."
    )
    if not with_store(work):
        typer.echo("Nobody works here yet. In another terminal:  .venv/bin/warmline user add --admin NAME")


@app.command()
def health() -> None:
    """Ask the running server how it is; exit status 0 when all is well."""
    settings = settings_or_exit()
    url = f"http://{settings.server.host}:{settings.server.port}/api/health"
    try:
        status = str(httpx.get(url, timeout=5).json()["status"])
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise fail(f"no answer from {url}: {error}") from error
    typer.echo(status)
    raise typer.Exit(0 if status == "ok" else 1)


@app.command("settings")
def show_settings(
    markdown: Annotated[bool, typer.Option("--markdown", help="as docs/settings.md has them: defaults only")] = False,
) -> None:
    """Every setting with its value, default and reason."""
    if markdown:
        typer.echo(settings_doc.markdown(), nl=False)
        return
    table = Table("setting", "value", "what it is")
    for row in settings_doc.rows(settings_or_exit()):
        table.add_row(row.path, row.value, row.description)
    Console().print(table)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def call(context: typer.Context) -> None:
    """Place one call to a SIP address and report what happened (`warmline call --help`)."""
    # A process of its own: the SIP library is GPL and stays out of this one.
    raise typer.Exit(subprocess.run([sys.executable, "-m", "telephony.caller", *context.args], check=False).returncode)
