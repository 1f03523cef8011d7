"""Brings the legs of a contact to what its room declares: who hears whom, what plays, who is transcribed, what is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.calls.mixing import Mix, Voice, mix_of
from server.calls.party import Party, Sound
from session import wire

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.room import Room


class Settling:
    """One room's; works in the contact's actor. It knows what was ordered last, and orders the difference."""

    def __init__(self, contact: Contact, room: Room) -> None:
        self._contact = contact
        self._room = room
        self._sound: Sound = ""
        self._recorded: bool | None = None

    async def settle(self, *, strict: bool = False) -> None:
        """Bring all legs to what is declared. `strict`: raises `NotMixed` where a leg does not take part."""
        contact, room = self._contact, self._room
        mix = self.mix()
        await room.mixer.order(mix, strict=strict)
        customer = contact.customer.leg_id
        heard = mix.get(customer, frozenset())
        for party in room.parties.values():
            if party.connected:
                # What is said out of the customer's hearing (asking a colleague, whispering) is nobody's to read.
                await party.hear(party.role != "outside" and party.leg_id in heard)
                await party.sound(self._sound_of(party, mix))
        if contact.phase in ("talking", "parked") and self._customer_is_here:
            await self._customer_hears(self._wanted_sound())
        if contact.phase == "talking" and contact.up:
            agents = [p.leg_id for p in room.parties.values() if p.role == "agent"]
            await contact.listening.turn(any(customer in mix.get(leg_id, ()) for leg_id in agents))
            outside = {p.leg_id for p in room.parties.values() if p.role == "outside" and p.leg_id in heard}
            if contact.transfers.line is None:
                may = not outside or contact.around.outgoing.record_outside
                await self._record(contact.listening.may_record and may and not room.record_off)

    async def over(self) -> None:
        """Nobody talks any more: all are parted, nothing of the talk plays, and the recording is as the customer wants it."""
        await self._room.mixer.order({})
        await self._customer_hears("")
        await self._record(self._contact.listening.may_record)
        self._recorded = None

    def customer_left(self) -> None:
        """Whatever played to their leg ended with it."""
        self._sound = ""

    def customer_back(self) -> None:
        """On a leg that was told nothing yet."""
        self._sound, self._recorded = "", None

    # ------------------------------------------------------------------ what is wanted

    @property
    def _customer_is_here(self) -> bool:
        return bool(self._contact.customer.leg_id) and self._contact.up and not self._contact.gone

    def mix(self) -> Mix:
        """Who is to hear whom now."""
        contact, room = self._contact, self._room
        voices = [v for party in room.parties.values() if (v := party.voice()) is not None]
        line = contact.transfers.line
        if line is not None and line.connected:
            voices.append(Voice(line.leg_id, "outside"))
        customer = contact.customer.leg_id
        if self._customer_is_here and (voices or contact.phase == "talking"):
            held, private = (
                room.customer_held or room.customer_waits,
                contact.phase == "flow" and contact.listening.private,
            )
            voices.append(Voice(customer, "customer", held=held, muted=private))
            if contact.phase != "talking":
                voices.append(Voice(wire.played(customer), "bot"))
        return mix_of(voices)

    def _sound_of(self, party: Party, mix: Mix) -> Sound:
        """What plays to one of the people: music to who is held, a tone to who is alone because the customer's page is away."""
        if party.held:
            return "music"
        alone = self._contact.phase == "talking" and not mix.get(party.leg_id)
        return "courtesy" if alone and party.serving and self._contact.presence.away is not None else ""

    def _wanted_sound(self) -> Sound:
        contact, room = self._contact, self._room
        if contact.phase == "parked" or room.customer_held:
            waits = contact.consults.now
            rings = waits is not None and waits.left and waits.target_kind != "queue"
            return "ringback" if rings else "music"
        here = [p for p in room.serving() if not p.away]
        return "courtesy" if not here and room.serving() else ""

    async def _customer_hears(self, wanted: Sound) -> None:
        if wanted == self._sound:
            return
        contact, before = self._contact, self._sound
        self._sound = wanted
        if before == "music":
            await contact.music(False)
        elif before:
            await contact.caller.tone(None)
        if wanted == "music":
            await contact.music(True)
        elif wanted:
            await contact.caller.tone(wanted)

    async def _record(self, on: bool) -> None:
        before = self._contact.listening.may_record if self._recorded is None else self._recorded
        self._recorded = on
        if on != before:
            await self._contact.caller.record("resume" if on else "pause")
