"""Which version of each flow answers new calls: gates, publishes, follows plans and what other processes published.

A live call goes on with the engine it began with; a restarted app finds that by the run's `flow_sha`.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dialog.flow import Flow
from dialog.flowtest.running import Result
from dialog.gate import Gate, check
from dialog.loading import Loaded
from dialog.service import Dialog
from dialog.snapshots import Placed, acting
from dialog.switches import UsedCalendar
from dialog.versions import Change
from dialog.versions_beside import difference
from dialog.yamlfile import FileError, Problem
from session.flow_contents import Snapshot
from session.flow_versions import (
    ChangedMeanwhile,
    FlowVersions,
    Live,
    Planned,
    Version,
    VersionUnknown,
)
from session.model import utcnow
from session.store import Store

log = structlog.get_logger(__name__)

FOLLOW_S = 2.0  # how late a version published by the command, or a plan, may come
SYSTEM = "system"


class NotPublished(Exception):
    """It may not be published; `problems` say why, in the form of `warmline flow validate`."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems if problem.severity == "E"))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Published:
    """What is live now, and the advice (W) that its check gave."""

    live: Live
    warnings: list[Problem]
    result: Result | None


class Publishing:
    """One per app process."""

    def __init__(self, dialog: Dialog, store: Store) -> None:
        self._dialog = dialog
        self._store = store
        self.versions = FlowVersions(store)
        self.changed = asyncio.Event()
        """Set when another version answers; whoever waits for it clears it."""
        self._broken: set[str] = set()
        self._learning: dict[str, asyncio.Task[None]] = {}
        self._reading = asyncio.Lock()

    # ------------------------------------------------------------------ following

    async def start(self) -> None:
        """Before the first call: keep what is on disk, take up what is live and what open runs began with."""
        for flow_id, flow in self._dialog.flows.items():
            on_disk = await self._on_disk(flow_id)
            if on_disk is not None and on_disk.sha == flow.sha:
                await self.versions.remember(on_disk)
        for saved in await self._store.open_runs():
            if saved.flow_sha not in self._dialog.shas and (kept := await self.versions.snapshot(saved.flow_sha)):
                await self._keep(kept)
        await self._take_up()
        await asyncio.to_thread(self._dialog.loader.snapshots.tidy)

    async def follow(self) -> None:
        """Plans that are due, and what the command published, until cancelled."""
        while True:
            try:
                await self._run_plans()
                await self._take_up()
            except (OSError, SQLAlchemyError) as error:
                log.error("publishing.not_followed", error=type(error).__name__)
            except Exception:  # one version that cannot be taken up must not end following for all
                log.exception("publishing.not_followed")
            await asyncio.sleep(FOLLOW_S)

    async def _on_disk(self, flow_id: str) -> Snapshot | None:
        with contextlib.suppress(FileError):
            return await asyncio.to_thread(self._dialog.loader.collect, flow_id)
        return None

    async def _take_up(self) -> None:
        for flow_id, live in (await self.versions.live()).items():
            flow = self._dialog.flows.get(flow_id)
            if flow is None or flow.sha == live.sha or live.sha in self._broken:
                continue
            snapshot = await self.versions.snapshot(live.sha)
            gate, loaded = await self._version(snapshot) if snapshot else (Gate(), None)
            if loaded is None:
                # Published by a program with other rules: what answers now goes on answering.
                self._broken.add(live.sha)
                log.error("publishing.version_unusable", flow=flow_id, number=live.number, problems=gate.refusal)
            elif loaded.folder.ready or not self._dialog.folder(flow_id).ready:
                self._dialog.use(loaded)
                self.changed.set()
                log.info("publishing.live", flow=flow_id, number=live.number, sha=live.sha[:12], by=live.by)
            else:
                self._learn(loaded)  # what answers now goes on answering until the new one understands its callers

    def _learn(self, loaded: Loaded) -> None:
        task = self._learning.get(loaded.flow.sha)
        if task is None or task.done():
            learn = loaded.folder.learn()
            self._learning[loaded.flow.sha] = asyncio.create_task(learn, name=f"learn-{loaded.flow.id}")

    async def close(self) -> None:
        """Stop learning."""
        for task in self._learning.values():
            task.cancel()
        await asyncio.gather(*self._learning.values(), return_exceptions=True)

    async def _version(self, snapshot: Snapshot) -> tuple[Gate, Loaded | None]:
        async with self._reading:
            return await asyncio.to_thread(self._dialog.loader.version, snapshot)

    async def rules_at(self, name: str) -> Path | None:
        """Where rules and workflows of this name lie (`dialog.snapshots.acting`), among all versions that are kept."""
        for kept in await self.versions.kept():
            home = f"{kept.main.rpartition('/')[0]}/".removeprefix("/")
            if acting(kept.files, home) == name and kept.flow_id in self._dialog.files:
                snapshot = await self.versions.snapshot(kept.sha)
                if snapshot is not None:
                    return (await asyncio.to_thread(self._dialog.loader.placed, snapshot)).file.parent
        return None

    async def _run_plans(self) -> None:
        for plan in await self.versions.plans(due=utcnow()):
            try:
                await self.publish(plan.flow_id, plan.number, by=plan.by, base=plan.base, why=f"planned for {plan.due}")
            except (NotPublished, ChangedMeanwhile, VersionUnknown) as error:
                await self.versions.settle(plan, "failed", by=SYSTEM, why=str(error)[:2000])
                log.error("publishing.plan_failed", flow=plan.flow_id, number=plan.number, error=str(error))
            else:
                await self.versions.settle(plan, "done", by=SYSTEM)

    async def _keep(self, snapshot: Snapshot) -> None:
        """For a call that began with it before the app was restarted."""
        if snapshot.flow_id not in self._dialog.files:
            return
        _, loaded = await self._version(snapshot)
        if loaded is not None:
            self._dialog.keep(loaded)

    # ------------------------------------------------------------------ what people ask for

    async def hand_in(
        self, flow_id: str, text: str, *, by: str, tests: str, note: str
    ) -> tuple[Version, list[Problem]]:
        """A draft, with what lies beside the flow on disk now; it may be as broken as it likes.

        Raises `VersionUnknown` for a flow that is not served here, `NotPublished` where a file cannot be read.
        """
        self._served(flow_id)
        loader = self._dialog.loader
        try:
            snapshot = await asyncio.to_thread(lambda: loader.collect(flow_id, text=text, tests=tests))
        except FileError as error:
            raise NotPublished(error.problems) from None
        version = await self.versions.hand_in(snapshot, by=by, note=note)
        return version, (await self._version(snapshot))[0].problems

    async def check(self, flow_id: str, number: int) -> Gate:
        """What publishing this version would be told. Raises `VersionUnknown`."""
        snapshot = await self._snapshot(flow_id, number)
        gate, loaded = await self._version(snapshot)
        if loaded is None:
            return gate
        await loaded.folder.learn()
        placed = await asyncio.to_thread(self._dialog.loader.placed, snapshot)
        return await check(placed, loaded.folder.ports, self._dialog.options)

    async def publish(self, flow_id: str, number: int, *, by: str, base: int | None = None, why: str = "") -> Published:
        """Make it live, if it passes. Raises `NotPublished`, `ChangedMeanwhile`, `VersionUnknown`."""
        gate = await self._passed(flow_id, number, by)
        live = await self.versions.publish(flow_id, number, by=by, base=base, why=why)
        await self._take_up()
        return Published(live, gate.problems, gate.result)

    async def plan(
        self, flow_id: str, number: int, due: datetime, *, by: str, base: int | None = None
    ) -> tuple[Planned, Gate]:
        """Publish it at a time; it must pass now, and again then. Raises as `publish`."""
        gate = await self._passed(flow_id, number, by)
        return await self.versions.plan(flow_id, number, due, by=by, base=base), gate

    async def roll_back(self, flow_id: str, number: int | None, *, by: str, why: str = "") -> Live:
        """Make an earlier version live again (None = the one before). Its rules are checked, its tests were before.

        Raises as `publish`.
        """
        number = await before(self.versions, flow_id) if number is None else number
        gate, _ = await self._version(await self._snapshot(flow_id, number))
        if not gate.open:
            raise NotPublished(gate.problems)
        live = (await self.versions.live()).get(flow_id)
        done = await self.versions.publish(
            flow_id, number, by=by, base=live.revision if live else 0, why=why, action="rollback"
        )
        await self._take_up()
        return done

    async def difference(self, flow_id: str, one: int, other: int) -> list[Change]:
        """Between two versions; 0 = the file on disk. Raises `VersionUnknown`, `NotPublished` for one that is no flow."""
        before, after = await self._placed(flow_id, one), await self._placed(flow_id, other)
        try:
            return await asyncio.to_thread(difference, before, after)
        except FileError as error:
            raise NotPublished(error.problems) from None

    def served(self) -> dict[str, Flow]:
        """What answers new calls now, by id."""
        return dict(self._dialog.flows)

    def calendars(self) -> list[UsedCalendar]:
        """Those that the flows which answer ask."""
        return self._dialog.calendars()

    # ------------------------------------------------------------------ inside

    async def _passed(self, flow_id: str, number: int, by: str) -> Gate:
        gate = await self.check(flow_id, number)
        if not gate.open:
            await self.versions.refused(flow_id, number, by=by, why=gate.refusal[:2000])
            raise NotPublished(gate.problems)
        return gate

    async def _placed(self, flow_id: str, number: int) -> Placed:
        if number:
            snapshot = await self._snapshot(flow_id, number)
        else:
            self._served(flow_id)
            snapshot = await asyncio.to_thread(self._dialog.loader.collect, flow_id)
        return await asyncio.to_thread(self._dialog.loader.placed, snapshot)

    async def _snapshot(self, flow_id: str, number: int) -> Snapshot:
        self._served(flow_id)
        return await snapshot_of(self.versions, flow_id, number)

    def _served(self, flow_id: str) -> None:
        if flow_id not in self._dialog.flows:
            served = ", ".join(sorted(self._dialog.flows))
            raise VersionUnknown(f"flow {flow_id!r} is not served here; served are {served} (docs/flows.md, Versions)")


async def snapshot_of(versions: FlowVersions, flow_id: str, number: int) -> Snapshot:
    """What a version is made of. Raises `VersionUnknown`."""
    snapshot = await versions.snapshot((await versions.version(flow_id, number)).sha)
    if snapshot is None:
        raise VersionUnknown(f"the texts of version {number} of flow {flow_id!r} are gone")
    return snapshot


async def before(versions: FlowVersions, flow_id: str) -> int:
    """The version that was live before the present one. Raises `VersionUnknown`."""
    live = (await versions.live()).get(flow_id)
    if live is not None:
        for entry in await versions.audit(flow_id, limit=10_000):
            if entry.action in ("publish", "rollback") and entry.number not in (None, live.number):
                return int(entry.number or 0)
    raise VersionUnknown(f"flow {flow_id!r} has no version that was live before")
