"""What an agent's desktop keeps: cards that were shown, facts about customers, summaries of contacts, images."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from session.model import AUTO, ID, Base, utcnow


class SuggestionRow(Base):
    """A card that an agent was shown, and what they did with it. `action` empty: ignored so far."""

    __tablename__ = "suggestion"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    source_kind: Mapped[str] = mapped_column(String(16))
    source_id: Mapped[str] = mapped_column(String(128))
    source_version: Mapped[str] = mapped_column(String(64), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(16), default="")
    score: Mapped[float] = mapped_column(default=0.0)
    shown_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    action: Mapped[str] = mapped_column(String(16), default="")
    acted_by: Mapped[str | None] = mapped_column(ID)
    acted_at: Mapped[datetime | None]
    edit_distance: Mapped[float | None]


class ProfileFactRow(Base):
    """One thing known of a verified customer. `consent_id`: it stands and falls with that consent (layer `affect`)."""

    __tablename__ = "profile_fact"
    id: Mapped[int] = mapped_column(AUTO, primary_key=True, autoincrement=True)
    customer_id: Mapped[str] = mapped_column(String(64))
    layer: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(64))
    value: Mapped[Any] = mapped_column(JSON)
    source: Mapped[str] = mapped_column(String(64))
    confidence: Mapped[float]
    purpose: Mapped[str] = mapped_column(String(32))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id"), index=True)
    consent_id: Mapped[str | None] = mapped_column(ForeignKey("consent.id"), index=True)
    observed_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    __table_args__ = (Index("ix_profile_fact_customer", "customer_id", "layer", "key", unique=True),)


class WrapUpRow(Base):
    """How an agent summed a contact up, beside what was suggested. `edit_distance` 0 (taken as it was) … 1."""

    __tablename__ = "wrapup"
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    intent: Mapped[str] = mapped_column(String(64), default="")
    summary_auto: Mapped[str] = mapped_column(Text, default="")
    summary_final: Mapped[str] = mapped_column(Text, default="")
    disposition_auto: Mapped[str] = mapped_column(String(64), default="")
    disposition_final: Mapped[str] = mapped_column(String(64), default="")
    follow_up: Mapped[str] = mapped_column(Text, default="")
    edit_distance: Mapped[float | None]
    finished_by: Mapped[str | None] = mapped_column(ID)
    suggested_at: Mapped[datetime] = mapped_column(default=utcnow)
    finished_at: Mapped[datetime | None]


class AttachmentRow(Base):
    """An image somebody sent in a conversation; the file lies under the data folder as `id` with its suffix."""

    __tablename__ = "attachment"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    contact_id: Mapped[str | None] = mapped_column(ID)
    role: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[str | None] = mapped_column(ID)
    mime: Mapped[str] = mapped_column(String(32))
    size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
