"""What a designer is told by `warmline flow`, before anything heavy is loaded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dialog.gate import Gate, look
from server.cli import flow_versions, main
from server.cli.flow import app
from server.cli.hours import app as hours
from server.cli.main import app as root
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


def test_a_file_that_cannot_be_written_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["warmline", "flow", "rules", "--out", str(tmp_path / "nowhere" / "rules.md")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert str(ended.value).startswith(f"warmline: {tmp_path}/nowhere/rules.md: No such file or directory; check")


def test_a_data_folder_that_cannot_be_made_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WARMLINE_SERVER__DATA_DIR", str(tmp_path / "file"))
    monkeypatch.setattr("sys.argv", ["warmline", "user", "list"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert str(ended.value).startswith(f"warmline: {tmp_path}/file: File exists; check the path")


def test_what_is_asked_of_nothing_is_said(tmp_path: Path) -> None:
    env = {**WIDE, "WARMLINE_SERVER__DATA_DIR": str(tmp_path)}
    result = CliRunner().invoke(app, ["plans", "--cancel", "99"], env=env)
    assert result.exit_code == 1 and "there is no waiting plan 99" in result.output
    assert CliRunner().invoke(app, ["log", "harbour"], env=env).output == "nothing was done with harbour yet\n"


def test_an_id_in_two_places_stops_publishing_as_it_would_stop_the_start(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    (flows / "packs" / "quay").mkdir(parents=True)
    (flows / "intents").mkdir()
    both = [flows / "harbour.yaml", flows / "packs" / "quay" / "harbour.yaml"]
    for file in both:
        file.write_text(COMPLETE)
    env = {
        **WIDE,
        "WARMLINE_SERVER__DATA_DIR": str(tmp_path / "data"),
        "WARMLINE_DIALOG__FLOWS_DIR": str(flows),
    }
    for file in both:
        for command in (["validate", str(file)], ["publish", str(file)]):
            result = CliRunner().invoke(app, command, env=env)
            assert result.exit_code == 1
            assert "flow 'harbour' is also" in result.output and "an id may be in one place only" in result.output
    result = CliRunner().invoke(hours, ["list"], env=env)
    assert result.exit_code == 1 and "flow 'harbour' is also" in result.output


def test_what_is_no_flows_file_is_not_handed_in(tmp_path: Path) -> None:
    file = tmp_path / "harbour.flowtest.yaml"
    file.write_text("format: flowtest/v1\nflow: harbour\ntests: [{name: a, steps: [{expect: Goodbye}]}]\n")
    env = {**WIDE, "WARMLINE_SERVER__DATA_DIR": str(tmp_path)}
    result = CliRunner().invoke(app, ["draft", str(file)], env=env)
    assert result.exit_code == 1 and "no flow" in result.output
    assert "handed in" not in result.output


def test_a_groups_help_offers_nothing_but_its_own() -> None:
    assert "--install-completion" not in CliRunner().invoke(root, ["hours", "--help"], env=WIDE).output
