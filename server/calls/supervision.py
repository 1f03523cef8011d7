"""Supervisors in a call: they listen in, whisper to the agent, talk to all, take over; and change between these live.

Whether those who are listened to are told is a matter of policy (`calls.supervision_tone`); what was done, by whom and
when is always written down (`supervise.*`), and never shown to callers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.api.ports import NotNow, Turned
from server.api.views import Supervising, Supervision
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.keeping import RETRY_AFTER_S, answer
from server.calls.mixer import NotMixed
from server.calls.party import Party
from server.hub import NoWorker
from session import wire

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.surroundings import AgentCard


class Supervisors:
    """One contact's; works in its actor."""

    def __init__(self, contact: Contact) -> None:
        self._contact = contact

    def of(self, user_id: str) -> Party:
        """A supervisor's party. Raises `NotNow`."""
        for party in self._contact.room.parties.values():
            if party.role == "supervisor" and party.user_id == user_id and party.connected:
                return party
        raise NotNow("you do not listen in to this call")

    async def join(self, card: AgentCard, mode: Supervising, sdp: str | None) -> Supervision:
        """Begin, in the browser or on the supervisor's phone. Raises `NotNow`, `Turned` or ValueError."""
        contact, room = self._contact, self._contact.room
        if contact.phase != "talking" or not room.serving() or contact.chat:
            raise NotNow("nobody talks in this contact")
        if any(p.user_id == card.user_id for p in room.parties.values()):
            raise NotNow("you are in this call already")
        if sdp is None and not card.target:
            raise NotNow("a browser has to send its offer (sdp): no phone of yours is known")
        party = Party(contact, "supervisor", "supervise", card=card)
        party.mode = mode
        room.parties[party.party_id] = party
        try:
            if sdp is not None:
                answered = await answer(party, sdp)
                return Supervision(answered.sdp, party.leg_id, party.party_id)
            await party.ring()
        except (Turned, ValueError):
            del room.parties[party.party_id]
            raise
        except (NoWorker, *COMMAND_ERRORS) as error:
            del room.parties[party.party_id]
            raise Turned("your phone could not be rung", RETRY_AFTER_S) from error
        return Supervision(None, party.leg_id, party.party_id)

    async def answered(self, party: Party) -> None:
        """The supervisor is there."""
        contact = self._contact
        if contact.phase != "talking":
            await contact.room.remove(party)
            return
        await contact.room.enter(party)
        await contact.room.settle()
        await self._signal("join", party)

    async def not_answered(self, party: Party, reason: str) -> None:
        """Their phone did not answer, or their browser did not connect."""
        await self._contact.room.remove(party, reason=reason)

    async def mode(self, party: Party, mode: Supervising) -> None:
        """Change live."""
        before, party.mode = party.mode, mode
        about = {"user_id": party.user_id, "party_id": party.party_id, "mode": mode, "before": before}
        await self._contact.note("supervise.mode", about)
        await self._contact.room.settle()

    async def take_over(self, party: Party) -> None:
        """The agent leaves and the supervisor is the agent: together first, then parted. Raises `NotNow`."""
        contact, room = self._contact, self._contact.room
        agent, mode, holds = room.agent, party.mode, room.holds()
        if agent is None:
            raise NotNow("no agent serves this customer")
        await contact.consults.give_up("taken_over")
        party.role, party.mode, room.customer_held = "agent", "active", False
        try:
            await room.settle(strict=True)
        except NotMixed as error:
            party.role, party.mode = "supervisor", mode
            room.hold_as(holds)
            await room.settle()
            raise NotNow("you could not be put through; everything is as before") from error
        desk = contact.around.desk
        party.desk_id = contact.contact_id
        if party.user_id in desk.desk.agents:
            queue = contact.queue.queue if contact.queue is not None else ""
            desk.do(desk.desk.assign(party.user_id, party.desk_id, desk.now(), queue=queue))
        await room.promote(party)
        await contact.note("supervise.takeover", {"user_id": party.user_id, "from": agent.user_id})
        await room.remove(agent)
        await room.go_on()

    async def leave(self, party: Party) -> None:
        """No longer listen in."""
        await self._signal("leave", party)
        await self._contact.room.remove(party)
        await self._contact.room.settle()

    async def _signal(self, tone: wire.Tone, but: Party) -> None:
        """Tell those whom the policy says."""
        contact, policy = self._contact, self._contact.around.outgoing.supervision_tone
        if policy == "nobody":
            return
        for party in contact.room.serving():
            if party is not but and (policy == "everybody" or party.role == "agent"):
                await party.signal(tone)
        if policy == "everybody":
            await contact.caller.signal(tone)
