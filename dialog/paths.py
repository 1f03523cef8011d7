"""Where a flow can go."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dialog.flow import Flow


def reach(flow: Flow, start: Iterable[str], stop: Collection[str] = ()) -> set[str]:
    """Blocks that a run starting at `start` may come to; those in `stop` are reached but not left."""
    reached: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name in reached or name not in flow.blocks:
            continue
        reached.add(name)
        if name not in stop:
            waiting += flow.blocks[name].exits.values()
    return reached
