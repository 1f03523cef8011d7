"""Supervisors in a call: they listen in, whisper to the agent, talk to all, take over; and change between these live.

Also while only the bot talks with the caller: then they hear both, barge in beside it, or end its talking and take over.
In a chat they are shown as being there, write, and take over.

They are with the customer, not with an agent: through queue and bot to the next agent, until the contact ends or they leave.

Whether those who are listened to are told is a matter of policy (`calls.supervision_tone`); what was done, by whom and
when is always written down (`supervise.*`), and never shown to callers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialog import events as ev
from server.api.ports import NotNow, Turned
from server.api.views import Supervising, Supervision
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.keeping import RETRY_AFTER_S, answer
from server.calls.mixer import NotMixed
from server.calls.mixing import Mode
from server.calls.party import Party
from server.calls.reserving import assign, own_call, reserve
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
        self._talk()
        self._fits(mode)
        if any(p.user_id == card.user_id for p in room.parties.values()):
            raise NotNow("you are in this contact already")
        party = Party(contact, "supervisor", "supervise", card=card)
        party.mode = mode
        if contact.chat:
            await room.enter(party)
            return Supervision(None, None, party.party_id)
        if sdp is None and not card.target:
            raise NotNow("a browser has to send its offer (sdp): no phone of yours is known")
        party.desk_id = own_call(contact, party)
        room.parties[party.party_id] = party
        reserve(contact, party)
        try:
            if sdp is not None:
                answered = await answer(party, sdp)
                return Supervision(answered.sdp, party.leg_id, party.party_id)
            await party.ring()
        except Exception as error:  # whatever it is: they would count as listening, and be offered nothing any more
            await room.remove(party)
            if isinstance(error, (NoWorker, *COMMAND_ERRORS)):
                raise Turned("your phone could not be rung", RETRY_AFTER_S) from error
            raise
        return Supervision(None, party.leg_id, party.party_id)

    def _talk(self) -> None:
        """Raises `NotNow` where nobody talks, not even the bot."""
        contact = self._contact
        if contact.phase == "flow":
            if contact.ending or contact.gone or not (contact.up or contact.presence.away):
                raise NotNow("this contact is about to begin or to end")
        elif contact.phase != "talking" or not contact.room.serving():
            raise NotNow("nobody talks in this contact")

    def _fits(self, mode: Supervising) -> None:
        """Raises `NotNow` where nobody would hear them. To be silent fits at all times."""
        if mode == "barge":
            self._talk()
        if mode == "whisper" and not self._has_ear():
            raise NotNow("nobody is there to whisper to: the assistant does not listen to you, and a chat has no ear")

    def _has_ear(self) -> bool:
        """Is an agent there to be whispered to?"""
        return not self._contact.chat and any(p.role == "agent" for p in self._contact.room.serving())

    def mode_of(self, party: Party) -> Mode:
        """What comes of the mode that was chosen: where nobody is to hear them they only listen, until somebody is."""
        contact = self._contact
        unheard = contact.room.customer_waits or (party.mode == "whisper" and not self._has_ear())
        return "monitor" if party.role == "supervisor" and unheard and not contact.chat else party.mode

    async def answered(self, party: Party) -> None:
        """The supervisor is there. Meanwhile the flow may have gone on, to the queue or to a person."""
        contact = self._contact
        await contact.room.enter(party)
        await contact.room.settle()
        await self._signal("join", party)

    async def not_answered(self, party: Party, reason: str) -> None:
        """Their phone did not answer, or their browser did not connect."""
        await self._contact.room.remove(party, reason=reason)

    async def follow(self) -> None:
        """After anything was done: what supervisors hear follows where the customer is, and whoever serves them now is told."""
        contact, room = self._contact, self._contact.room
        await room.settle()
        place = (contact.phase, room.agent.user_id if room.agent is not None else "")
        for party in room.supervisors():
            before, party.follows = party.follows, place
            if before not in (None, place):
                about = {"user_id": party.user_id, "party_id": party.party_id, "mode": self.mode_of(party)}
                await contact.note("supervise.followed", about | {"phase": place[0], "agent": place[1]})
        for party in room.serving():
            if not party.told:
                await self._tell(party, "join")

    async def mode(self, party: Party, mode: Supervising) -> None:
        """Change live. Raises `NotNow`."""
        self._fits(mode)
        before, party.mode = party.mode, mode
        about = {"user_id": party.user_id, "party_id": party.party_id, "mode": mode, "before": before}
        await self._contact.note("supervise.mode", about)
        await self._contact.room.settle()

    async def take_over(self, party: Party) -> None:
        """The agent, or the bot, leaves and the supervisor is the agent: together first, then parted. Raises `NotNow`."""
        contact, room = self._contact, self._contact.room
        agent, mode, holds, phase = room.agent, party.mode, room.holds(), contact.phase
        if phase == "flow":
            self._fits("barge")
        elif agent is None:
            raise NotNow("no agent serves this customer")
        await contact.consults.give_up("taken_over")
        party.role, party.mode, room.customer_held = "agent", "active", False
        contact.phase = "talking"
        try:
            await room.settle(strict=True)
        except NotMixed as error:
            party.role, party.mode, contact.phase = "supervisor", mode, phase
            room.hold_as(holds)
            await room.settle()
            raise NotNow("you could not be put through; everything is as before") from error
        assign(contact, party)
        await room.promote(party)
        about = {"user_id": party.user_id, "from": agent.user_id if agent is not None else "bot"}
        await contact.note("supervise.takeover", about)
        if agent is not None:
            await room.remove(agent)
        else:
            await self._silence_the_bot()
        await room.go_on()

    async def _silence_the_bot(self) -> None:
        """The flow stands still until the talk is over; what it was saying, playing and asking for ends."""
        contact = self._contact
        contact.served = True
        contact.media.holding = False
        await contact.around.store.stamp_contact(contact.contact_id, connected_to_agent=True)
        await contact.step(ev.TakenOver())
        await contact.music(False)
        await contact.caller.stop()

    async def leave(self, party: Party) -> None:
        """No longer listen in."""
        await self._signal("leave", party)
        await self._contact.room.remove(party)
        await self._contact.room.settle()

    async def _signal(self, tone: wire.Tone, but: Party) -> None:
        """Tell those whom the policy says."""
        for party in self._contact.room.serving():
            if party is not but:
                await self._tell(party, tone)
        if self._contact.around.outgoing.supervision_tone == "everybody":
            await self._contact.caller.signal(tone)

    async def _tell(self, party: Party, tone: wire.Tone) -> None:
        """One of those who are listened to."""
        party.told = True
        policy = self._contact.around.outgoing.supervision_tone
        if policy == "everybody" or (policy == "agents" and party.role == "agent"):
            await party.signal(tone)
