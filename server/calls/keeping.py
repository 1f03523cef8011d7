"""Calls that the server holds: an agent's page that is gone and comes back, and customers who are parked.

While nobody is with them the customer hears a courtesy tone (away) or music (parked), and for at most a while: then they
are in the queue again, at the old place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from server.api.ports import NotNow, Turned
from server.api.views import Rejoined, Taken
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.party import Party
from server.calls.requeueing import requeue
from server.calls.reserving import assign, own_call, reserve
from server.hub import NoWorker
from session import wire

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.surroundings import AgentCard

log = structlog.get_logger(__name__)

RETRY_AFTER_S = 10


class Keeping:
    """One contact's; works in its actor."""

    def __init__(self, contact: Contact) -> None:
        self.code = ""
        """By which the customer is taken back; empty = not parked."""
        self.by = ""
        self.since_ms = 0
        self._contact = contact

    # ------------------------------------------------------------------ away

    async def keep(self, party: Party, event: wire.LegEnded) -> None:
        """An agent's page was reloaded, closed, or lost its network: their place is kept for a while."""
        contact = self._contact
        party.away, party.away_since_ms = True, contact.now_ms()
        self.watch(party)
        await contact.note("party.away", {"party_id": party.party_id, "user_id": party.user_id, "reason": event.reason})
        await contact.room.settle()

    def watch(self, party: Party) -> None:
        """Give the place up after a while (again, after a restart of ours)."""
        self._contact.timers.start(f"away:{party.party_id}", round(self._contact.around.outgoing.rejoin_s * 1000))

    async def rejoin(self, party: Party, sdp: str) -> Rejoined:
        """A browser of theirs, the same or another, is to take their place. Raises `Turned` or ValueError."""
        answered = await answer(party, sdp)
        return Rejoined(answered.sdp, party.next_leg)

    async def returned(self, party: Party) -> None:
        """Its leg is up: the newest wins, and the page before is told by the event."""
        contact = self._contact
        contact.timers.stop(f"away:{party.party_id}")
        away_ms = contact.now_ms() - party.away_since_ms if party.away else 0
        before = party.took_place()
        if before:
            contact.room.mixer.forget(before)
        if party.muted:
            await party.mute(True)
        await contact.room.settle()
        about = {"party_id": party.party_id, "user_id": party.user_id, "leg_id": party.leg_id, "replaced": before}
        await contact.note("party.returned", about | {"away_ms": away_ms})
        if before:
            await party.end_leg(before, "replaced")

    async def given_up(self, party_id: str) -> None:
        """They did not come back in time."""
        contact, party = self._contact, self._contact.room.parties.get(party_id)
        if party is None or not party.away:
            return
        if await contact.consults.party_gone(party, lost=True):
            return
        await contact.room.remove(party, reason="away", lost=True)
        if contact.room.serving() or contact.phase != "talking":
            await contact.room.go_on()
        else:
            await requeue(contact, "the agent did not come back")

    # ------------------------------------------------------------------ parked

    async def park(self, party: Party, code: str) -> str:
        """Let the customer wait for whoever takes them by `code`; the agent is free. Raises `NotNow`."""
        contact = self._contact
        if contact.chat:
            raise NotNow("a chat is not parked; transfer it")
        if contact.consults.now is not None or contact.room.serving() != [party]:
            raise NotNow("somebody else is in this call; remove them first")
        self.code, self.by, self.since_ms = code, party.name, contact.now_ms()
        contact.phase = "parked"
        await contact.note("park", {"code": code, "user_id": party.user_id, "on": True})
        self.watch_parked()
        await contact.room.settle()
        await contact.listening.turn(False)
        await contact.room.remove(party)
        return code

    def watch_parked(self) -> None:
        """Nobody waits for ever (again, after a restart)."""
        self._contact.timers.start("park", round(self._contact.around.outgoing.park_s * 1000))

    async def take(self, card: AgentCard, sdp: str | None) -> Taken:
        """An agent takes the customer, in the browser or on their phone. Raises `NotNow`, `Turned` or ValueError."""
        contact = self._contact
        if contact.phase != "parked":
            raise NotNow("nobody is parked under this code")
        if any(p.purpose == "take" for p in contact.room.parties.values()):
            raise NotNow("somebody is taking this customer already")
        if sdp is None and not card.target:
            raise NotNow("a browser has to send its offer (sdp)")
        party = self._taker(card)
        try:
            if sdp is not None:
                answered = await answer(party, sdp)
                return Taken(answered.sdp, party.leg_id, contact.contact_id, contact.conversation_id)
            await party.ring()
        except Exception as error:  # whatever it is: nobody else could take the customer while this party is here
            await contact.room.remove(party)
            if isinstance(error, (NoWorker, *COMMAND_ERRORS)):
                raise Turned("your phone could not be rung", RETRY_AFTER_S) from error
            raise
        return Taken(None, party.leg_id, contact.contact_id, contact.conversation_id)

    async def dialled(self, card: AgentCard, event: wire.LegOffered, worker_id: str) -> None:
        """An agent dialled the code: their call is answered, and they are there when it is up. Raises `NotNow`."""
        contact = self._contact
        if contact.phase != "parked" or any(p.purpose == "take" for p in contact.room.parties.values()):
            raise NotNow("nobody is parked under this code, or somebody is taking them")
        party = self._taker(card)
        try:
            await party.dialled_in(event, worker_id)
        except Exception as error:
            await contact.room.remove(party)
            if isinstance(error, COMMAND_ERRORS):
                raise NotNow("the call is over already") from error
            raise

    def _taker(self, card: AgentCard) -> Party:
        """Who is about to take the customer; the desk offers them nothing meanwhile."""
        contact = self._contact
        party = Party(contact, "agent", "take", card=card)
        party.desk_id = own_call(contact, party)
        contact.room.parties[party.party_id] = party
        reserve(contact, party)
        return party

    async def answered(self, party: Party) -> None:
        """Whoever takes the customer is there."""
        contact = self._contact
        if contact.phase != "parked":
            await contact.room.remove(party)
            return
        self._over()
        assign(contact, party)
        contact.phase = "talking"
        await contact.note("park", {"code": "", "user_id": party.user_id, "on": False})
        await contact.room.enter(party)
        contact.room.principal = party.party_id
        await contact.room.settle()

    async def not_answered(self, party: Party, reason: str) -> None:
        """The customer waits on."""
        await self._contact.room.remove(party, reason=reason)

    async def parked_too_long(self) -> None:
        """Back to the queue."""
        if self._contact.phase != "parked":
            return
        for party in [p for p in self._contact.room.parties.values() if p.purpose == "take"]:
            await self._contact.room.remove(party)
        self._over()
        await requeue(self._contact, "nobody took the parked customer")

    def _over(self) -> None:
        self._contact.timers.stop("park")
        self.code, self.by, self.since_ms = "", "", 0


async def answer(party: Party, sdp: str) -> wire.SdpAnswer:
    """A browser's leg for this party. Raises `Turned` when there is no room, ValueError for a bad offer."""
    try:
        return await party.answer_in_browser(sdp)
    except NoWorker as error:
        raise Turned("no media worker has room", RETRY_AFTER_S) from error
    except COMMAND_ERRORS as error:
        raise ValueError(f"sdp: {error}") from error
