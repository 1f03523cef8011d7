"""The flow/v1 file as typed data."""

from __future__ import annotations

from pydantic import BaseModel


class Flow(BaseModel):
    """One flow."""

    id: str
    sha: str = ""
