"""The form at the end of a contact: filled in from its record, and how far the agent moved from what was suggested."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Row, func, select
from sqlalchemy.exc import SQLAlchemyError

from dialog.text import pick
from server.desktop.customers import HUMAN, intent_of
from server.desktop.dispositions import Dispositions, dispositions
from server.desktop.files import Edited
from server.desktop.knowledge import KnowledgeDesk, title_of
from server.desktop.suggestions import distance
from server.desktop.summary import Line, Record, Summary, summarise
from server.desktop.tickets import TicketDesk
from session.model import Contact, Conversation, EventRow, FlowRun, utcnow
from session.model_desktop import WrapUpRow
from session.parts import in_parts
from session.store import Store, stored_event
from session.types import StoredEvent

log = structlog.get_logger(__name__)
MOST_LATE = 200
READ = ("utterance.final", "bot.said", "message", "decision", "queue.entered", "verify", "transfer.connected")
MOST_READ = 5000  # events of one contact; an hour's call has about a thousand


class NoContact(LookupError):
    """There is no such contact."""


@dataclass(frozen=True, slots=True)
class Prefill:
    """What the form begins with. `intent_title`, and `dispositions` (code and title), are in the reader's language, else the customer's."""

    summary: str = field(repr=False)
    intent: str
    intent_title: str
    disposition: str
    follow_up: str = field(repr=False)
    dispositions: list[tuple[str, str]]


class WrapUps:
    """Over the database and the data of the contact's flow."""

    def __init__(
        self,
        store: Store,
        knowledge: KnowledgeDesk,
        tickets: TicketDesk,
        folder_of: Callable[[str], Path],
        root: Path,
    ) -> None:
        self._store = store
        self._knowledge = knowledge
        self._tickets = tickets
        self._folder_of = folder_of
        self._root = root
        self._files: dict[Path, Edited[Dispositions]] = {root: dispositions(root, root)}

    async def prefill(self, contact_id: str, language: str = "") -> Prefill:
        """Summary, disposition and follow-up; kept, to measure what becomes of them. Raises `NoContact`."""
        record, flow_id, conversation_id = await self._record(contact_id)
        listed = self._file(flow_id)
        summary: Summary = await asyncio.to_thread(summarise, record)  # a long chat has thousands of sentences
        code = listed.suggested(record.intent, summary.outcome)
        follow_up = "\n".join(summary.open_points)
        async with self._store.writing() as session:
            row = await session.get(WrapUpRow, contact_id)
            if row is None:
                row = WrapUpRow(contact_id=contact_id, conversation_id=conversation_id)
                session.add(row)
            if row.finished_at is None:
                row.intent, row.summary_auto, row.disposition_auto = record.intent[:64], summary.text, code
                row.follow_up, row.suggested_at = follow_up, utcnow()
        shown = language or record.language
        titles = [(one.code, pick(one.title, shown)) for one in listed.dispositions]
        matter = listed.intent_title(record.intent, shown) if record.intent else ""
        return Prefill(summary.text, record.intent, matter, code, follow_up, titles)

    async def finish(
        self,
        contact_id: str,
        *,
        by: str,
        disposition: str,
        summary: str | None = None,
        follow_up: str | None = None,
    ) -> float | None:
        """The agent is through; how far their summary is from the suggested one, 0…1.

        None where none was suggested, or they gave none: then the suggested one is kept, and is no edit. Empty words are theirs.
        """
        async with self._store.writing() as session:
            row = await session.get(WrapUpRow, contact_id)
            if row is None:
                contact = await session.get(Contact, contact_id)
                if contact is None:
                    raise NoContact(f"there is no contact {contact_id}")
                row = WrapUpRow(contact_id=contact_id, conversation_id=contact.conversation_id)
                session.add(row)
            suggested = row.summary_auto or ""
            row.summary_final, row.disposition_final = suggested if summary is None else summary, disposition
            row.follow_up = (row.follow_up or "") if follow_up is None else follow_up
            row.finished_by, row.finished_at = by, utcnow()
            row.edit_distance = distance(suggested, summary) if suggested and summary is not None else None
            return row.edit_distance

    async def run(self) -> None:
        """Take up what agents finish, for ever; at first what was finished while nobody looked."""
        async with aclosing(self._store.bus.follow(_wanted)) as events:
            async for event in events:
                if event is None:
                    await self._catch_up()
                else:
                    await self.take(event)

    async def take(self, event: StoredEvent) -> None:
        """One `contact.wrapup`."""
        told = event.payload
        if event.contact_id is None:
            return
        try:
            await self.finish(
                event.contact_id,
                by=str(told.get("user_id") or ""),
                disposition=str(told.get("disposition") or ""),
                summary=_words(told.get("summary")),
                follow_up=_words(told.get("follow_up")),
            )
        except (NoContact, SQLAlchemyError) as error:  # a measurement; the outcome itself is the contact's
            log.error("wrapup.not_measured", contact=event.contact_id, error=type(error).__name__)

    async def _catch_up(self) -> None:
        query = (
            select(EventRow)
            .outerjoin(WrapUpRow, WrapUpRow.contact_id == EventRow.contact_id)
            .where(EventRow.type == "contact.wrapup", WrapUpRow.finished_at.is_(None))
            .order_by(EventRow.seq.desc())
            .limit(MOST_LATE)
        )
        try:
            async with self._store.reading() as session:
                late = [stored_event(row) for row in await session.scalars(query)]
        except SQLAlchemyError as error:
            log.error("wrapup.not_measured", error=type(error).__name__)
            return
        for event in reversed(late):
            await self.take(event)

    async def edits(self) -> tuple[int, float | None]:
        """How many summaries agents finished, and their mean distance from the suggested ones."""
        async with self._store.reading() as session:
            count, mean = (
                await session.execute(select(func.count(WrapUpRow.edit_distance), func.avg(WrapUpRow.edit_distance)))
            ).one()
        return count, None if mean is None else round(float(mean), 4)

    async def _record(self, contact_id: str) -> tuple[Record, str, str]:
        async with self._store.reading() as session:
            contact = await session.get(Contact, contact_id)
            if contact is None:
                raise NoContact(f"there is no contact {contact_id}")
            conversation = await session.get(Conversation, contact.conversation_id)
            flow_id = await session.scalar(select(FlowRun.flow_id).where(FlowRun.contact_id == contact_id)) or ""
            events = await in_parts(
                session,
                select(EventRow.type, EventRow.payload)
                .where(EventRow.conversation_id == contact.conversation_id, EventRow.contact_id == contact_id)
                .where(EventRow.type.in_(READ))
                .order_by(EventRow.seq)
                .limit(MOST_READ),
            )
        language = (conversation.language if conversation else "") or "en"
        intent = _intent(events)
        listed = self._file(flow_id)
        tickets = [
            (str(ticket.number), self._department(ticket.department, language), ticket.status in ("solved", "closed"))
            for ticket in await self._tickets.listed(conversation_id=contact.conversation_id)
            if ticket.contact_id in (contact_id, None)
        ]
        answered = contact.connected_to_agent_at is not None
        record = Record(
            language=language,
            lines=_lines(events),
            intent=intent,
            intent_title=listed.intent_title(intent, language) if intent else "",
            reason=_reason(events),
            articles=self._articles(events, flow_id, language),
            tickets=tickets,
            verified=any(e.type == "verify" and e.payload.get("result") == "passed" for e in events),
            transferred=any(e.type == "transfer.connected" for e in events),
            left_waiting=contact.enqueued_at is not None and not answered and contact.ended_at is not None,
        )
        return record, flow_id, contact.conversation_id

    def _articles(self, events: Sequence[Row[Any]], flow_id: str, language: str) -> list[str]:
        known = {a.id: a for folder in self._knowledge.folders(flow_id) for a in folder.articles}
        told = [
            str(event.payload.get("article", "")).partition("@")[0]
            for event in events
            if event.type in ("bot.said", "message") and event.payload.get("article")
        ]
        return [title_of(known[name], language) for name in dict.fromkeys(told) if name in known]

    def _department(self, name: str, language: str) -> str:
        found = self._tickets.catalogue.department(name)
        return pick(found.title, language) if found else name

    def _file(self, flow_id: str) -> Dispositions:
        folder = self._folder_of(flow_id)
        if folder not in self._files:
            self._files[folder] = dispositions(folder, self._root)
        return self._files[folder].now()


def _words(given: object) -> str | None:
    return None if given is None else str(given)


def _wanted(event: StoredEvent) -> bool:
    return event.type == "contact.wrapup"


def _lines(events: Sequence[Row[Any]]) -> list[Line]:
    """What people said and wrote; the bot's words are its flow's."""
    return [
        Line(str(event.payload.get("role", "")), str(event.payload.get("text", "")))
        for event in events
        if event.type in ("utterance.final", "message") and event.payload.get("role") in ("customer", "agent")
    ]


def _intent(events: Sequence[Row[Any]]) -> str:
    """The last matter that the customer raised; that they wanted a person is one where there was no other."""
    found = ""
    for event in events:
        if event.type == "decision" and event.payload.get("type") == "understand":
            name = intent_of(str(event.payload.get("exit", "")))
            found = name if name and not (found and name == HUMAN) else found
        elif event.type == "queue.entered" and isinstance(facts := event.payload.get("facts"), dict):
            found = str(facts.get("intent") or found)
    return found


def _reason(events: Sequence[Row[Any]]) -> str:
    entered = [event for event in events if event.type == "queue.entered"]
    return str(entered[-1].payload.get("reason") or "") if entered else ""
