"""Who is to be called back, over restarts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from session.model import Contact, utcnow
from session.model_callback import CallbackRow
from session.store import Store

Status = Literal["waiting", "dialling", "done", "cancelled", "failed"]
OPEN: tuple[Status, ...] = ("waiting", "dialling")


@dataclass(frozen=True, slots=True)
class Callback:
    """One of them; the fields are the table's. `hours`: ["09:00", "18:00"] in `timezone`, or empty."""

    id: str
    key: str
    conversation_id: str
    contact_id: str
    number: str
    called: str
    customer_id: str
    locale: str
    queue: str
    skills: list[str]
    priority: int
    reason: str
    summary: str
    facts: dict[str, str]
    enqueued_at: int
    not_before: int
    hours: list[str]
    timezone: str
    retries: int
    retry_after_ms: int
    attempts: int = 0
    status: Status = "waiting"
    outcome: str = ""
    called_contact_id: str | None = None
    created_at: datetime = field(default_factory=utcnow)
    ended_at: datetime | None = None


class Callbacks:
    """Reads and writes them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def book(self, callback: Callback) -> bool:
        """Keep it. False when the same request (`key`) was kept before."""
        try:
            async with self._store.writing() as session:
                session.add(CallbackRow(**asdict(callback)))
        except IntegrityError:
            if await self.id_of(callback.key) is not None:
                return False
            raise
        return True

    async def get(self, callback_id: str) -> Callback | None:
        """One of them."""
        async with self._store.reading() as session:
            row = await session.get(CallbackRow, callback_id)
            return None if row is None else _plain(row)

    async def listed(self, status: Sequence[Status] = OPEN, limit: int | None = 1000) -> list[Callback]:
        """Those of these states, by their place; `limit` None: all."""
        wanted = select(CallbackRow).where(CallbackRow.status.in_(status))
        async with self._store.reading() as session:
            rows = await session.scalars(wanted.order_by(CallbackRow.enqueued_at).limit(limit))
            return [_plain(row) for row in rows]

    async def change(self, callback_id: str, **values: Any) -> bool:
        """Write these fields of one that is not over yet; False when it is."""
        if values.get("status") not in (None, *OPEN):
            values["ended_at"] = utcnow()
        async with self._store.writing() as session:
            done = await session.execute(
                update(CallbackRow)
                .where(CallbackRow.id == callback_id, CallbackRow.status.in_(OPEN))
                .values(**values)
                .returning(CallbackRow.id)
            )
            return done.scalar_one_or_none() is not None

    async def talked(self, contact_id: str) -> bool:
        """Was a person let through in this contact, and is it over?"""
        async with self._store.reading() as session:
            row = await session.get(Contact, contact_id)
            return row is not None and row.ended_at is not None and row.connected_to_agent_at is not None

    async def id_of(self, key: str) -> str | None:
        """That of the booking which this request made, if it made one."""
        async with self._store.reading() as session:
            return await session.scalar(select(CallbackRow.id).where(CallbackRow.key == key))


def _plain(row: CallbackRow) -> Callback:
    return Callback(**{item.name: getattr(row, item.name) for item in fields(Callback)})
