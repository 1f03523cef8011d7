"""What the API asks of the app's call controller."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from session.callbacks import Callback

Availability = Literal["offline", "available", "busy", "break", "meal", "meeting", "training", "away"]


class Turned(Exception):
    """A call that cannot be taken now (full, or draining); the caller is told when to try again."""

    def __init__(self, why: str, retry_after_s: int = 10) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class NotNow(Exception):
    """The request does not fit the state of things; the text says why."""


@dataclass(frozen=True, slots=True)
class WebCall:
    """A browser's call was taken."""

    sdp: str
    leg_id: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class OfferView:
    """A contact that rings at an agent."""

    offer_id: str
    conversation_id: str
    queue: str
    reason: str
    summary: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AgentView:
    """What an agent's page shows of the agent."""

    availability: str
    status: str
    device: str
    conversation_id: str | None
    offer: OfferView | None


class CallControl(Protocol):
    """Implemented by `server.calls.control`."""

    async def offer_webrtc(
        self, sdp: str, *, conversation_id: str | None, customer_id: str | None, locale: str | None, remote: str
    ) -> WebCall:
        """A browser calls. Raises `Turned`, ValueError for a bad offer, LookupError when nothing answers."""

    async def open_chat(self, *, customer_id: str | None, locale: str | None) -> str:
        """Somebody begins to write; their conversation. Raises `Turned`, LookupError when nothing answers."""

    async def message(self, conversation_id: str, text: str, *, role: str, user_id: str | None) -> None:
        """Somebody wrote in the chat."""

    async def key(self, conversation_id: str, digit: str) -> None:
        """The caller pressed a key on the page. Raises `NotNow`."""

    async def hang_up(self, conversation_id: str) -> None:
        """The caller ends the call."""

    async def withdraw(self, conversation_id: str, purpose: str, *, by: str) -> None:
        """The caller takes consent back, on the page or through staff. Raises LookupError, ValueError for other purposes."""

    def agent(self, user_id: str) -> AgentView:
        """An agent's state. Raises LookupError for people who are no agents."""

    def set_availability(self, user_id: str, availability: Availability) -> None:
        """The agent chose a state. Raises LookupError."""

    async def accept(self, user_id: str, offer_id: str, sdp: str) -> WebCall:
        """The agent answers in the browser. Raises `NotNow` or `Turned`."""

    async def decline(self, user_id: str, offer_id: str) -> None:
        """The agent does not want it. Raises `NotNow`."""

    async def hold(self, user_id: str, on: bool) -> None:
        """Raises `NotNow`."""

    async def mute(self, user_id: str, on: bool) -> None:
        """Raises `NotNow`."""

    async def agent_hang_up(self, user_id: str) -> None:
        """Raises `NotNow`."""

    async def wrap_up(self, user_id: str, conversation_id: str, disposition: str, notes: str) -> None:
        """After-call work is done."""

    async def callbacks(self) -> list[Callback]:
        """Customers who are to be called back, by their place."""

    async def cancel_callback(self, callback_id: str, *, by: str) -> bool:
        """False when it is over or there is none."""

    async def picture(self, conversation_id: str, request_id: str, data: bytes) -> str:
        """What the flow asked for; its name. Raises `NotNow`, or ValueError for a file of another kind."""

    def picture_path(self, conversation_id: str, ref: str) -> Path | None:
        """Where it lies."""

    async def users_changed(self) -> None:
        """Users or agents were added or changed."""

    async def health(self) -> dict[str, Any]:
        """Every plane and what it says of itself."""
