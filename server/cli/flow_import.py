"""`warmline flow import`: flows of other products."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from server.cli.common import fail


class Source(StrEnum):
    """Whose format."""

    connect = "connect"
    twilio = "twilio"


def import_flow(
    file: Annotated[Path, typer.Argument(help="the exported flow (JSON)")],
    source: Annotated[Source, typer.Option("--from", help="Amazon Connect flow language, or Twilio Studio")],
    out: Annotated[Path, typer.Option(help="folder for the flow, what belongs beside it, and the report")],
    flow_id: Annotated[str, typer.Option("--id", help="id of the new flow; empty = made of the file's name")] = "",
    locale: Annotated[list[str] | None, typer.Option(help="repeat for more; the first is the source's")] = None,
) -> None:
    """Bring in a flow, with a report of what had no equivalent."""
    from dialog.importers.connect import import_connect
    from dialog.importers.draft import ImportFailed, plain
    from dialog.importers.twilio import import_twilio

    work = import_connect if source is Source.connect else import_twilio
    try:
        imported = work(file, flow_id or plain(file.stem), locale or ["en"])
        files = imported.write(out)
    except (ImportFailed, OSError) as error:
        raise fail(str(error)) from error
    for note in imported.notes:
        print(note)
    for problem in imported.problems:
        print(problem)
    for path in files:
        print(f"wrote {path}")
    if any(problem.severity == "E" for problem in imported.problems):
        raise typer.Exit(1)
