"""What a designer is told by `warmline flow`, before anything heavy is loaded."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from server.cli.flow import app

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
