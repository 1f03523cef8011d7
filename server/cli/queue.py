"""`warmline queue …`: the queues in which callers wait for people."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.table import Table

from desk.queues import QueueError, QueueSpec
from server.cli.common import fail, print_table, settings_or_exit, with_store

if TYPE_CHECKING:
    from server.queues import QueueBook
    from session.store import Store

app = typer.Typer(help="Queues: list them, look at one, set it, remove it.", no_args_is_help=True)

HELD = "a running server takes it up within a few seconds, also for those who wait"


@app.command("list")
def list_queues() -> None:
    """All queues."""

    async def work(store: Store) -> dict[str, QueueSpec]:
        return await book_of(store).specs()

    table = Table("queue", "name", "strategy", "skills", "priority", "hours", "overflow")
    for spec in with_store(work).values():
        skills = ", ".join(f"{need.skill} ≥ {need.min_level}" for need in spec.skills)
        limits = [
            f"{spec.max_wait_s:g} s" if spec.max_wait_s else "",
            f"{spec.max_size} waiting" if spec.max_size else "",
        ]
        past = " or ".join(filter(None, limits))
        where = spec.overflow.name if spec.overflow.to == "queue" else "the flow"
        overflow = f"after {past} to {where}" if past else ""
        table.add_row(
            spec.queue, spec.shown, spec.strategy, skills, str(spec.priority), spec.hours or "always", overflow
        )
    print_table(table)


@app.command("show")
def show(queue: str) -> None:
    """One queue, as the API has it."""

    async def work(store: Store) -> dict[str, QueueSpec]:
        return await book_of(store).specs()

    specs = with_store(work)
    if queue not in specs:
        raise fail(f"there is no queue {queue!r}; there are {', '.join(specs) or 'none'}")
    typer.echo(json.dumps(specs[queue].model_dump(mode="json"), indent=2, ensure_ascii=False))


@app.command("set")
def set_queue(
    queue: str,
    values: Annotated[
        list[str],
        typer.Argument(
            help="FIELD=VALUE, as acw_s=30 strategy=round_robin announce.every_s=60 skills=zh:3,tech "
            "overflow=queue:night max_wait_s=300 hours=none; `warmline queue show` lists the fields"
        ),
    ],
) -> None:
    """Make a queue, or change what is given of one; the rest stays."""

    async def work(store: Store) -> QueueSpec | str:
        book = book_of(store)
        specs = await book.specs()
        before = specs[queue].model_dump(mode="json", exclude={"queue"}) if queue in specs else {}
        try:
            return await book.put(queue, changed(before, values), by=f"cli:{getpass.getuser()}")
        except QueueError as error:
            return str(error)

    told = with_store(work)
    if isinstance(told, str):
        raise fail(told, 2)
    typer.echo(f"set {told.queue} ({told.strategy}); {HELD}")


@app.command("remove")
def remove(queue: str) -> None:
    """Remove a queue that no flow, other queue or agent names, and in which nobody waits, also for a callback."""

    async def work(store: Store) -> bool | str:
        try:
            return await book_of(store, flows=True).remove(queue)
        except QueueError as error:
            return str(error)

    told = with_store(work)
    if isinstance(told, str):
        raise fail(told, 2)
    if not told:
        raise fail(f"there is no queue {queue!r}; `warmline queue list` shows which there are")
    typer.echo(f"removed {queue}; {HELD}")


def changed(before: dict[str, Any], values: list[str]) -> dict[str, Any]:
    """Settings with FIELD=VALUE in their places. Raises `QueueError`."""
    found = json.loads(json.dumps(before))
    for text in values:
        field, equals, value = text.partition("=")
        if not equals or not field:
            raise QueueError(f"{text!r}: write FIELD=VALUE, such as acw_s=30")
        *parents, last = field.split(".")
        place = found
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise QueueError(f"{field}: {parent} has no fields; write {parent}=VALUE")
        place[last] = _value(field, value)
    whole: dict[str, Any] = found
    return whole


def _value(field: str, text: str) -> Any:
    if field == "skills":
        needs = [one.partition(":") for one in text.split(",") if one and one != "none"]
        return [
            {"skill": skill, **({"min_level": yaml.safe_load(level)} if level else {})} for skill, _, level in needs
        ]
    if field == "overflow":
        to, _, name = text.partition(":")
        return {"to": to, "name": name}
    if text == "none":
        return None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def book_of(store: Store, *, flows: bool = False) -> QueueBook:
    """The installation's queues; `flows`: with those that its flows name."""
    from dialog.flow import Flow, load_flow
    from dialog.library import flow_files
    from server.queues import Openings, QueueBook
    from server.settings import ROOT
    from session.queues import Queues

    settings = settings_or_exit()
    folder = settings.installed(settings.dialog.flows_dir)

    def named() -> list[Flow]:
        return [load_flow(path) for path in flow_files(folder).values()] if flows else []

    return QueueBook(Queues(store), settings.desk, Openings(folder), ROOT, named)
