"""One per process: the connections, and the performers of all folders; takes up what a restart or an approval left to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from dialog.actions.http import HttpActions
from dialog.actions.options import ActionOptions
from dialog.actions.performer import Actions
from dialog.actions.runner import Runner
from dialog.actions.runs import UNDER_WAY, MemoryRuns, Runs
from dialog.actions.workflow import load_workflows
from dialog.rules.decide import load_folder

log = structlog.get_logger(__name__)


class Outside:
    """Give `runs` a store before calls are answered; until then runs are kept in memory."""

    def __init__(self, options: ActionOptions, http: HttpActions | None = None) -> None:
        self.runs: Runs = MemoryRuns(again=options.mock)
        self.http = http or HttpActions(options)
        self._runners: dict[str, Runner] = {}

    def performer(self, folder: Path) -> Actions:
        """The performer of a folder of flows: its `rules/` and `workflows/` are read. Raises `FileError`."""
        rules = load_folder(folder / "rules")
        workflows = load_workflows(folder / "workflows", rules)
        runner = Runner(folder.name, workflows, rules, self.http, lambda: self.runs)
        self._runners[folder.name] = runner
        return Actions(self.http, rules, runner)

    async def recover(self) -> int:
        """After a start: go on with every run that the last process left under way. Returns how many."""
        left = await self.runs.in_status(*UNDER_WAY)
        await asyncio.gather(*(self._go_on(run.id, run.folder) for run in left))
        return len(left)

    async def approved(self) -> int:
        """Go on with runs that somebody approved since; each once, whoever else looks. Returns how many."""
        taken = [
            run
            for run in await self.runs.in_status("approved")
            if await self.runs.move(run.id, "approved", "running", by="warmline", note="taken up")
        ]
        await asyncio.gather(*(self._go_on(run.id, run.folder) for run in taken))
        return len(taken)

    async def close(self) -> None:
        """Stop all runs and connections."""
        for runner in self._runners.values():
            await runner.close()
        await self.http.close()

    async def _go_on(self, run_id: str, folder: str) -> None:
        """Whatever breaks in one run holds up no other; it is still there after the next start."""
        try:
            run, runner = await self.runs.load(run_id), self._runners.get(folder)
            if run is None or runner is None:
                log.error("workflow.left", run=run_id, why="its folder of flows is not loaded")
                return
            await runner.go_on(run)
        except Exception as error:
            log.error("workflow.broken", run=run_id, error=type(error).__name__)
