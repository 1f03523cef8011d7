"""The tables: conversation, contact, participant, leg, utterance, consent, affect, event, and the people who work here.

Terms are the field's: a *conversation* is the whole, a *contact* one routed unit of it (a call, a chat), a
*participant* somebody in a contact, a *leg* a participant's media session. All times are UTC; durations are ms.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, Integer, LargeBinary, String, Text, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID = String(36)
AUTO = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER PRIMARY KEY counts up by itself in SQLite


def utcnow() -> datetime:
    """Now, with its zone."""
    return datetime.now(UTC)


class UTCDateTime(TypeDecorator[datetime]):
    """A time that is UTC in the database and knows it in Python. Raises ValueError for naive times."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Python → database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times in the store need a zone: use datetime.now(UTC)")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Database → Python."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {datetime: UTCDateTime, dict[str, Any]: JSON, list[Any]: JSON, bytes: LargeBinary}  # noqa: RUF012


class Conversation(Base):
    """The whole of a customer's dealing with us, over all channels."""

    __tablename__ = "conversation"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    customer_id: Mapped[str | None] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(16), default="open", index=True)
    language: Mapped[str] = mapped_column(String(16), default="")
    auth_level: Mapped[int] = mapped_column(default=0)
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    opened_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    closed_at: Mapped[datetime | None]


class Contact(Base):
    """One routed unit: a call or a chat."""

    __tablename__ = "contact"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    direction: Mapped[str] = mapped_column(String(16))
    initiation_method: Mapped[str] = mapped_column(String(16))
    queue: Mapped[str | None] = mapped_column(String(64))
    priority: Mapped[int | None]
    initiated_at: Mapped[datetime] = mapped_column(default=utcnow)
    enqueued_at: Mapped[datetime | None]
    connected_to_agent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    acw_ended_at: Mapped[datetime | None]
    disconnect_party: Mapped[str | None] = mapped_column(String(16))
    disconnect_cause: Mapped[str | None] = mapped_column(String(32))
    disposition: Mapped[str | None] = mapped_column(String(64))
    notes: Mapped[str | None] = mapped_column(Text)


class Participant(Base):
    """Somebody in a contact: customer, bot, agent."""

    __tablename__ = "participant"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[str | None] = mapped_column(ID)
    name: Mapped[str] = mapped_column(String(128), default="")
    joined_at: Mapped[datetime] = mapped_column(default=utcnow)
    left_at: Mapped[datetime | None]


class Leg(Base):
    """A participant's media session."""

    __tablename__ = "leg"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"), index=True)
    transport: Mapped[str] = mapped_column(String(16))
    remote: Mapped[str] = mapped_column(Text, default="")
    worker_id: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[str] = mapped_column(String(16), default="offered")
    codec: Mapped[str | None] = mapped_column(String(32))
    srtp: Mapped[bool | None]
    started_at: Mapped[datetime] = mapped_column(default=utcnow)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(16))
    ended_reason: Mapped[str | None] = mapped_column(String(32))
    stats: Mapped[dict[str, Any] | None]
    recording_path: Mapped[str | None] = mapped_column(Text)


class Utterance(Base):
    """What somebody said, with its place on the leg's media clock."""

    __tablename__ = "utterance"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), index=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participant.id"))
    leg_id: Mapped[str] = mapped_column(ForeignKey("leg.id"))
    role: Mapped[str] = mapped_column(String(16))
    t0_ms: Mapped[int]
    t1_ms: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[float]
    words: Mapped[list[Any]] = mapped_column(default=list)
    ledger: Mapped[list[Any]] = mapped_column(default=list)
    at: Mapped[datetime]


class ConsentRow(Base):
    """One answer to one purpose of a question. It stands while it was `given` and has not `ended_at`."""

    __tablename__ = "consent"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    contact_id: Mapped[str | None] = mapped_column(ForeignKey("contact.id"))
    purpose: Mapped[str] = mapped_column(String(32))
    given: Mapped[bool]
    policy: Mapped[str] = mapped_column(String(16))
    wording: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(default=utcnow)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(16))


class VoiceBaseline(Base):
    """How a customer usually sounds, over calls. A row exists only while the consent to keep it stands."""

    __tablename__ = "voice_baseline"
    customer_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    consent_id: Mapped[str] = mapped_column(ForeignKey("consent.id"), index=True)
    data: Mapped[bytes]
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)


class AffectEvent(Base):
    """What a voice conveyed. A row exists only where the caller consented, and names the consent.

    One for each utterance: from the voice at first, when its words may not be stored yet, then revised.
    """

    __tablename__ = "affect_event"
    id: Mapped[int] = mapped_column(AUTO, primary_key=True, autoincrement=True)
    utterance_id: Mapped[str] = mapped_column(String(64), unique=True, index=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), index=True)
    consent_id: Mapped[str] = mapped_column(ForeignKey("consent.id"), index=True)
    arousal: Mapped[float]
    valence: Mapped[float]
    label: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[float]
    evidence: Mapped[list[Any]] = mapped_column(default=list)
    frustration: Mapped[float] = mapped_column(default=0.0)
    trend: Mapped[str] = mapped_column(String(16), default="")
    disagreement: Mapped[str] = mapped_column(String(32), default="")
    model: Mapped[str] = mapped_column(String(64), default="")
    event_seq: Mapped[int | None] = mapped_column(AUTO)


class EventRow(Base):
    """Everything that happened, in the order it was committed; also what the live feed resumes from."""

    __tablename__ = "event"
    seq: Mapped[int] = mapped_column(AUTO, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ID)
    contact_id: Mapped[str | None] = mapped_column(ID)
    participant_id: Mapped[str | None] = mapped_column(ID)
    leg_id: Mapped[str | None] = mapped_column(ID)
    type: Mapped[str] = mapped_column(String(48))
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
    dedup: Mapped[str | None] = mapped_column(String(160), unique=True)
    __table_args__ = (
        Index("ix_event_conversation_seq", "conversation_id", "seq"),
        Index("ix_event_type_seq", "type", "seq"),
    )


class FlowRun(Base):
    """The saved state of a live contact, for a restarted app."""

    __tablename__ = "flow_run"
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    flow_id: Mapped[str] = mapped_column(String(64))
    flow_sha: Mapped[str] = mapped_column(String(64))
    state: Mapped[bytes]
    saved_at: Mapped[datetime]


class User(Base):
    """Somebody who works here."""

    __tablename__ = "user"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(128), default="")
    password_hash: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[Any]] = mapped_column(default=list)
    locale: Mapped[str] = mapped_column(String(16), default="")
    token_epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    disabled: Mapped[bool] = mapped_column(default=False)


class AgentProfile(Base):
    """How an agent is reached, and what they can do."""

    __tablename__ = "agent_profile"
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), primary_key=True)
    device: Mapped[str] = mapped_column(String(16), default="browser")
    uri: Mapped[str] = mapped_column(Text, default="")
    skills: Mapped[list[Any]] = mapped_column(default=list)
    sip_ha1: Mapped[str] = mapped_column(String(64), default="")
    availability: Mapped[str] = mapped_column(String(16), default="offline")
    reason: Mapped[str] = mapped_column(String(64), default="")
    next_availability: Mapped[str | None] = mapped_column(String(16))
    next_reason: Mapped[str] = mapped_column(String(64), default="")
    missed: Mapped[int] = mapped_column(default=0)
    queues: Mapped[list[Any]] = mapped_column(default=list)
    voice_capacity: Mapped[int] = mapped_column(default=1)
    chat_capacity: Mapped[int] = mapped_column(default=2)


class AgentStateEvent(Base):
    """The history of an agent's availability and routing status."""

    __tablename__ = "agent_state_event"
    id: Mapped[int] = mapped_column(AUTO, primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), index=True)
    availability: Mapped[str] = mapped_column(String(16))
    routing_status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(64), default="")
    contact_id: Mapped[str | None] = mapped_column(ID)
    since: Mapped[datetime] = mapped_column(default=utcnow)
