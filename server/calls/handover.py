"""Whom the queue found for a contact: rung, told what is whispered, let through; or not answered, and the contact waits on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import structlog

from desk.model import Offer, Withdraw
from dialog import events as ev
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.party import Party
from server.calls.requeueing import not_taken
from server.hub import NoWorker

if TYPE_CHECKING:
    from server.calls.contact import Contact

log = structlog.get_logger(__name__)

WHISPER_MS = 30_000  # the longest whisper; then its end was lost, and nobody waits for it any longer


class Handover:
    """One contact's; works in its actor. The agents are parties of its room."""

    def __init__(self, contact: Contact) -> None:
        self._contact = contact

    async def offer(self, action: Offer) -> None:
        """Ring the agent the desk chose."""
        card = self._contact.around.agent_of(action.agent_id)
        desk = self._contact.around.desk
        if self._contact.phase != "queued" or card is None or self._contact.queue is None:
            desk.do(desk.desk.declined(action.offer_id, desk.now(), missed=True))
            return
        await self._contact.note(
            "queue.offered",
            {
                "offer_id": action.offer_id,
                "user_id": card.user_id,
                "agent": card.name,
                "why": action.why,
                "decision": asdict(action.decision),
                "reason": self._contact.queue.reason,
                "facts": self._contact.queue.facts,
                "summary": self._contact.queue.summary,
            },
        )
        party = Party(
            self._contact, "agent", "offer", card=card, offer_id=action.offer_id, desk_id=self._contact.contact_id
        )
        party.why = action.why
        party.until_ms = self._contact.now_ms() + action.until_ms - desk.now()
        self._contact.room.parties[party.party_id] = party
        try:
            await party.ring()
        except (NoWorker, *COMMAND_ERRORS) as error:
            log.warning("contact.ring_failed", contact=self._contact.contact_id, error=str(error))
            await party.give_up("failed")

    async def withdraw(self, action: Withdraw) -> None:
        """The offer is over without an answer."""
        party = next((p for p in self._contact.room.offered() if p.offer_id == action.offer_id), None)
        if party is None or party.whisper_id:
            return
        del self._contact.room.parties[party.party_id]
        await self._contact.note(
            f"queue.{'missed' if action.why == 'missed' else 'declined' if action.why == 'declined' else 'withdrawn'}",
            {"offer_id": action.offer_id, "user_id": action.agent_id, "why": action.why},
        )
        await party.hang_up("no_answer")
        queue = self._contact.queue
        if queue is not None and queue.only == action.agent_id and self._contact.phase == "queued":
            desk = self._contact.around.desk
            desk.do(desk.desk.leave(self._contact.contact_id, desk.now()))
            declined = action.why == "declined"
            if await not_taken(self._contact, "the agent declined" if declined else "the agent did not answer"):
                return
            result = ev.TransferResult(
                transfer_id=queue.transfer_id,
                outcome="busy" if declined else "no_answer",
                why="the agent declined" if declined else "the agent did not answer",
            )
            await self._contact.back_to_flow(result)

    async def answered(self, party: Party) -> None:
        """The agent is there: told what is whispered, then let through."""
        contact, desk = self._contact, self._contact.around.desk
        accepted = desk.desk.accepted(party.offer_id, desk.now())
        if accepted is None:
            contact.room.parties.pop(party.party_id, None)
            await party.hang_up("no_answer")
            return
        desk.do(accepted[1])
        contact.phase = "talking"
        await contact.around.store.stamp_contact(contact.contact_id, connected_to_agent=True)
        await contact.note("queue.accepted", {"user_id": party.user_id, "agent": party.name})
        if contact.queue is not None:
            now = contact.now_ms()
            contact.feelings.waited(now - contact.queue.enqueued_at, now, passed_on=True)
            if contact.queue.whisper and party.leg_id:
                contact.timers.start("agent_whisper", WHISPER_MS)
                await party.whisper(contact.queue.whisper, contact.language)
                return
        await self._let_through(party)

    async def not_answered(self, party: Party, reason: str) -> None:
        """Their leg ended before the caller was let through."""
        contact, desk = self._contact, self._contact.around.desk
        if not party.whisper_id:
            await party.give_up(reason)
            return
        # Gone while they were told: the caller waits on, at the old place.
        contact.timers.stop("agent_whisper")
        contact.room.parties.pop(party.party_id, None)
        desk.do(desk.desk.ended(contact.contact_id, desk.now(), agent_id=party.user_id))
        contact.phase = "queued"
        contact.queueing.place()

    async def resumed(self) -> None:
        """Whoever was told something as the app went down was told enough: what they heard of it nobody knows."""
        contact, desk = self._contact, self._contact.around.desk
        told = next((p for p in self._contact.room.offered() if p.whisper_id), None)
        if told is None:
            return
        if told.user_id in desk.desk.agents:
            queue = contact.queue.queue if contact.queue is not None else ""
            desk.do(desk.desk.assign(told.user_id, told.desk_id, desk.now(), queue=queue))
        await self.through(told)

    async def abandon(self) -> None:
        """Something of ours broke as they answered: they are free, and their line is closed."""
        contact, desk = self._contact, self._contact.around.desk
        for party in self._contact.room.offered():
            del contact.room.parties[party.party_id]
            desk.do(desk.desk.ended(contact.contact_id, desk.now(), agent_id=party.user_id))
            await party.hang_up("failed")

    async def through(self, party: Party | None = None) -> None:
        """The agent has heard what was whispered, or (None) never will."""
        told = next((p for p in self._contact.room.offered() if p.whisper_id and party in (None, p)), None)
        if told is not None:
            told.whisper_id = ""
            self._contact.timers.stop("agent_whisper")
            await self._let_through(told)

    async def _let_through(self, party: Party) -> None:
        contact = self._contact
        contact.served = True
        if contact.queue is None or not contact.queue.again:
            await contact.step(contact.queueing.news("answered"))
        await contact.room.enter(party)
        await contact.music(False)
        await contact.caller.stop()
        await contact.room.settle()
