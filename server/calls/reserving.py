"""Who is on their way into a contact, or listens in, without an offer of the desk's: the desk offers them nothing meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.model import Channel

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.party import Party


def own_call(contact: Contact, party: Party) -> str:
    """Under which the desk knows it: not the contact itself, which somebody else may hold."""
    return f"{contact.contact_id}/{party.party_id[-12:]}"


def reserve(contact: Contact, party: Party) -> None:
    """Nothing is offered to them until `release` or `assign`."""
    _communicating(contact, party, True)


def release(contact: Contact, party: Party) -> None:
    """They are free again. Of one who was not reserved nothing changes."""
    _communicating(contact, party, False)


def assign(contact: Contact, party: Party) -> None:
    """They hold the contact from now on, and nothing is offered to them in between."""
    desk, reserved = contact.around.desk, party.desk_id
    party.desk_id = contact.contact_id
    if party.user_id in desk.desk.agents:
        queue = contact.queue.queue if contact.queue is not None else ""
        channel: Channel = "chat" if contact.chat else "voice"
        desk.do(desk.desk.assign(party.user_id, party.desk_id, desk.now(), channel=channel, queue=queue))
        if reserved:
            desk.do(desk.desk.communicating(party.user_id, reserved, False, desk.now()))


def _communicating(contact: Contact, party: Party, on: bool) -> None:
    desk = contact.around.desk
    if party.desk_id and party.user_id in desk.desk.agents:
        desk.do(desk.desk.communicating(party.user_id, party.desk_id, on, desk.now()))
