"""The end of a contact: the caller's leg is gone, or whoever wrote has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialog import events as ev
from session import wire

if TYPE_CHECKING:
    from server.calls.contact import Contact


async def caller_gone(contact: Contact, event: wire.LegEnded) -> None:
    """Tell the flow, free whoever was with them, write the end down."""
    if contact.gone:
        return
    contact.gone = True
    try:
        await _part(contact, event)
        if contact.run.block:  # else nobody has answered yet, or the caller gave up before
            await contact.step(ev.HungUp())
        await contact.feelings.ended()
    finally:  # a flow that breaks here leaves no contact that never ends, and no promise that nobody keeps
        contact.around.call_over(contact, event.reason)
        await contact.around.store.stamp_contact(
            contact.contact_id,
            ended=True,
            disconnect_party=event.party,
            disconnect_cause=event.reason,
            disposition=contact.ending or None,
            read=contact.reading.done(),
        )
        ended = {"party": event.party, "reason": event.reason, "disposition": contact.ending}
        await contact.note("contact.ended", ended)
        if contact.around.alone(contact):
            await contact.around.store.close_conversation(contact.conversation_id, "closed")
        contact.phase = "ended"


async def _part(contact: Contact, event: wire.LegEnded) -> None:
    """From the queue, from the agent, from whoever is outside."""
    desk, waited = contact.around.desk, contact.phase == "queued"
    if waited:
        desk.do(desk.desk.leave(contact.contact_id, desk.now()))
    try:
        if waited:
            await contact.note("queue.left", {"why": event.reason})
    finally:  # nobody is kept from other calls because it cannot be written down
        await contact.room.close()
        await contact.transfers.caller_gone()
