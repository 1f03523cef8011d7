"""`warmline experiment …`: how A/B tests stand, and giving everybody the better variant."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer
from rich.table import Table

from dialog.experiment.stats import sample_size
from server.cli.common import fail, print_table, with_store
from server.experiments import ExperimentDesk, UnknownExperiment
from session.store import Store

app = typer.Typer(help="A/B tests: how they stand, and promoting a variant.", no_args_is_help=True)


@app.command("list")
def list_experiments() -> None:
    """All experiments that callers met."""

    async def work(store: Store) -> list[dict[str, Any]]:
        desk = ExperimentDesk(store)
        await desk.read()
        return [await desk.shown(name) for name in sorted(desk.results)]

    table = Table("experiment", "variants", "callers", "promoted")
    for one in with_store(work):
        variants = one["variants"]
        names = ", ".join(item["variant"] for item in variants)
        table.add_row(one["id"], names, str(sum(item["exposed"] for item in variants)), one["promoted"])
    print_table(table)


@app.command("show")
def show(name: str) -> None:
    """One experiment: rates, and what is sure. It may be looked at as often as one likes."""

    async def work(store: Store) -> dict[str, Any] | str:
        desk = ExperimentDesk(store)
        await desk.read()
        try:
            return await desk.shown(name)
        except UnknownExperiment as error:
            return str(error)

    found = with_store(work)
    if isinstance(found, str):
        raise fail(found)
    table = Table("variant", "met by", "outcomes", "success", "to a person", "against control", "sure")
    for item in found["variants"]:
        against = item["against_control"]
        told = (
            f"{against['difference']:+.1%} ({against['low']:+.1%} … {against['high']:+.1%})" if against else "control"
        )
        state = "stopped" if item["stopped"] else "promoted" if item["variant"] == found["promoted"] else ""
        table.add_row(
            f"{item['variant']} {state}".strip(),
            str(item["exposed"]),
            str(item["outcomes"]),
            f"{item['success_rate']:.1%}",
            f"{item['transfer_rate']:.1%}",
            told,
            "yes" if against and against["sure"] else "",
        )
    print_table(table)


@app.command("promote")
def promote(name: str, variant: str) -> None:
    """Everybody gets this variant from now on; the running server follows within a few seconds."""

    async def work(store: Store) -> str:
        try:
            await ExperimentDesk(store).promote(name, variant, f"cli:{getpass.getuser()}")
        except UnknownExperiment as error:
            return str(error)
        return ""

    if problem := with_store(work):
        raise fail(problem)
    typer.echo(f"{name}: everybody gets {variant}")


@app.command("sample-size")
def needed(
    rate: Annotated[float, typer.Argument(help="share of successes now, like 0.5")],
    lift: Annotated[float, typer.Argument(help="difference to be found, like 0.05")],
) -> None:
    """Callers per variant for a test of a fixed size with 5 % error and 80 % power."""
    try:
        typer.echo(f"{sample_size(rate, lift)} callers per variant")
    except ValueError as error:
        raise fail(str(error), 2) from error
