"""An agent asks somebody, or passes the customer on: consultation, and every kind of transfer by an agent.

    consult ──▶ ringing ──▶ both talk, the customer held ──swap──▶ the other way round
                  │              │ conference: all together
                  │              │ complete (attended): the customer and whoever was asked go on without the asker
                  │ complete (blonde), or a blind transfer whose agent left: whoever was asked gets the customer when they answer
                  ▼
               failed: the customer is back with the asker; where the asker has left, in the queue at the old place

Two phases: the customer is put together with the new one first, and only when both legs took that does the asker
leave; if one did not, everything is as before. At every moment the customer has the asker, the new one, or a place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from server.api.ports import NotNow
from server.api.views import Target
from server.calls import reaching
from server.calls.mixer import NotMixed
from server.calls.party import Party
from server.calls.requeueing import pass_on, requeue
from server.calls.snapshot import ConsultSnapshot
from server.calls.tickets import Tickets
from session.ids import new_id

if TYPE_CHECKING:
    from server.calls.contact import Contact

TOLD = {"no_answer": 408, "busy": 486, "declined": 603, "cancelled": 487, "done": 487}
"""How a transfer ended, to a telephone that asked for it; of anything else 503."""
REFUSAL_MS = 3000  # within which a phone hangs up on bad news; people take longer
MOST = 10  # parties of a conference; nobody understands more at once


class Consults:
    """One contact's; works in its actor. One at a time."""

    def __init__(self, contact: Contact) -> None:
        self.now: ConsultSnapshot | None = None
        self.tickets = Tickets(contact, self)
        self._contact = contact

    @property
    def waits_for_target(self) -> bool:
        """The asker has left, and whoever was asked is still rung."""
        return self.now is not None and self.now.left

    @property
    def target(self) -> Party | None:
        """Who is asked, as soon as somebody is rung."""
        return self._contact.room.parties.get(self.now.party) if self.now is not None else None

    # ------------------------------------------------------------------ asking

    async def begin(self, asker: Party, target: Target, *, blind: bool = False) -> str:
        """Ring the target, the customer on hold; returns the party. Raises `NotNow` or `Turned`, with all as it was."""
        contact, room = self._contact, self._contact.room
        if self.now is not None:
            raise NotNow("somebody is being asked already; cancel or complete that first")
        if contact.chat and (not blind or target.kind in ("number", "sip")):
            raise NotNow("a chat can be given to agents, queues and flows only")
        if len(room.serving()) >= MOST:
            raise NotNow(f"more than {MOST} people in one call understand nobody")
        if blind and target.kind in ("queue", "flow"):
            await pass_on(self._contact, asker, target)
            return ""
        if target.kind == "flow":
            raise NotNow("a flow cannot be asked; transfer the customer to it")
        party = await self._reach(asker, target, blind)
        holds = room.holds()
        room.customer_held = True
        for other in room.parties.values():
            if other not in (asker, party):
                other.held = other.connected and other.role != "supervisor"
        try:
            await room.settle()
        except Exception:
            room.hold_as(holds)
            await self.give_up("failed")
            raise
        kind = "transfer" if blind else "consult"
        about = {"target": target.kind, "to": reaching.shown(target), "by": asker.user_id, "party_id": party.party_id}
        await contact.note(f"{kind}.started", about | ({"blind": True} if blind else {}))
        return party.party_id

    async def _reach(self, asker: Party, target: Target, blind: bool) -> Party:
        contact = self._contact
        card = reaching.agent_of(contact, target.to, but=asker.user_id) if target.kind == "agent" else None
        if target.kind == "queue":
            reaching.takes(contact, target.to)
        if target.kind in ("number", "sip"):
            party = await reaching.ring_outside(contact, target)
        else:
            party = Party(contact, "agent", "consult", card=card, name=card.name if card else target.to)
        ticket = "" if party.role == "outside" else f"{contact.contact_id}/{new_id()[-12:]}"
        self.now = ConsultSnapshot(
            target_kind=target.kind, to=target.to, note=target.note, asker=asker.party_id, party=party.party_id,
            ticket=ticket, enqueued_at=contact.now_ms(), blind=blind,
        )  # fmt: skip
        contact.room.parties[party.party_id] = party
        if ticket and not self.tickets.look():
            await self.give_up("failed")
            raise NotNow("this queue is closed or full")
        return party

    # ------------------------------------------------------------------ who was rung

    async def answered(self, party: Party) -> None:
        """They are there: with the asker alone, or, where that one wanted it so, with the customer at once."""
        contact, now, desk = self._contact, self.now, self._contact.around.desk
        if now is None or party is not self.target:
            await party.hang_up("no_answer")
            return
        if party.offer_id:
            accepted = desk.desk.accepted(party.offer_id, desk.now())
            if accepted is None:
                await party.hang_up("no_answer")
                return
            desk.do(accepted[1])
        await contact.room.enter(party)
        await contact.note("consult.answered", {"party_id": party.party_id, "user_id": party.user_id})
        if now.blind or now.left:
            await self._complete(party)
        else:
            await contact.room.settle()

    async def not_answered(self, party: Party, reason: str) -> None:
        """Their leg ended before."""
        if party is not self.target:
            return
        if party.offer_id:
            await party.give_up(reason)  # the desk withdraws the offer, and says what is next
        else:
            await self.failed(reason)

    async def party_gone(self, party: Party, *, lost: bool) -> bool:
        """Somebody left; True when that was dealt with here."""
        now, room = self.now, self._contact.room
        if now is None:
            return await self._gone_on_refusal(party, lost=lost)
        target = self.target
        if party is target:
            await room.remove(party, reason="hangup", lost=lost)
            await self.failed("ended")
            return True
        if party.party_id != now.asker:
            return False
        if target is not None and target.connected:
            try:
                await self._complete(target)
            except NotNow:  # what could not be put together is parted: a place in the queue is left
                await room.remove(party, lost=lost)
                await self.failed("failed")
            return True
        await self._leave_it(party, lost=lost)
        return True

    # ------------------------------------------------------------------ what the asker orders

    async def swap(self, asker: Party) -> None:
        """The other side. Raises `NotNow`."""
        target = self._answered_target(asker)
        room = self._contact.room
        target.held = not target.held
        room.customer_held = not target.held
        for other in room.parties.values():
            if other not in (asker, target) and other.role != "supervisor":
                other.held = room.customer_held
        await self._contact.note("consult.swapped", {"with": "customer" if target.held else target.party_id})
        await room.settle()

    async def cancel(self, asker: Party) -> None:
        """Not any more: the customer again. Raises `NotNow`."""
        self._mine(asker)
        await self.give_up("cancelled")
        await self._customer_back()

    async def conference(self, asker: Party) -> None:
        """All together. Raises `NotNow`."""
        target = self._answered_target(asker)
        room, holds = self._contact.room, self._contact.room.holds()
        await self._together(holds)
        self.now = None
        members = [p.party_id for p in room.serving()]
        await self._contact.note(
            "consult.conference", {"by": asker.user_id, "with": target.party_id, "parties": members}
        )

    async def complete(self, asker: Party) -> None:
        """The asker leaves; the customer stays with whoever was asked. Raises `NotNow`."""
        self._mine(asker)
        target = self.target
        if target is not None and target.connected:
            await self._complete(target)
        else:
            await self._leave_it(asker)

    async def give_up(self, outcome: str) -> None:
        """Nobody is asked any more; whoever rings or was asked is sent away. The customer is where they were."""
        now, target = self.now, self.target
        if now is None:
            return
        contact = self._contact
        self.now = None
        desk = contact.around.desk
        if now.ticket:
            desk.do(desk.desk.leave(now.ticket, desk.now()))
        if target is not None:
            await contact.room.remove(target)
            await target.hang_up("cancelled")
        if (asker := contact.room.parties.get(now.asker)) is not None:
            await asker.tell_transfer(TOLD.get(outcome, 503))
        await contact.note("transfer.ended" if now.blind else "consult.ended", {"outcome": outcome})

    # ------------------------------------------------------------------ inside

    def _mine(self, asker: Party) -> ConsultSnapshot:
        if self.now is None or self.now.asker != asker.party_id:
            raise NotNow("you are asking nobody")
        return self.now

    def _answered_target(self, asker: Party) -> Party:
        self._mine(asker)
        target = self.target
        if target is None or not target.connected:
            raise NotNow("nobody has answered yet")
        return target

    async def _together(self, holds: tuple[bool, dict[str, bool]]) -> None:
        """Put all who are there together, or leave everything as `holds`. Raises `NotNow`."""
        room = self._contact.room
        room.hold_nobody()
        try:
            await room.settle(strict=True)
        except NotMixed as error:
            room.hold_as(holds)
            await room.settle()
            raise NotNow("they could not be put together; everything is as before") from error

    async def _complete(self, target: Party) -> None:
        contact, room, now = self._contact, self._contact.room, self.now
        if now is None:
            return
        asker = room.parties.get(now.asker)
        try:
            await self._together(room.holds())
        except NotNow:
            if now.blind or now.left:
                await room.remove(target, lost=True)
                await self.failed("failed")
                return
            raise
        self.now = None
        if target.role == "agent":
            room.principal = target.party_id
        if asker is not None:
            await asker.tell_transfer(200)
            await room.remove(asker)
        await contact.note("transfer.completed", {"party_id": target.party_id, "user_id": target.user_id})
        await room.go_on()

    async def _leave_it(self, asker: Party, *, lost: bool = False) -> None:
        """The asker leaves while it still rings."""
        now = self.now
        if now is None:
            return
        self.now = msgspec.structs.replace(now, left=True)
        await self._contact.room.remove(asker, lost=lost)
        await self._contact.room.go_on()

    async def failed(self, outcome: str) -> None:
        """Whoever was asked is not there: the customer is back with the asker, or in the queue at the old place."""
        now, room = self.now, self._contact.room
        if now is None:
            return
        await self.give_up(outcome)
        if now.asker in room.parties or room.serving():
            await self._customer_back()
        elif self._contact.phase == "talking":
            await requeue(self._contact, f"transfer: {outcome}")

    async def _gone_on_refusal(self, party: Party, *, lost: bool) -> bool:
        """Some phones end their call when told that a transfer failed: that is no end of the talk for the customer."""
        contact, room = self._contact, self._contact.room
        meant = contact.now_ms() - party.refused_ms < REFUSAL_MS
        if not meant or contact.phase != "talking" or room.serving() != [party]:
            return False
        await room.remove(party, lost=lost)
        await requeue(contact, "the agent's phone hung up when the transfer failed")
        return True

    async def _customer_back(self) -> None:
        self._contact.room.hold_nobody()
        await self._contact.room.settle()
