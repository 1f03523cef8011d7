"""Everybody who talks with a customer: who is there, who serves, who is held; how they come and go.

The people and their states are declared here; `settle` brings the legs to it (`settling.py`), and is called after every
change. So a change that fails is taken back by declaring what was before.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dialog import events as ev
from server.calls.after_call import after_call_of
from server.calls.mixer import Mixer
from server.calls.party import Party
from server.calls.reserving import release
from server.calls.settling import Settling
from server.calls.snapshot import PartySnapshot, RoomSnapshot

if TYPE_CHECKING:
    from server.calls.contact import Contact

log = structlog.get_logger(__name__)

Holds = tuple[bool, dict[str, bool]]


class Room:
    """One contact's; works in its actor."""

    def __init__(self, contact: Contact) -> None:
        self.parties: dict[str, Party] = {}
        self.principal = ""
        """The party who serves the customer: where others leave or are asked, it is from them."""
        self.customer_held = False
        self.record_off = False
        """An agent paused the recording."""
        self.mixer = Mixer(contact.around.hub)
        self._contact = contact
        self.legs = Settling(contact, self)

    # ------------------------------------------------------------------ who is there

    @property
    def agent(self) -> Party | None:
        """Who serves the customer."""
        return self.parties.get(self.principal)

    def of_leg(self, leg_id: str) -> Party | None:
        """Whose leg this is."""
        return next((p for p in self.parties.values() if leg_id in (p.leg_id, p.next_leg)), None)

    def of_user(self, user_id: str) -> Party | None:
        """Somebody who works here and is in the call as one who serves."""
        return next((p for p in self.parties.values() if p.user_id == user_id and p.serving), None)

    def serving(self) -> list[Party]:
        """Agents and those outside who were let in, the away among them."""
        return [p for p in self.parties.values() if p.serving]

    def offered(self) -> list[Party]:
        """Those whom the queue found, while they are rung or told what is whispered."""
        return [p for p in self.parties.values() if p.purpose == "offer" and not p.connected]

    def supervisors(self) -> list[Party]:
        """Those who listen in."""
        return [p for p in self.parties.values() if p.role == "supervisor" and p.connected]

    @property
    def customer_waits(self) -> bool:
        """Nobody is with the customer, not even the bot: they hear music, and what they say to themselves is nobody's."""
        phase, line = self._contact.phase, self._contact.transfers.line
        return phase in ("queued", "parked") or (phase == "transfer" and not (line is not None and line.connected))

    @property
    def somebody(self) -> bool:
        """Is anybody with the customer, about to be, or is there a place where they are found?"""
        contact = self._contact
        told = any(p.whisper_id for p in self.parties.values())
        asked = contact.consults.waits_for_target or contact.transfers.line is not None
        return bool(self.serving()) or told or asked or bool(contact.keeping.code)

    async def enter(self, party: Party) -> None:
        """They are let in (call `settle` when all is declared)."""
        contact = self._contact
        party.connected = True
        party.since_ms = contact.now_ms()
        self.parties[party.party_id] = party
        if party.role == "agent":
            contact.around.handled.setdefault(party.user_id, {})[party.desk_id] = after_call_of(contact)
            self.principal = self.principal or party.party_id
        await party.list_party()
        joined = {"party_id": party.party_id, "role": party.role, "name": party.name, "user_id": party.user_id}
        await contact.note(
            "supervise.joined" if party.role == "supervisor" else "party.joined", joined | {"mode": party.mode}
        )

    async def promote(self, party: Party) -> None:
        """A supervisor, who is here already, serves the customer from now on."""
        contact = self._contact
        contact.around.handled.setdefault(party.user_id, {})[party.desk_id] = after_call_of(contact)
        self.principal = party.party_id
        about = {"party_id": party.party_id, "role": "agent", "name": party.name, "user_id": party.user_id}
        await contact.note("party.joined", about | {"mode": "active"})

    async def remove(self, party: Party, *, reason: str = "hangup", lost: bool = False) -> None:
        """They are gone, or are sent away. What becomes of the customer is for the caller to say: `go_on`."""
        contact, desk = self._contact, self._contact.around.desk
        if self.parties.pop(party.party_id, None) is None:
            return
        if party.role == "supervisor" or party.purpose == "take":
            release(contact, party)
        contact.timers.stop(f"away:{party.party_id}")
        for leg_id in (party.leg_id, party.next_leg):
            self.mixer.forget(leg_id)
        if self.principal == party.party_id:
            self.principal = next((p.party_id for p in self.serving() if p.role == "agent"), "")
        # Who is told of the customer has them already, as the desk sees it.
        if party.role == "agent" and (party.connected or party.whisper_id):
            desk.do(desk.desk.ended(party.desk_id, desk.now(), agent_id=party.user_id))
        await party.hang_up("hangup")
        if party.connected:
            if party.role == "agent":
                left = {"user_id": party.user_id, "reason": reason, "lost": lost}
                await contact.note("agent.left", left)
            what = {"party_id": party.party_id, "role": party.role, "name": party.name, "reason": reason}
            await contact.note("supervise.left" if party.role == "supervisor" else "party.left", what)

    async def go_on(self, *, lost: bool = False) -> None:
        """After somebody left: those who are there go on; else the customer is had back by the flow."""
        contact = self._contact
        if contact.phase != "talking":
            await self.settle()
            return
        if self.serving() or contact.consults.waits_for_target:
            if not any(p.role == "agent" for p in self.serving()):
                contact.timers.start("outside", round(contact.around.outgoing.longest_s * 1000))
            if len(self.serving()) == 1 and self.agent is not None and contact.consults.now is None:
                self.agent.held = False
            await self.settle()
            return
        await self.dissolve()
        await contact.back_to_flow(ev.AgentLost() if lost else ev.AgentLeft())

    async def dissolve(self) -> None:
        """Nobody talks any more: who is still here is sent away, and the customer hears nothing of it.

        Supervisors stay with the customer, and hear nothing until the contact knows where it goes.
        """
        await self._contact.consults.give_up("done")
        for party in list(self.parties.values()):
            if party.role != "supervisor" and (party.purpose != "offer" or party.connected):
                await self.remove(party)
        self.customer_held = self.record_off = False
        self._contact.timers.stop("outside")
        await self.legs.over()

    async def close(self) -> None:
        """The customer is gone: everybody is sent home, also where it cannot be written down."""
        contact = self._contact
        self.mixer.forget(contact.customer.leg_id)
        home = [partial(self.remove, party) for party in self.parties.values()]
        for go in (partial(contact.consults.give_up, "done"), *home):
            try:
                await go()
            except (OSError, SQLAlchemyError) as error:
                log.error("room.not_written", contact=contact.contact_id, error=type(error).__name__)

    async def customer_left(self, leg_id: str) -> None:
        """Their page went away; they may be back in a moment, on another leg."""
        self.mixer.forget(leg_id)
        self.legs.customer_left()
        await self.settle()

    async def customer_back(self) -> None:
        """On a leg that was told nothing yet."""
        self.legs.customer_back()
        await self.settle()

    async def too_long(self) -> None:
        """A talk with somebody outside alone has lasted long enough."""
        for party in [p for p in self.serving() if p.role == "outside"]:
            await party.hang_up("too_long")

    async def found(self) -> None:
        """After a restart of ours: legs go on with what they were told, which nobody knows any more."""
        contact = self._contact
        for leg_id in (contact.customer.leg_id, *(p.leg_id for p in self.parties.values())):
            if leg_id and (self.parties or contact.phase != "flow"):
                self.mixer.unsure(leg_id)
        for party in self.parties.values():
            if party.connected:
                await party.quiet()
            if party.away:
                contact.keeping.watch(party)

    async def resumed(self) -> None:
        """After a restart of ours, where the flow stands still: what was ordered goes on."""
        contact = self._contact
        await self.found()
        if contact.phase == "parked":
            contact.keeping.watch_parked()
        if contact.phase in ("talking", "parked") and contact.transfers.line is None:
            await contact.caller.stop()
        if contact.phase != "talking":
            await contact.listening.turn(False)
        target = contact.consults.target
        if (
            contact.consults.now is not None
            and (target is None or not target.connected)
            and not contact.consults.tickets.look()
        ):
            await contact.consults.failed("failed")
        await self.settle()

    # ------------------------------------------------------------------ what is declared is brought about

    def holds(self) -> Holds:
        """Who is held, to declare it again."""
        return self.customer_held, {party_id: party.held for party_id, party in self.parties.items()}

    def hold_nobody(self) -> None:
        """Declare that all are together."""
        self.customer_held = False
        for party in self.parties.values():
            party.held = False

    def hold_as(self, holds: Holds) -> None:
        """Declare it again."""
        self.customer_held, held = holds
        for party_id, party in self.parties.items():
            party.held = held.get(party_id, False)

    async def settle(self, *, strict: bool = False) -> None:
        """Bring all legs to what is declared. `strict`: raises `NotMixed` where a leg does not take part."""
        await self.legs.settle(strict=strict)

    # ------------------------------------------------------------------ over

    async def leave(self, party: Party, *, reason: str = "hangup", lost: bool = False) -> None:
        """Somebody's part is over. Whom they asked on the customer's behalf gets the customer."""
        if await self._contact.consults.party_gone(party, lost=lost):
            return
        await self.remove(party, reason=reason, lost=lost)
        await self.go_on(lost=lost)

    # ------------------------------------------------------------------ saved

    def snapshot(self) -> RoomSnapshot:
        """For a restarted app."""
        contact = self._contact
        parties: list[PartySnapshot] = [party.snapshot() for party in self.parties.values()]
        return RoomSnapshot(
            parties=parties,
            principal=self.principal,
            customer_held=self.customer_held,
            record_off=self.record_off,
            consult=contact.consults.now,
            parked=contact.keeping.code,
            parked_by=contact.keeping.by,
            parked_at=contact.keeping.since_ms,
        )
