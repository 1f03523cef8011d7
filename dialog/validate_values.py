"""Rules about attributes: none is read before some path, better every path, has set it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dialog import cel
from dialog.blocks.call import Call
from dialog.blocks.verify import Verify
from dialog.flow import Flow
from dialog.rulebook import rule
from dialog.text import AT, locale_of, variables
from dialog.yamlfile import Document, Place, Problem

UNSET = rule(
    "attribute-unset",
    "E",
    "an attribute is read that no path to the block has set",
    "set it before, or correct its spelling",
)
MAYBE_UNSET = rule(
    "attribute-maybe-unset", "W", "an attribute is read that some path to the block has not set", "set it on every path"
)
BUILT_IN = frozenset(
    {"company", "customer", "locale", "channel", "intent", "auth_level", "visits", "emotion", "policy"}
)
"""Names that every run has; facts of `customer` are there once somebody is verified."""
_CONSTANTS = frozenset(
    {"true", "false", "null", "int", "uint", "double", "bool", "string", "bytes", "list", "map", "type"}
)


@dataclass(frozen=True, slots=True)
class _Known:
    """At the entry of a block: set on some path, set on every path (None = no path found yet)."""

    some: frozenset[str]
    every: frozenset[str] | None


def _attributes(flow: Flow, document: Document) -> Iterator[Problem]:
    known = flow_of_values(flow)
    for name in flow.blocks:
        at = known.get(name)
        if at is None:
            continue  # never reached, which is a rule of its own
        told: set[str] = set()
        for place, attribute in _reads(flow, name):
            if attribute in BUILT_IN or attribute in told:
                continue
            parameter = ".".join(str(step) for step in place[2:3])
            if attribute not in at.some:
                told.add(attribute)
                listed = ", ".join(sorted(at.some)) or "none"
                message = f"block {name!r}: {parameter} reads {attribute!r}, which no path to it sets; set are {listed}"
                yield document.problem(place, message, UNSET)
            elif at.every is not None and attribute not in at.every:
                told.add(attribute)
                message = f"block {name!r}: {parameter} reads {attribute!r}, which is not set on every path to it"
                yield document.problem(place, message, MAYBE_UNSET)
    handler = flow.handlers.on_emotion
    if handler is not None:
        ever = frozenset[str]().union(*(at.some for at in known.values()))
        for attribute in cel.names(handler.when):
            if attribute not in BUILT_IN | _CONSTANTS | ever:
                message = f"on_emotion reads {attribute!r}, which nothing sets"
                yield document.problem(("handlers", "on_emotion", "when"), message, UNSET)


def flow_of_values(flow: Flow) -> Mapping[str, _Known]:
    """Per block what is set when a run arrives; blocks that no run comes to are left out."""
    given = frozenset(name for name, item in flow.inputs.items() if not item.optional or item.default is not None)
    begin = _Known(frozenset(flow.inputs), given)
    known: dict[str, _Known] = {}
    waiting = [flow.start] if flow.start in flow.blocks else []
    for name in waiting:
        known[name] = begin
    entries = [
        target for target in (*flow.handlers.targets().values(), *flow.shortcuts.values()) if target in flow.blocks
    ]
    for _ in range(2 * len(flow.blocks) + 2):
        _spread(flow, known, waiting)
        # A handler takes the run from where it waits: what some block may have set may be there, what is set wherever it
        # waits surely is.
        ever = frozenset[str]().union(*(at.some for at in known.values()), *(_sets(flow, name) for name in known))
        where = [at.every or frozenset() for name, at in known.items() if _waits(flow, name)]
        sure = frozenset.intersection(*where) if where else given
        waiting = [name for name in entries if _merge(known, name, _Known(ever | begin.some, sure))]
        if not waiting:
            break
    return known


def _spread(flow: Flow, known: dict[str, _Known], waiting: list[str]) -> None:
    while waiting:
        name = waiting.pop()
        block, at = flow.blocks[name], known[name]
        for exit_name, target in block.exits.items():
            if target not in flow.blocks:
                continue
            plain = exit_name.partition(AT)[0]
            sure = block.assigns_on(plain) | _facts(flow, name, plain) | _brought(flow, name, plain)
            after = _Known(at.some | _sets(flow, name) | sure, (at.every or frozenset()) | sure)
            if _merge(known, target, after):
                waiting.append(target)


def _waits(flow: Flow, name: str) -> bool:
    """For the caller, or for something outside that may fail."""
    block = flow.blocks[name]
    return block.hears or block.sees_private


def _merge(known: dict[str, _Known], name: str, new: _Known) -> bool:
    old = known.get(name)
    if old is None:
        known[name] = new
        return True
    every = new.every if old.every is None else old.every & (new.every or frozenset())
    merged = _Known(old.some | new.some, every)
    known[name] = merged
    return merged != old


def _sets(flow: Flow, name: str) -> frozenset[str]:
    block = flow.blocks[name]
    return block.assigns().union(*(block.assigns_on(exit_name) for exit_name in block.exit_names))


def _facts(flow: Flow, name: str, exit_name: str) -> frozenset[str]:
    verified = isinstance(flow.blocks[name], Verify) and exit_name == "passed"
    return frozenset({"customer"}) if verified else frozenset()


def _brought(flow: Flow, name: str, exit_name: str) -> frozenset[str]:
    """Outputs of a called flow that can be computed at each of its ends with this outcome."""
    block = flow.blocks[name]
    called = flow.subflows.get(block.flow) if isinstance(block, Call) else None
    if not isinstance(block, Call) or called is None or called.id == flow.id:
        return frozenset()
    sub = called.model_copy(update={"subflows": {}})  # what flows called in turn bring is not looked at
    ends = [
        at.every or frozenset()
        for end, at in flow_of_values(sub).items()
        if getattr(sub.blocks[end], "outcome", "") == exit_name
    ]
    known = frozenset.intersection(*ends) | BUILT_IN | _CONSTANTS if ends else frozenset[str]()
    return frozenset(slot for slot, text in block.outputs.items() if ends and known >= set(cel.names(text)))


def _reads(flow: Flow, name: str) -> Iterator[tuple[Place, str]]:
    block = flow.blocks[name]
    own = {*block.own_names, getattr(block, "slot", "")}  # a read-back of its own value
    for parameter, wording in block.wordings().items():
        below: Place = tuple(int(step) if step.isdigit() else step for step in parameter.split("."))
        for key, text in wording.items():
            for variable in variables(text):
                if (root := variable.split(".")[0]) not in own and root not in _CONSTANTS:
                    yield ("blocks", name, *below, *locale_of(key)[1]), root
    for parameter, expression in block.expressions().items():
        below = tuple(int(step) if step.isdigit() else step for step in parameter.split("."))
        for root in cel.names(expression):
            if root not in _CONSTANTS:
                yield ("blocks", name, *below), root
    for parameter, names in block.reads().items():
        for variable in names:
            yield ("blocks", name, parameter), variable.split(".")[0]


CHECKS = (_attributes,)
