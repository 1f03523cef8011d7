"""What takes a run from wherever it is: the present flow's handlers, else those of the flows that called it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialog.frames import levels

if TYPE_CHECKING:
    from dialog.turn import Turn


def find(turn: Turn, name: str) -> tuple[int, str] | None:
    """How many calls up the handler is, and where it leads; None = nobody has it."""
    for above, flow in levels(turn.root, turn.state):
        if target := flow.handlers.targets().get(name, ""):
            return above, target
    return None


def lead(turn: Turn, name: str, why: str) -> bool:
    """Go where the handler leads, if there is one; open questions are dropped."""
    found = find(turn, name)
    if found is None:
        return False
    above, target = found
    turn.state.pending = ""
    turn.state.asides.clear()
    turn.go(target, name, why, above=above)
    return True


def failed(turn: Turn, why: str) -> bool:
    """An error: the flow's own handler, else the exit `error` of the block that called it, else the caller's handler."""
    state = turn.state
    for above, flow in levels(turn.root, state):
        if flow.handlers.on_error:
            state.asides.clear()
            turn.go(flow.handlers.on_error, "on_error", why, above=above)
            return True
        if above < len(state.stack):
            frame = state.stack[-1 - above]
            caller = turn.root.subflows[frame.flow] if frame.flow else turn.root
            block = caller.blocks.get(frame.block)
            if block is not None and "error" in block.exits:
                turn.go(block.way("error", state.channel), "error", why, above=above + 1)
                return True
    return False


def shortcut(turn: Turn, digit: str) -> tuple[int, str] | None:
    """The block to which a key leads everywhere, and how many calls up it is."""
    for above, flow in levels(turn.root, turn.state):
        if digit in flow.shortcuts:
            return above, flow.shortcuts[digit]
    return None
