"""A flow in the making: blocks under readable names, wordings with placeholders, and the report of what was lost."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from dialog.flow import read_flow
from dialog.text import variables
from dialog.validate import validate
from dialog.yamlfile import FileError, Problem

Grade = Literal["exact", "approximated", "lost"]
FINISH = "finish"
PEOPLE = "people"
_NO_MATCH = {"en": "Sorry, I didn't get that.", "zh": "抱歉，我没听明白。", "de": "Das habe ich nicht verstanden."}
_GOODBYE = {"en": "Goodbye.", "zh": "再见。", "de": "Auf Wiederhören."}


class ImportFailed(ValueError):
    """The file is none of the format; the text says why, and where."""


@dataclass(frozen=True, slots=True)
class Note:
    """What became of one element of the source."""

    source: str
    type: str
    block: str
    grade: Grade
    why: str = ""

    def __str__(self) -> str:
        place = f"{self.source} ({self.type})" + (f" → {self.block}" if self.block else "")
        return f"{self.grade:12} {place}{': ' if self.why else ''}{self.why}"


@dataclass
class Imported:
    """The flow's text and what lies beside it, the report, and what `warmline flow validate` would say."""

    flow_id: str
    text: str
    beside: dict[str, str]
    notes: list[Note]
    problems: list[Problem] = field(default_factory=list)
    """Known once it is written, since rules also look at what lies beside a flow."""

    def report(self) -> str:
        """As Markdown."""
        counts = {grade: sum(note.grade == grade for note in self.notes) for grade in ("exact", "approximated", "lost")}
        head = ", ".join(f"{count} {grade}" for grade, count in counts.items())
        rows = [
            f"| {note.source} | {note.type} | {note.block} | {note.grade} | {note.why} |"
            for note in sorted(self.notes, key=lambda note: ("lost", "approximated", "exact").index(note.grade))
        ]
        lines = [
            f"# Import of {self.flow_id}",
            "",
            f"{head}.",
            "",
            "| element | type | block | | why |",
            "| - | - | - | - | - |",
        ]
        told = [f"- {problem}" for problem in self.problems] or ["Nothing."]
        return "\n".join([*lines, *rows, "", "## What `warmline flow validate` says", "", *told, ""])

    def write(self, folder: Path) -> list[Path]:
        """Flow, what lies beside it, and the report; returns their paths. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {**self.beside, f"{self.flow_id}.yaml": self.text}.items():
            (folder / name).write_text(text, encoding="utf-8")
        path = folder / f"{self.flow_id}.yaml"
        try:
            self.problems = validate(*read_flow(path))
        except FileError as error:
            self.problems = error.problems
        report = folder / f"{self.flow_id}.import.md"
        report.write_text(self.report(), encoding="utf-8")
        return [path, *(folder / name for name in self.beside), report]


@dataclass
class Draft:
    """Blocks so far. `locales`: the first is that of the source, the others get its words as placeholders."""

    flow_id: str
    title: str
    locales: Sequence[str]
    blocks: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    calendars: set[str] = field(default_factory=set)
    layout: dict[str, list[float]] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def name(self, source: str, hint: str = "") -> str:
        """The block id of an element, always the same for it."""
        if source not in self._names:
            base = plain(hint or source)
            taken = {*self._names.values(), FINISH}
            found, number = base, 2
            while found in taken:
                found, number = f"{base}_{number}", number + 1
            self._names[source] = found
        return self._names[source]

    def wording(self, text: str) -> dict[str, str]:
        """The words in every locale; all but the first are placeholders."""
        words = " ".join(text.split()) or "(nothing to say)"
        return {locale: words for locale in self.locales}

    def stock(self, table: dict[str, str]) -> dict[str, str]:
        """Words of our own."""
        return {locale: table.get(locale.split("-")[0], table["en"]) for locale in self.locales}

    @property
    def no_match(self) -> dict[str, str]:
        """Asked again."""
        return self.stock(_NO_MATCH)

    def add(self, name: str, block: dict[str, Any]) -> None:
        """A finished block."""
        self.blocks[name] = block

    def tell(self, source: str, kind: str, block: str, grade: Grade, why: str = "") -> None:
        """For the report."""
        self.notes.append(Note(source, kind, block, grade, why))

    def finish(self, start: str) -> Imported:
        """Close what is open: an end, people, handlers, attributes that come from outside; then text and report."""
        self.blocks.setdefault(FINISH, {"type": "end", "text": self.stock(_GOODBYE)})
        queue = next((name for name, block in self.blocks.items() if block["type"] == "queue"), "")
        if not queue:
            queue = PEOPLE if PEOPLE not in self.blocks else f"{PEOPLE}_all"
            self.blocks[queue] = {
                "type": "queue",
                "exits": {"answered": FINISH, "overflow": FINISH, "no_agents": FINISH},
            }
            self.tell("(none)", "-", queue, "approximated", "the source has no queue; every flow needs a way to people")
        self._drop_unreached(start, queue)
        start = self._entry(start)
        handlers = {"on_human_request": queue, "on_error": queue, "on_silence": FINISH}
        tree: dict[str, Any] = {
            "format": "flow/v1",
            "id": self.flow_id,
            "title": {locale: self.title for locale in self.locales},
            "locales": list(self.locales),
            "start": start,
            "blocks": self.blocks,
            "handlers": handlers,
        }
        if layout := {name: place for name, place in self.layout.items() if name in self.blocks}:
            tree["layout"] = layout
        text = yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
        for locale in self.locales[1:]:
            self.tell(
                "wordings", locale, "", "approximated", f"no words in {locale}: those in {self.locales[0]} stand there"
            )
        return Imported(self.flow_id, text, self._beside(), self.notes)

    def _entry(self, start: str) -> str:
        """A `start` block that sets what is read but never set."""
        text = json.dumps(self.blocks, ensure_ascii=False)
        read = {name.split(".")[0] for name in variables(text)}
        set_here = {name for block in self.blocks.values() for name in block.get("values", {})}
        set_here |= {name for block in self.blocks.values() for name in block.get("extract", {})}
        set_here |= {block["slot"] for block in self.blocks.values() if "slot" in block}
        mentioned = {name for name in read if re.fullmatch(r"[a-z][a-z0-9_]*", name)}
        mentioned |= {word for word in self._in_expressions() if word not in set_here}
        outside = sorted(mentioned - {"company", "customer", "locale", "channel", "intent", "visits", "caller_number"})
        unset = [name for name in outside if name not in set_here] + sorted(set_here & mentioned)
        if not unset:
            return start
        self.blocks = {
            "entry": {
                "type": "start",
                "attributes": {name: "" for name in dict.fromkeys(unset)},
                "exits": {"next": start},
            },
            **self.blocks,
        }
        if foreign := [name for name in outside if name not in set_here]:
            why = f"{', '.join(foreign)} came from outside the flow; empty until something sets them"
            self.tell("attributes", "-", "entry", "approximated", why)
        return "entry"

    def _in_expressions(self) -> set[str]:
        found: set[str] = set()
        for block in self.blocks.values():
            texts = [case["when"] for case in block.get("cases", [])]
            computed = [*block.get("values", {}).values(), *dict(block.get("body") or {}).values(), block.get("to", "")]
            texts += [value[1:] for value in computed if str(value).startswith("=")]
            for text in texts:
                bare = re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\.\w+\(?", "", text)
                found |= set(re.findall(r"[a-z][a-z0-9_]*", bare)) - _CEL_WORDS
        return found

    def _drop_unreached(self, start: str, queue: str) -> None:
        reached: set[str] = set()
        waiting = [start, queue, FINISH]
        while waiting:
            name = waiting.pop()
            if name not in reached and name in self.blocks:
                reached.add(name)
                waiting += self.blocks[name].get("exits", {}).values()
        for name in [name for name in self.blocks if name not in reached]:
            block = self.blocks.pop(name)
            self.tell(name, block["type"], "", "lost", "nothing leads there")

    def _beside(self) -> dict[str, str]:
        if not self.calendars:
            return {}
        week = {"timezone": "UTC", "weekly": {"mon-fri": ["09:00-17:00"]}}
        tree = {"calendars": {name: week for name in sorted(self.calendars)}}
        return {"calendars.yaml": yaml.safe_dump(tree, sort_keys=False)}


_CEL_WORDS = frozenset({"true", "false", "null", "in", "size", "double", "int", "string", "has", "matches"})


class _Dumper(yaml.SafeDumper):
    """No aliases: repeated parts are written out, for people who read the file."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def plain(text: str) -> str:
    """A block, attribute or calendar name made of any text."""
    found = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    found = re.sub(r"[^a-z0-9]+", "_", found.lower()).strip("_")[:40].strip("_")
    return found if found[:1].isalpha() else f"b_{found}".rstrip("_")


def literal(value: str) -> str:
    """A CEL string."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Elements of another shape than the format's, or thousands that lead to each other, are `ImportFailed`."""
    try:
        yield
    except ImportFailed:
        raise
    except (AttributeError, TypeError, KeyError, IndexError, ValueError) as error:
        raise ImportFailed(f"{path}:1: an element has a shape that the format does not know: {error}") from error
    except RecursionError:
        raise ImportFailed(f"{path}:1: too many elements without an equivalent in a row") from None


def read_json(path: Path) -> dict[str, Any]:
    """Raises `ImportFailed`."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ImportFailed(f"{path}:1: cannot be read: {error}") from None
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise ImportFailed(f"{path}:{line}: no JSON: {error}") from None
    except RecursionError:
        raise ImportFailed(f"{path}:1: nested too deeply; export the flow anew") from None
    if not isinstance(data, dict):
        raise ImportFailed(f"{path}:1: not a JSON object; export the flow anew")
    return data
