"""`warmline bench …`: measurements against other engines. They come with the source, not with the installed package."""

from __future__ import annotations

import importlib.util
import sys

import typer

from server.cli.common import fail
from server.settings import ROOT

app = typer.Typer(help="Measure against other engines, in the same run.", no_args_is_help=True)

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
NOT_HERE = (
    "the benchmarks are not part of the installed package; in a checkout of Warmline's source run `make setup`, "
    "then `.venv/bin/warmline bench {name}`"
)


@app.callback()
def _group() -> None:
    """Measure against other engines, in the same run."""


@app.command(context_settings=PASS_ON)
def asr(context: typer.Context) -> None:
    """Recognition: ours against stock faster-whisper, 1 to 16 utterances at once (`warmline bench asr --help`)."""
    _from_source("asr")
    from benchmarks.asr import main

    raise typer.Exit(main(context.args))


@app.command(context_settings=PASS_ON)
def prosody(context: typer.Context) -> None:
    """Emotion of voices: ours against openSMILE's eGeMAPS + SVM (`warmline bench prosody --help`)."""
    _from_source("prosody")
    from benchmarks.prosody import main

    raise typer.Exit(main(context.args))


def _from_source(name: str) -> None:
    if (ROOT / "benchmarks").is_dir() and str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    if importlib.util.find_spec(f"benchmarks.{name}") is None:
        raise fail(NOT_HERE.format(name=name))
