"""What the API asks of the app's call controller."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from server.api.desk_ports import DeskControl, SuperviseControl
from session.callbacks import Callback


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
    contact_id: str
    conversation_id: str


class CallControl(Protocol):
    """Implemented by `server.calls.control`."""

    @property
    def desk(self) -> DeskControl:
        """What agents do."""

    @property
    def supervision(self) -> SuperviseControl:
        """What supervisors do."""

    async def offer_webrtc(
        self,
        sdp: str,
        *,
        conversation_id: str | None,
        customer_id: str | None,
        locale: str | None,
        remote: str,
        slow: bool = False,
        resume: bool = False,
    ) -> WebCall:
        """A browser calls. Raises `Turned`, ValueError for a bad offer, LookupError when nothing answers.

        A call that goes on in the conversation is taken up; with `resume` no other is begun (`NotNow`).
        """

    async def pace(self, conversation_id: str, *, slow: bool) -> None:
        """How fast the assistant speaks to the caller."""

    async def open_chat(self, *, customer_id: str | None, locale: str | None) -> str:
        """Somebody begins to write; their conversation. Raises `Turned`, LookupError when nothing answers."""

    async def message(self, conversation_id: str, text: str, *, role: str, user_id: str | None) -> None:
        """Somebody wrote. A customer's words begin another contact where all is over.

        Raises `NotNow` or `Turned` where nobody would read it, LookupError for no such conversation.
        """

    def may_write(self, conversation_id: str, *, role: str) -> None:
        """Raises `NotNow` or `Turned` where nobody would see what is sent there."""

    async def lively(self, conversation_id: str, *, role: str) -> None:
        """Something else was sent there, such as an image: it is treated as a message. Raises what `message` does."""

    async def key(self, conversation_id: str, digit: str) -> None:
        """The caller pressed a key on the page. Raises `NotNow`."""

    async def hang_up(self, conversation_id: str) -> None:
        """The caller ends the call."""

    async def withdraw(self, conversation_id: str, purpose: str, *, by: str) -> None:
        """The caller takes consent back, on the page or through staff. Raises LookupError, ValueError for other purposes."""

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

    def page(self, user_id: str, up: bool) -> None:
        """Somebody's page is open again, or has been gone for a while."""

    async def queues_changed(self) -> None:
        """Queues were added, changed or removed."""

    async def health(self) -> dict[str, Any]:
        """Every plane and what it says of itself."""
