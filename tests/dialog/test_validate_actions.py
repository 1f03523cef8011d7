"""What validation says of actions and the files beside a flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialog.flow import read_flow
from dialog.validate import validate
from tests.dialog.test_working_blocks import FLOW

TABLE = """
format: rules/v1
id: redeem
inputs: {days: {type: number}, fee: {type: number}, tier: {type: string, optional: true}}
outputs: {advice: {type: string}}
rows: [{then: {advice: wait}}]
"""


def found(folder: Path, flow: str = FLOW, table: str = TABLE) -> set[tuple[str, int]]:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "redeem.yaml").write_text(table)
    (folder / "fund.yaml").write_text(flow)
    problems = validate(*read_flow(folder / "fund.yaml"))
    return {(p.rule.id, p.line) for p in problems if p.rule.id.startswith(("action-", "http-retry"))}


def test_nothing_to_say(tmp_path: Path) -> None:
    assert found(tmp_path) == set()


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        ("rule: redeem", "rule: redeam", "action-unknown", 28),
        ("rule: redeem", "workflow: redeem", "action-unknown", 28),
        ("{days: days_held, fee: fee}", "{days: days_held}", "action-input", 29),
        ("fee: fee}", "fee: fee, more: fee}", "action-input", 29),
        ("sets: [advice]", "sets: [advise]", "action-output", 30),
        ("    idempotent: true\n", "", "http-retry", 20),
    ],
)
def test_each_rule(tmp_path: Path, old: str, new: str, rule: str, line: int) -> None:
    assert old in FLOW
    assert (rule, line) in found(tmp_path, FLOW.replace(old, new))


def test_a_broken_table_is_told_at_the_flow(tmp_path: Path) -> None:
    assert {rule for rule, _ in found(tmp_path, table=TABLE.replace("type: number", "type: money"))} == {
        "action-broken"
    }
