"""The rules that flow files must keep: each has an id, a severity, what it is about, and how to mend a breach.

A rule is declared once, beside the code that checks it, as a module constant; the table of all rules in
`docs/flow-rules.md` is made from these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Severity = Literal["E", "W"]

_ID = re.compile(r"[a-z]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Severity E forbids use, W is advice; `what` says what is wrong when it is broken."""

    id: str
    severity: Severity
    what: str
    mend: str


RULES: dict[str, Rule] = {}
"""All rules of the modules imported so far, by id."""


def rule(name: str, severity: Severity, what: str, mend: str) -> Rule:
    """Declare a rule. Raises ValueError for an id that is taken or misspelt."""
    if not _ID.fullmatch(name):
        raise ValueError(f"rule id {name!r} must be lower-case words joined by -")
    if name in RULES:
        raise ValueError(f"rule id {name!r} is declared twice")
    declared = RULES[name] = Rule(name, severity, what, mend)
    return declared


UNREADABLE = rule(
    "file-unreadable", "E", "the file cannot be read, or is empty", "check path, rights and encoding (UTF-8)"
)
NOT_YAML = rule(
    "yaml", "E", "the text is no YAML", "mend the syntax at this line; quote what YAML would take for its own"
)
KEY_TWICE = rule("key-twice", "E", "a key is given twice in one mapping, so one of them would be lost", "remove one")
SHAPE = rule(
    "shape",
    "E",
    "a parameter is missing, unknown, or of the wrong kind",
    "give it the form that docs/flows.md and docs/blocks.md describe",
)
