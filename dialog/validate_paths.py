"""Rules about where a flow can go: targets, exits, loops, the way to a person, the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dialog.blocks.base import Block
from dialog.blocks.end import End
from dialog.flow import Flow
from dialog.paths import reach
from dialog.rulebook import rule
from dialog.yamlfile import Document, Problem

TARGET = rule(
    "target-unknown", "E", "start, an exit, a handler or a shortcut leads to what is no block", "name a block"
)
EXIT = rule("exit-missing", "E", "an exit that the block needs is not connected", "connect it under `exits`")
EXTRA_EXIT = rule("exit-unknown", "E", "the block has no such exit", "remove it or correct its spelling")
UNREACHABLE = rule("unreachable", "E", "no path leads to the block", "connect or remove it")
LOOP = rule("loop", "E", "a loop in which the caller has no say", "let one of its blocks ask or end")
HUMAN = rule(
    "human-unreachable", "E", "the caller cannot get to a person",
    "give handlers.on_human_request a block that leads to a queue",
)  # fmt: skip
UNHANDLED = rule(
    "error-unhandled", "E", "without handlers.on_error an error would end the call without a word", "add the handler"
)
HANGUP = rule(
    "hangup-speaks", "E", "on_hangup leads to a block that needs somebody on the line", "use only silent blocks: branch, set, end"
)  # fmt: skip
NO_END = rule("end-missing", "E", "the bot could never finish a call", "add an end block")


def _targets(flow: Flow, document: Document) -> Iterator[Problem]:
    known = ", ".join(flow.blocks)
    if flow.start not in flow.blocks:
        yield document.problem(("start",), f"start: there is no block {flow.start!r}; there are {known}", TARGET)
    for name, block in flow.blocks.items():
        for exit_name, target in block.exits.items():
            if target not in flow.blocks:
                place = ("blocks", name, "exits", exit_name)
                message = f"block {name!r}: exit {exit_name!r} leads to {target!r}, which is no block"
                yield document.problem(place, message, TARGET)
    for handler, target in flow.handlers.targets().items():
        if target not in flow.blocks:
            message = f"handler {handler} leads to {target!r}, which is no block"
            yield document.problem(("handlers", handler), message, TARGET)
    for key, target in flow.shortcuts.items():
        if target not in flow.blocks:
            message = f"shortcut {key} leads to {target!r}, which is no block"
            yield document.problem(("shortcuts", key), message, TARGET)


def _exits(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        place = ("blocks", name, "exits")
        for missing in sorted(block.required_exits() - set(block.exits)):
            yield document.problem(place, f"block {name!r} ({block.type}): exit {missing!r} is missing", EXIT)
        allowed = block.allowed_exits()
        if allowed is not None:
            for extra in sorted(set(block.exits) - allowed):
                accepted = ", ".join(sorted(allowed)) or "none"
                message = f"block {name!r} ({block.type}): no exit {extra!r}; accepted: {accepted}"
                yield document.problem((*place, extra), message, EXTRA_EXIT)


def _unreachable(flow: Flow, document: Document) -> Iterator[Problem]:
    reached = reach(flow, [flow.start, *flow.handlers.targets().values(), *flow.shortcuts.values()])
    for name in flow.blocks:
        if name not in reached:
            yield document.problem(("blocks", name), f"block {name!r} is never reached", UNREACHABLE)


def _human(flow: Flow, document: Document) -> Iterator[Problem]:
    if not any(block.people for block in flow.blocks.values()):
        yield document.problem(
            ("blocks",), "there is no block that leads to a person", HUMAN, "add one, and lead on_human_request to it"
        )
        return
    handler = flow.handlers.on_human_request
    if not handler:
        yield document.problem(("handlers",), "handlers.on_human_request is missing", HUMAN, "add it")
    elif handler in flow.blocks and not _reaches_queue(flow, handler):
        yield document.problem(("handlers", "on_human_request"), f"{handler!r} leads to no queue", HUMAN)
    for name, block in flow.blocks.items():
        if block.hears and not handler and not _reaches_queue(flow, name):
            yield document.problem(("blocks", name), f"block {name!r}: no way to a person", HUMAN)


def _errors(flow: Flow, document: Document) -> Iterator[Problem]:
    if not flow.handlers.on_error:
        yield document.problem(("handlers",), "handlers.on_error is missing", UNHANDLED)


def _loops(flow: Flow, document: Document) -> Iterator[Problem]:
    deaf = {name: block for name, block in flow.blocks.items() if not block.hears}
    for name in deaf:
        path = _cycle(name, deaf)
        if path and min(path) == name:
            message = f"endless loop without the caller: {' → '.join([*path, name])}"
            yield document.problem(("blocks", name), message, LOOP)


def _hangup(flow: Flow, document: Document) -> Iterator[Problem]:
    target = flow.handlers.on_hangup
    for name in sorted(reach(flow, [target])) if target else ():
        if not flow.blocks[name].silent:
            message = f"on_hangup leads to {name!r} ({flow.blocks[name].type}); nobody is there any more"
            yield document.problem(("handlers", "on_hangup"), message, HANGUP)


def _ends(flow: Flow, document: Document) -> Iterator[Problem]:
    if not any(isinstance(block, End) for block in flow.blocks.values()):
        yield document.problem(("blocks",), "there is no end block", NO_END)


def _reaches_queue(flow: Flow, name: str) -> bool:
    return any(flow.blocks[reached].people for reached in reach(flow, [name]))


def _cycle(start: str, blocks: Mapping[str, Block]) -> list[str]:
    """A path of blocks from `start` back to it, or empty."""
    seen: set[str] = set()
    stack = [(start, [start])]
    while stack:
        name, path = stack.pop()
        for target in blocks[name].exits.values():
            if target == start:
                return path
            if target in blocks and target not in seen:
                seen.add(target)
                stack.append((target, [*path, target]))
    return []


CHECKS = (_targets, _exits, _unreachable, _human, _errors, _loops, _hangup, _ends)
