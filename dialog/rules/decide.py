"""Tables at work: compiled once for the zen engine, evaluated within a time limit, with the row that decided."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zen

from dialog.rulebook import rule
from dialog.rules.cells import ME
from dialog.rules.check import check
from dialog.rules.table import Table, TableFile, parse_table
from dialog.yamlfile import FileError, Problem, read_text

JDM = rule(
    "rules-jdm",
    "E",
    "the file is no JDM decision that is accepted here",
    "use tables, expressions, switches and inputs and outputs only",
)
ID = rule("rules-id", "E", "a table's id is not its file's name", "rename one of them")
FAILED = rule("rules-test-failed", "E", "a test of the table does not hold", "mend the table or the test")

LIMIT_S = 1.0  # s an evaluation may take; tables take microseconds
MOST_INPUT = 64 * 1024  # bytes of JSON
MOST_FILE = 1024 * 1024
_NODES = frozenset({"inputNode", "outputNode", "decisionTableNode", "expressionNode", "switchNode"})


class RuleError(Exception):
    """A decision could not be made; the text names input and table, never a value."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Outputs, the ids of the rows that made them, and how long it took."""

    table: str
    sha: str
    outputs: dict[str, Any]
    rows: list[str]
    ms: float


@dataclass(slots=True)
class RuleSet:
    """One table or JDM file, ready to decide. `table` is None for JDM."""

    name: str
    sha: str
    decision: Any = field(repr=False)
    table: Table | None = None

    async def decide(self, inputs: Mapping[str, Any]) -> Decided:
        """Raises `RuleError`."""
        given = self.checked(inputs)
        began = time.perf_counter()
        try:
            async with asyncio.timeout(LIMIT_S):
                answer = await asyncio.to_thread(self.decision.evaluate, given, {"trace": True})
        except TimeoutError:
            raise RuleError(f"rules {self.name!r}: not decided within {LIMIT_S:g} s") from None
        except RuntimeError as error:
            raise RuleError(f"rules {self.name!r}: {_engine_says(error)}") from None
        return self._decided(answer, (time.perf_counter() - began) * 1000)

    def checked(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs as the table declares them. Raises `RuleError` for one that is missing or of the wrong kind."""
        if len(json.dumps(inputs, default=str)) > MOST_INPUT:
            raise RuleError(f"rules {self.name!r}: more than {MOST_INPUT // 1024} KB of inputs")
        if self.table is None:
            return dict(inputs)
        declared = self.table.file.inputs
        if unknown := sorted(set(inputs) - set(declared)):
            raise RuleError(f"rules {self.name!r}: no input {unknown[0]!r}; there are {', '.join(declared)}")
        kinds = {"number": (int, float), "string": (str,), "boolean": (bool,)}
        for name, column in declared.items():
            value = inputs.get(name)
            if value is None:
                if not column.optional:
                    raise RuleError(f"rules {self.name!r}: input {name!r} is missing")
            elif not isinstance(value, kinds[column.type]) or (column.type == "number" and isinstance(value, bool)):
                raise RuleError(f"rules {self.name!r}: input {name!r} is no {column.type}")
            elif column.values and value not in column.values:
                raise RuleError(f"rules {self.name!r}: input {name!r} is none of {', '.join(column.values)}")
        return {name: inputs.get(name) for name in declared}

    def _decided(self, answer: Any, ms: float) -> Decided:
        result, rows = answer.get("result"), _rows(answer.get("trace") or {})
        if self.table is None:
            outputs = result if isinstance(result, dict) else {"result": result}
            return Decided(self.name, self.sha, outputs, rows, ms)
        columns = self.table.file.outputs
        if self.table.file.hit == "collect":
            listed = result if isinstance(result, list) else []
            outputs = {name: [item.get(name) for item in listed] for name in columns}
        elif not isinstance(result, dict) or not rows:
            raise RuleError(f"rules {self.name!r}: no row holds for these inputs")
        else:
            outputs = {name: result.get(name) for name in columns}
        return Decided(self.name, self.sha, outputs, rows, ms)


def load_rules(path: Path) -> RuleSet:
    """Read, check and compile one file. Raises `FileError` with all problems."""
    text = read_text(path)
    if path.suffix == ".json":
        return _jdm(path, text)
    table, document = parse_table(text, str(path))
    problems = check(table, document)
    if table.file.id != path.stem:
        problems.append(document.problem(("id",), f"id is {table.file.id!r}, the file {path.stem!r}", ID))
    if problems:
        raise FileError(problems)
    return compiled(table)


def compiled(table: Table) -> RuleSet:
    """A table for the engine."""
    decision = zen.ZenEngine().create_decision(json.dumps(as_jdm(table), ensure_ascii=False))
    return RuleSet(table.file.id, table.sha, decision, table)


def load_folder(folder: Path) -> dict[str, RuleSet]:
    """Every file of a `rules` folder by id; none when there is no such folder. Raises `FileError`."""
    found, problems = dict[str, RuleSet](), list[Problem]()
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.json")]):
        try:
            rules = load_rules(path)
            if rules.name in found:
                problems.append(Problem(str(path), 1, f"rules {rules.name!r} are there twice", ID))
            found[rules.name] = rules
        except FileError as error:
            problems += error.problems
    if problems:
        raise FileError(problems)
    return found


def as_jdm(table: Table) -> dict[str, Any]:
    """The table as the engine's own document (JSON Decision Model), with the row's id in each rule."""
    file: TableFile = table.file
    # without `field`, a cell is a whole expression
    inputs = [{"id": f"i_{name}", "name": name} for name in file.inputs]
    outputs = [{"id": f"o_{name}", "name": name, "field": name} for name in file.outputs]
    rows = [
        {
            "_id": name,
            **{
                f"i_{column}": cells[column].code.replace(ME, column) if column in cells else ""
                for column in file.inputs
            },
            **{f"o_{column}": codes[column] for column in file.outputs},
        }
        for name, cells, codes in zip(table.names, table.cells, table.outputs, strict=True)
    ]
    policy = "collect" if file.hit == "collect" else "first"
    content = {"hitPolicy": policy, "inputs": inputs, "outputs": outputs, "rules": rows}
    place = {"x": 0, "y": 0}
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": place},
            {"id": "table", "type": "decisionTableNode", "name": file.id, "position": place, "content": content},
            {"id": "out", "type": "outputNode", "name": "out", "position": place},
        ],
        "edges": [
            {"id": "e1", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "e2", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }


async def failing_tests(path: Path, rules: RuleSet) -> list[Problem]:
    """The tests of a table's file that do not hold."""
    if rules.table is None:
        return []
    _, document = parse_table(read_text(path), str(path))
    problems = []
    for index, case in enumerate(rules.table.file.tests):
        place = ("tests", index)
        try:
            decided = await rules.decide(case.given)
        except RuleError as error:
            problems.append(document.problem(place, f"test {index + 1}: {error}", FAILED))
            continue
        wrong = {name: value for name, value in case.expect.items() if decided.outputs.get(name) != value}
        if case.row and case.row not in decided.rows:
            problems.append(
                document.problem(
                    place, f"test {index + 1}: decided by {', '.join(decided.rows)}, not {case.row}", FAILED
                )
            )
        for name, value in wrong.items():
            message = f"test {index + 1}: {name} is {decided.outputs.get(name)!r}, not {value!r} (row {', '.join(decided.rows)})"
            problems.append(document.problem(place, message, FAILED))
    return problems


def _jdm(path: Path, text: str) -> RuleSet:
    def wrong(message: str) -> FileError:
        return FileError([Problem(str(path), 1, message, JDM)])

    if len(text) > MOST_FILE:
        raise wrong(f"larger than {MOST_FILE // 1024} KB")
    try:
        tree = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise FileError([Problem(str(path), line, f"no JSON: {error}", JDM)]) from None
    except RecursionError:
        raise wrong("nested too deeply") from None
    nodes = tree.get("nodes") if isinstance(tree, dict) else None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise wrong("it has no list `nodes`")
    for node in nodes:
        if node.get("type") not in _NODES:
            raise wrong(f"node {node.get('name')!r} is a {node.get('type')}, which would run code or reach out")
        for index, row in enumerate(_cells_of(node)):
            for column, code, unary in row:
                try:
                    (zen.compile_unary_expression if unary else zen.compile_expression)(code)
                except RuntimeError as error:
                    raise wrong(
                        f"node {node.get('name')!r}, rule {index + 1}, {column}: {_engine_says(error)}"
                    ) from None
    try:
        decision = zen.ZenEngine().create_decision(text)
    except (RuntimeError, ValueError) as error:
        raise wrong(_engine_says(error)) from None
    return RuleSet(path.stem, hashlib.sha256(text.encode()).hexdigest(), decision)


def _cells_of(node: dict[str, Any]) -> list[list[tuple[str, str, bool]]]:
    """Code in a JDM table, by rule: column, code, is it a condition."""
    content = node.get("content")
    if node.get("type") != "decisionTableNode" or not isinstance(content, dict):
        return []
    columns = [(item, side == "inputs") for side in ("inputs", "outputs") for item in content.get(side) or []]
    return [
        [
            (str(item.get("name") or item["id"]), code, unary and bool(item.get("field")))
            for item, unary in columns
            if isinstance(item, dict) and "id" in item
            if (code := str(row.get(item["id"]) or "").strip()) and code != "-"
        ]
        for row in content.get("rules") or []
        if isinstance(row, dict)
    ]


def _rows(trace: Mapping[str, Any]) -> list[str]:
    """Ids of the rows that decided, in the order of the tables."""
    found = []
    for node in sorted(trace.values(), key=lambda node: node.get("order") or 0):
        data = node.get("traceData")
        for hit in data if isinstance(data, list) else [data]:
            if isinstance(hit, dict) and isinstance(row := hit.get("rule"), dict):
                found.append(str(row.get("_id", hit.get("index"))))
    return found


def _engine_says(error: Exception) -> str:
    """The engine's own words without its stack; values are not part of them."""
    try:
        told = json.loads(str(error).split("\n\n")[0])
    except ValueError:
        return "the engine cannot evaluate it"
    source = told.get("source") if isinstance(told, dict) else None
    return str(source)[:200] if isinstance(source, str) else "the engine cannot evaluate it"
