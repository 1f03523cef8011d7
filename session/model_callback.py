"""The table of customers who are to be called back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from session.model import ID, Base, utcnow


class CallbackRow(Base):
    """One promise to call. `enqueued_at` is the place in the queue, `not_before` the next try; both UTC epoch ms."""

    __tablename__ = "callback"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contact.id"))
    called_contact_id: Mapped[str | None] = mapped_column(ID)
    number: Mapped[str] = mapped_column(String(32))
    called: Mapped[str] = mapped_column(String(64), default="")
    customer_id: Mapped[str] = mapped_column(String(64), default="")
    locale: Mapped[str] = mapped_column(String(16))
    queue: Mapped[str] = mapped_column(String(64))
    skills: Mapped[list[Any]] = mapped_column(default=list)
    priority: Mapped[int]
    reason: Mapped[str] = mapped_column(Text, default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    enqueued_at: Mapped[int] = mapped_column(BigInteger)
    not_before: Mapped[int] = mapped_column(BigInteger)
    hours: Mapped[list[Any]] = mapped_column(default=list)
    timezone: Mapped[str] = mapped_column(String(64), default="")
    retries: Mapped[int]
    retry_after_ms: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(16), default="waiting", index=True)
    outcome: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    ended_at: Mapped[datetime | None]
