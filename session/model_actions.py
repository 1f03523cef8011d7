"""Tables of runs of workflows, and of what was decided about experiments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from session.model import ID, Base, utcnow


class WorkflowRunRow(Base):
    """One run of a workflow; `id` is also the stem of its idempotency keys."""

    __tablename__ = "workflow_run"
    id: Mapped[str] = mapped_column(String(160), primary_key=True)
    workflow: Mapped[str] = mapped_column(String(64))
    folder: Mapped[str] = mapped_column(String(128))
    sha: Mapped[str] = mapped_column(String(64))
    definition: Mapped[str] = mapped_column(Text)
    contact_id: Mapped[str] = mapped_column(ID, index=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    inputs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[int] = mapped_column(default=0)
    approved_step: Mapped[int] = mapped_column(default=-1)
    why: Mapped[str] = mapped_column(Text, default="")
    undone: Mapped[list[Any]] = mapped_column(default=list)
    begun_at: Mapped[datetime] = mapped_column(default=utcnow)
    changed_at: Mapped[datetime] = mapped_column(default=utcnow)
    decided_by: Mapped[str] = mapped_column(String(128), default="")
    note: Mapped[str] = mapped_column(Text, default="")


class ExperimentChoice(Base):
    """What was decided about an experiment: the variant that everybody gets, and those that nobody gets any more."""

    __tablename__ = "experiment_choice"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    promoted: Mapped[str] = mapped_column(String(64), default="")
    stopped: Mapped[list[Any]] = mapped_column(default=list)
    changed_at: Mapped[datetime] = mapped_column(default=utcnow)
    changed_by: Mapped[str] = mapped_column(String(128), default="")
