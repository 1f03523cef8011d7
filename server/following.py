"""What the app follows while it runs: approved workflows, filter packs, experiments, calendars switched by hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dialog.actions.outside import Outside
from dialog.calendars import STATES
from dialog.experiment.assign import Experiments
from dialog.filter.service import Filters, Reloaded
from dialog.options import DialogOptions
from dialog.switches import SwitchBoard
from server.experiments import ExperimentDesk
from server.workflow_runs import StoredRuns
from session.hours_switches import HoursSwitches
from session.store import Store

log = structlog.get_logger(__name__)

MOST_TAKEN = 20  # looks for approved runs that may be at work at once
EVERY_S = 1.0  # s; a stat of each pack and three small queries
GUARD_EVERY = 10  # rounds


@dataclass(slots=True)
class Following:
    """Made before the flows are loaded, since these use all three."""

    store: Store
    outside: Outside
    filters: Filters
    experiments: Experiments
    board: SwitchBoard = field(default_factory=SwitchBoard)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def of(cls, options: DialogOptions, root: Path, store: Store) -> Following:
        """From the settings; reads the filter packs. Raises `FileError`."""
        filters = Filters.load(root / options.flows_dir / "filters", options.filters)
        return cls(store, Outside(options.actions), filters, Experiments(options.experiment_salt))

    def __post_init__(self) -> None:
        self.outside.runs = StoredRuns(self.store)

    async def begin(self) -> None:
        """What holds for the first call: calendars switched by hand, what was decided of experiments."""
        await self.read_switches()
        self.experiments.choices = await ExperimentDesk(self.store).choices()

    async def run(self) -> None:
        """For ever. Trouble with the database or a file is logged and met again in the next round."""
        await self.outside.http.open()
        desk = ExperimentDesk(self.store)
        recovering = asyncio.create_task(self._recover(), name="workflow-recovery")
        taken: set[asyncio.Task[None]] = set()
        rounds = 0
        try:
            while True:
                try:
                    if len(taken) < MOST_TAKEN:  # one by itself: a slow business system holds up nothing else
                        task = asyncio.create_task(self._approved(), name="workflow-approved")
                        taken.add(task)
                        task.add_done_callback(taken.discard)
                    await self.reload()
                    if rounds % GUARD_EVERY == 0:
                        await desk.read()
                        await desk.guard()
                    self.experiments.choices = await desk.choices()
                    await self.read_switches()
                except Exception as error:  # what follows files and people's decisions must not end over one of them
                    log.error("following.trouble", error=type(error).__name__)
                rounds += 1
                await asyncio.sleep(EVERY_S)
        finally:
            for task in (recovering, *taken):
                task.cancel()
            await self.outside.close()

    async def reload(self, by: str = "file", *, all_of_them: bool = False) -> list[Reloaded]:
        """Take up changed filter packs (or all), with an audit event for each."""
        told = await asyncio.to_thread(lambda: self.filters.reload(all_of_them=all_of_them))
        for one in told:
            payload = {
                "about": "filter",
                "pack": one.pack,
                "by": by,
                "before": one.before,
                "after": one.after,
                "problems": one.problems,
            }
            await self.store.append("", "audit", payload)
        return told

    async def read_switches(self) -> None:
        """Take up what was switched by hand, here or by the command."""
        async with self._reading:  # who reads first takes first: nothing older overwrites what was switched since
            switched = await HoursSwitches(self.store).all()
            self.board.take(
                {(one.pack, one.calendar): state for one in switched for state in STATES if state == one.state}
            )

    async def _approved(self) -> None:
        try:
            await self.outside.approved()
        except (OSError, SQLAlchemyError) as error:
            log.error("following.trouble", error=type(error).__name__)

    async def _recover(self) -> None:
        try:
            count = await self.outside.recover()
        except (OSError, SQLAlchemyError) as error:
            log.error("following.not_recovered", error=type(error).__name__)
            return
        if count:
            log.info("following.recovered", runs=count)
