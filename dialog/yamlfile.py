"""YAML with positions: every problem found later can name its file and line."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from dialog.rulebook import KEY_TWICE, NOT_YAML, SHAPE, UNREADABLE, Rule

Place = tuple[str | int, ...]
UNQUOTED, QUOTE = "is a number or a date here, not text", 'put it in quotes, as in "1234"'

_BRACKET = re.compile(r"[\[\]{}]")
MOST_DEEP = 100  # levels; a flow has a dozen
MOST_NODES = 100_000  # values; the largest flow that ships has a thousand
MOST_BYTES = 4_000_000  # of a file; the largest that ships has 40 000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where, by which rule, what, and what to do (empty = as the rule says)."""

    file: str
    line: int
    message: str
    rule: Rule = SHAPE
    mend: str = ""

    @property
    def severity(self) -> str:
        """E forbids use, W is advice."""
        return self.rule.severity

    def __str__(self) -> str:
        mend = self.mend or self.rule.mend
        return f"{self.file}:{self.line}: {self.severity} {self.rule.id} {self.message}; {mend}"


class FileError(ValueError):
    """A file cannot be used; `problems` says why, one by one."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data, and the line of each place in it."""

    file: str
    data: Any
    lines: dict[Place, int]

    def line(self, place: Place) -> int:
        """Line of the place, or of the nearest enclosing one that exists."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def problem(self, place: Place, message: str, rule: Rule = SHAPE, mend: str = "") -> Problem:
        """A breach of `rule` at this place; `mend` where something better than the rule's own advice is known."""
        return Problem(self.file, self.line(place), message, rule, mend)


def unquoted(item: Mapping[str, Any]) -> bool:
    """Whether pydantic's error is about text that YAML read as a number or a date, for want of quotes: keys, a PIN, a day."""
    return item["type"] == "string_type" and isinstance(item["input"], int | float | date)


def misshapen(document: Document, item: Any, place: Place | None = None) -> Problem:
    """One of pydantic's errors as a breach of form, with the field's name; `place`: where it stands, if not at `loc`."""
    place = item["loc"] if place is None else place
    name = ".".join(str(step) for step in place if step != "[key]") or "the file"
    if item["type"] == "extra_forbidden":
        return document.problem(place, f"{name}: is not known here", mend="remove it or correct its spelling")
    if item["type"] == "missing":
        return document.problem(place, f"{name}: is missing", mend="add it")
    if unquoted(item):
        return document.problem(place, f"{name}: {UNQUOTED}", mend=QUOTE)
    return document.problem(place, f"{name}: {item['msg'].removeprefix('Value error, ')}")


class _Loader(yaml.SafeLoader):
    """Safe YAML in which `yes`, `no`, `on` and `off` stay words, as in YAML 1.2, and which ends when there is too much of it."""

    _nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """As the library's. Raises an error of the file after `MOST_NODES` of them."""
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise yaml.MarkedYAMLError(None, None, "there are too many values", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str, file: str) -> Document:
    """Parse YAML text. Raises `FileError` for bad YAML and for keys given twice."""
    if len(text) > MOST_BYTES:
        raise FileError([_too_large(file)])
    lines: dict[Place, int] = {}
    problems: list[Problem] = []
    depth = 0
    for bracket in _BRACKET.finditer(text):  # counted first: the parser takes minutes to give up on thousands of them
        depth = depth + 1 if bracket.group() in "[{" else max(0, depth - 1)
        if depth > MOST_DEEP:
            line = text.count("\n", 0, bracket.start()) + 1
            raise FileError([Problem(file, line, "nested too deeply, or brackets are not closed", NOT_YAML)])
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise FileError([Problem(file, line, f"not readable as YAML: {error.reason}", NOT_YAML)]) from None
    try:
        root = loader.get_single_node()
        if root is None:
            raise FileError([Problem(file, 1, "the file is empty", UNREADABLE, "write something into it")])
        data = _Builder(loader, lines, problems, file).build(root, ())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FileError([Problem(file, line, f"not readable as YAML: {error.problem}", NOT_YAML)]) from None
    except RecursionError:
        raise FileError([Problem(file, 1, "not readable as YAML: nested too deeply", NOT_YAML)]) from None
    finally:
        loader.dispose()
    if problems:
        raise FileError(problems)
    return Document(file, data, lines)


def read(path: Path) -> Document:
    """`parse` a file. Raises `FileError` also when it cannot be read."""
    return parse(read_text(path), str(path))


def read_text(path: Path) -> str:
    """What is in a file. Raises `FileError` when it cannot be read, or is far larger than any that people write."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise FileError([_too_large(str(path))])
        return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8").read()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError([Problem(str(path), line, "is no text in UTF-8", UNREADABLE, "save it as UTF-8")]) from None
    except OSError as error:
        raise FileError([Problem(str(path), 1, f"cannot be read: {error.strerror}", UNREADABLE)]) from None


def _too_large(file: str) -> Problem:
    return Problem(
        file,
        1,
        f"is larger than {MOST_BYTES // 1_000_000} MB",
        UNREADABLE,
        "divide it, or leave out what is not needed",
    )


@dataclass(frozen=True, slots=True)
class _Builder:
    """Turns nodes into plain data, noting lines and keys given twice."""

    loader: _Loader
    lines: dict[Place, int]
    problems: list[Problem]
    file: str
    count: Iterator[int] = field(default_factory=itertools.count)

    def build(self, node: yaml.Node, place: Place) -> Any:
        """Data of a node; its lines go to `lines`. Raises `FileError` for what is endless: parts that hold themselves, or
        each other many times over."""
        line = node.start_mark.line + 1
        if len(place) > MOST_DEEP or next(self.count) > MOST_NODES:
            raise FileError([Problem(self.file, line, "nested too deeply, or parts repeated too often", NOT_YAML)])
        self.lines.setdefault(place, line)
        if isinstance(node, yaml.MappingNode):
            result: dict[Any, Any] = {}
            merged: list[yaml.Node] = []
            for key_node, value_node in node.value:
                if key_node.tag == "tag:yaml.org,2002:merge":
                    merged += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                    continue
                key = self._plain(key_node)
                line = key_node.start_mark.line + 1
                if isinstance(key, list | dict | set):
                    raise FileError([Problem(self.file, line, "a key is a list, a set or a mapping", NOT_YAML)])
                if key in result:
                    self.problems.append(Problem(self.file, line, f"key {key!r} is given twice", KEY_TWICE))
                    continue
                self.lines[(*place, key)] = line
                result[key] = self.build(value_node, (*place, key))
            for other in merged:
                if not isinstance(other, yaml.MappingNode) or other is node:
                    line = other.start_mark.line + 1
                    raise FileError([Problem(self.file, line, "`<<` takes a mapping other than its own", NOT_YAML)])
                for key, value in self.build(other, (*place, "<<")).items():
                    result.setdefault(key, value)
            return result
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*place, index)) for index, item in enumerate(node.value)]
        return self._plain(node)

    def _plain(self, node: yaml.Node) -> Any:
        """A scalar; one that only looks like a date or number is an error of the file."""
        try:
            return self.loader.construct_object(node)
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            line, told = node.start_mark.line + 1, f"cannot be read as {node.tag.rsplit(':', 1)[-1]}"
            raise FileError([Problem(self.file, line, told, NOT_YAML, "put it in quotes if it is a text")]) from error
