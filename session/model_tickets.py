"""Tickets and what happened to them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from session.model import AUTO, ID, Base, utcnow


class TicketRow(Base):
    """One matter somebody must see to. People say 1000 + `number`; durations are ms of business time.

    `left_ms` stands while the clock does (`due_at` is empty then): what was left of `sla_ms` when it stopped.
    """

    __tablename__ = "ticket"
    number: Mapped[int] = mapped_column(AUTO, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(String(64))
    department: Mapped[str] = mapped_column(String(64), index=True)
    status: Mapped[str] = mapped_column(String(16), default="new", index=True)
    priority: Mapped[str] = mapped_column(String(16), default="normal")
    language: Mapped[str] = mapped_column(String(16), default="")
    customer_id: Mapped[str | None] = mapped_column(String(64), index=True)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id"), index=True)
    contact_id: Mapped[str | None] = mapped_column(ID)
    assignee: Mapped[str | None] = mapped_column(ID, index=True)
    created_by: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)
    sla_ms: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    left_ms: Mapped[int | None] = mapped_column(BigInteger)
    breached_at: Mapped[datetime | None]
    solved_at: Mapped[datetime | None]


class TicketEventRow(Base):
    """One change of a ticket: what, from, to, by whom. `what` = `comment` has its words in `text`."""

    __tablename__ = "ticket_event"
    id: Mapped[int] = mapped_column(AUTO, primary_key=True, autoincrement=True)
    number: Mapped[int] = mapped_column(ForeignKey("ticket.number"), index=True)
    at: Mapped[datetime] = mapped_column(default=utcnow)
    by: Mapped[str] = mapped_column(String(64), default="")
    what: Mapped[str] = mapped_column(String(16))
    old: Mapped[str] = mapped_column(String(200), default="")
    new: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text, default="")
