"""YAML with positions: every problem found later can name its file and line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dialog.rulebook import KEY_TWICE, NOT_YAML, SHAPE, UNREADABLE, Rule

Place = tuple[str | int, ...]


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


class _Loader(yaml.SafeLoader):
    """Safe YAML in which `yes`, `no`, `on` and `off` stay words, as in YAML 1.2."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str, file: str) -> Document:
    """Parse YAML text. Raises `FileError` for bad YAML and for keys given twice."""
    lines: dict[Place, int] = {}
    problems: list[Problem] = []
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            raise FileError([Problem(file, 1, "the file is empty", UNREADABLE, "write something into it")])
        data = _Builder(loader, lines, problems, file).build(root, ())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FileError([Problem(file, line, f"not readable as YAML: {error.problem}", NOT_YAML)]) from None
    finally:
        loader.dispose()
    if problems:
        raise FileError(problems)
    return Document(file, data, lines)


def read(path: Path) -> Document:
    """`parse` a file. Raises `FileError` also when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError([Problem(str(path), 1, f"cannot be read: {error}", UNREADABLE)]) from None
    return parse(text, str(path))


@dataclass(frozen=True, slots=True)
class _Builder:
    """Turns nodes into plain data, noting lines and keys given twice."""

    loader: _Loader
    lines: dict[Place, int]
    problems: list[Problem]
    file: str

    def build(self, node: yaml.Node, place: Place) -> Any:
        """Data of a node; its lines go to `lines`."""
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            result: dict[Any, Any] = {}
            merged: list[yaml.Node] = []
            for key_node, value_node in node.value:
                if key_node.tag == "tag:yaml.org,2002:merge":
                    merged += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                    continue
                key = self.loader.construct_object(key_node)
                line = key_node.start_mark.line + 1
                if key in result:
                    self.problems.append(Problem(self.file, line, f"key {key!r} is given twice", KEY_TWICE))
                    continue
                self.lines[(*place, key)] = line
                result[key] = self.build(value_node, (*place, key))
            for other in merged:
                for key, value in self.build(other, place).items():
                    result.setdefault(key, value)
            return result
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*place, index)) for index, item in enumerate(node.value)]
        return self.loader.construct_object(node)
