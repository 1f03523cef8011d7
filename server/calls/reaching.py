"""Whom agents may reach, and how: agents and queues through the desk, numbers and addresses by a call that we place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.api.ports import NotNow, Turned
from server.api.views import Target
from server.calls import numbers
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.party import Party
from server.hub import NoWorker

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.surroundings import AgentCard

OUTSIDE_S = 30.0  # s that somebody outside is rung; six rings
_WHY = {
    "unknown": "there is no such agent",
    "away": "this agent is away",
    "busy": "this agent has as many contacts as they take",
}


def agent_of(contact: Contact, to: str, *, but: str = "") -> AgentCard:
    """A free agent by login, name or id, other than user `but`. Raises `NotNow` with why they cannot be reached."""
    card = contact.around.agent_named(to)
    if card is None:
        raise NotNow(_WHY["unknown"])
    if card.user_id == but or contact.room.of_user(card.user_id) is not None:
        raise NotNow("this agent is in the call already")
    reach = contact.around.desk.desk.reach(card.user_id, "chat" if contact.chat else "voice")
    if reach != "free":
        raise NotNow(_WHY[reach])
    return card


def takes(contact: Contact, queue: str) -> None:
    """Raises `NotNow` for a queue that there is not, in which a customer would wait for ever, or that takes nobody now."""
    desk = contact.around.desk
    if queue not in desk.desk.queues:
        raise NotNow("there is no such queue")
    if not desk.desk.takes(queue, desk.now()):
        raise NotNow("this queue is closed or full")


def address_of(contact: Contact, target: Target) -> str:
    """The SIP address of somebody outside. Raises `NotNow` when the rules do not allow it."""
    around = contact.around
    try:
        if target.kind == "number":
            return numbers.target(target.to, around.outgoing)
        return numbers.address(target.to, around.outgoing)
    except numbers.NotAllowed as error:
        raise NotNow(str(error)) from error


def shown(target: Target) -> str:
    """For records: of a number only the end."""
    return numbers.masked(target.to) if target.kind in ("number", "sip") else target.to


async def ring_outside(contact: Contact, target: Target) -> Party:
    """Place the call. Raises `NotNow` or `Turned`."""
    around = contact.around
    address = address_of(contact, target)
    if around.placed.take("outside"):
        raise NotNow("too many calls were placed (calls.per_hour)")
    party = Party(contact, "outside", "consult", name=shown(target))
    try:
        await party.dial(
            address,
            display_name=around.outgoing.caller_id,
            headers=around.identity_headers(),
            timeout_s=OUTSIDE_S,
        )
    except NoWorker as error:
        raise Turned("no line is free") from error
    except COMMAND_ERRORS as error:
        raise NotNow("the call could not be placed") from error
    return party
