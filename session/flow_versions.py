"""Versions of flows in the store: handed in, made live, planned, taken back; each change with who and when.

If nothing was ever published of a flow, nothing here is live and the file on disk serves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from session.flow_contents import Snapshot, keep, load
from session.model import utcnow
from session.model_flows import FlowAudit, FlowContent, FlowLive, FlowSchedule, FlowVersion
from session.store import Store


class VersionUnknown(LookupError):
    """There is no such version."""


class ChangedMeanwhile(Exception):
    """Somebody else changed what is live since the publisher last looked; the text names who and when."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version as it was handed in. `live`: it answers new calls."""

    flow_id: str
    number: int
    sha: str
    base: int
    note: str
    by: str
    at: datetime
    live: bool


@dataclass(frozen=True, slots=True)
class Live:
    """What answers new calls of a flow. `revision` counts the changes."""

    flow_id: str
    number: int
    sha: str
    revision: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """A publication that is to happen, or did."""

    id: int
    flow_id: str
    number: int
    due: datetime
    base: int
    state: str
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class Audited:
    """Who did what."""

    flow_id: str
    action: str
    number: int | None
    before_sha: str
    after_sha: str
    why: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot without its texts; `files`: path → sha of the text."""

    sha: str
    flow_id: str
    main: str
    files: dict[str, str]


class FlowVersions:
    """Reads and writes them. Times are UTC."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def remember(self, snapshot: Snapshot) -> None:
        """Keep it, so that runs begun with it go on with it after a restart."""
        async with self._store.writing() as session:
            await keep(session, snapshot)

    async def hand_in(self, snapshot: Snapshot, *, by: str, note: str = "") -> Version:
        """A new version; nothing is live by that."""
        try:
            async with self._store.writing() as session:
                return await self._hand_in(session, snapshot, by, note)
        except IntegrityError:  # the command and the app at the same moment: the number was taken
            async with self._store.writing() as session:
                return await self._hand_in(session, snapshot, by, note)

    async def snapshot(self, sha: str) -> Snapshot | None:
        """A flow with what belongs to it, by its sha."""
        async with self._store.reading() as session:
            return await load(session, sha)

    async def version(self, flow_id: str, number: int) -> Version:
        """One version. Raises `VersionUnknown`."""
        for found in await self.versions(flow_id):
            if found.number == number:
                return found
        raise VersionUnknown(f"flow {flow_id!r} has no version {number}")

    async def versions(self, flow_id: str = "") -> list[Version]:
        """All of one flow, or of all, newest first."""
        async with self._store.reading() as session:
            live = {row.flow_id: row.number for row in await session.scalars(select(FlowLive))}
            query = select(FlowVersion).order_by(FlowVersion.flow_id, FlowVersion.number.desc())
            rows = await session.scalars(query.where(FlowVersion.flow_id == flow_id) if flow_id else query)
            return [
                Version(r.flow_id, r.number, r.sha, r.base, r.note, r.by, r.at, live.get(r.flow_id) == r.number)
                for r in rows
            ]

    async def live(self) -> dict[str, Live]:
        """What answers new calls, by flow; flows of which nothing was ever published are not in it."""
        async with self._store.reading() as session:
            rows = await session.scalars(select(FlowLive))
            return {r.flow_id: Live(r.flow_id, r.number, r.sha, r.revision, r.by, r.at) for r in rows}

    async def published(self) -> dict[str, Snapshot]:
        """Everything live, by flow."""
        async with self._store.reading() as session:
            rows = list(await session.scalars(select(FlowLive)))
            return {row.flow_id: found for row in rows if (found := await load(session, row.sha)) is not None}

    async def kept(self) -> list[Kept]:
        """Every snapshot there is, the newest first, without the texts."""
        async with self._store.reading() as session:
            rows = await session.scalars(select(FlowContent).order_by(FlowContent.at.desc()))
            return [Kept(row.sha, row.flow_id, row.main, dict(row.files)) for row in rows]

    async def publish(
        self, flow_id: str, number: int, *, by: str, base: int | None = None, why: str = "", action: str = "publish"
    ) -> Live:
        """Make a version live. `base`: the revision that the publisher has seen; None = the one of the version.

        Raises `VersionUnknown`, and `ChangedMeanwhile` when another one is live by now.
        """
        version = await self.version(flow_id, number)
        try:
            async with self._store.writing() as session:
                return await self._publish(session, version, version.base if base is None else base, by, why, action)
        except IntegrityError:
            raise ChangedMeanwhile(f"flow {flow_id!r} was published by somebody else at this moment") from None

    async def plan(self, flow_id: str, number: int, due: datetime, *, by: str, base: int | None = None) -> Planned:
        """Publish at a time (UTC). Raises `VersionUnknown`, and `ChangedMeanwhile` as `publish` would now."""
        version = await self.version(flow_id, number)
        async with self._store.writing() as session:
            seen = version.base if base is None else base
            await self._unchanged(session, flow_id, seen)
            row = FlowSchedule(flow_id=flow_id, number=number, due=due, base=seen, by=by)
            session.add(row)
            self._note(session, flow_id, "plan", by, number, after=version.sha, why=f"due {due.isoformat()}")
            await session.flush()
            return _planned(row)

    async def plans(self, flow_id: str = "", *, due: datetime | None = None) -> list[Planned]:
        """Waiting ones (`due`: until then), the next first."""
        async with self._store.reading() as session:
            query = select(FlowSchedule).where(FlowSchedule.state == "waiting").order_by(FlowSchedule.due)
            if flow_id:
                query = query.where(FlowSchedule.flow_id == flow_id)
            if due is not None:
                query = query.where(FlowSchedule.due <= due)
            return [_planned(row) for row in await session.scalars(query)]

    async def settle(self, plan: Planned, state: str, *, by: str, why: str = "") -> bool:
        """A plan is done, failed or cancelled; False when it no longer waited."""
        async with self._store.writing() as session:
            done = await session.execute(
                update(FlowSchedule)
                .where(FlowSchedule.id == plan.id, FlowSchedule.state == "waiting")
                .values(state=state, why=why)
                .returning(FlowSchedule.id)
            )
            changed = done.scalar_one_or_none() is not None
            if changed and state != "done":
                self._note(session, plan.flow_id, f"plan {state}"[:16], by, plan.number, why=why)
            return changed

    async def audit(self, flow_id: str = "", limit: int = 200) -> list[Audited]:
        """What was done, newest first."""
        async with self._store.reading() as session:
            query = select(FlowAudit).order_by(FlowAudit.id.desc()).limit(limit)
            rows = await session.scalars(query.where(FlowAudit.flow_id == flow_id) if flow_id else query)
            return [Audited(r.flow_id, r.action, r.number, r.before_sha, r.after_sha, r.why, r.by, r.at) for r in rows]

    async def refused(self, flow_id: str, number: int | None, *, by: str, why: str) -> None:
        """For the record: somebody tried to publish what may not be."""
        async with self._store.writing() as session:
            self._note(session, flow_id, "refused", by, number, why=why)

    # ------------------------------------------------------------------ inside a transaction

    async def _hand_in(self, session: AsyncSession, snapshot: Snapshot, by: str, note: str) -> Version:
        await keep(session, snapshot)
        flow_id, sha = snapshot.flow_id, snapshot.sha
        last = await session.scalar(select(func.max(FlowVersion.number)).where(FlowVersion.flow_id == flow_id))
        live = await session.get(FlowLive, flow_id)
        row = FlowVersion(
            flow_id=flow_id, number=(last or 0) + 1, sha=sha, base=live.revision if live else 0, note=note, by=by,
            at=utcnow(),
        )  # fmt: skip
        session.add(row)
        self._note(session, flow_id, "hand in", by, row.number, after=sha, why=note)
        await session.flush()
        return Version(flow_id, row.number, sha, row.base, note, by, row.at, False)

    async def _unchanged(self, session: AsyncSession, flow_id: str, base: int) -> FlowLive | None:
        live = await session.get(FlowLive, flow_id, with_for_update=True)
        if (live.revision if live else 0) != base:
            who = (
                f"version {live.number} was made live by {live.by} on {live.at:%Y-%m-%d %H:%M} UTC"
                if live
                else "it is not live"
            )
            raise ChangedMeanwhile(
                f"flow {flow_id!r} was changed since this version was handed in: {who}; look at the difference, then hand "
                "in a version made from that one (or publish with `base` set to the present revision)"
            )
        return live

    async def _publish(
        self, session: AsyncSession, version: Version, base: int, by: str, why: str, action: str
    ) -> Live:
        live = await self._unchanged(session, version.flow_id, base)
        before, at = live.sha if live else "", utcnow()
        if live is None:
            live = FlowLive(flow_id=version.flow_id, number=version.number, sha=version.sha, revision=1, by=by, at=at)
            session.add(live)
        else:
            live.number, live.sha, live.revision, live.by, live.at = version.number, version.sha, base + 1, by, at
        self._note(session, version.flow_id, action, by, version.number, before, version.sha, why)
        await session.flush()
        return Live(version.flow_id, version.number, version.sha, live.revision, by, at)

    @staticmethod
    def _note(
        session: AsyncSession,
        flow_id: str,
        action: str,
        by: str,
        number: int | None,
        before: str = "",
        after: str = "",
        why: str = "",
    ) -> None:
        session.add(
            FlowAudit(
                flow_id=flow_id, action=action, number=number, before_sha=before, after_sha=after, why=why, by=by,
                at=utcnow(),
            )
        )  # fmt: skip


def _planned(row: FlowSchedule) -> Planned:
    return Planned(row.id, row.flow_id, row.number, row.due, row.base, row.state, row.why, row.by)
