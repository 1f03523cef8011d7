"""`warmline demo`: see it work without a phone."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

import httpx
from rich.console import Console

from server.cli.common import fail
from server.demo.instance import DemoError
from server.demo.run import run, summary
from server.settings import Settings


def show(settings: Settings, json_file: Path | None, keep: Path | None) -> None:
    """Run it and print its summary. Raises `typer.Exit` with one sentence when it did not do what it should."""
    folder = keep.absolute() if keep is not None else Path(tempfile.mkdtemp(prefix="warmline-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise fail(f"--keep {folder}: choose an empty folder", 2)
    console = Console()
    try:
        outcome = asyncio.run(run(folder, settings.models_dir, console))
    except (DemoError, httpx.HTTPError, OSError) as error:
        raise fail(f"the demo could not be run: {error}") from error
    except KeyboardInterrupt as error:
        raise fail("stopped", 130) from error
    console.print(summary(outcome))
    if json_file is not None:
        json_file.write_text(json.dumps(outcome.report, ensure_ascii=False, indent=2), encoding="utf-8")
    if outcome.problem:
        raise fail(outcome.problem)
