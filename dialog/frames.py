"""Which flow a run is in: its own, or one that was called; going in and coming back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dialog.state import Frame, RunState

if TYPE_CHECKING:
    from dialog.flow import Flow
    from dialog.turn import Turn


def current(root: Flow, state: RunState) -> Flow:
    """The flow in which the run is. Raises KeyError when it is not among those that `root` came with."""
    return root.subflows[state.flow] if state.flow else root


def levels(root: Flow, state: RunState) -> Iterator[tuple[int, Flow]]:
    """The present flow and those that called it, each with how many frames lie above it."""
    yield 0, current(root, state)
    for above, frame in enumerate(reversed(state.stack), 1):
        yield above, root.subflows[frame.flow] if frame.flow else root


def push(turn: Turn, ref: str) -> None:
    """Go into a sub-flow; it sees its inputs and who the verified customer is."""
    state, flow = turn.state, turn.root.subflows[ref]
    given = turn.calling or {}
    state.stack.append(
        Frame(
            flow=state.flow,
            block=state.block,
            attributes=state.attributes,
            asides=state.asides,
            slots=state.slots,
            request=state.request,
        )
    )
    state.other_visits[state.flow] = state.visits
    state.visits = state.other_visits.pop(ref, {})
    customer = state.attributes.get("customer")
    defaults = {name: item.default for name, item in flow.inputs.items() if item.default is not None}
    state.attributes = {**({"customer": customer} if customer else {}), **defaults, **given}
    state.flow, state.asides, state.slots = ref, [], {}
    turn.flow = flow


def pop(turn: Turn) -> None:
    """Back to the flow that called; who was verified meanwhile stays verified."""
    _back(turn.state)
    turn.flow = current(turn.root, turn.state)


def unwind(root: Flow, state: RunState) -> str:
    """Leave sub-flows that are no longer among those that `root` came with: the run is where the outermost was called.

    Returns the name of that one, or nothing if all are there.
    """
    called = [*(frame.flow for frame in state.stack), state.flow]
    gone = next((depth for depth, ref in enumerate(called) if ref and ref not in root.subflows), None)
    if gone is None:
        return ""
    while len(state.stack) >= gone:
        _back(state)
    state.phase, state.memo = "", {}
    return called[gone]


def known(state: RunState) -> dict[str, Any]:
    """All attributes of the run, as it goes on in another flow: those of the flows that called first, which a sub-flow
    must not change behind their backs, then its own; the verified customer is the last one."""
    values: dict[str, Any] = dict(state.attributes)
    for frame in reversed(state.stack):
        values |= {name: value for name, value in frame.attributes.items() if name != "customer"}
    return values


def _back(state: RunState) -> None:
    frame = state.stack.pop()
    customer = state.attributes.get("customer")
    state.other_visits[state.flow] = state.visits
    state.visits = state.other_visits.pop(frame.flow, {})
    state.attributes = {**frame.attributes, **({"customer": customer} if customer else {})}
    state.flow, state.block, state.asides, state.slots = frame.flow, frame.block, frame.asides, frame.slots
    if frame.request.level > state.intent_level:  # what was heard meanwhile makes nothing public
        state.request = frame.request
