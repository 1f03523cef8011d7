"""Decision tables: what the engine decides is what the checks suppose, and every mistake is named with its place."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import zen

from dialog.rules.cells import ME, CellError, read_cell
from dialog.rules.check import check
from dialog.rules.decide import RuleError, as_jdm, compiled, failing_tests, load_folder, load_rules
from dialog.rules.table import parse_table
from dialog.yamlfile import FileError

TABLE = """\
format: rules/v1
id: refund
inputs:
  amount: {type: number}
  tier: {type: string, values: [gold, silver, plain]}
  fraud: {type: boolean, optional: true}
outputs:
  advice: {type: string}
  pay: {type: number}
  needs_approval: {type: boolean}
rows:
  - id: fraud
    when: {fraud: true}
    then: {advice: "no", pay: 0, needs_approval: false}
  - id: big
    when: {amount: "> 1000", tier: not gold}
    then: {advice: 人工, pay: "= amount * 0.9", needs_approval: true}
  - id: mid
    when: {amount: "100..1000, 5"}
    then: {advice: ok, pay: "= amount", needs_approval: false}
  - id: else
    then: {advice: ok, pay: "= amount", needs_approval: false}
tests:
  - given: {amount: 2000, tier: silver}
    row: big
    expect: {pay: 1800, needs_approval: true}
  - given: {amount: 5, tier: gold}
    row: mid
  - given: {amount: 2000, tier: gold, fraud: false}
    row: else
"""
NUMBERS = [None, -3.0, 0.0, 4.9, 5.0, 5.5, 10.0, 10.5, 1000.0]
CELLS: list[tuple[str, Any, list[Any]]] = [
    *[("number", text, NUMBERS) for text in ("", "-", "5", 5, 5.5, "> 5", ">= 5", "< 5", "<= 5", "5..10", "(5..10]", "[5..10)",
      "(-3..5)", "0, 5..6, > 900", "not 5", "!= 5", "not 5, 10", None, "null, 5", [5, 10])],
    *[("string", text, [None, "gold", "silver", "it's", "金"]) for text in ("gold", "gold, silver", "not gold", "null", '"it\'s"', "金, null")],
    *[("boolean", text, [None, True, False]) for text in (True, "true", "no", "not true", "true, null")],
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "values"), CELLS)
def test_the_engine_agrees_with_the_checks(kind: Any, text: Any, values: list[Any]) -> None:
    cell = read_cell(text, kind)
    for value in values:
        code = cell.code.replace(ME, "x") or "true"
        assert zen.evaluate_expression(code, {"x": value}) is cell.holds(value), (code, value)


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("number", "> > 5", "no condition on a number"),
        ("number", "10..5", "is empty"),
        ("number", "not > 5", "single numbers"),
        ("number", "null, > 5", "two rows"),
        ("number", {"a": 1}, "no condition"),
        ("boolean", "maybe", "no boolean"),
        ("string", "= $ +", "no expression"),
        ("string", "gold,,silver", "no text"),
    ],
)
def test_cells_that_cannot_be_read(kind: Any, text: Any, says: str) -> None:
    with pytest.raises(CellError, match=says):
        read_cell(text, kind)


async def test_decides_with_the_row_that_did() -> None:
    rules = compiled(parse_table(TABLE)[0])
    decided = await rules.decide({"amount": 2000, "tier": "silver"})
    assert decided.outputs == {"advice": "人工", "pay": 1800, "needs_approval": True}
    assert decided.rows == ["big"] and decided.sha == rules.sha
    assert (await rules.decide({"amount": 1, "tier": "gold", "fraud": True})).rows == ["fraud"]


async def test_expressions_read_their_own_input_and_others() -> None:
    text = TABLE.replace('amount: "> 1000", tier: not gold', "amount: \"= $ > 10 and tier == '$il'\"").replace(
        "silver", "$il"
    )
    rules = compiled(parse_table(text)[0])
    assert (await rules.decide({"amount": 11, "tier": "$il"})).rows == ["big"]
    assert (await rules.decide({"amount": 9, "tier": "$il"})).rows == ["else"]


async def test_collect_takes_every_row() -> None:
    rules = compiled(parse_table(TABLE.replace("id: refund", "id: refund\nhit: collect"))[0])
    decided = await rules.decide({"amount": 5, "tier": "gold"})
    assert decided.rows == ["mid", "else"] and decided.outputs["pay"] == [5, 5]


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"amount": "4711", "tier": "gold"}, "input 'amount' is no number"),
        ({"amount": True, "tier": "gold"}, "input 'amount' is no number"),
        ({"amount": 1}, "input 'tier' is missing"),
        ({"amount": 1, "tier": "secret"}, "input 'tier' is none of gold"),
        ({"amount": 1, "tier": "gold", "who": 1}, "no input 'who'"),
    ],
)
async def test_bad_inputs_are_named_without_their_value(inputs: dict[str, Any], says: str) -> None:
    with pytest.raises(RuleError, match=says) as error:
        await compiled(parse_table(TABLE)[0]).decide(inputs)
    assert "4711" not in str(error.value) and "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        ("100..1000, 5", "> > 5", "rules-cell", 19),
        ("tier: not gold", "tier: platinum", "rules-cell", 16),
        ("amount: \"> 1000\"", "amont: 1", "rules-column-unknown", 16),
        ("pay: 0, ", "", "rules-output-missing", 14),
        ("pay: 0, ", "pay: nix, ", "rules-cell", 14),
        ("= amount * 0.9", "= amount * ", "rules-cell", 17),
        ("  - id: mid", "  - id: big", "rules-row-twice", 18),
        ("rows:", "rowz:", "shape", 1),
        ("amount: {type: number}", "amount: {type: money}", "shape", 4),
        ("  fraud: {type: boolean", "  not: {type: boolean", "shape", 3),
    ],
)  # fmt: skip
def test_bad_files(old: str, new: str, rule: str, line: int) -> None:
    with pytest.raises(FileError) as error:
        parse_table(TABLE.replace(old, new, 1), "refund.yaml")
    assert (rule, line) in {(problem.rule.id, problem.line) for problem in error.value.problems}


def broken(text: str) -> set[tuple[str, int]]:
    return {(problem.rule.id, problem.line) for problem in check(*parse_table(text))}


def test_checks() -> None:
    assert broken(TABLE) == set()
    default = '  - id: else\n    then: {advice: ok, pay: "= amount", needs_approval: false}\n'
    assert broken(TABLE.replace(default, "")) == {("rules-no-default", 11)}
    first = "  - id: all\n    then: {advice: x, pay: 0, needs_approval: true}\n"
    dead = {("rules-row-unreachable", line) for line in (14, 17, 20, 23)}
    assert broken(TABLE.replace("rows:\n", f"rows:\n{first}")) == dead
    assert {rule for rule, _ in broken(TABLE.replace("id: refund", "id: refund\nhit: unique"))} == {"rules-overlap"}


def test_rows_together_may_make_one_dead_and_cover_everything() -> None:
    head = "format: rules/v1\nid: t\ninputs: {n: {type: number}}\noutputs: {o: {type: string}}\nrows:\n"
    rows = ['  - {when: {n: "<= 5"}, then: {o: a}}', '  - {when: {n: "> 5"}, then: {o: b}}']
    assert broken(head + "\n".join(rows)) == set()
    assert broken(head + "\n".join([*rows, "  - {then: {o: c}}"])) == {("rules-row-unreachable", 8)}


def test_big_tables_are_checked_in_pairs() -> None:
    names = [f"n{index}" for index in range(6)]
    head = f"format: rules/v1\nid: t\ninputs: {{{', '.join(f'{n}: {{type: number}}' for n in names)}}}\noutputs: {{o: {{type: string}}}}\nrows:\n"
    rows = "".join(f'  - {{when: {{n{i % 6}: "{i}"}}, then: {{o: a}}}}\n' for i in range(60))
    assert broken(head + rows) == {("rules-no-default", 5)}
    assert broken(head + rows + "  - {then: {o: x}}\n") == set()


async def test_tests_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "refund.yaml"
    path.write_text(TABLE)
    assert await failing_tests(path, load_rules(path)) == []
    path.write_text(TABLE.replace("pay: 1800", "pay: 1801").replace("row: mid", "row: big"))
    told = [str(problem) for problem in await failing_tests(path, load_rules(path))]
    assert "refund.yaml:24: E rules-test-failed test 1: pay is 1800, not 1801" in told[0]
    assert "test 2: decided by mid, not big" in told[1]


async def test_jdm_files_are_taken_as_they_are(tmp_path: Path) -> None:
    tree = as_jdm(parse_table(TABLE)[0])
    (tmp_path / "other.json").write_text(json.dumps(tree))
    rules = load_folder(tmp_path)["other"]
    assert (await rules.decide({"amount": 5, "tier": "gold", "fraud": None})).rows == ["mid"]
    code = {"id": "f", "type": "functionNode", "name": "f", "content": "export const handler = () => 1"}
    (tmp_path / "other.json").write_text(json.dumps({**tree, "nodes": [*tree["nodes"], code]}))
    with pytest.raises(FileError, match="rules-jdm node 'f' is a functionNode"):
        load_folder(tmp_path)
    text = json.dumps(tree).replace("amount * 0.9", "amount * ")
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(FileError, match="rule 2, pay: Unexpected end"):
        load_folder(tmp_path)


def test_a_broken_folder_names_all_its_files(tmp_path: Path) -> None:
    for name, (old, new) in itertools.product("ab", [("id: refund", "id: refund")]):
        (tmp_path / f"{name}.yaml").write_text(TABLE.replace(old, new))
    with pytest.raises(FileError) as error:
        load_folder(tmp_path)
    assert [problem.rule.id for problem in error.value.problems] == ["rules-id", "rules-id"]
    assert load_folder(tmp_path / "none") == {}
