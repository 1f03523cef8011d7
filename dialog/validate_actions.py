"""Rules about what a flow does outside: the tables and workflows beside it, and requests that are made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dialog.actions.workflow import load_workflows
from dialog.blocks.action import Action
from dialog.blocks.http import Http
from dialog.flow import Flow
from dialog.rulebook import rule
from dialog.rules.decide import load_folder
from dialog.yamlfile import Document, FileError, Problem

UNKNOWN = rule(
    "action-unknown", "E", "an action names a table or workflow that does not lie beside the flow",
    "add `rules/<id>.yaml` or `workflows/<id>.yaml`, or correct its spelling",
)  # fmt: skip
BROKEN = rule(
    "action-broken", "E", "a table or workflow beside the flow cannot be used",
    "mend it; `warmline rules validate` tells of tables",
)  # fmt: skip
INPUT = rule(
    "action-input",
    "E",
    "an action gives its table or workflow other inputs than it declares",
    "give each declared input, and no other",
)
OUTPUT = rule(
    "action-output", "E", "an action sets an output that its table or workflow has not", "correct its spelling"
)
RETRY = rule(
    "http-retry", "W", "a POST or PATCH with `retries` is made once only, since a second one could count twice",
    "give it `idempotent: true` if the system takes an Idempotency-Key",
)  # fmt: skip


def _retries(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        if isinstance(block, Http) and block.retries and not block.may_repeat:
            message = f"block {name!r}: {block.method} with retries: {block.retries}"
            yield document.problem(("blocks", name, "retries"), message, RETRY)


def _beside(flow: Flow, document: Document) -> Iterator[Problem]:
    """Only where the flow is a file: a text that is pasted has nothing beside it."""
    actions = {name: block for name, block in flow.blocks.items() if isinstance(block, Action)}
    if not actions or not Path(document.file).is_file():
        return
    folder = Path(document.file).parent
    try:
        tables = load_folder(folder / "rules")
        workflows = load_workflows(folder / "workflows", tables)
    except FileError as error:
        first = error.problems[0]
        place = ("blocks", next(iter(actions)))
        yield document.problem(place, f"{first.file}:{first.line}: {first.message}", BROKEN)
        return
    for name, block in actions.items():
        kind, known = ("rule", list(tables)) if block.rule else ("workflow", list(workflows))
        wanted = block.rule or block.workflow
        if wanted not in known:
            have = ", ".join(known) or "none"
            yield document.problem(
                ("blocks", name, kind), f"block {name!r}: {kind} {wanted!r}; there are {have}", UNKNOWN
            )
            continue
        table = tables[wanted].table if block.rule else None
        if block.rule and table is None:
            continue  # JDM files declare neither inputs nor outputs
        needed = (
            set(workflows[wanted].inputs)
            if table is None
            else {n for n, c in table.file.inputs.items() if not c.optional}
        )
        allowed = needed if table is None else set(table.file.inputs)
        outputs = set(workflows[wanted].outputs) if table is None else set(table.file.outputs)
        for missing in sorted(needed - set(block.inputs)):
            yield document.problem(("blocks", name, "in"), f"block {name!r}: input {missing!r} is missing", INPUT)
        for extra in sorted(set(block.inputs) - allowed):
            yield document.problem(
                ("blocks", name, "in", extra), f"block {name!r}: {wanted!r} has no input {extra!r}", INPUT
            )
        for extra in sorted(set(block.sets) - outputs):
            yield document.problem(
                ("blocks", name, "sets"), f"block {name!r}: {wanted!r} has no output {extra!r}", OUTPUT
            )


CHECKS = (_retries, _beside)
