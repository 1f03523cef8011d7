"""Which exits of a flow its tests have taken, per block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dialog.effects import AnyEffect, Trace
from dialog.flow import Flow
from dialog.rulebook import rule
from dialog.yamlfile import Document, Problem

NO_TEST_EXIT = rule(
    "no-test-exit", "W", "no flow test takes an exit of a block", "add a scenario that goes this way to the flow's test"
)
HANDLERS = "handlers"
SHORTCUTS = "shortcuts"


@dataclass
class Coverage:
    """Exits taken, by block; handlers and shortcuts count as blocks of these names."""

    flow: Flow
    taken: dict[str, set[str]] = field(default_factory=dict)

    def add(self, effects: Iterable[AnyEffect]) -> None:
        """What a run did."""
        self.taken_by((effect.block, effect.exit) for effect in effects if isinstance(effect, Trace))

    def taken_by(self, steps: Iterable[tuple[str, str]]) -> None:
        """Blocks that were left, and by which exit."""
        for block, exit in steps:
            self.taken.setdefault(block, set()).add(exit)
            if exit in self.flow.handlers.targets():
                self.taken.setdefault(HANDLERS, set()).add(exit)
            elif exit.startswith("shortcut_"):
                self.taken.setdefault(SHORTCUTS, set()).add(exit.removeprefix("shortcut_"))

    def rows(self) -> list[tuple[str, list[str], list[str]]]:
        """Per block: its name, exits taken, exits that no test has taken. Blocks without exits: being there."""
        found = []
        for name, exits in self._all():
            taken = self.taken.get(name, set())
            found.append(
                (name, [exit for exit in exits if exit in taken], [exit for exit in exits if exit not in taken])
            )
        return found

    @property
    def share(self) -> float:
        """Of all exits, 0…1."""
        rows = self.rows()
        total = sum(len(taken) + len(missing) for _, taken, missing in rows)
        return sum(len(taken) for _, taken, _ in rows) / total if total else 1.0

    def table(self) -> str:
        """For people: one line per block, uncovered exits by name."""
        rows = self.rows()
        width = max([len(name) for name, _, _ in rows], default=5)
        lines = [f"{'block':{width}}  exits  not taken by any test"]
        for name, taken, missing in rows:
            lines.append(
                f"{name:{width}}  {len(taken):2d}/{len(taken) + len(missing):<2d}  {', '.join(missing)}".rstrip()
            )
        lines.append(f"{'all':{width}}  {self.share:.0%}")
        return "\n".join(lines)

    def problems(self, document: Document) -> Iterator[Problem]:
        """A warning per exit that no test takes."""
        for name, _, missing in self.rows():
            for exit in missing:
                place: tuple[str | int, ...] = ("blocks", name, "exits", exit)
                what = f"block {name!r}: no test takes exit {exit!r}"
                if name in (HANDLERS, SHORTCUTS):
                    place, what = (name, exit), f"{name}: no test takes {exit!r}"
                yield document.problem(place, what, NO_TEST_EXIT)

    def _all(self) -> Iterator[tuple[str, list[str]]]:
        for name, block in self.flow.blocks.items():
            if block.exits:
                yield name, list(block.exits)
        if handlers := list(self.flow.handlers.targets()):
            yield HANDLERS, handlers
        if self.flow.shortcuts:
            yield SHORTCUTS, list(self.flow.shortcuts)
