"""Reading conversations back: the list, one history page by page, events after a place."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from session.model import AffectEvent, Contact, Conversation, EventRow, Leg, Participant, Utterance
from session.parts import in_parts
from session.store import Store, stored_event
from session.types import StoredEvent

_EVENT = tuple(getattr(EventRow, name) for name in StoredEvent.__slots__)  # bare columns cost half of what entities do
MOST_EVENTS = 1000  # of one page: some megabytes and 10 ms as JSON; an hour's call has about as many


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRow:
    """One line of the list."""

    conversation_id: str
    customer_id: str | None
    status: str
    language: str
    auth_level: int
    opened_at: datetime
    closed_at: datetime | None
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What there is to read of a conversation, as JSON-ready dictionaries in time order.

    Events come in pages, each with the utterances that its events tell of. `next`: where the next page begins; None after the last.
    """

    conversation: dict[str, Any]
    contacts: list[dict[str, Any]]
    participants: list[dict[str, Any]]
    legs: list[dict[str, Any]]
    utterances: list[dict[str, Any]]
    events: list[dict[str, Any]]
    recordings: list[dict[str, Any]]
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What there is to tell of a conversation: contacts (id, channel, begin) and a page of its events, oldest first.

    `since`, `until`: which time the page is of; None = from the conversation's begin (nothing is before it), up to now.
    """

    contacts: list[tuple[str, str, datetime]]
    events: list[StoredEvent]
    since: datetime | None
    until: datetime | None


class Queries:
    """Reads; never writes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def conversations(
        self, *, limit: int = 50, before: datetime | None = None, text: str = ""
    ) -> list[ConversationRow]:
        """The newest first, opened before `before`, with `text` somewhere in what was said or written."""
        query = select(Conversation).order_by(Conversation.opened_at.desc()).limit(limit)
        if before is not None:
            query = query.where(Conversation.opened_at < before)
        if text:
            said = (
                select(Contact.conversation_id)
                .join(Utterance, Utterance.contact_id == Contact.id)
                .where(Utterance.text.icontains(text, autoescape=True))
            )
            written = select(EventRow.conversation_id).where(
                EventRow.type == "message", EventRow.payload["text"].as_string().icontains(text, autoescape=True)
            )
            query = query.where(or_(Conversation.id.in_(said), Conversation.id.in_(written)))
        async with self._store.reading() as session:
            return [_conversation_row(row) for row in await session.scalars(query)]

    async def exists(self, conversation_id: str) -> bool:
        """There is such a conversation."""
        async with self._store.reading() as session:
            found = await session.scalar(select(Conversation.id).where(Conversation.id == conversation_id))
        return found is not None

    async def language(self, conversation_id: str) -> str | None:
        """In which language a conversation is held; None when there is none."""
        async with self._store.reading() as session:
            return await session.scalar(select(Conversation.language).where(Conversation.id == conversation_id))

    async def is_contact_of(self, contact_id: str, conversation_id: str | None) -> bool:
        """There is such a contact, and it is one of this conversation."""
        async with self._store.reading() as session:
            found = await session.scalar(select(Contact.conversation_id).where(Contact.id == contact_id))
        return found is not None and found == conversation_id

    async def served(self, user_id: str, contact_id: str) -> str | None:
        """The conversation of a contact in which this person took part; None when they did not."""
        query = (
            select(Contact.conversation_id)
            .join(Participant, Participant.contact_id == Contact.id)
            .where(Contact.id == contact_id, Participant.user_id == user_id)
            .limit(1)
        )
        async with self._store.reading() as session:
            return await session.scalar(query)

    async def events_after(
        self, seq: int, *, conversation_id: str | None = None, limit: int = 1000
    ) -> list[StoredEvent]:
        """Committed events after `seq`, oldest first."""
        query = select(*_EVENT).where(EventRow.seq > seq).order_by(EventRow.seq).limit(limit)
        if conversation_id is not None:
            query = query.where(EventRow.conversation_id == conversation_id)
        async with self._store.reading() as session:
            return [stored_event(row) for row in await in_parts(session, query)]

    async def told(
        self, conversation_id: str, kinds: Collection[str], *, before: int | None = None, limit: int = MOST_EVENTS
    ) -> Told | None:
        """The contacts of a conversation, and its newest events of these types before the event `before`.

        None when there is no such conversation.
        """
        async with self._store.reading() as session:
            if await session.get(Conversation, conversation_id) is None:
                return None
            rows = await session.execute(
                select(Contact.id, Contact.channel, Contact.initiated_at)
                .where(Contact.conversation_id == conversation_id)
                .order_by(Contact.initiated_at)
            )
            contacts = [(row.id, row.channel, row.initiated_at) for row in rows]
            newest = (
                select(*_EVENT)
                .where(EventRow.conversation_id == conversation_id, EventRow.type.in_(kinds))
                .order_by(EventRow.seq.desc())
                .limit(limit + 1)
            )
            until = None
            if before is not None:
                newest = newest.where(EventRow.seq < before)
                until = await session.scalar(
                    select(EventRow.at).where(EventRow.conversation_id == conversation_id, EventRow.seq == before)
                )
            events = [stored_event(row) for row in await in_parts(session, newest)]
        since = events[limit - 1].at if len(events) > limit else None
        del events[limit:]
        return Told(contacts=contacts, events=events[::-1], since=since, until=until)

    async def recording_path(self, conversation_id: str, leg_id: str | None = None) -> str | None:
        """The file of a conversation's latest recording, or of one leg's."""
        query = (
            select(Leg.recording_path)
            .join(Participant, Participant.id == Leg.participant_id)
            .join(Contact, Contact.id == Participant.contact_id)
            .where(Contact.conversation_id == conversation_id, Leg.recording_path.is_not(None))
            .order_by(Leg.started_at.desc())
        )
        if leg_id is not None:
            query = query.where(Leg.id == leg_id)
        async with self._store.reading() as session:
            return await session.scalar(query.limit(1))

    async def history(self, conversation_id: str, *, after: int = 0, limit: int = MOST_EVENTS) -> History | None:
        """One conversation, with up to `limit` events after the event `after`; None when there is none."""
        async with self._store.reading() as session:
            conversation = await session.get(Conversation, conversation_id)
            if conversation is None:
                return None
            own = select(Contact.id).where(Contact.conversation_id == conversation_id)
            present = select(Participant.id).where(Participant.contact_id.in_(own))
            contacts = await in_parts(
                session,
                select(Contact).where(Contact.conversation_id == conversation_id).order_by(Contact.initiated_at),
            )
            participants = await in_parts(
                session, select(Participant).where(Participant.contact_id.in_(own)).order_by(Participant.joined_at)
            )
            legs = await in_parts(session, select(Leg).where(Leg.participant_id.in_(present)).order_by(Leg.started_at))
            events = await in_parts(
                session,
                select(*_EVENT)
                .where(EventRow.conversation_id == conversation_id, EventRow.seq > after)
                .order_by(EventRow.seq)
                .limit(limit + 1),
            )
            more, events = len(events) > limit, events[:limit]
            told = [row.payload.get("utterance_id") for row in events if row.type == "utterance.final"]
            spoken = await in_parts(
                session,
                select(Utterance, AffectEvent)
                .outerjoin(AffectEvent, AffectEvent.utterance_id == Utterance.id)
                .where(Utterance.id.in_(told))
                .order_by(Utterance.at, Utterance.t0_ms),
            )
        cursor = events[-1].seq if more else None
        return await asyncio.to_thread(_history, conversation, contacts, participants, legs, spoken, events, cursor)


def _history(
    conversation: Conversation,
    contacts: Sequence[Any],
    participants: Sequence[Any],
    legs: Sequence[Any],
    spoken: Sequence[Any],
    events: Sequence[Any],
    cursor: int | None,
) -> History:
    """Of rows; in a thread, for there may be a thousand."""
    return History(
        conversation=asdict(_conversation_row(conversation)) | {"context": conversation.context},
        contacts=[_columns(row) for (row,) in contacts],
        participants=[_columns(row) for (row,) in participants],
        legs=[_columns(row, leave_out={"recording_path"}) for (row,) in legs],
        utterances=[
            _columns(utterance)
            | {"emotion": None if affect is None else _columns(affect, leave_out={"id", "contact_id", "event_seq"})}
            for utterance, affect in spoken
        ],
        events=[dict(row._mapping) for row in events],
        recordings=[{"leg_id": leg.id} for (leg,) in legs if leg.recording_path],
        next=cursor,
    )


def _conversation_row(row: Conversation) -> ConversationRow:
    return ConversationRow(
        conversation_id=row.id,
        customer_id=row.customer_id,
        status=row.status,
        language=row.language,
        auth_level=row.auth_level,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        subject=row.subject,
    )


def _columns(row: Any, leave_out: frozenset[str] | set[str] = frozenset()) -> dict[str, Any]:
    return {c.key: getattr(row, c.key) for c in row.__table__.columns if c.key not in leave_out}
