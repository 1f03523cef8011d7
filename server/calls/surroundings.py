"""What every contact needs of the app around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from desk.service import DeskService
from dialog.effects import BookCallback
from dialog.engine import FlowEngine
from dialog.events import CallbackResult
from server.calls.after_call import AfterCall
from server.calls.feelings import Feeler
from server.calls.journal import LegRef
from server.calls.options import CallOptions
from server.hub import Hub
from server.throttle import Throttle
from session.store import Store
from session.types import Device

if TYPE_CHECKING:
    from server.calls.contact import Contact


@dataclass(frozen=True, slots=True)
class AgentCard:
    """How an agent is reached. `target` is the SIP URI to ring, empty for a browser."""

    user_id: str
    login: str
    name: str
    target: str
    device: Device


@dataclass(slots=True)
class Phones:
    """What is known of softphones. `names`: lower-case logins of those that are registered; None where nobody knows."""

    names: frozenset[str] | None = None

    def registered(self, card: AgentCard) -> bool | None:
        """Can this agent's softphone be rung? None for other devices, and where nobody knows."""
        return None if card.device != "sip" or self.names is None else card.login.lower() in self.names


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
    cards: Mapping[str, AgentCard]
    """All agents, as they are now, by id."""
    domain: str
    """Of our SIP addresses: host, or host:port."""
    legs: dict[str, tuple[LegRef, Contact]]
    feeler: Feeler
    handled: dict[str, dict[str, AfterCall]]
    """Agent → the contacts that the desk says they hold, by the desk's name for them, for after-call work."""
    ended: Callable[[Contact], None]
    outgoing: CallOptions
    placed: Throttle
    """Calls placed to somebody outside, by kind."""
    identity: str
    """SIP address by which calls we place show who calls; empty = the trunk's own."""
    engine_of: Callable[[str], FlowEngine | None]
    """The engine of a flow by id, for calls that go on there."""
    agent_named: Callable[[str], AgentCard | None]
    """By login name, shown name or id."""
    alone: Callable[[Contact], bool]
    """No other contact of its conversation goes on: nobody writes beside the call."""
    call_over: Callable[[Contact, str], None]
    """The caller is gone, for this reason."""
    call_up: Callable[[Contact], None]
    """The caller is on the line: whoever wrote with a bot goes on by voice."""
    kept_place: Callable[[Contact, str], int | None]
    """Since when they have waited in this queue for a call that theirs took back, UTC ms."""
    book_callback: Callable[[Contact, BookCallback], Awaitable[CallbackResult]]
    understanding: Callable[[str, float, str], Awaitable[bool]]
    """Waits (at most so many s) until the requests of a flow's callers can be understood, in the version of this sha."""
    phones: Phones = field(default_factory=Phones)

    @property
    def pictures(self) -> Path:
        """Where what callers showed is kept."""
        return self.recordings.parent / "pictures"

    def identity_headers(self) -> dict[str, str]:
        """Who calls, for calls that leave the house (RFC 3325)."""
        return {"P-Asserted-Identity": f"<{self.identity}>"} if self.identity else {}
