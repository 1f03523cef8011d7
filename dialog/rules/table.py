"""The `rules/v1` table as typed data, and its reader. Every mistake is named with file and line, and how to mend it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from dialog import yamlfile
from dialog.rulebook import rule
from dialog.rules.cells import Cell, CellError, Kind, read_cell, read_output
from dialog.yamlfile import Document, FileError, Problem, misshapen

COLUMN = rule(
    "rules-column-unknown", "E", "a row names a column that is not declared", "declare it or correct its spelling"
)
CELL = rule("rules-cell", "E", "a condition or output cannot be read", "docs/actions.md lists what a cell may hold")
OUTPUT = rule(
    "rules-output-missing", "E", "a row leaves an output open", "give every row all outputs, `null` where there is none"
)
ROW_TWICE = rule("rules-row-twice", "E", "two rows have the same id", "rename one")

_NAME = r"^[a-z][a-z0-9_]*$"
_RESERVED = frozenset(
    [
        "and",
        "or",
        "not",
        "in",
        "true",
        "false",
        "null",
        "len",
        "sum",
        "min",
        "max",
        "map",
        "some",
        "all",
        "one",
        "none",
        "filter",
        "count",
    ]
)
_Name = Annotated[str, Field(pattern=_NAME)]


class Column(BaseModel):
    """An input or an output."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Kind
    values: list[str] = Field(default_factory=list, description="of a string: all it can be; makes checks exact")
    optional: bool = Field(default=False, description="of an input: it may be missing (null)")
    note: str = ""


class Row(BaseModel):
    """If every condition holds, these are the outputs. A column left out of `when` may be anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(default="", pattern=rf"{_NAME}|^$", description="names the row in traces and tests")
    when: dict[str, Any] = Field(default_factory=dict)
    then: dict[str, Any] = Field(min_length=1)
    note: str = ""


class Case(BaseModel):
    """A test of the table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    given: dict[str, Any]
    expect: dict[str, Any] = Field(default_factory=dict, description="outputs, those that matter")
    row: str = Field(default="", description="id of the row that decides")


class TableFile(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["rules/v1"]
    id: str = Field(pattern=_NAME)
    title: dict[str, str] = Field(default_factory=dict)
    hit: Literal["first", "unique", "collect"] = Field(
        default="first",
        description="which rows count: the first that holds, the only one, or all (outputs become lists)",
    )
    inputs: dict[_Name, Column] = Field(min_length=1, max_length=30)
    outputs: dict[_Name, Column] = Field(min_length=1, max_length=30)
    rows: list[Row] = Field(min_length=1, max_length=2000)
    tests: list[Case] = Field(default_factory=list)

    @field_validator("inputs")
    @classmethod
    def _no_words_of_the_engine(cls, inputs: dict[str, Column]) -> dict[str, Column]:
        if taken := sorted(_RESERVED & set(inputs)):
            raise ValueError(f"{taken[0]!r} is a word of the expression language; rename the input")
        return inputs


@dataclass(frozen=True, slots=True)
class Table:
    """A table that can be compiled: the file, its rows' names, its cells by row and input, and its outputs' code."""

    file: TableFile
    sha: str
    names: list[str]
    cells: list[dict[str, Cell]]
    outputs: list[dict[str, str]]


def parse_table(text: str, name: str = "rules.yaml") -> tuple[Table, Document]:
    """Parse and check types and cells (not yet the rules of `dialog.rules.check`). Raises `FileError`."""
    document = yamlfile.parse(text, name)
    if not isinstance(document.data, dict):
        raise FileError([document.problem((), "a table is a mapping that begins with `format: rules/v1`")])
    try:
        file = TableFile.model_validate(document.data)
    except ValidationError as error:
        raise FileError([misshapen(document, item) for item in error.errors()]) from None
    problems: list[Problem] = []
    names = [row.id or f"row_{index}" for index, row in enumerate(file.rows, 1)]
    for index, row_id in enumerate(names):
        if row_id in names[:index]:
            problems.append(document.problem(("rows", index, "id"), f"row {row_id!r} is there twice", ROW_TWICE))
    cells = [_cells(file, document, index, row, problems) for index, row in enumerate(file.rows)]
    outputs = [_outputs(file, document, index, row, problems) for index, row in enumerate(file.rows)]
    if problems:
        raise FileError(problems)
    return Table(file, hashlib.sha256(text.encode()).hexdigest(), names, cells, outputs), document


def _cells(file: TableFile, document: Document, index: int, row: Row, problems: list[Problem]) -> dict[str, Cell]:
    found: dict[str, Cell] = {}
    for column, raw in row.when.items():
        place = ("rows", index, "when", column)
        if column not in file.inputs:
            known = ", ".join(file.inputs)
            problems.append(document.problem(place, f"there is no input {column!r}; there are {known}", COLUMN))
            continue
        declared = file.inputs[column]
        try:
            cell = read_cell(raw, declared.type)
        except CellError as error:
            problems.append(document.problem(place, f"{column}: {error}", CELL))
            continue
        strange = {value for value in cell.values if isinstance(value, str)} - set(declared.values)
        if declared.values and strange:
            accepted = ", ".join(declared.values)
            message = f"{column}: {', '.join(sorted(strange))} is none of its values ({accepted})"
            problems.append(document.problem(place, message, CELL))
        found[column] = cell
    return found


def _outputs(file: TableFile, document: Document, index: int, row: Row, problems: list[Problem]) -> dict[str, str]:
    found: dict[str, str] = {}
    for column, raw in row.then.items():
        place = ("rows", index, "then", column)
        if column not in file.outputs:
            known = ", ".join(file.outputs)
            problems.append(document.problem(place, f"there is no output {column!r}; there are {known}", COLUMN))
            continue
        try:
            found[column] = read_output(raw, file.outputs[column].type)
        except CellError as error:
            problems.append(document.problem(place, f"{column}: {error}", CELL))
    for missing in sorted(set(file.outputs) - set(row.then)):
        problems.append(document.problem(("rows", index, "then"), f"output {missing!r} is missing", OUTPUT))
    return found
