"""Runs of workflows as they are kept, and where: an app that dies goes on with them, an approval counts once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

RunStatus = Literal["running", "undoing", "waiting", "approved", "rejected", "done", "failed"]
"""`undoing`: it failed, and what was done is being taken back; `waiting` for somebody's approval; `approved` but not
taken up again yet; the last three are final."""
UNDER_WAY: tuple[RunStatus, ...] = ("running", "undoing")


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """One run. `id` is the call id of the `Perform` that began it, and the stem of its steps' idempotency keys.

    `definition` is the workflow's text as it was at the beginning: a run ends as it began, whatever is edited since.
    `at`: index of the step to do next. `values`: outputs by step. `undone`: steps whose compensation was done.
    """

    id: str
    workflow: str
    folder: str
    sha: str
    definition: str = field(repr=False)
    contact_id: str = ""
    status: RunStatus = "running"
    inputs: dict[str, Any] = field(default_factory=dict, repr=False)
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    at: int = 0
    approved_step: int = -1
    why: str = ""
    undone: list[str] = field(default_factory=list)


class Runs(Protocol):
    """Where runs are kept. All changes are committed when a call returns; the store audits them."""

    async def begin(self, run: WorkflowRun) -> WorkflowRun:
        """Keep a new run, or give the one of this id that is there."""

    async def save(self, run: WorkflowRun, note: str) -> None:
        """Keep its state; `note` (like `step pay done`) goes to the audit, without data."""

    async def move(self, run_id: str, old: RunStatus, new: RunStatus, *, by: str = "", note: str = "") -> bool:
        """Change the status if it is still `old`; False (and nothing happens) if not. Audited with who and why."""

    async def load(self, run_id: str) -> WorkflowRun | None:
        """One run."""

    async def in_status(self, *statuses: RunStatus) -> list[WorkflowRun]:
        """Those in one of these, oldest first."""


class MemoryRuns:
    """`Runs` of this process only: for tests and trying out.

    `again`: an id that comes again begins anew, unless it is under way. Flow tests use one contact over and over.
    """

    def __init__(self, *, again: bool = False) -> None:
        self._again = again
        self.runs: dict[str, WorkflowRun] = {}
        self.audit: list[tuple[str, str, str]] = []
        """Run, what, who."""

    async def begin(self, run: WorkflowRun) -> WorkflowRun:
        """As `Runs.begin`."""
        if run.id not in self.runs or (self._again and self.runs[run.id].status not in UNDER_WAY):
            self.runs[run.id] = run
            self.audit.append((run.id, "begun", ""))
        return self.runs[run.id]

    async def save(self, run: WorkflowRun, note: str) -> None:
        """As `Runs.save`."""
        self.runs[run.id] = run
        self.audit.append((run.id, note, ""))

    async def move(self, run_id: str, old: RunStatus, new: RunStatus, *, by: str = "", note: str = "") -> bool:
        """As `Runs.move`."""
        run = self.runs.get(run_id)
        if run is None or run.status != old:
            return False
        self.runs[run_id] = replace(run, status=new)
        self.audit.append((run_id, new, by))
        return True

    async def load(self, run_id: str) -> WorkflowRun | None:
        """As `Runs.load`."""
        return self.runs.get(run_id)

    async def in_status(self, *statuses: RunStatus) -> list[WorkflowRun]:
        """As `Runs.in_status`."""
        return [run for run in self.runs.values() if run.status in statuses]
