"""Customers who are to be called back: who waits, and taking a promise back."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from server.api.access import Staff
from server.api.calls import control_of
from session.callbacks import Callback

router = APIRouter(prefix="/api/callbacks", tags=["callbacks"])


class CallbackOut(BaseModel):
    """One that is open. `enqueued_at` is its place in the queue, `not_before` the next try, both UTC epoch ms."""

    id: str
    conversation_id: str
    number: str
    queue: str
    priority: int
    locale: str
    reason: str
    enqueued_at: int
    not_before: int
    attempts: int
    retries: int
    status: str
    outcome: str
    created_at: datetime

    @classmethod
    def of(cls, row: Callback) -> CallbackOut:
        """Of a row."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


@router.get("")
async def callbacks(_who: Staff, request: Request) -> list[CallbackOut]:
    """Those that are open, by their place."""
    return [CallbackOut.of(row) for row in await control_of(request).callbacks()]


@router.delete("/{callback_id}", status_code=204)
async def cancel(callback_id: str, who: Staff, request: Request) -> None:
    """Take it back, also while it rings; the conversation's record names who did."""
    if not await control_of(request).cancel_callback(callback_id, by=who.name):
        raise HTTPException(404, f"there is no open callback {callback_id}")
