"""What agents order in a call: hold, mute, keys, recording; and where the customer's own keys go."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.party import Party


async def hold(contact: Contact, on: bool, party_id: str | None, by: str) -> None:
    """The customer (None), or one party alone. Raises LookupError when there is no such party."""
    room = contact.room
    if party_id is None or party_id == contact.customer.participant_id:
        if on == room.customer_held:
            return
        room.customer_held = on
        await contact.note("hold", {"on": on, "user_id": by})
    else:
        party = room.parties.get(party_id)
        if party is None or not party.connected or party.role == "supervisor":
            raise LookupError("there is no such party in this call")
        party.held = on
        await contact.note("party.hold", {"on": on, "party_id": party_id, "user_id": by})
    await room.settle()


async def mute(contact: Contact, party: Party, on: bool) -> None:
    """Somebody's own microphone."""
    await party.mute(on)
    await contact.note("mute", {"on": on, "party_id": party.party_id, "user_id": party.user_id})
    await contact.room.settle()


async def record(contact: Contact, on: bool, by: str) -> None:
    """Pause the recording, or go on with it where it is allowed."""
    contact.room.record_off = not on
    await contact.note("recording.paused" if not on else "recording.resumed", {"user_id": by})
    await contact.room.settle()


async def keys(contact: Contact, party_id: str, digits: str) -> None:
    """Tones to one party alone. Raises LookupError when there is no such party."""
    party = contact.room.parties.get(party_id)
    if party_id == contact.customer.participant_id and contact.customer.leg_id:
        await contact.caller.keys(digits)
    elif party is not None and party.connected and party.leg_id:
        await party.keys(digits)
    else:
        raise LookupError("there is no such party in this call")


async def key(contact: Contact, digit: str) -> None:
    """A key that the customer pressed, for a machine outside that answers where no agent is there."""
    line, room = contact.transfers.line, contact.room
    if line is not None:
        await line.key(digit)
    elif not any(p.role == "agent" for p in room.serving()):
        for party in room.serving():
            await party.keys(digit)
