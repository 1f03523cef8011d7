"""`warmline flow convert|reference`: the same flow in another form, and the reference of blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from dialog import canonical
from dialog.flow import read_flow
from dialog.reference_blocks import blocks_page
from dialog.yamlfile import FileError
from server.cli.common import write

Out = Annotated[Path | None, typer.Option(help="write here instead of printing")]


def convert(
    file: Annotated[Path, typer.Argument(help="a flow, as YAML or JSON")],
    to: Annotated[Literal["json", "yaml"], typer.Option(help="the form to write")] = "json",
    out: Out = None,
    sha: Annotated[bool, typer.Option("--sha", help="print the SHA-256 of its meaning instead")] = False,
) -> None:
    """Write a flow as canonical JSON, or as YAML; both are the same tree. Exit code 1 when the file is no flow."""
    try:
        _, document = read_flow(file)
    except FileError as error:
        print(error)
        raise typer.Exit(1) from None
    if sha:
        print(canonical.meaning(document))
        return
    write(canonical.to_json(document) if to == "json" else canonical.to_yaml(document), out)


def reference(out: Out = None) -> None:
    """The reference of all blocks, as Markdown, made from the schema."""
    write(blocks_page(), out)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("convert")(convert)
    app.command("reference")(reference)
