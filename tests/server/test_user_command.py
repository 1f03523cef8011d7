"""`warmline user` and `warmline customer`, as an operator types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.cli.main import app

FLOW = """
format: flow/v1
id: harbour
title: {en: Harbour}
locales: [en]
start: people
blocks:
  people: {type: queue, queue: harbour, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end}
handlers: {on_human_request: people, on_error: bye}
"""


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "harbour.yaml").write_text(FLOW)
    monkeypatch.setenv("WARMLINE_SERVER__DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WARMLINE_DIALOG__FLOWS_DIR", str(flows))
    monkeypatch.setenv("WARMLINE_PASSWORD", "a good long one")
    return flows


def test_an_agent_gets_no_queue_that_is_not_there(installation: Path) -> None:
    """Those that flows name are there, also before the first start."""
    shell = CliRunner()
    agent = ["user", "add", "amy", "--agent", "browser", "--queue"]
    refused = shell.invoke(app, [*agent, "harbor"])
    assert (refused.exit_code, refused.stderr) == (1, "--queue: there is no queue 'harbor'; there are harbour\n")
    assert shell.invoke(app, ["user", "list"]).output.count("amy") == 0
    assert shell.invoke(app, [*agent, "harbour"]).exit_code == 0
    refused = shell.invoke(app, ["user", "change", "amy", "--queue", "harbour", "--queue", "night"])
    assert (refused.exit_code, refused.stderr) == (1, "--queue: there is no queue 'night'; there are harbour\n")
    assert shell.invoke(app, ["queue", "set", "night", "acw_s=5"]).exit_code == 0
    assert shell.invoke(app, ["user", "change", "amy", "--queue", "harbour", "--queue", "night"]).exit_code == 0
    assert shell.invoke(app, ["user", "change", "amy", "--queue", "all"]).exit_code == 0
