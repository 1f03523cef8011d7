"""What supervisors ask of live calls, through the API: `server.api.desk_ports.SuperviseControl` over the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.api import views
from server.api.ports import NotNow
from server.calls.showing import Showing

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.controller import Controller


class SuperviseControl:
    """One per app; stateless."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._showing = Showing(controller)

    def board(self) -> views.Board:
        """Everything that is live."""
        return self._showing.board()

    async def join(self, user_id: str, contact_id: str, mode: views.Supervising, sdp: str | None) -> views.Supervision:
        """Listen in."""
        raise NotNow("nobody talks in this contact")

    async def mode(self, user_id: str, contact_id: str, mode: views.Supervising) -> None:
        """Change live."""
        raise NotNow("you do not listen in")

    async def take_over(self, user_id: str, contact_id: str) -> None:
        """The agent leaves; the supervisor is the agent."""
        raise NotNow("you do not listen in")

    async def leave(self, user_id: str, contact_id: str) -> None:
        """No longer listen in."""
        raise NotNow("you do not listen in")

    async def reassign(self, user_id: str, contact_id: str, target: views.Target) -> None:
        """Somebody else is to serve it."""
        raise NotNow("nobody serves this contact")

    async def priority(self, user_id: str, contact_id: str, priority: int) -> None:
        """Of a contact that waits."""
        contact = self._waiting(contact_id)
        desk = self._controller.desk
        desk.do(desk.desk.set_priority(contact_id, priority, desk.now()))
        await contact.note("supervise.priority", {"by": user_id, "priority": priority})

    async def broadcast(self, user_id: str, text: str, user_ids: list[str]) -> None:
        """Show a text to agents."""
        self._controller.store.bus.publish_live("", "broadcast", {"by": user_id, "text": text, "user_ids": user_ids})

    def _waiting(self, contact_id: str) -> Contact:
        contact = self._controller.contacts.get(contact_id)
        if contact is None or contact.phase != "queued":
            raise NotNow("this contact does not wait")
        return contact
