"""Calendars that are switched by hand while calls come in: one board for all folders of flows, and who uses which calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dialog.blocks.hours import Hours
from dialog.calendars import Calendar, HoursState, Switches
from dialog.flow import Flow

OUTERMOST = "flows"
"""The pack of what lies outside packs."""


@dataclass(frozen=True, slots=True)
class UsedCalendar:
    """A calendar that `hours` blocks of served flows ask, or queues. `flows`, `queues`: their ids."""

    pack: str
    name: str
    calendar: Calendar
    flows: tuple[str, ...]
    queues: tuple[str, ...] = ()


class SwitchBoard:
    """What is switched, by pack and calendar; `Ports.switches` of each folder is a view of it that never goes stale."""

    def __init__(self) -> None:
        self._of: dict[str, Switches] = {}

    def of(self, pack: str) -> Switches:
        """Those of one pack: always the same object, whatever is switched."""
        return self._of.setdefault(pack, Switches())

    def take(self, switched: Mapping[tuple[str, str], HoursState]) -> None:
        """From now on just this is switched: (pack, calendar) → state."""
        for pack in {*self._of, *(pack for pack, _ in switched)}:
            states = {name: state for (where, name), state in switched.items() if where == pack}
            self.of(pack).states = states


def used(flows: Mapping[str, Flow], packs: Mapping[str, str]) -> list[UsedCalendar]:
    """Every calendar that served flows, or sub-flows of them, ask. `packs`: flow id → pack."""
    found: dict[tuple[str, str], UsedCalendar] = {}
    for flow_id, flow in sorted(flows.items()):
        for part in (flow, *flow.subflows.values()):
            for block in part.blocks.values():
                if not isinstance(block, Hours) or block.calendar not in part.calendars:
                    continue
                key = packs[flow_id], block.calendar
                known = found.get(key)
                users = (*known.flows, flow_id) if known and flow_id not in known.flows else (flow_id,)
                if known is None or flow_id not in known.flows:
                    found[key] = UsedCalendar(*key, part.calendars[block.calendar], users)
    return [found[key] for key in sorted(found)]
