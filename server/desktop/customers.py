"""The customer's panel: who they are, how surely we know, what is known in three layers, and what went before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dialog.guard import PRIVATE_LEVEL
from dialog.text import pick
from dialog.verification.ports import Customer
from server.desktop.knowledge import KnowledgeDesk
from session.model import Contact, Conversation, EventRow, utcnow
from session.model_desktop import WrapUpRow
from session.profiles import Fact, Profiles
from session.store import Store

WINDOW = timedelta(days=30)
MOST_SHOWN = 50  # conversations
MOST_READ = 2000  # pairs of conversation and intent of a month
NO_INTENTS = frozenset(
    {"yes", "no", "unknown", "no_match", "no_input", "knowledge", "question", "thanks", "goodbye", "repeat"}
)
HUMAN = "human_request"
_HUMAN_EXITS = frozenset({HUMAN, "human", "on_human_request"})
_HANDLER = "on_"  # what a flow does at any place, not what the customer has come for
LIKELY = 1  # the level of whom we have reason to take for this customer
PROVEN = "proven: "  # how the block `verify` says which factors it was
CONTEXT_KEPT = timedelta(days=1)


class NoCustomer(LookupError):
    """Nobody is known by this number."""


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier conversation."""

    conversation_id: str
    channels: list[str]
    opened_at: datetime
    subject: str
    summary: str
    disposition: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What an agent's screen shows. Of somebody not verified only what this conversation said."""

    customer_id: str | None = None
    name: str = ""
    phones: list[str] = field(default_factory=list)
    tier: str = ""
    flags: list[str] = field(default_factory=list)
    locale: str = ""
    attributes: list[Fact] = field(default_factory=list)
    behaviour: list[Fact] = field(default_factory=list)
    affect: list[Fact] = field(default_factory=list)
    conversations: list[Past] = field(default_factory=list)
    verified_level: int = 0
    identity_how: str = ""
    handed_over: dict[str, Any] | None = None


class Customers:
    """Reads directory and store."""

    def __init__(self, store: Store, knowledge: KnowledgeDesk, profiles: Profiles) -> None:
        self._store = store
        self._knowledge = knowledge
        self.profiles = profiles

    async def panel(self, customer_id: str, language: str = "") -> Panel:
        """Everything about a customer. Raises `NoCustomer`."""
        known = await self._known(customer_id)
        past = await self._past(customer_id)
        behaviour = await self.profiles.facts(customer_id, "behaviour")
        if known is None and not past and not behaviour:
            raise NoCustomer(f"there is no customer {customer_id}")
        return Panel(
            customer_id=customer_id,
            name=known.name if known else "",
            phones=list(known.phones) if known else [],
            tier=known.tier if known else "",
            flags=list(known.flags) if known else [],
            locale=known.locale if known else "",
            attributes=_attributes(known, language) if known else [],
            behaviour=behaviour,
            affect=await self.profiles.facts(customer_id, "affect"),
            conversations=past,
        )

    async def of_conversation(self, conversation_id: str) -> Panel:
        """The panel beside a contact. Raises `NoCustomer` where there is no such conversation."""
        async with self._store.reading() as session:
            conversation = await session.get(Conversation, conversation_id)
            if conversation is None:
                raise NoCustomer(f"there is no conversation {conversation_id}")
            level, how = await _identity(session, conversation_id, conversation.auth_level)
            handed_over = await _handed_over(session, conversation_id)
        customer_id = conversation.customer_id if level else None
        mine = Panel(
            locale=conversation.language,
            attributes=_said(conversation),
            verified_level=level,
            identity_how=how,
            handed_over=handed_over,
        )
        if customer_id is None:
            return mine
        if level < PRIVATE_LEVEL:
            known = await self._known(customer_id)
            return _with(mine, customer_id=customer_id, name=known.name if known else "")
        full = await self.panel(customer_id, conversation.language)
        others = [past for past in full.conversations if past.conversation_id != conversation_id]
        return _with(
            full,
            locale=full.locale or conversation.language,
            attributes=[*full.attributes, *mine.attributes],
            conversations=others,
            verified_level=level,
            identity_how=how,
            handed_over=handed_over,
        )

    async def refresh(self, customer_id: str, conversation_id: str) -> None:
        """Count anew how a verified customer deals with us: contacts, outcomes, what they ask again and again."""
        now = utcnow()
        async with self._store.reading() as session:
            rows = (
                await session.execute(
                    select(Contact)
                    .join(Conversation, Conversation.id == Contact.conversation_id)
                    .where(Conversation.customer_id == customer_id, Conversation.auth_level >= PRIVATE_LEVEL)
                    .where(Contact.initiated_at >= now - WINDOW)
                    .order_by(Contact.initiated_at.desc())
                )
            ).scalars()
            contacts = list(rows)
            conversations = list(dict.fromkeys(contact.conversation_id for contact in contacts))
            intents = await _intents(session, conversations)
        if not contacts:
            return
        until = now + WINDOW
        facts: dict[str, Fact] = {}

        def note(key: str, value: Any, confidence: float = 1.0, source: str = "contacts") -> None:
            facts[key] = Fact(
                key=key, value=value, source=source, confidence=confidence, purpose="service", observed_at=now,
                expires_at=until,
            )  # fmt: skip

        note("contacts_30d", len(contacts))
        note("channels_30d", dict(Counter(contact.channel for contact in contacts)))
        if outcomes := [contact.disposition for contact in contacts if contact.disposition]:
            note("last_dispositions", outcomes[:3], source="wrap-up")
        if repeated := {name: count for name, count in intents.most_common(5) if count > 1}:
            note("repeated_intents", repeated, 0.8, "understanding")
        await self.profiles.put(customer_id, "behaviour", facts, conversation_id)

    async def _known(self, customer_id: str) -> Customer | None:
        for folder in self._knowledge.folders():
            if (found := await folder.ports.customers.find(customer_no=customer_id)) is not None:
                return found
        return None

    async def _past(self, customer_id: str) -> list[Past]:
        """Conversations in which this customer proved who they are, newest first."""
        async with self._store.reading() as session:
            conversations = list(
                await session.scalars(
                    select(Conversation)
                    .where(Conversation.customer_id == customer_id, Conversation.auth_level >= PRIVATE_LEVEL)
                    .order_by(Conversation.opened_at.desc())
                    .limit(MOST_SHOWN)
                )
            )
            ids = [conversation.id for conversation in conversations]
            contacts = list(
                await session.scalars(
                    select(Contact).where(Contact.conversation_id.in_(ids)).order_by(Contact.initiated_at)
                )
            )
            wraps = list(await session.scalars(select(WrapUpRow).where(WrapUpRow.conversation_id.in_(ids))))
        found = []
        for conversation in conversations:
            own = [contact for contact in contacts if contact.conversation_id == conversation.id]
            wrap = next((wrap for wrap in wraps if wrap.conversation_id == conversation.id), None)
            outcome = next((contact.disposition for contact in reversed(own) if contact.disposition), "")
            found.append(
                Past(
                    conversation.id, list(dict.fromkeys(contact.channel for contact in own)), conversation.opened_at,
                    conversation.subject, (wrap.summary_final or wrap.summary_auto) if wrap else "", outcome or "",
                )
            )  # fmt: skip
        return found


def _with(panel: Panel, **changed: Any) -> Panel:
    return Panel(**{name: getattr(panel, name) for name in Panel.__slots__} | changed)


def _attributes(known: Customer, language: str) -> list[Fact]:
    """What the directory says, read now."""
    now = utcnow()
    listed: list[tuple[str, Any]] = []
    for name, value in known.facts.items():
        listed.append((name, pick(value, language or "en") if isinstance(value, Mapping) and value else value))
    return [
        Fact(
            key=name, value=value, source="directory", confidence=1.0, purpose="service", observed_at=now,
            expires_at=None,
        )
        for name, value in listed
    ]  # fmt: skip


def _said(conversation: Conversation) -> list[Fact]:
    """What this conversation gathered: plain values that the flow kept, which are never sensitive."""
    return [
        Fact(
            key=name, value=value, source="conversation", confidence=0.9, purpose="service",
            observed_at=conversation.opened_at, expires_at=conversation.opened_at + CONTEXT_KEPT,
        )
        for name, value in sorted(conversation.context.items())
        if name != "customer" and isinstance(value, str | int | float | bool) and value != ""
    ]  # fmt: skip


async def _identity(session: AsyncSession, conversation_id: str, level: int) -> tuple[int, str]:
    """The level that was proven, and by what. An earlier contact's says who it likely is, not who is there now."""
    if not level:
        return 0, ""
    if level > LIKELY and await _of_earlier(session, conversation_id):
        return LIKELY, "earlier"
    why = await session.scalars(
        select(EventRow.payload["why"].as_string())
        .where(EventRow.conversation_id == conversation_id, EventRow.type == "decision")
        .where(EventRow.payload["type"].as_string() == "verify", EventRow.payload["why"].as_string().startswith(PROVEN))
        .order_by(EventRow.seq.desc())
        .limit(1)
    )
    for proven in why:
        return level, str(proven).removeprefix(PROVEN)
    return level, "the calling number" if level == 1 else ""


async def _of_earlier(session: AsyncSession, conversation_id: str) -> bool:
    """Was it proven in a contact that is over, and another came after it: a callback, a call after a chat?"""
    proven = await session.scalar(
        select(EventRow.contact_id)
        .where(EventRow.conversation_id == conversation_id, EventRow.type == "verify", EventRow.contact_id.is_not(None))
        .where(EventRow.payload["result"].as_string() == "passed")
        .order_by(EventRow.seq.desc())
        .limit(1)
    )
    contacts = (
        await session.scalars(
            select(Contact).where(Contact.conversation_id == conversation_id).order_by(Contact.initiated_at, Contact.id)
        )
    ).all()
    of = next((contact for contact in contacts if contact.id == proven), None)
    return of is not None and of.ended_at is not None and of is not contacts[-1]


async def _handed_over(session: AsyncSession, conversation_id: str) -> dict[str, Any] | None:
    row = await session.scalar(
        select(EventRow)
        .where(EventRow.conversation_id == conversation_id, EventRow.type == "queue.entered")
        .order_by(EventRow.seq.desc())
        .limit(1)
    )
    if row is None:
        return None
    return {
        name: row.payload.get(name) or default for name, default in (("reason", ""), ("summary", ""), ("facts", {}))
    }


def intent_of(way: str) -> str:
    """The matter that this exit of an understanding block stands for; "" = none. A wish for a person is one, however it was met."""
    if way in _HUMAN_EXITS:
        return HUMAN
    return "" if way in NO_INTENTS or way.startswith(_HANDLER) else way


async def _intents(session: AsyncSession, conversations: Sequence[str]) -> Counter[str]:
    """In how many conversations each intent came up."""
    understood = EventRow.payload["exit"].as_string()
    rows = await session.execute(
        select(EventRow.conversation_id, understood)
        .where(EventRow.conversation_id.in_(conversations), EventRow.type == "decision")
        .where(EventRow.payload["type"].as_string() == "understand")
        .distinct()
        .limit(MOST_READ)
    )
    pairs = {(where, intent_of(str(way or ""))) for where, way in rows}
    return Counter(intent for _, intent in pairs if intent)
