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
CUSTOMERS = """
format: customers/v1
customers:
  - {customer_no: "%s", name: Alex Morgan, locale: en}
"""


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "harbour.yaml").write_text(FLOW)
    monkeypatch.setenv("WARMLINE_SERVER__DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WARMLINE_DIALOG__FLOWS_DIR", str(flows))
    monkeypatch.setenv("WARMLINE_PASSWORD", "a good long one")
    (flows / "customers.sample.yaml").write_text(CUSTOMERS % 100001)
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


def test_only_customers_of_a_directory_get_an_authenticator_app(installation: Path) -> None:
    """A mistyped number got a secret that nobody is ever asked for."""
    pack = installation / "packs" / "bank"
    pack.mkdir(parents=True)
    (pack / "bank.yaml").write_text(FLOW.replace("id: harbour", "id: bank"))
    (pack / "customers.sample.yaml").write_text(CUSTOMERS % 200002)
    shell = CliRunner()
    for known in ("100001", "200002"):
        assert shell.invoke(app, ["customer", "enrol-totp", known]).stdout.startswith("otpauth://")
    refused = shell.invoke(app, ["customer", "enrol-totp", "100007"])
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("there is no customer '100007' in customers.sample.yaml")
    assert shell.invoke(app, ["customer", "delete-totp", "100007"]).exit_code == 1  # nothing was kept for it
