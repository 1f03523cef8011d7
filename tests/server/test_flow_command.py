"""What a designer is told by `warmline flow`, before anything heavy is loaded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dialog.gate import Gate, look
from server.cli import flow_versions
from server.cli.flow import app
from server.publishing import snapshot_of

WIDE = {"COLUMNS": "300"}
FLOW = """\
format: flow/v1
id: harbour
title: {en: Harbour}
locales: [en]
start: bye
blocks:
  bye: {type: end, text: {en: Goodbye.}}
"""
COMPLETE = f"""{FLOW}  people: {{type: queue, exits: {{answered: bye, overflow: bye, no_agents: bye}}}}
handlers: {{on_human_request: people, on_error: people}}
"""


def test_an_id_that_is_not_the_files_name_is_found_before_publishing(tmp_path: Path) -> None:
    file = tmp_path / "habour.yaml"
    file.write_text(FLOW)
    result = CliRunner().invoke(app, ["validate", str(file)], env=WIDE)
    assert result.exit_code == 1
    assert f"{file}:2: E flow-id the id 'harbour' is not the file's name, 'habour'; rename one of them" in result.output


def test_figures_without_quotes_are_told_to_be_quoted(tmp_path: Path) -> None:
    flow, test = tmp_path / "harbour.yaml", tmp_path / "harbour.flowtest.yaml"
    flow.write_text(FLOW.replace("id: harbour", "id: 4711"))
    test.write_text("format: flowtest/v1\nflow: harbour\ntests:\n  - name: keys\n    steps:\n      - press: 1\n")
    told = CliRunner().invoke(app, ["validate", str(flow)], env=WIDE).output
    assert ":2: E shape id: is a number or a date here, not text; put it in quotes" in told
    flow.write_text(FLOW)
    told = CliRunner().invoke(app, ["test", str(test)], env=WIDE).output
    assert ":6: E shape tests.0.steps.0.press: is a number or a date here, not text; put it in quotes" in told


def test_nothing_is_published_at_a_time_that_is_over(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["publish", str(tmp_path / "harbour.yaml"), "--at", "2020-01-01T06:00"], env=WIDE)
    assert result.exit_code == 2
    assert "2020-01-01 06:00 UTC is over; leave out --at to publish now" in result.output


def test_a_flow_without_versions_is_not_answered_by_silence(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["list", "harbour"], env={**WIDE, "WARMLINE_SERVER__DATA_DIR": str(tmp_path)}).output
    assert told == "no version of harbour was handed in; what is on disk serves\n"


def test_each_step_of_publishing_says_what_is_live_since_when_and_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gate(versions: object, version: object, path: Path, cache: object) -> Gate:
        """The test of the flow is not what is tested here."""
        snapshot = await snapshot_of(versions, version.flow_id, version.number)  # type: ignore[arg-type, attr-defined]
        return look(flow_versions._placed(snapshot, path))

    monkeypatch.setattr(flow_versions, "_gate", gate)
    monkeypatch.setenv("WARMLINE_SERVER__DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WARMLINE_DIALOG__FLOWS_DIR", str(tmp_path))
    file = tmp_path / "harbour.yaml"

    def told(*what: str) -> list[str]:
        result = CliRunner().invoke(app, list(what), env=WIDE)
        assert result.exit_code == 0, result.output
        lines = [line for line in result.output.splitlines() if re.match("version|next", line)]
        return [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "NOW", line) for line in lines]

    file.write_text(COMPLETE)
    taken = "a running app takes it up within 2 s"
    log = "`warmline flow log harbour` shows who did what"
    assert told("publish", str(file)) == [
        f"version 1 of harbour is live since NOW, instead of the file on disk (revision 1); {taken}",
        f"next: {log}",
    ]
    file.write_text(COMPLETE.replace("Goodbye", "Ahoy"))
    assert told("draft", str(file)) == [
        "version 2 of harbour is handed in; not live",
        "next: `warmline flow publish harbour --version 2`",
    ]
    assert told("publish", "harbour", "--version", "2") == [
        f"version 2 of harbour is live since NOW, instead of version 1 (revision 2); {taken}",
        f"next: `warmline flow rollback harbour` takes it back, {log}",
    ]
    assert told("rollback", "harbour") == [
        f"version 1 of harbour is live again since NOW, instead of version 2 (revision 3); {taken}",
        f"next: {log}",
    ]
