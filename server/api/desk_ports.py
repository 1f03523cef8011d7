"""What the API asks of live calls for agents and supervisors. All raise `NotNow` with why, where it does not fit."""

from __future__ import annotations

from typing import Protocol

from server.api.views import (
    AgentView,
    Availability,
    Board,
    Device,
    DirectoryEntry,
    Parked,
    Party,
    Rejoined,
    Supervising,
    Supervision,
    Taken,
    Target,
)


class DeskControl(Protocol):
    """Agents. Implemented by `server.calls.agent_control`. Raises LookupError for people who are no agents."""

    def view(self, user_id: str) -> AgentView:
        """An agent's own state."""

    async def set_availability(self, user_id: str, availability: Availability, reason: str, *, by: str) -> None:
        """The agent chose a state, or (`by` somebody else) was put into it."""

    async def set_device(self, user_id: str, device: Device, uri: str) -> None:
        """How the agent is reached from now on."""

    async def accept(self, user_id: str, offer_id: str, sdp: str | None) -> Taken:
        """Raises `Turned` when no media worker has room, ValueError for a bad `sdp`."""

    async def decline(self, user_id: str, offer_id: str) -> None:
        """Let somebody else take it."""

    async def rejoin(self, user_id: str, contact_id: str, sdp: str) -> Rejoined:
        """The agent's browser takes its place in the call, also from another tab or machine: the newest one wins."""

    async def hold(self, user_id: str, contact_id: str, on: bool, party_id: str | None) -> None:
        """The customer, or one party."""

    async def mute(self, user_id: str, contact_id: str, on: bool) -> None:
        """My microphone."""

    async def keypad(self, user_id: str, contact_id: str, party_id: str, digits: str) -> None:
        """Tones to one party."""

    async def hang_up(self, user_id: str, contact_id: str) -> None:
        """My part."""

    async def ask_help(self, user_id: str, contact_id: str) -> None:
        """Supervisors are told that I need them here."""

    async def record(self, user_id: str, contact_id: str, on: bool) -> None:
        """Pause the recording, or go on with it."""

    async def consult(self, user_id: str, contact_id: str, target: Target) -> Party:
        """Ask somebody, the customer on hold."""

    async def consult_step(self, user_id: str, contact_id: str, step: str) -> None:
        """`swap`, `cancel`, `conference` or `complete`."""

    async def transfer(self, user_id: str, contact_id: str, target: Target) -> None:
        """To somebody unasked; back to me when it fails."""

    async def drop(self, user_id: str, contact_id: str, party_id: str) -> None:
        """Remove somebody from the call."""

    async def park(self, user_id: str, contact_id: str) -> str:
        """The code by which the customer is taken back."""

    async def take_parked(self, user_id: str, code: str, sdp: str | None) -> Taken:
        """Like `accept`."""

    def parked(self) -> list[Parked]:
        """All that are parked."""

    async def extend_acw(self, user_id: str, contact_id: str, seconds: float) -> None:
        """More time for after-call work."""

    async def wrap_up(
        self,
        user_id: str,
        contact_id: str,
        *,
        disposition: str,
        notes: str,
        summary: str | None,
        follow_up: str | None,
    ) -> None:
        """After-call work is done."""

    def directory(self, query: str) -> list[DirectoryEntry]:
        """Whom one may transfer to."""


class SuperviseControl(Protocol):
    """Supervisors. Implemented by `server.calls.supervise_control`. Every act is an event with who and when."""

    def board(self) -> Board:
        """Everything that is live."""

    async def join(self, user_id: str, contact_id: str, mode: Supervising, sdp: str | None) -> Supervision:
        """Listen in. Without `sdp` the supervisor's own phone is rung. Raises `Turned`, ValueError for a bad `sdp`."""

    async def mode(self, user_id: str, contact_id: str, mode: Supervising) -> None:
        """Change live between listening, whispering to the agent, and talking to all."""

    async def take_over(self, user_id: str, contact_id: str) -> None:
        """The agent leaves; the supervisor is the agent."""

    async def leave(self, user_id: str, contact_id: str) -> None:
        """No longer listen in."""

    async def reassign(self, user_id: str, contact_id: str, target: Target) -> None:
        """Somebody else is to serve it."""

    async def priority(self, user_id: str, contact_id: str, priority: int) -> None:
        """Of a contact that waits."""

    async def broadcast(self, user_id: str, text: str, user_ids: list[str]) -> None:
        """Show a text to agents; to all when none are named."""
