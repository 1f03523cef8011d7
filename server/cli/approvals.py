"""`warmline approvals …`: runs of workflows that wait until somebody agrees."""

from __future__ import annotations

import getpass
import json
from typing import Annotated, Literal

import typer
from rich.table import Table

from dialog.actions.runs import RunStatus
from server.cli.common import fail, print_table, with_store
from server.workflow_runs import StoredRuns, Waiting
from session.store import Store

app = typer.Typer(help="Workflows that wait for approval.", no_args_is_help=True)

Note = Annotated[str, typer.Option(help="why, for the audit")]


@app.command("list")
def list_runs(
    status: Annotated[RunStatus, typer.Option(help="which runs")] = "waiting",
) -> None:
    """Runs that wait, oldest first (or those in another status)."""

    async def work(store: Store) -> list[Waiting]:
        return await StoredRuns(store).listed(status)

    table = Table("run", "workflow", "since", "why", "inputs")
    for item in with_store(work):
        run = item.run
        inputs = json.dumps(run.inputs, ensure_ascii=False)
        table.add_row(run.id, run.workflow, f"{item.begun_at:%Y-%m-%d %H:%M}", run.why, inputs)
    print_table(table)


@app.command("approve")
def approve(run: str, note: Note = "") -> None:
    """Let a run go on; the running server takes it up within a second or two."""
    _decide(run, "approved", note)


@app.command("reject")
def reject(run: str, note: Note = "") -> None:
    """End a run where it stands."""
    _decide(run, "rejected", note)


def _decide(run_id: str, new: Literal["approved", "rejected"], note: str) -> None:
    async def work(store: Store) -> str:
        runs = StoredRuns(store)
        if await runs.move(run_id, "waiting", new, by=f"cli:{getpass.getuser()}", note=note):
            return ""
        found = await runs.load(run_id)
        return "there is no such run" if found is None else f"it does not wait any more: it is {found.status}"

    if problem := with_store(work):
        raise fail(f"{run_id}: {problem}")
    typer.echo(f"{run_id}: {new}")
