"""What commands share: settings with one clear error, an opened store."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from server.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from rich.table import Table

    from session.store import Store

WHOLE = 10_000  # characters; wider than any table

T = TypeVar("T")


def settings_or_exit() -> Settings:
    """The settings, or exit status 2 with what is wrong with them."""
    try:
        return load()
    except SettingsError as error:
        raise fail(str(error), 2) from error


def write(text: str, out: Path | None) -> None:
    """To a file, or printed."""
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")


def print_table(table: Table) -> None:
    """Print it: in the terminal's width, and whole into a pipe or a file, where nothing is cut or folded."""
    from rich.console import Console

    console = Console()
    Console(width=console.width if console.is_terminal or "COLUMNS" in os.environ else WHOLE).print(table)


def fail(sentence: str, code: int = 1) -> typer.Exit:
    """Say what went wrong; raise the result."""
    typer.echo(sentence, err=True)
    return typer.Exit(code)


def with_store(work: Callable[[Store], Awaitable[T]]) -> T:
    """Run something on the installation's database."""
    from session.store import Store, StoreError

    settings = settings_or_exit()
    settings.data_dir.mkdir(parents=True, exist_ok=True)

    async def run() -> T:
        store = await Store.open(settings.store_url, settings.store.busy_timeout_s)
        try:
            return await work(store)
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except StoreError as error:
        raise fail(str(error)) from error
