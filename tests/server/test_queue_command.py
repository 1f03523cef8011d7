"""`warmline queue`, as an operator types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.cli.queue import app


def test_a_list_into_a_pipe_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 80 columns, which is what a pipe counts as, most of it was cut off."""
    monkeypatch.setenv("WARMLINE_SERVER__DATA_DIR", str(tmp_path))
    monkeypatch.delenv("COLUMNS", raising=False)
    name = "The night line of the harbour, for whoever is stranded"
    shell = CliRunner()
    values = [
        f"name={name}",
        "skills=mandarin:4,towing",
        "hours=hotline/office",
        "max_wait_s=300",
        "strategy=least_occupied",
    ]
    made = shell.invoke(app, ["set", "night_line_of_the_harbour", *values])
    assert made.exit_code == 0, made.output
    row = next(line for line in shell.invoke(app, ["list"]).output.splitlines() if "night" in line)
    for part in (
        "night_line_of_the_harbour",
        name,
        "least_occupied",
        "mandarin ≥ 4, towing ≥ 1",
        "hotline/office",
        "after 300 s to the flow",
    ):
        assert part in row
