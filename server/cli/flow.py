"""`warmline flow …`: check, try and prepare flows without a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dialog.flow import read_flow, schema
from dialog.flowtest import schema as flowtest_schema
from dialog.library import FLOW_ID, flow_files, outermost
from dialog.reference import rules_page
from dialog.validate import validate
from dialog.verification.hashing import hash_secret
from dialog.yamlfile import FileError
from server.cli import flow_forms, flow_import, flow_versions
from server.cli.common import write

app = typer.Typer(help="Check, try and prepare flows without a phone.", no_args_is_help=True)

flow_versions.add_to(app)
flow_forms.add_to(app)
app.command("import")(flow_import.import_flow)

Files = Annotated[list[Path], typer.Argument(help="flow files (*.yaml)")]


@app.command("validate")
def validate_files(files: Files) -> None:
    """Check flow files; every problem is named with file and line. Exit code 1 when one forbids use."""
    errors = 0
    for path in files:
        try:
            flow, document = read_flow(path)
            problems = validate(flow, document)
            if flow.id != path.stem:
                said = f"the id {flow.id!r} is not the file's name, {path.stem!r}"
                problems = [document.problem(("id",), said, FLOW_ID), *problems]
            flow_files(outermost(path))
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
    text: Annotated[
        bool, typer.Option("--text", help="as text, in virtual time; so it is without the others, too")
    ] = False,
    audio: Annotated[bool, typer.Option("--audio", help="as sound, through G.711 and the recogniser")] = False,
    sip: Annotated[bool, typer.Option("--sip", help="as real calls to an app started for it")] = False,
    faults: Annotated[
        bool, typer.Option("--faults", help="also play generated cases in which something breaks")
    ] = False,
    coverage: Annotated[bool, typer.Option("--coverage", help="print which exits no test takes")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="write results here, for programs")] = None,
    junit_file: Annotated[Path | None, typer.Option("--junit", help="write results here, for CI")] = None,
    cache: Annotated[Path | None, typer.Option(help="folder that keeps sentence vectors for the next run")] = None,
) -> None:
    """Play the scenarios of test files, with the real understanding. Exit code 1 when one fails."""
    from server.cli.common import fail
    from server.cli.flow_testing import run_tests

    if text + audio + sip > 1:
        raise fail("choose one of --text, --audio and --sip", 2)
    held = run_tests(
        files,
        "sip" if sip else "audio" if audio else "text",
        faults=faults,
        coverage=coverage,
        cache=cache,
        json_file=json_file,
        junit_file=junit_file,
    )
    raise typer.Exit(0 if held else 1)


@app.command("schema")
def print_schema(out: Annotated[Path | None, typer.Option(help="write here instead of printing")] = None) -> None:
    """The JSON Schema of flow/v1, for editors."""
    write(schema(), out)


@app.command("test-schema")
def print_test_schema(out: Annotated[Path | None, typer.Option(help="write here instead of printing")] = None) -> None:
    """The JSON Schema of flowtest/v1, for editors."""
    write(flowtest_schema(), out)


@app.command("rules")
def print_rules(out: Annotated[Path | None, typer.Option(help="write here instead of printing")] = None) -> None:
    """All rules that `validate` checks, as Markdown."""
    write(rules_page(), out)


@app.command("hash-pin")
def print_pin_hash() -> None:
    """Ask for a PIN (not shown) and print its hash for the customer directory."""
    print(hash_secret(typer.prompt("PIN", hide_input=True, confirmation_prompt=True)))
