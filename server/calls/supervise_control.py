"""What supervisors ask of live calls, through the API: `server.api.desk_ports.SuperviseControl` over the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from server.api import views
from server.api.ports import NotNow
from server.calls import reaching, requeueing
from server.calls.asking import asked
from server.calls.showing import Showing
from server.calls.surroundings import AgentCard

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
        contact = self._live(contact_id)
        record = await self._controller.users.get(user_id)
        card = self._controller.cards.get(user_id) or AgentCard(
            user_id, record.name, record.display_name, record.uri, "uri" if record.uri else "browser"
        )
        return await asked(contact, lambda: contact.supervision.join(card, mode, sdp))

    async def mode(self, user_id: str, contact_id: str, mode: views.Supervising) -> None:
        """Change live."""
        contact = self._live(contact_id)
        await asked(contact, lambda: contact.supervision.mode(contact.supervision.of(user_id), mode))

    async def take_over(self, user_id: str, contact_id: str) -> None:
        """The agent leaves; the supervisor is the agent."""
        contact = self._live(contact_id)
        await asked(contact, lambda: contact.supervision.take_over(contact.supervision.of(user_id)))

    async def leave(self, user_id: str, contact_id: str) -> None:
        """No longer listen in."""
        contact = self._live(contact_id)
        await asked(contact, lambda: contact.supervision.leave(contact.supervision.of(user_id)))

    async def reassign(self, user_id: str, contact_id: str, target: views.Target) -> None:
        """Somebody else is to serve it: of a talk like a transfer by its agent, of one that waits at its place."""
        contact = self._live(contact_id)
        await asked(contact, lambda: self._reassign(contact, user_id, target))

    async def _reassign(self, contact: Contact, user_id: str, target: views.Target) -> None:
        about = {"by": user_id, "target": target.kind, "to": reaching.shown(target)}
        agent = contact.room.agent
        if contact.phase == "talking" and agent is not None:
            await contact.consults.begin(agent, target, blind=True)
        elif contact.phase == "queued":
            await requeueing.elsewhere(contact, target)
        else:
            raise NotNow("nobody serves this contact, and it does not wait")
        await contact.note("supervise.reassign", about)

    async def priority(self, user_id: str, contact_id: str, priority: int) -> None:
        """Of a contact that waits."""
        contact = self._live(contact_id)
        desk = self._controller.desk
        if contact.phase != "queued" or contact.queue is None:
            raise NotNow("this contact does not wait")
        contact.queue = msgspec.structs.replace(contact.queue, priority=priority)
        desk.do(desk.desk.set_priority(contact_id, priority, desk.now()))
        await contact.note("supervise.priority", {"by": user_id, "priority": priority})

    async def broadcast(self, user_id: str, text: str, user_ids: list[str]) -> None:
        """Show a text to agents; it is kept with who and when."""
        name = (await self._controller.users.get(user_id)).display_name
        told = {"by": user_id, "by_name": name, "text": text, "user_ids": user_ids}
        await self._controller.store.append("", "broadcast", told)

    def _live(self, contact_id: str) -> Contact:
        contact = self._controller.contacts.get(contact_id)
        if contact is None:
            raise NotNow("this contact is over")
        return contact
