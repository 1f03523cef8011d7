"""Rules about what lies beside a flow: the flows that it calls, its calendars."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dialog import neighbours
from dialog.blocks.end import End
from dialog.blocks.hours import Hours
from dialog.flow import Flow
from dialog.rulebook import rule
from dialog.yamlfile import Document, Problem

UNKNOWN = rule("subflow-unknown", "E", "a called flow is not there", "add the file, or correct the id")
VERSION = rule(
    "subflow-version", "E", "a called flow has another version", "call the version that is there, or add that one"
)
RECURSION = rule("subflow-recursion", "E", "a flow calls itself, directly or through others", "break the circle")
NO_SUBFLOW = rule(
    "subflow-outcomes", "E", "a called flow declares no outcomes, so it never comes back", "give it `outcomes`"
)
OUTCOME = rule(
    "subflow-exit",
    "E",
    "exits and the called flow's outcomes differ",
    "connect every outcome, and none else but `error`",
)
INPUT = rule(
    "subflow-input", "E", "inputs and what the called flow declares differ", "give what it needs, and nothing else"
)
END = rule("outcome-unknown", "E", "an end names an outcome that the flow does not declare", "list it under `outcomes`")
UNUSED = rule("outcome-unused", "E", "an outcome is declared that no end has", "remove it, or add an end with it")
CALENDAR = rule("calendar-unknown", "E", "an hours block names no calendar of calendars.yaml", "add the calendar")
TIMEZONE = rule(
    "timezone-missing",
    "W",
    "a calendar has no time zone, so its hours are UTC",
    "give it `timezone`, like Europe/Berlin",
)
TIMEOUT = rule(
    "timeout-without-limit", "E", "on_timeout has no `max_duration_s` after which it would come", "give the flow one"
)


def _calls(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in neighbours.calls(flow):
        place = ("blocks", name, "flow")
        called = flow.subflows.get(block.flow)
        if called is None:
            places = ", ".join(
                str(path) for path in neighbours.places(Path(document.file).parent, block.flow.split("@")[0])
            )
            yield document.problem(
                place, f"block {name!r}: flow {block.flow!r} is not there; looked for {places}", UNKNOWN
            )
            continue
        wanted = block.flow.partition("@")[2]
        if wanted and int(wanted) != called.version:
            message = f"block {name!r}: {called.id} is version {called.version}, not {wanted}"
            yield document.problem(place, message, VERSION)
        if circle := _circle(flow, block.flow):
            message = f"block {name!r}: calls {' → '.join([flow.id, *circle])}"
            yield document.problem(place, message, RECURSION)
        if not called.outcomes:
            yield document.problem(place, f"block {name!r}: {called.id} declares no outcomes", NO_SUBFLOW)
        expected = {*called.outcomes, "error"}
        for missing in sorted(expected - block.exit_names - {"error"}):
            message = f"block {name!r}: outcome {missing!r} of {called.id} has no exit"
            yield document.problem(("blocks", name, "exits"), message, OUTCOME)
        for extra in sorted(block.exit_names - expected):
            message = f"block {name!r}: {called.id} has no outcome {extra!r}"
            yield document.problem(("blocks", name, "exits", extra), message, OUTCOME)
        needed = {key for key, item in called.inputs.items() if not item.optional and item.default is None}
        for key in sorted(needed - set(block.inputs)):
            yield document.problem(("blocks", name), f"block {name!r}: {called.id} needs input {key!r}", INPUT)
        for key in sorted(set(block.inputs) - set(called.inputs)):
            message = f"block {name!r}: {called.id} has no input {key!r}"
            yield document.problem(("blocks", name, "in", key), message, INPUT)


def _circle(flow: Flow, ref: str) -> list[str]:
    """The calls from `ref` back to this flow, or to a flow on the way, if there are such."""
    stack = [(ref, [flow.id])]
    while stack:
        at, way = stack.pop()
        called = flow.subflows.get(at)
        if called is None:
            continue
        way = [*way, called.id]
        if called.id in way[:-1]:
            return way[1:]
        stack += [(block.flow, way) for _, block in neighbours.calls(called)]
    return []


def _outcomes(flow: Flow, document: Document) -> Iterator[Problem]:
    named = set()
    for name, block in flow.blocks.items():
        if isinstance(block, End) and block.outcome:
            named.add(block.outcome)
            if block.outcome not in flow.outcomes:
                listed = ", ".join(flow.outcomes) or "none"
                message = f"block {name!r}: {block.outcome!r} is no outcome of this flow; there are {listed}"
                yield document.problem(("blocks", name, "outcome"), message, END)
    for index, outcome in enumerate(flow.outcomes):
        if outcome not in named:
            yield document.problem(("outcomes", index), f"outcomes: no end has the outcome {outcome!r}", UNUSED)


def _hours(flow: Flow, document: Document) -> Iterator[Problem]:
    for name, block in flow.blocks.items():
        if not isinstance(block, Hours):
            continue
        place = ("blocks", name, "calendar")
        calendar = flow.calendars.get(block.calendar)
        if calendar is None:
            listed = ", ".join(sorted(flow.calendars)) or "none"
            message = f"block {name!r}: there is no calendar {block.calendar!r} in calendars.yaml; there are {listed}"
            yield document.problem(place, message, CALENDAR)
        elif not calendar.timezone:
            yield document.problem(place, f"block {name!r}: calendar {block.calendar!r} has no time zone", TIMEZONE)


def _timeout(flow: Flow, document: Document) -> Iterator[Problem]:
    if flow.handlers.on_timeout and flow.max_duration_s is None:
        yield document.problem(("handlers", "on_timeout"), "on_timeout without max_duration_s", TIMEOUT)


CHECKS = (_calls, _outcomes, _hours, _timeout)
