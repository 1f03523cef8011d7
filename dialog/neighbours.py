"""What lies beside a flow and belongs to it: the flows that it calls, and its calendars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dialog.blocks.call import Call
from dialog.calendars import read_calendars

if TYPE_CHECKING:
    from dialog.flow import Flow

SUBFLOWS = "subflows"
PACKS = "packs"
Parse = Callable[[Path], "Flow"]


def calls(flow: Flow) -> Iterator[tuple[str, Call]]:
    """Its `call` blocks."""
    for name, block in flow.blocks.items():
        if isinstance(block, Call):
            yield name, block


def places(folder: Path, flow_id: str) -> list[Path]:
    """Where a called flow may lie, the first that is there counts: beside, in `subflows/`, then the same outside the pack."""
    outer = [folder.parent.parent] if folder.resolve().parent.name == PACKS else []
    if folder.name == SUBFLOWS:
        outer.append(folder.parent)
    return [
        path for place in (folder, *outer) for path in (place / f"{flow_id}.yaml", place / SUBFLOWS / f"{flow_id}.yaml")
    ]


def find(folder: Path, ref: str) -> Path | None:
    """The file of a called flow."""
    flow_id = ref.partition("@")[0]
    return next((path for path in places(folder, flow_id) if path.is_file()), None)


def attach(flow: Flow, file: Path, parse: Parse) -> Flow:
    """The flow with its calendars, and every flow that it or they call, each once by the name it is called by.

    `parse` reads one file without its neighbours. Raises `FileError` for what is there and cannot be read; what is not
    there is left out, which is for the rules to say.
    """
    found: dict[str, Flow] = {}
    _collect(flow, file.parent, parse, found)
    return _with_calendars(flow, file).model_copy(update={"subflows": found})


def _collect(flow: Flow, folder: Path, parse: Parse, found: dict[str, Flow]) -> None:
    for _, block in calls(flow):
        if block.flow in found:
            continue
        path = find(folder, block.flow)
        if path is not None:
            found[block.flow] = _with_calendars(parse(path), path)
            _collect(found[block.flow], path.parent, parse, found)


def _with_calendars(flow: Flow, file: Path) -> Flow:
    if all(block.type != "hours" for block in flow.blocks.values()):
        return flow
    return flow.model_copy(update={"calendars": dict(read_calendars(file.parent))})
