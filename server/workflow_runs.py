"""Runs of workflows in the store, each change with its audit event; what supervisors see of those that wait."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dialog.actions.runs import RunStatus, WorkflowRun
from session.model import Contact, EventRow, utcnow
from session.model_actions import WorkflowRunRow
from session.store import Store, stored_event


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run as those see it who may approve it."""

    run: WorkflowRun
    conversation_id: str
    begun_at: datetime
    decided_by: str
    note: str


class StoredRuns:
    """`dialog.actions.runs.Runs` over the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, run: WorkflowRun) -> WorkflowRun:
        """As `Runs.begin`."""
        async with self._store.writing() as session:
            row = await session.get(WorkflowRunRow, run.id)
            if row is not None:
                return _run(row)
            session.add(WorkflowRunRow(**asdict(run)))
            event = await _audit(session, run, "begun", run.status)
        self._store.bus.publish(stored_event(event))
        return run

    async def save(self, run: WorkflowRun, note: str) -> None:
        """As `Runs.save`."""
        fields = asdict(run)
        del fields["id"]
        async with self._store.writing() as session:
            await session.execute(
                update(WorkflowRunRow).where(WorkflowRunRow.id == run.id).values(**fields, changed_at=utcnow())
            )
            event = await _audit(session, run, note, run.status)
        self._store.bus.publish(stored_event(event))

    async def move(self, run_id: str, old: RunStatus, new: RunStatus, *, by: str = "", note: str = "") -> bool:
        """As `Runs.move`."""
        values: dict[str, Any] = {"status": new, "changed_at": utcnow()}
        if new in ("approved", "rejected"):
            values |= {"decided_by": by, "note": note}
        async with self._store.writing() as session:
            row = await session.get(WorkflowRunRow, run_id)
            changed = await session.execute(
                update(WorkflowRunRow)
                .where(WorkflowRunRow.id == run_id, WorkflowRunRow.status == old)
                .values(**values)
                .returning(WorkflowRunRow.id)
            )
            if row is None or changed.scalar() is None:
                return False
            event = await _audit(session, _run(row), note or new, new, by=by, before=old)
        self._store.bus.publish(stored_event(event))
        return True

    async def load(self, run_id: str) -> WorkflowRun | None:
        """As `Runs.load`."""
        async with self._store.reading() as session:
            row = await session.get(WorkflowRunRow, run_id)
            return None if row is None else _run(row)

    async def in_status(self, *statuses: RunStatus) -> list[WorkflowRun]:
        """As `Runs.in_status`."""
        return [item.run for item in await self.listed(*statuses)]

    async def listed(self, *statuses: RunStatus, limit: int = 500) -> list[Waiting]:
        """Runs in one of these, oldest first, with what people need to decide."""
        async with self._store.reading() as session:
            rows = await session.execute(
                select(WorkflowRunRow, Contact.conversation_id)
                .join(Contact, Contact.id == WorkflowRunRow.contact_id, isouter=True)
                .where(WorkflowRunRow.status.in_(statuses))
                .order_by(WorkflowRunRow.begun_at)
                .limit(limit)
            )
            return [
                Waiting(_run(row), conversation or "", row.begun_at, row.decided_by, row.note)
                for row, conversation in rows.all()
            ]


async def _audit(
    session: AsyncSession, run: WorkflowRun, what: str, status: str, *, by: str = "flow", before: str = ""
) -> EventRow:
    """Who did what to a run, when, by which version; no data of it."""
    conversation = await session.scalar(select(Contact.conversation_id).where(Contact.id == run.contact_id))
    event = EventRow(
        conversation_id=conversation or "",
        contact_id=run.contact_id or None,
        type="audit",
        payload={
            "about": "workflow",
            "run": run.id,
            "workflow": run.workflow,
            "sha": run.sha,
            "what": what,
            "by": by,
            "before": before,
            "after": status,
        },
        at=utcnow(),
    )
    session.add(event)
    await session.flush()
    return event


def _run(row: WorkflowRunRow) -> WorkflowRun:
    return WorkflowRun(
        id=row.id,
        workflow=row.workflow,
        folder=row.folder,
        sha=row.sha,
        definition=row.definition,
        contact_id=row.contact_id,
        status=row.status,  # type: ignore[arg-type]
        inputs=row.inputs,
        values=row.values,
        at=row.at,
        approved_step=row.approved_step,
        why=row.why,
        undone=row.undone,
    )
