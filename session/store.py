"""The store: everything is committed here before anybody sees it.

`Store` holds the engine and the writers of live calls; reading for people is in `queries.py`, people themselves in
`users.py`. SQLite (one file, write-ahead log) by default; any SQLAlchemy async URL works, PostgreSQL is meant.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Row, delete, event, select, update
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from session.bus import EventBus
from session.failing import may_pass
from session.ids import new_id
from session.migrate import upgrade
from session.model import (
    AgentProfile,
    AgentStateEvent,
    Contact,
    Conversation,
    EventRow,
    FlowRun,
    Leg,
    Participant,
    Utterance,
    utcnow,
)
from session.model_unread import UnreadRow
from session.types import NewUtterance, SavedRun, StoredEvent


class StoreError(Exception):
    """The database cannot be used; the text says which and what to do. One line."""


class StoreAway(StoreError):
    """It may be there in a moment."""


class Store:
    """All writes of live calls. One per process that writes; `open` makes it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.bus = EventBus()
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        # SQLite takes one writer at a time: queue here in order, rather than by its busy handler at random.
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, url: str, busy_timeout_s: float = 5.0) -> Store:
        """Connect and bring the schema up to date. Raises `StoreError`, `StoreAway` where another try may do."""
        try:
            engine = create_async_engine(url, hide_parameters=True, **_connect_args(url, busy_timeout_s))
            if engine.dialect.name == "sqlite":
                event.listen(engine.sync_engine, "connect", _sqlite_pragmas)
                _owner_only(engine.url.database)
            async with engine.begin() as connection:
                await connection.run_sync(upgrade)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise StoreError(
                f"store.url is not usable ({error}); accepted: sqlite+aiosqlite:///PATH or "
                "postgresql+asyncpg://USER:PASSWORD@HOST/NAME (with `uv sync --extra postgres`)"
            ) from error
        except (SQLAlchemyError, OSError, CommandError) as error:
            safe = engine.url.render_as_string(hide_password=True)
            refusal = StoreAway if may_pass(error, sqlite=engine.dialect.name == "sqlite") else StoreError
            raise refusal(f"cannot open the database {safe}: {getattr(error, 'orig', error)}") from error
        return cls(engine)

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reading."""
        async with self._sessions() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session that is committed at the end, one at a time."""
        async with self._writing, self._sessions() as session, session.begin():
            yield session

    # ------------------------------------------------------------------ conversations

    async def create_conversation(self, *, language: str, customer_id: str | None = None, subject: str = "") -> str:
        """A new conversation; returns its id."""
        conversation_id = new_id()
        async with self.writing() as session:
            session.add(
                Conversation(
                    id=conversation_id, language=language, customer_id=customer_id, subject=subject, context={}
                )
            )
        await self.append(conversation_id, "conversation.started", {"language": language})
        return conversation_id

    async def close_conversation(self, conversation_id: str, status: str) -> None:
        """No live contact is left in it."""
        async with self.writing() as session:
            await session.execute(
                update(Conversation).where(Conversation.id == conversation_id).values(status=status, closed_at=utcnow())
            )
        await self.append(conversation_id, "conversation.ended", {"status": status})

    async def reopen_conversation(self, conversation_id: str) -> bool:
        """Take a conversation up again (another call on the same page). False when there is none."""
        async with self.writing() as session:
            if await session.get(Conversation, conversation_id) is None:
                return False
            await session.execute(
                update(Conversation).where(Conversation.id == conversation_id).values(status="open", closed_at=None)
            )
        return True

    async def set_conversation(
        self,
        conversation_id: str,
        *,
        language: str | None = None,
        auth_level: int | None = None,
        context: dict[str, Any] | None = None,
        customer_id: str | None = None,
    ) -> None:
        """Change what is not None; `context` is merged key by key."""
        async with self.writing() as session:
            row = await session.get(Conversation, conversation_id)
            if row is None:
                return
            row.language = row.language if language is None else language
            row.auth_level = row.auth_level if auth_level is None else auth_level
            row.customer_id = row.customer_id if customer_id is None else customer_id
            if context:
                row.context = {**row.context, **context}

    async def add_contact(self, conversation_id: str, *, channel: str, direction: str, initiation_method: str) -> str:
        """A new contact; returns its id."""
        contact_id = new_id()
        async with self.writing() as session:
            session.add(
                Contact(
                    id=contact_id,
                    conversation_id=conversation_id,
                    channel=channel,
                    direction=direction,
                    initiation_method=initiation_method,
                )
            )
        return contact_id

    async def stamp_contact(
        self,
        contact_id: str,
        *,
        enqueued: bool = False,
        connected_to_agent: bool = False,
        ended: bool = False,
        acw_ended: bool = False,
        queue: str | None = None,
        priority: int | None = None,
        disconnect_party: str | None = None,
        disconnect_cause: str | None = None,
        disposition: str | None = None,
        notes: str | None = None,
        read: Collection[int] = (),
    ) -> None:
        """Set times to now and fields that are not None. `read`: messages of which nothing more comes."""
        now = utcnow()
        values: dict[str, Any] = {
            "enqueued_at": now if enqueued else None,
            "connected_to_agent_at": now if connected_to_agent else None,
            "ended_at": now if ended else None,
            "acw_ended_at": now if acw_ended else None,
            "queue": queue,
            "priority": priority,
            "disconnect_party": disconnect_party,
            "disconnect_cause": disconnect_cause,
            "disposition": disposition,
            "notes": notes,
        }
        changed = {name: value for name, value in values.items() if value is not None}
        if not changed:
            return
        async with self.writing() as session:
            await session.execute(update(Contact).where(Contact.id == contact_id).values(**changed))
            await _no_more_unread(session, read)

    async def add_participant(
        self, contact_id: str, *, role: str, user_id: str | None = None, name: str = "", participant_id: str = ""
    ) -> str:
        """Somebody joins a contact; returns the participant's id, a new one where none is given."""
        participant_id = participant_id or new_id()
        async with self.writing() as session:
            session.add(
                Participant(id=participant_id, contact_id=contact_id, role=role, user_id=user_id, name=name[:128])
            )
        return participant_id

    async def participant_left(self, participant_id: str) -> None:
        """The participant is gone."""
        async with self.writing() as session:
            await session.execute(update(Participant).where(Participant.id == participant_id).values(left_at=utcnow()))

    async def add_leg(self, *, leg_id: str, participant_id: str, transport: str, remote: str, worker_id: str) -> None:
        """A participant gets a media session."""
        async with self.writing() as session:
            session.add(
                Leg(id=leg_id, participant_id=participant_id, transport=transport, remote=remote, worker_id=worker_id)
            )

    async def update_leg(
        self,
        leg_id: str,
        *,
        state: str | None = None,
        codec: str | None = None,
        srtp: bool | None = None,
        remote: str | None = None,
        ended_at: datetime | None = None,
        ended_by: str | None = None,
        ended_reason: str | None = None,
        stats: dict[str, Any] | None = None,
        recording_path: str | None = None,
    ) -> None:
        """Change what is not None."""
        values = {
            "state": state,
            "codec": codec,
            "srtp": srtp,
            "remote": remote,
            "ended_at": ended_at,
            "ended_by": ended_by,
            "ended_reason": ended_reason,
            "stats": stats,
            "recording_path": recording_path,
        }
        changed = {name: value for name, value in values.items() if value is not None}
        if not changed:
            return
        async with self.writing() as session:
            await session.execute(update(Leg).where(Leg.id == leg_id).values(**changed))

    # ------------------------------------------------------------------ events

    async def append(
        self,
        conversation_id: str,
        kind: str,
        payload: dict[str, Any],
        *,
        contact_id: str | None = None,
        participant_id: str | None = None,
        leg_id: str | None = None,
        at: datetime | None = None,
        dedup: str | None = None,
        unread: bool = False,
    ) -> StoredEvent | None:
        """Commit an event, then show it. None (and nothing happens) when `dedup` was committed before.

        `unread`: somebody of ours has to read it, if not in this process then in the next.
        """
        row = EventRow(
            conversation_id=conversation_id,
            contact_id=contact_id,
            participant_id=participant_id,
            leg_id=leg_id,
            type=kind,
            payload=payload,
            at=at or utcnow(),
            dedup=dedup,
        )
        return await self._commit_event(row, unread=unread)

    async def add_utterance(
        self, conversation_id: str, utterance: NewUtterance, *, dedup: str | None = None
    ) -> StoredEvent | None:
        """Commit an utterance and its event together, then show them."""
        fields = asdict(utterance)
        utterance_id = fields.pop("utterance_id")
        row = EventRow(
            conversation_id=conversation_id,
            contact_id=utterance.contact_id,
            participant_id=utterance.participant_id,
            leg_id=utterance.leg_id,
            type="utterance.final",
            at=utterance.at,
            dedup=dedup,
            payload={
                "utterance_id": utterance_id,
                "role": utterance.role,
                "text": utterance.text,
                "language": utterance.language,
                "confidence": utterance.confidence,
                "t0_ms": utterance.t0_ms,
                "t1_ms": utterance.t1_ms,
                "ledger": utterance.ledger,
            },
        )
        return await self._commit_event(row, Utterance(id=utterance_id, **fields))

    async def _commit_event(
        self, row: EventRow, utterance: Utterance | None = None, *, unread: bool = False
    ) -> StoredEvent | None:
        try:
            async with self.writing() as session:
                session.add(row)
                await session.flush()
                if utterance is not None:
                    session.add(utterance)
                if unread:
                    session.add(UnreadRow(event_seq=row.seq))
        except IntegrityError:
            if row.dedup is not None and await self._seen(row.dedup):
                return None
            raise
        stored = stored_event(row)
        self.bus.publish(stored)
        return stored

    async def _seen(self, dedup: str) -> bool:
        async with self.reading() as session:
            return await session.scalar(select(EventRow.seq).where(EventRow.dedup == dedup)) is not None

    async def agent_state(
        self,
        user_id: str,
        *,
        availability: str,
        routing_status: str,
        contact_id: str | None,
        reason: str = "",
        next_availability: str | None = None,
        next_reason: str = "",
        missed: int = 0,
    ) -> None:
        """Write an agent's new state and show it."""
        async with self.writing() as session:
            session.add(
                AgentStateEvent(
                    user_id=user_id,
                    availability=availability,
                    routing_status=routing_status,
                    reason=reason[:64],
                    contact_id=contact_id,
                )
            )
            await session.execute(
                update(AgentProfile)
                .where(AgentProfile.user_id == user_id)
                .values(
                    availability=availability,
                    reason=reason[:64],
                    next_availability=next_availability,
                    next_reason=next_reason[:64],
                    missed=missed,
                )
            )
        self.bus.publish_live(
            "",
            "agent.state",
            {
                "user_id": user_id,
                "availability": availability,
                "routing_status": routing_status,
                "contact_id": contact_id,
                "reason": reason,
                "next_availability": next_availability,
                "missed": missed,
            },
        )

    # ------------------------------------------------------------------ runs

    async def save_run(
        self, contact_id: str, *, flow_id: str, flow_sha: str, state: bytes, read: Collection[int] = ()
    ) -> None:
        """Save (over) a live contact's state. `read`: the messages that led to it."""
        async with self.writing() as session:
            await session.merge(
                FlowRun(contact_id=contact_id, flow_id=flow_id, flow_sha=flow_sha, state=state, saved_at=utcnow())
            )
            await _no_more_unread(session, read)

    async def open_runs(self) -> list[SavedRun]:
        """The saved state of every contact that has not ended."""
        async with self.reading() as session:
            rows = await session.scalars(
                select(FlowRun).join(Contact, Contact.id == FlowRun.contact_id).where(Contact.ended_at.is_(None))
            )
            return [
                SavedRun(
                    contact_id=r.contact_id, flow_id=r.flow_id, flow_sha=r.flow_sha, state=r.state, saved_at=r.saved_at
                )
                for r in rows
            ]

    async def open_contacts(self) -> list[tuple[str, str]]:
        """Every contact that has not ended, saved or not: its id and its conversation's."""
        async with self.reading() as session:
            rows = await session.execute(select(Contact.id, Contact.conversation_id).where(Contact.ended_at.is_(None)))
            return [(row.id, row.conversation_id) for row in rows]

    async def lose_contact(self, contact_id: str, cause: str) -> None:
        """It ends with all that belongs to it, for nobody can go on with it."""
        now = utcnow()
        of_it = select(Participant.id).where(Participant.contact_id == contact_id)
        over = {"state": "ended", "ended_at": now, "ended_by": "error", "ended_reason": cause}
        end = {"ended_at": now, "disconnect_party": "error", "disconnect_cause": cause}
        async with self.writing() as session:
            legs = update(Leg).where(Leg.participant_id.in_(of_it), Leg.ended_at.is_(None))
            there = update(Participant).where(Participant.contact_id == contact_id, Participant.left_at.is_(None))
            await session.execute(legs.values(**over).execution_options(synchronize_session=False))
            await session.execute(there.values(left_at=now))
            await session.execute(update(Contact).where(Contact.id == contact_id).values(**end))

    async def unread(self) -> list[StoredEvent]:
        """What customers wrote and nobody has read yet, oldest first."""
        async with self.reading() as session:
            kept = select(EventRow).join(UnreadRow, UnreadRow.event_seq == EventRow.seq).order_by(EventRow.seq)
            return [stored_event(row) for row in await session.scalars(kept)]

    async def forget_unread(self, read: Collection[int]) -> None:
        """Nobody is going to read these."""
        async with self.writing() as session:
            await _no_more_unread(session, read)


async def _no_more_unread(session: AsyncSession, read: Collection[int]) -> None:
    if read:
        await session.execute(delete(UnreadRow).where(UnreadRow.event_seq.in_(read)))


def stored_event(row: EventRow | Row[Any]) -> StoredEvent:
    """A row as a plain value."""
    return StoredEvent(
        seq=row.seq,
        conversation_id=row.conversation_id,
        contact_id=row.contact_id,
        participant_id=row.participant_id,
        leg_id=row.leg_id,
        type=row.type,
        payload=row.payload,
        at=row.at,
    )


def _connect_args(url: str, busy_timeout_s: float) -> dict[str, Any]:
    return {"connect_args": {"timeout": busy_timeout_s}} if url.startswith("sqlite") else {"pool_pre_ping": True}


def _owner_only(database: str | None) -> None:
    """What callers said is nobody else's to read. SQLite gives the log beside it the same mode."""
    if database and database != ":memory:":
        Path(database).touch(mode=0o600)


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # In WAL mode NORMAL keeps every commit over a crash of the process; only a power cut may lose the last ones.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
