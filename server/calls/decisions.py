"""What the desk decides, brought to whom it concerns: `desk.service.DeskPort` over the controller's contacts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from desk.model import AgentChanged, Announce, CallBack, Moved, Offer, Overflow, Withdraw
from server.calls import staff

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.controller import Controller


class Decisions:
    """One per app; stateless. A name with a slash, `contact/ticket`, is of somebody who is asked on a contact's behalf."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def offer(self, action: Offer) -> None:
        """Ring the agent."""
        self._do(action.contact_id, lambda c: c.handover.offer(action), lambda c: c.consults.tickets.offer(action))

    def call_back(self, action: CallBack) -> None:
        """Call a customer whose turn has come."""
        self._controller.callbacks.turn(action)

    def withdraw(self, action: Withdraw) -> None:
        """Stop ringing."""
        self._do(
            action.contact_id, lambda c: c.handover.withdraw(action), lambda c: c.consults.tickets.withdraw(action)
        )

    def announce(self, action: Announce) -> None:
        """Tell the position. A held customer is not told of somebody else's queue."""
        self._do(action.contact_id, lambda c: c.queueing.announce(action))

    def overflow(self, action: Overflow) -> None:
        """Waited too long, or nobody is let in."""
        self._do(
            action.contact_id, lambda c: c.queueing.overflow(action), lambda c: c.consults.tickets.overflow(action)
        )

    def moved(self, action: Moved) -> None:
        """Waits on in another queue; where somebody is only looked for, that queue looks on."""
        self._do(action.contact_id, lambda c: c.queueing.moved(action))

    def agent_changed(self, action: AgentChanged) -> None:
        """Store and show an agent's state."""
        self._controller.spawn(staff.keep(self._controller.store, action))

    def _do(
        self,
        name: str,
        work: Callable[[Contact], Awaitable[None]],
        for_ticket: Callable[[Contact], Awaitable[None]] | None = None,
    ) -> None:
        contact_id, _, ticket = name.partition("/")
        contact = self._controller.contacts.get(contact_id)
        wanted = for_ticket if ticket else work
        if contact is not None and wanted is not None:
            contact.post(lambda: wanted(contact))
