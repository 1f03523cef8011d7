"""One per process: the connections, and the performers of all folders; takes up what a restart or an approval left to do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from dialog.actions.http import HttpActions
from dialog.actions.options import ActionOptions
from dialog.actions.performer import Actions
from dialog.actions.runner import Runner
from dialog.actions.runs import UNDER_WAY, MemoryRuns, Runs, WorkflowRun
from dialog.actions.workflow import load_workflows
from dialog.rules.decide import load_folder
from dialog.snapshots import ACTING, acting
from dialog.ticketing import MemoryTickets, Tickets
from dialog.yamlfile import read_text
from session.flow_contents import sha_of

log = structlog.get_logger(__name__)


class Outside:
    """Give `runs` and `tickets` a store before calls are answered; until then both are kept in memory."""

    def __init__(self, options: ActionOptions, http: HttpActions | None = None) -> None:
        self.runs: Runs = MemoryRuns(again=options.mock)
        self.tickets: Tickets = MemoryTickets()
        self.http = http or HttpActions(options)
        self._runners: dict[str, Runner] = {}
        """By the name of their rules and workflows: those of every version that is in use."""
        self._left: set[str] = set()
        self.find: Callable[[str], Awaitable[Path | None]] | None = None
        """Where rules and workflows of this name lie that no folder in use has, if they are kept anywhere."""

    def performer(self, folder: Path, name: str = "") -> Actions:
        """The performer of a folder of flows: its `rules/` and `workflows/` are read. Raises `FileError`."""
        rules = load_folder(folder / "rules")
        workflows = load_workflows(folder / "workflows", rules)
        there = {f"{kind}/{path.name}": _sha(path) for kind in ACTING for path in _files(folder / kind)}
        key = acting(there, "")
        runner = self._runners.get(key)
        if runner is None:
            called = f"{name or folder.name}@{key}"
            runner = Runner(called, workflows, rules, self.http, lambda: self.runs, lambda: self.tickets)
            self._runners[key] = runner
        return Actions(self.http, rules, runner)

    async def recover(self) -> int:
        """After a start: go on with every run that the last process left under way. Returns how many."""
        left = await self.runs.in_status(*UNDER_WAY)
        await asyncio.gather(*(self._go_on(run.id) for run in left))
        return len(left)

    async def approved(self) -> int:
        """Go on with runs that somebody approved since; each once, whoever else looks. Returns how many.

        A run whose rules are nowhere to be found stays approved: it is looked for again, and no other run waits for it.
        """
        taken = [
            run
            for run in await self.runs.in_status("approved")
            if await self._runner(run)
            and await self.runs.move(run.id, "approved", "running", by="warmline", note="taken up")
        ]
        await asyncio.gather(*(self._go_on(run.id) for run in taken))
        return len(taken)

    async def close(self) -> None:
        """Stop all runs and connections."""
        for runner in self._runners.values():
            await runner.close()
        await self.http.close()

    async def _go_on(self, run_id: str) -> None:
        """Whatever breaks in one run holds up no other; it is still there after the next start."""
        try:
            run = await self.runs.load(run_id)
            runner = await self._runner(run) if run else None
            if run is not None and runner is not None:
                await runner.go_on(run)
        except Exception as error:
            log.error("workflow.broken", run=run_id, error=type(error).__name__)

    async def _runner(self, run: WorkflowRun) -> Runner | None:
        """With the rules that the run began with. Runs of before these had names take those of their folder."""
        folder, _, key = run.folder.partition("@")
        for known, runner in self._runners.items():
            if known == key or (not key and runner.folder.partition("@")[0] == folder):
                return runner
        place = await self.find(key) if key and self.find else None
        if place is not None:
            self.performer(place, folder)
            return self._runners.get(key)
        if run.id not in self._left:
            self._left.add(run.id)
            log.error("workflow.left", run=run.id, why="its rules and workflows are nowhere to be found")
        return None


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.json")])


def _sha(path: Path) -> str:
    return sha_of(read_text(path))
