"""`warmline rules …`: check, test and try decision tables."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as Printed

from dialog.rules.decide import RuleError, RuleSet, failing_tests, load_rules
from dialog.rules.table import TableFile
from dialog.yamlfile import FileError, Problem
from server.cli.common import fail, print_table

app = typer.Typer(help="Decision tables: check, test and try them.", no_args_is_help=True)

Files = Annotated[list[Path], typer.Argument(help="tables (rules/*.yaml), or JDM files (*.json)")]


@app.command("validate")
def validate_files(files: Files) -> None:
    """Check tables; every problem is named with file, line and rule. Exit code 1 when one forbids use."""
    problems = [problem for path in files for problem in _problems(path)]
    raise typer.Exit(1 if problems else 0)


@app.command("test")
def test_files(files: Files) -> None:
    """Run the tests in the files. Exit code 1 when one does not hold."""
    failed = 0
    for path in files:
        rules = _load(path)
        found = asyncio.run(failing_tests(path, rules))
        for problem in found:
            print(problem)
        count = len(rules.table.file.tests) if rules.table else 0
        print(f"{path}: {count} tests, {'all hold' if not found else 'not all hold'}")
        failed += len(found)
    raise typer.Exit(1 if failed else 0)


@app.command("run")
def run_file(
    file: Annotated[Path, typer.Argument(help="a table or JDM file")],
    inputs: Annotated[str, typer.Option("--input", help="inputs as JSON")],
) -> None:
    """Decide once, without a call: the outputs, and the rows that made them."""
    rules = _load(file)
    try:
        given = json.loads(inputs)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise fail("--input is a JSON object, like '{\"amount\": 5}'", 2)
    try:
        decided = asyncio.run(rules.decide(given))
    except (ValueError, RuleError) as error:
        raise fail(str(error), 2) from error
    table = Printed("output", "value")
    for name, value in decided.outputs.items():
        table.add_row(name, json.dumps(value, ensure_ascii=False))
    print_table(table)
    print(
        f"decided by {', '.join(decided.rows) or 'no row'} of {decided.table} ({decided.sha[:12]}) in {decided.ms:.1f} ms"
    )


@app.command("schema")
def write_schema(
    out: Annotated[Path | None, typer.Option(help="file to write, like flows/rules-v1.schema.json")] = None,
) -> None:
    """The JSON Schema of tables, for completion in an editor."""
    text = json.dumps(TableFile.model_json_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")


def _problems(path: Path) -> list[Problem]:
    found: list[Problem] = []
    try:
        load_rules(path)
    except FileError as error:
        found = error.problems
    for problem in found:
        print(problem)
    if not found:
        print(f"{path}: fine")
    return found


def _load(path: Path) -> RuleSet:
    try:
        return load_rules(path)
    except FileError as error:
        raise fail(str(error)) from error
