"""The command's root: serve, health, call, settings, and the groups of the other modules."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from server import logs, settings_doc
from server.cli.common import fail, print_table, settings_or_exit, with_store
from server.settings import CONFIG_VARIABLE

if TYPE_CHECKING:
    from session.store import Store

# Groups with a module of their own, imported when they are called: some load heavy engines, which takes seconds.
GROUPS = {
    "queue": ("server.cli.queue", "Queues in which callers wait for people."),
    "user": ("server.cli.user", "The people who work here."),
    "models": ("server.cli.models", "Model files: list them, put them in place."),
    "asr": ("server.cli.asr", "Recognition: words of audio files, and how right they are."),
    "prosody": ("server.cli.prosody", "Emotion from the voice: of files, how right it is, and training."),
    "bench": ("server.cli.bench", "Measure against other engines, in the same run."),
    "filter": ("server.cli.filter", "Policy packs: what bot and agents may not promise."),
    "experiment": ("server.cli.experiment", "A/B tests: how they stand, and promoting a variant."),
    "approvals": ("server.cli.approvals", "Workflows that wait for approval."),
    "rules": ("server.cli.rules", "Decision tables: check, test and try them."),
    "nlu": ("server.cli.nlu", "Understanding: how well intents are told apart."),
    "customer": ("server.cli.customer", "Customers' verification: authenticator apps, locks, voiceprints."),
    "hours": ("server.cli.hours", "Opening hours, and the switch that overrules them."),
    "flow": ("server.cli.flow", "Check, try and prepare flows without a phone."),
}


class _Commands(TyperGroup):
    """The root group: commands below, and `GROUPS`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names."""
        return [*super().list_commands(ctx), *GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """For the listing in `--help`: of a group only its help line."""
        if cmd_name not in GROUPS:
            return super().get_command(ctx, cmd_name)
        stand_in = typer.Typer(help=GROUPS[cmd_name][1])
        stand_in.callback()(lambda: None)
        command = get_command(stand_in)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """For a call: the command itself."""
        if not args or args[0] not in GROUPS:
            return super().resolve_command(ctx, args)
        return args[0], get_group(importlib.import_module(GROUPS[args[0]][0]).app), args[1:]


app = typer.Typer(
    cls=_Commands,
    help="Warmline, the contact-centre media server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def choose(
    config: Annotated[
        Path | None, typer.Option(help="settings file; otherwise warmline.toml in the working folder")
    ] = None,
) -> None:
    """Warmline, the contact-centre media server."""
    if config is not None:
        # Through the environment, so that the processes started from here read the same file.
        os.environ[CONFIG_VARIABLE] = str(config.absolute())


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
def inference() -> None:
    """Run only the inference worker, for other machines whose `asr.pool` names this one's `asr.listen`."""
    settings = settings_or_exit()
    if not settings.asr.listen:
        raise fail("asr.listen is empty: say where other machines reach this one, like tcp:10.0.0.7:7100", 2)
    os.execv(sys.executable, [sys.executable, "-m", "server.planes.inference_worker", "--id", "inference"])  # noqa: S606


@app.command()
def welcome() -> None:
    """What to do next on a fresh installation."""
    from session.users import Users

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
    import httpx

    from server.api.metrics import not_ready

    settings = settings_or_exit()
    host = "127.0.0.1" if settings.server.host == "0.0.0.0" else settings.server.host  # noqa: S104 - compared
    home = f"http://{host}:{settings.server.port}"
    token = {"Authorization": f"Bearer {settings.server.metrics_token}"} if settings.server.metrics_token else {}
    try:
        with httpx.Client(base_url=home, timeout=5, trust_env=False) as client:
            status = str(client.get("/api/health").json()["status"])
            told = client.get("/metrics", headers=token) if status == "degraded" else None
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise fail(f"no answer from {home}/api/health: {error}") from error
    missing = not_ready(told.text) if told is not None and told.is_success else []
    typer.echo(f"{status}; not ready: {', '.join(missing)}" if missing else status)
    raise typer.Exit(0 if status == "ok" else 1)


@app.command("settings")
def show_settings(
    markdown: Annotated[bool, typer.Option("--markdown", help="as docs/settings.md has them: defaults only")] = False,
) -> None:
    """Every setting with its value, default and reason."""
    if markdown:
        typer.echo(settings_doc.markdown(), nl=False)
        return
    from rich.table import Table

    table = Table("setting", "value", "what it is")
    for row in settings_doc.rows(settings_or_exit()):
        table.add_row(row.path, row.value, row.description)
    print_table(table)


@app.command()
def openapi() -> None:
    """The HTTP API's OpenAPI document, as the running server shows it at /api/openapi.json."""
    from server.api.app import openapi_document

    typer.echo(json.dumps(openapi_document(), indent=1, sort_keys=True, ensure_ascii=False))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def call(context: typer.Context) -> None:
    """Place one call to a SIP address and report what happened (`warmline call --help`)."""
    # A process of its own: the SIP library is GPL and stays out of this one.
    raise typer.Exit(subprocess.run([sys.executable, "-m", "telephony.caller", *context.args], check=False).returncode)


@app.command()
def demo(
    json_file: Annotated[Path | None, typer.Option("--json", help="write everything as JSON too")] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="empty folder for recording, page and log; default: a temporary one")
    ] = None,
) -> None:
    """A real call on this machine, from greeting to a human; exit status 0 when words and a human were reached."""
    from server.cli.demo import show

    show(settings_or_exit(), json_file, keep)
