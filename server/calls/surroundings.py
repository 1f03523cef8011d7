"""What every contact needs of the app around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desk.service import DeskService
from server.calls.feelings import Feeler
from server.calls.journal import LegRef
from server.hub import Hub
from session.store import Store

if TYPE_CHECKING:
    from server.calls.contact import Contact


@dataclass(frozen=True, slots=True)
class AgentCard:
    """How an agent is reached. `target` is the SIP URI to ring, empty for a browser."""

    user_id: str
    name: str
    target: str
    device: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One per app, shared by all contacts."""

    store: Store
    hub: Hub
    desk: DeskService
    music: Path
    recordings: Path
    ring_s: float
    agent_of: Callable[[str], AgentCard | None]
    legs: dict[str, tuple[LegRef, Contact]]
    feeler: Feeler
    handled: dict[str, str]
    """Agent → the conversation they last talked in, which after-call work is about."""
    ended: Callable[[Contact], None]
    understanding: Callable[[str, float], Awaitable[bool]]
    """Waits (at most so many s) until the requests of a flow's callers can be understood."""
