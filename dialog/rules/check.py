"""What a table must keep: every case is decided, no row is dead, no two rows decide the same case differently."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from dialog.rulebook import rule
from dialog.rules.cells import Value
from dialog.rules.table import Column, Table
from dialog.yamlfile import Document, Problem

DEFAULT = rule(
    "rules-no-default", "E", "some inputs are decided by no row", "end the table with a row without conditions"
)
DEAD = rule(
    "rules-row-unreachable", "E", "earlier rows take every case of this row", "move it up, narrow those, or remove it"
)
OVERLAP = rule(
    "rules-overlap", "E", "two rows of a table with `hit: unique` hold at once", "narrow one, or use `hit: first`"
)

MOST_CASES = 40_000  # combinations that are tried one by one; beyond it rows are compared in pairs
OTHER = "any other text"


def check(table: Table, document: Document) -> list[Problem]:
    """All problems, by line."""
    spaces = {name: _landmarks(table, name, column) for name, column in table.file.inputs.items()}
    exact = math.prod(len(values) for values in spaces.values()) * len(table.cells) <= MOST_CASES * 50
    exact = exact and math.prod(len(values) for values in spaces.values()) <= MOST_CASES
    found = _by_case(table, document, spaces) if exact else _by_pair(table, document)
    return sorted(found, key=lambda problem: problem.line)


def _landmarks(table: Table, name: str, column: Column) -> list[Value]:
    """One value of every region in which the column's cells do not change."""
    marks = {mark for cells in table.cells if name in cells for mark in cells[name].landmarks()}
    values: list[Value]
    if column.type == "boolean":
        values = [False, True]
    elif column.type == "string":
        values = [*column.values] if column.values else [*sorted(str(m) for m in marks if m is not None), OTHER]
    else:
        numbers = sorted(mark for mark in marks if isinstance(mark, float))
        values = [numbers[0] - 1 if numbers else 0.0]
        for low, high in itertools.pairwise(numbers):
            values += [low, (low + high) / 2]
        values += [numbers[-1], numbers[-1] + 1] if numbers else []
    return [*values, None] if column.optional else values


def _by_case(table: Table, document: Document, spaces: dict[str, list[Value]]) -> Iterator[Problem]:
    names = list(spaces)
    used, undecided = set[int](), None
    overlaps: dict[tuple[int, int], tuple[Value, ...]] = {}
    for case in itertools.product(*spaces.values()):
        sure, maybe = _rows_of(table, names, case)
        if table.file.hit == "first":
            first = sure[0] if sure else len(table.cells)
            used |= {row for row in maybe if row < first} | set(sure[:1])
        else:
            used |= {*sure, *maybe}
        if not sure and undecided is None:
            undecided = case
        if table.file.hit == "unique":
            for pair in itertools.combinations(sure, 2):
                overlaps.setdefault(pair, case)
    for index in range(len(table.cells)):
        if index not in used:
            yield document.problem(("rows", index), f"row {table.names[index]!r} never decides", DEAD)
    for (one, other), case in overlaps.items():
        message = f"rows {table.names[one]!r} and {table.names[other]!r} both hold for {_shown(names, case)}"
        yield document.problem(("rows", other), message, OVERLAP)
    if undecided is not None and table.file.hit != "collect":
        yield document.problem(("rows",), f"nothing decides {_shown(names, undecided)}", DEFAULT)


def _rows_of(table: Table, names: Sequence[str], case: Sequence[Value]) -> tuple[list[int], list[int]]:
    """Rows that hold for a case, and rows of which only the engine knows."""
    sure, maybe = [], []
    for index, cells in enumerate(table.cells):
        held = [cells[name].holds(value) for name, value in zip(names, case, strict=True) if name in cells]
        if all(held):
            sure.append(index)
        elif not any(truth is False for truth in held):
            maybe.append(index)
    return sure, maybe


def _by_pair(table: Table, document: Document) -> Iterator[Problem]:
    """For tables with too many cases: a row after one without conditions is dead, and such a row must be there."""
    free = [index for index, cells in enumerate(table.cells) if all(cell.anything for cell in cells.values())]
    if not free and table.file.hit != "collect":
        yield document.problem(("rows",), "there is no row without conditions", DEFAULT)
    for index in range(free[0] + 1 if free and table.file.hit == "first" else len(table.cells), len(table.cells)):
        yield document.problem(("rows", index), f"row {table.names[index]!r} never decides", DEAD)


def _shown(names: Sequence[str], case: Sequence[Value]) -> str:
    return ", ".join(f"{name}={'null' if value is None else value}" for name, value in zip(names, case, strict=True))
