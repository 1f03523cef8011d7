"""Looking for somebody to be asked, through the desk: a ticket of its own, `contact/ticket`, beside the customer's contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from desk.model import Offer, Overflow, Withdraw
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.party import Party
from server.hub import NoWorker
from session.ids import new_id

if TYPE_CHECKING:
    from server.calls.consults import Consults
    from server.calls.contact import Contact

log = structlog.get_logger(__name__)

AGENT_S = 25.0  # s that one agent is looked for; their phone rings less
QUEUE_S = 180.0  # s that somebody of a queue is looked for while a customer is held; more is no consultation


class Tickets:
    """One contact's; works in its actor."""

    def __init__(self, contact: Contact, consults: Consults) -> None:
        self._contact = contact
        self._consults = consults

    def look(self) -> bool:
        """Let the desk look for somebody (again, after a restart). False: the queue takes nobody."""
        contact, now = self._contact, self._consults.now
        if now is None or not now.ticket:
            return True
        desk, party = contact.around.desk, self._consults.target
        card = contact.around.agent_named(now.to) if now.target_kind == "agent" else None
        ringing = (party.offer_id, party.user_id) if party is not None and party.offer_id else None
        actions = desk.desk.enqueue(
            now.ticket,
            "direct" if card is not None else now.to,
            desk.now(),
            channel="chat" if contact.chat else "voice",
            priority=contact.queue.priority if contact.queue is not None else 50,
            overflow_s=AGENT_S if card is not None else QUEUE_S,
            announce=False,
            only=card.user_id if card is not None else None,
            but=frozenset(here.user_id for here in contact.room.serving()),
            ringing=ringing,
        )
        if any(isinstance(action, Overflow) and action.contact_id == now.ticket for action in actions):
            desk.do([a for a in actions if not (isinstance(a, Overflow) and a.contact_id == now.ticket)])
            return False
        desk.do(actions)
        return True

    async def offer(self, action: Offer) -> None:
        """The desk found somebody."""
        contact, now, party = self._contact, self._consults.now, self._consults.target
        card = contact.around.agent_of(action.agent_id)
        desk = contact.around.desk
        if now is None or party is None or card is None or now.ticket != action.contact_id:
            desk.do(desk.desk.leave(action.contact_id, desk.now()))
            return
        fresh = Party(
            contact,
            "agent",
            "consult",
            card=card,
            offer_id=action.offer_id,
            desk_id=now.ticket,
            party_id=party.party_id,
        )
        fresh.participant_id = new_id()
        fresh.why, fresh.until_ms = action.why, contact.now_ms() + action.until_ms - desk.now()
        contact.room.parties[party.party_id] = fresh
        offered = {"party_id": party.party_id, "user_id": card.user_id, "offer_id": action.offer_id, "why": action.why}
        await contact.note("consult.offered", offered)
        try:
            await fresh.ring()
        except (NoWorker, *COMMAND_ERRORS) as error:
            log.warning("consult.ring_failed", contact=contact.contact_id, error=type(error).__name__)
            await fresh.give_up("failed")

    async def withdraw(self, action: Withdraw) -> None:
        """They did not answer. One agent: that is all; a queue looks for another."""
        now, party = self._consults.now, self._consults.target
        if now is None or party is None or party.offer_id != action.offer_id:
            return
        await party.hang_up("no_answer")
        if now.target_kind == "agent":
            await self._consults.failed("declined" if action.why == "declined" else "no_answer")
            return
        waits = Party(self._contact, "agent", "consult", name=now.to, party_id=party.party_id)
        self._contact.room.parties[party.party_id] = waits

    async def overflow(self, action: Overflow) -> None:
        """Nobody was found in time."""
        if self._consults.now is not None and self._consults.now.ticket == action.contact_id:
            await self._consults.failed("no_answer")
