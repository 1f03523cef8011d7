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
from dialog.gate import Gate, check, look
from dialog.library import tests_of
from dialog.service import Dialog
from dialog.versions import Change, diff
from dialog.yamlfile import Problem
from session.flow_versions import (
    ChangedMeanwhile,
    Content,
    FlowVersions,
    Live,
    Planned,
    Version,
    VersionUnknown,
    sha_of,
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

    # ------------------------------------------------------------------ following

    async def start(self) -> None:
        """Before the first call: keep what is on disk, take up what is live and what open runs began with."""
        for flow_id, flow in self._dialog.flows.items():
            text = await asyncio.to_thread(self._dialog.files[flow_id].read_text, "utf-8")
            if sha_of(text) == flow.sha:
                await self.versions.remember(flow_id, text)
        for saved in await self._store.open_runs():
            if saved.flow_sha not in self._dialog.shas and (content := await self.versions.content(saved.flow_sha)):
                self._keep(content)
        await self._take_up()

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

    async def _take_up(self) -> None:
        for flow_id, live in (await self.versions.live()).items():
            flow = self._dialog.flows.get(flow_id)
            if flow is None or flow.sha == live.sha or live.sha in self._broken:
                continue
            content = await self.versions.content(live.sha)
            gate = look(flow_id, content.text, self._dialog.files[flow_id]) if content else Gate()
            if gate.flow is None or not gate.open:
                # Published by a program with other rules: what answers now goes on answering.
                self._broken.add(live.sha)
                log.error("publishing.version_unusable", flow=flow_id, number=live.number, problems=gate.refusal)
                continue
            self._dialog.use(gate.flow)
            self.changed.set()
            log.info("publishing.live", flow=flow_id, number=live.number, sha=live.sha[:12], by=live.by)

    async def _run_plans(self) -> None:
        for plan in await self.versions.plans(due=utcnow()):
            try:
                await self.publish(plan.flow_id, plan.number, by=plan.by, base=plan.base, why=f"planned for {plan.due}")
            except (NotPublished, ChangedMeanwhile, VersionUnknown) as error:
                await self.versions.settle(plan, "failed", by=SYSTEM, why=str(error)[:2000])
                log.error("publishing.plan_failed", flow=plan.flow_id, number=plan.number, error=str(error))
            else:
                await self.versions.settle(plan, "done", by=SYSTEM)

    def _keep(self, content: Content) -> None:
        file = self._dialog.files.get(content.flow_id)
        if file is not None and (flow := look(content.flow_id, content.text, file).flow) is not None:
            self._dialog.keep(flow)

    # ------------------------------------------------------------------ what people ask for

    async def hand_in(
        self, flow_id: str, text: str, *, by: str, tests: str, note: str
    ) -> tuple[Version, list[Problem]]:
        """A draft; it may be as broken as it likes. Raises `VersionUnknown` for a flow that is not served here."""
        file = self._file(flow_id)
        gate = await asyncio.to_thread(look, flow_id, text, file)
        return await self.versions.hand_in(flow_id, text, by=by, tests=tests, note=note), gate.problems

    async def check(self, flow_id: str, number: int) -> Gate:
        """What publishing this version would be told. Raises `VersionUnknown`."""
        content = await self._content(flow_id, number)
        file = self._file(flow_id)
        tests = content.tests
        if not tests:
            with contextlib.suppress(OSError):
                tests = await asyncio.to_thread(tests_of(file).read_text, "utf-8")
        folder = self._dialog.folder(flow_id)
        await folder.wait_ready()
        return await check(flow_id, content.text, tests, file, folder.ports, self._dialog.options)

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
        content = await self._content(flow_id, number)
        gate = await asyncio.to_thread(look, flow_id, content.text, self._file(flow_id))
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
        return diff(await self._flow(flow_id, one), await self._flow(flow_id, other))

    def served(self) -> dict[str, Flow]:
        """What answers new calls now, by id."""
        return dict(self._dialog.flows)

    # ------------------------------------------------------------------ inside

    async def _passed(self, flow_id: str, number: int, by: str) -> Gate:
        gate = await self.check(flow_id, number)
        if not gate.open:
            await self.versions.refused(flow_id, number, by=by, why=gate.refusal[:2000])
            raise NotPublished(gate.problems)
        return gate

    async def _flow(self, flow_id: str, number: int) -> Flow:
        file = self._file(flow_id)
        text = (
            (await self._content(flow_id, number)).text if number else await asyncio.to_thread(file.read_text, "utf-8")
        )
        gate = await asyncio.to_thread(look, flow_id, text, file)
        if gate.flow is None:
            raise NotPublished(gate.problems)
        return gate.flow

    async def _content(self, flow_id: str, number: int) -> Content:
        return await content_of(self.versions, flow_id, number)

    def _file(self, flow_id: str) -> Path:
        if flow_id not in self._dialog.flows:
            served = ", ".join(sorted(self._dialog.flows))
            raise VersionUnknown(f"flow {flow_id!r} is not served here; served are {served} (docs/flows.md, Versions)")
        return self._dialog.files[flow_id]


async def content_of(versions: FlowVersions, flow_id: str, number: int) -> Content:
    """The text of a version. Raises `VersionUnknown`."""
    content = await versions.content((await versions.version(flow_id, number)).sha)
    if content is None:
        raise VersionUnknown(f"the text of version {number} of flow {flow_id!r} is gone")
    return content


async def before(versions: FlowVersions, flow_id: str) -> int:
    """The version that was live before the present one. Raises `VersionUnknown`."""
    live = (await versions.live()).get(flow_id)
    if live is not None:
        for entry in await versions.audit(flow_id, limit=10_000):
            if entry.action in ("publish", "rollback") and entry.number not in (None, live.number):
                return int(entry.number or 0)
    raise VersionUnknown(f"flow {flow_id!r} has no version that was live before")
