"""`warmline filter …`: check policy packs and try sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dialog.filter.pack import load_pack
from dialog.filter.service import Filters
from dialog.yamlfile import FileError
from server.cli.common import fail, settings_or_exit

app = typer.Typer(help="Policy packs: what bot and agents may not promise.", no_args_is_help=True)


@app.command("validate")
def validate(files: Annotated[list[Path], typer.Argument(help="packs (filters/*.yaml)")]) -> None:
    """Check packs; every problem is named with file and line. Exit code 1 when one forbids use."""
    bad = False
    for path in files:
        try:
            pack = load_pack(path)
        except FileError as error:
            print(error)
            bad = True
        else:
            print(f"{path}: fine, {len(pack.rules)} rules, {pack.words} words to look for")
    raise typer.Exit(1 if bad else 0)


@app.command("try")
def try_sentence(
    text: Annotated[str, typer.Argument(help="what the bot or an agent says")],
    locale: Annotated[str, typer.Option(help="of the conversation")] = "en",
) -> None:
    """What a sentence hits, and what the bot would say instead. A running server takes changed packs up by itself."""
    options = settings_or_exit()
    try:
        filters = Filters.load(options.installed(options.dialog.flows_dir) / "filters", options.dialog.filters)
    except FileError as error:
        raise fail(str(error)) from error
    screened = filters.screen(text, locale)
    for hit in screened.hits:
        print(f"{hit['severity']}: {hit['pack']} {hit['rule']} ({hit['law']})")
    print(f"says: {screened.text}")
    raise typer.Exit(1 if screened.hits else 0)
