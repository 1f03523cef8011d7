"""Table of calendars that somebody switched by hand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from session.model import Base, utcnow


class HoursSwitch(Base):
    """What holds of a calendar of a pack, whatever the time is, until it is taken back."""

    __tablename__ = "hours_switch"
    pack: Mapped[str] = mapped_column(String(64), primary_key=True)
    calendar: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    why: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=utcnow)
