"""Tables of flow versions: texts and what they make up by sha, numbered versions, which is live, what is planned, who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from session.model import AUTO, Base, utcnow

SHA = String(64)


class FlowFile(Base):
    """One text, of whatever version and path."""

    __tablename__ = "flow_file"
    sha: Mapped[str] = mapped_column(SHA, primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class FlowContent(Base):
    """A flow with everything that its calls depend on, for as long as a run may need it. `files`: path → sha of the text."""

    __tablename__ = "flow_content"
    sha: Mapped[str] = mapped_column(SHA, primary_key=True)
    flow_id: Mapped[str] = mapped_column(String(64), index=True)
    main: Mapped[str] = mapped_column(String(256), default="")
    files: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(default=utcnow)


class FlowVersion(Base):
    """A numbered version, as it was handed in; it never changes. `base`: the revision that was live then."""

    __tablename__ = "flow_version"
    id: Mapped[int] = mapped_column(AUTO, primary_key=True, autoincrement=True)
    flow_id: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]
    sha: Mapped[str] = mapped_column(ForeignKey("flow_content.sha"))
    base: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=utcnow)
    __table_args__ = (UniqueConstraint("flow_id", "number", name="uq_flow_version_number"),)


class FlowLive(Base):
    """Which version answers new calls. `revision` counts changes, so that nobody overwrites what they have not seen."""

    __tablename__ = "flow_live"
    flow_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int]
    sha: Mapped[str] = mapped_column(ForeignKey("flow_content.sha"))
    revision: Mapped[int]
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=utcnow)


class FlowSchedule(Base):
    """A publication that is to happen. `state`: waiting, done, failed, cancelled; `why` it failed."""

    __tablename__ = "flow_schedule"
    id: Mapped[int] = mapped_column(AUTO, primary_key=True, autoincrement=True)
    flow_id: Mapped[str] = mapped_column(String(64), index=True)
    number: Mapped[int]
    due: Mapped[datetime]
    base: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), default="waiting", index=True)
    why: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=utcnow)


class FlowAudit(Base):
    """Everything that changed what callers meet, or tried to: who, when, what, from which text to which."""

    __tablename__ = "flow_audit"
    id: Mapped[int] = mapped_column(AUTO, primary_key=True, autoincrement=True)
    flow_id: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(16))
    number: Mapped[int | None]
    before_sha: Mapped[str] = mapped_column(SHA, default="")
    after_sha: Mapped[str] = mapped_column(SHA, default="")
    why: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=utcnow)
    __table_args__ = (Index("ix_flow_audit_flow_id", "flow_id", "id"),)
