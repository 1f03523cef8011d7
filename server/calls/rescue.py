"""Something of ours broke in the middle of a contact: whoever called is not left alone with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from dialog import events as ev
from server.calls.ending import caller_gone
from session import wire

if TYPE_CHECKING:
    from server.calls.contact import Contact

log = structlog.get_logger(__name__)


async def rescue(contact: Contact) -> None:
    """Let the flow's error handler take the caller to a human, or say goodbye.

    Who talks goes on talking; who waits, is being transferred, or has nobody comes back to the flow first.
    """
    if contact.gone:
        contact.phase = "ended"  # what is written at the end was tried; nobody is on the line
        return
    try:
        if contact.phase == "queued":
            desk = contact.around.desk
            desk.do(desk.desk.leave(contact.contact_id, desk.now()))
        if contact.phase == "transfer":
            await contact.transfers.caller_gone()
            contact.transfers.line = None
        alone = contact.phase in ("talking", "parked") and not contact.room.somebody
        if alone:
            await contact.handover.abandon()
            await contact.room.dissolve()
        if alone or contact.phase in ("queued", "transfer"):
            await contact.back_to_flow(ev.Failed(where="app", why="internal error"))
        elif contact.phase == "flow":
            await contact.step(ev.Failed(where="app", why="internal error"))
        elif contact.phase == "talking" and contact.room.serving():  # who was about to be let through is
            if not contact.room.customer_held:
                await contact.music(False)
            await contact.room.settle()
    except Exception:
        log.exception("contact.rescue_failed", contact=contact.contact_id)
        await _ended(contact, lambda: contact.hang_up("failed"))


async def abandon(contact: Contact) -> None:
    """Its actor hangs: the call is ended rather than left so, whoever else is in it is free, and what was promised is known."""
    await contact.caller.hang_up("failed")
    event = wire.LegEnded(leg_id=contact.customer.leg_id, party="error", reason="failed")
    await _ended(contact, lambda: caller_gone(contact, event))


async def _ended(contact: Contact, end: Callable[[], Awaitable[None]]) -> None:
    try:
        await end()
    except Exception:
        log.exception("contact.end_failed", contact=contact.contact_id)
        contact.phase = "ended"
