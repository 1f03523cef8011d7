"""What an agent's page needs of a contact whose call is over, while the agent writes down what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.api.views import Channel

if TYPE_CHECKING:
    from server.calls.contact import Contact


@dataclass(frozen=True, slots=True)
class AfterCall:
    """One contact, as it was when the agent had it."""

    contact_id: str
    conversation_id: str
    channel: Channel
    queue: str
    customer_id: str | None
    customer_name: str


def customer_name(contact: Contact) -> str:
    """As the line showed it: a name, or the number."""
    return contact.run.caller.name or contact.run.caller.number


def after_call_of(contact: Contact) -> AfterCall:
    """Keep what after-call work is about."""
    return AfterCall(
        contact_id=contact.contact_id,
        conversation_id=contact.conversation_id,
        channel="chat" if contact.chat else "voice",
        queue=contact.queue.queue if contact.queue is not None else "",
        customer_id=contact.run.customer_id or None,
        customer_name=customer_name(contact),
    )
