"""The table of queues."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from session.model import Base, utcnow


class QueueRow(Base):
    """A queue. `settings` is what `desk.queues.QueueSpec` reads; what is left out has the desk's default."""

    __tablename__ = "queue"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_at: Mapped[datetime] = mapped_column(default=utcnow)
    changed_by: Mapped[str] = mapped_column(String(128), default="")
