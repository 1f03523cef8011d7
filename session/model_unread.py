"""Table of what customers wrote and nobody has read yet."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from session.model import AUTO, Base


class UnreadRow(Base):
    """A message of the table `event`; it goes in the transaction that saves what came of its reading."""

    __tablename__ = "unread"
    event_seq: Mapped[int] = mapped_column(AUTO, primary_key=True, autoincrement=False)
