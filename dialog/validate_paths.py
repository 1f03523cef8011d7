"""Rules about where a flow can go: targets, exits, loops, the way to a person, the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dialog.blocks.base import Block
from dialog.blocks.end import End
from dialog.flow import Flow
from dialog.paths import reach
from dialog.rulebook import rule
from dialog.text import AT
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
FALLBACK = rule(
    "fallback-missing", "E", "when nobody can be had, the caller only comes back to the same transfer or queue",
    "lead the exit to something else: a callback, a question, or words and the end",
)  # fmt: skip
MOST_TURNS = 3
"""Answers of the caller after which a person must be within reach."""
_GOOD_ENDS = frozenset({"answered", "connected", "booked"})
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
                place = ("blocks", name, "exits", *exit_name.split(AT))
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
            for extra in sorted(block.exit_names - allowed):
                accepted = ", ".join(sorted(allowed)) or "none"
                message = f"block {name!r} ({block.type}): no exit {extra!r}; accepted: {accepted}"
                yield document.problem((*place, extra), message, EXTRA_EXIT)


def _unreachable(flow: Flow, document: Document) -> Iterator[Problem]:
    reached = reach(flow, [flow.start, *flow.handlers.targets().values(), *flow.shortcuts.values()])
    for name in flow.blocks:
        if name not in reached:
            yield document.problem(("blocks", name), f"block {name!r} is never reached", UNREACHABLE)


def _human(flow: Flow, document: Document) -> Iterator[Problem]:
    if flow.outcomes:
        return  # called by other flows, whose handlers hold here as well
    if not any(block.people for block in flow.blocks.values()):
        mend = "add one, and lead on_human_request to it"
        yield document.problem(("blocks",), "there is no block that leads to a person", HUMAN, mend)
        return
    turns = _turns_to_people(flow)
    handler = flow.handlers.on_human_request
    if not handler:
        yield document.problem(("handlers",), "handlers.on_human_request is missing", HUMAN, "add it")
    elif handler in flow.blocks and handler not in turns:
        yield document.problem(("handlers", "on_human_request"), f"{handler!r} leads to no person", HUMAN)
    elif handler in flow.blocks and turns[handler] > MOST_TURNS:
        message = f"{handler!r} leads to a person only after {turns[handler]} answers of the caller"
        yield document.problem(("handlers", "on_human_request"), message, HUMAN, "shorten the way")
    for name, block in flow.blocks.items():
        if not block.hears or handler in turns:
            continue
        if name not in turns:
            yield document.problem(("blocks", name), f"block {name!r}: no way to a person", HUMAN)
        elif turns[name] > MOST_TURNS:
            message = f"block {name!r}: a person is {turns[name]} answers of the caller away"
            yield document.problem(
                ("blocks", name), message, HUMAN, "shorten the way, or give handlers.on_human_request"
            )


def _turns_to_people(flow: Flow) -> dict[str, int]:
    """Block → answers that the caller has to give, at least, until a person is asked for; who never can is left out."""
    turns = {name: 0 for name, block in flow.blocks.items() if block.people}
    changed = True
    while changed:
        changed = False
        for name, block in flow.blocks.items():
            ways = [turns[target] for target in block.exits.values() if target in turns]
            if ways and (best := min(ways) + int(block.hears)) < turns.get(name, best + 1):
                turns[name], changed = best, True
    return turns


def _fallback(flow: Flow, document: Document) -> Iterator[Problem]:
    """When nobody can be had, the caller must get somewhere else, or a say."""
    for name, block in flow.blocks.items():
        if not block.people:
            continue
        for exit_name in sorted(block.exit_names - _GOOD_ENDS):
            for target in block.ways(exit_name):
                stop = {other for other, blk in flow.blocks.items() if blk.hears or isinstance(blk, End)}
                met = reach(flow, [target], stop=stop)
                if met and name in met and not any(other != name and other in stop for other in met):
                    message = f"block {name!r}: exit {exit_name!r} only leads back to it"
                    yield document.problem(("blocks", name, "exits", exit_name), message, FALLBACK)


def _errors(flow: Flow, document: Document) -> Iterator[Problem]:
    if not flow.handlers.on_error and not flow.outcomes:
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


CHECKS = (_targets, _exits, _unreachable, _human, _fallback, _errors, _loops, _hangup, _ends)
