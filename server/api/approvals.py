"""Runs of workflows that wait until somebody agrees: list, approve, reject."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field

from dialog.actions.runs import RunStatus
from server.api.access import Supervisor
from server.workflow_runs import StoredRuns, Waiting
from session.strict import Strict

router = APIRouter(prefix="/api/approvals", tags=["approvals"])


class ApprovalOut(BaseModel):
    """A run, and what it wants to do with what."""

    id: str
    workflow: str
    sha: str
    status: RunStatus
    why: str
    inputs: dict[str, Any]
    values: dict[str, Any]
    conversation_id: str
    begun_at: datetime
    decided_by: str
    note: str


class Decision(Strict):
    """Why, for the audit."""

    note: str = Field(default="", max_length=500)


@router.get("")
async def listed(
    _user: Supervisor, request: Request, status: Annotated[RunStatus, Query(description="which runs")] = "waiting"
) -> list[ApprovalOut]:
    """Runs in this status, oldest first."""
    return [_out(item) for item in await StoredRuns(request.app.state.store).listed(status)]


@router.post("/{run_id:path}/approve")
async def approve(run_id: str, decision: Decision, user: Supervisor, request: Request) -> dict[str, str]:
    """The run goes on, once, within a second or two; also when the app is restarted before that."""
    return await _decide(run_id, "approved", user.name, decision.note, request)


@router.post("/{run_id:path}/reject")
async def reject(run_id: str, decision: Decision, user: Supervisor, request: Request) -> dict[str, str]:
    """The run ends where it stands; steps of before that change something are for people to see to."""
    return await _decide(run_id, "rejected", user.name, decision.note, request)


async def _decide(
    run_id: str, new: Literal["approved", "rejected"], by: str, note: str, request: Request
) -> dict[str, str]:
    runs = StoredRuns(request.app.state.store)
    if await runs.move(run_id, "waiting", new, by=by, note=note):
        return {"status": new}
    found = await runs.load(run_id)
    if found is None:
        raise HTTPException(404, "there is no such run")
    raise HTTPException(409, f"it does not wait any more: it is {found.status}")


def _out(item: Waiting) -> ApprovalOut:
    run = item.run
    return ApprovalOut(
        id=run.id,
        workflow=run.workflow,
        sha=run.sha,
        status=run.status,
        why=run.why,
        inputs=run.inputs,
        values=run.values,
        conversation_id=item.conversation_id,
        begun_at=item.begun_at,
        decided_by=item.decided_by,
        note=item.note,
    )
