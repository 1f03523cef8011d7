"""What the legs of the people around a customer report, and what follows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from server.api.ports import NotNow
from server.calls.party import Party
from server.calls.referring import transfer_asked
from server.calls.snapshot import Purpose
from session import wire

if TYPE_CHECKING:
    from server.calls.contact import Contact


class Answers(Protocol):
    """Whoever had somebody rung."""

    async def answered(self, party: Party) -> None:
        """Their leg is up; nobody hears them yet."""

    async def not_answered(self, party: Party, reason: str) -> None:
        """Their leg ended before."""


async def take_chat(contact: Contact, party: Party) -> None:
    """Somebody who has no leg takes what they were offered: a chat. Raises `NotNow`."""
    if contact.room.parties.get(party.party_id) is not party or party.connected:
        raise NotNow("this offer is over")
    await _answers(contact, party).answered(party)
    if not party.connected:
        raise NotNow("somebody else has it already")


async def on_party_leg(contact: Contact, party: Party, event: wire.LegEvent) -> None:
    """A report of somebody's leg."""
    match event:
        case wire.LegProgress(state="up") if event.leg_id == party.next_leg:
            await contact.keeping.returned(party)
        case wire.LegProgress(state="up") if not party.connected and not party.whisper_id:
            await _answers(contact, party).answered(party)
        case wire.UtterancePartial() if party.role == "agent":
            contact.flagging.so_far(event)
        case wire.UtteranceFinal() if party.role == "agent":
            await contact.flagging.said(event)
        case wire.TransferAsked() if event.leg_id == party.leg_id:
            await transfer_asked(contact, party, event)
        case wire.PlayFinished() if party.whisper_id and event.play_id == party.whisper_id:
            await contact.handover.through(party)
        case wire.PeerHeard(heard=False):
            await parted(contact, event)
        case wire.LegEnded() if event.leg_id == party.next_leg:
            party.next_leg = ""
        case wire.LegEnded() if event.leg_id == party.leg_id and not party.connected:
            party.leg_id = ""
            await _answers(contact, party).not_answered(party, event.reason)
        case wire.LegEnded() if event.leg_id == party.leg_id:
            await _lost(contact, party, event)


def _answers(contact: Contact, party: Party) -> Answers:
    whose: dict[Purpose, Answers] = {
        "offer": contact.handover,
        "consult": contact.consults,
        "take": contact.keeping,
        "supervise": contact.supervision,
    }
    return whose[party.purpose]


async def parted(contact: Contact, event: wire.PeerHeard) -> None:
    """The audio of somebody whom an agent brought in broke off, though nobody ordered it: a line that is up and dead is ended."""
    party = contact.room.of_leg(event.peer_leg_id)
    if party is None or party.purpose != "consult" or not party.connected or party.leg_id != event.peer_leg_id:
        return
    if event.reason in ("gone", "never_came") and not party.broken:
        party.broken = True
        await party.end_leg(party.leg_id, "failed")


async def _lost(contact: Contact, party: Party, event: wire.LegEnded) -> None:
    contact.room.mixer.forget(party.leg_id)
    party.leg_id = ""
    if party.next_leg:
        return  # their other browser is about to take the place
    browser = party.role == "agent" and party.transport == "webrtc"
    if browser and event.reason != "hangup" and contact.phase == "talking":
        await contact.keeping.keep(party, event)
        return
    lost = party.broken or event.party in ("network", "error")
    await contact.room.leave(party, reason=event.reason, lost=lost)
