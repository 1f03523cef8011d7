"""A contact goes on after the app was restarted, where it stopped."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from server.calls.orders import carry_out
from session.policy import EMOTION

if TYPE_CHECKING:
    from server.calls.contact import Contact

CHAT_IDLE_MS = 1_800_000  # half an hour without a word: whoever wrote has left the page
GOODBYE_S = 15.0  # s a last prompt may take before the call is ended over it


async def resume(contact: Contact, playing: str | None) -> None:
    """The app was restarted and the caller's leg is still up: go on where the flow stopped."""
    await contact.note("contact.resumed", {"phase": contact.phase})
    if not await _consent_stands(contact):
        contact.listening.forget_mood()
    if not contact.up:
        return
    if contact.chat:
        contact.timers.start("idle", CHAT_IDLE_MS)
    if contact.ending:
        contact.timers.start("goodbye", round(GOODBYE_S * 1000))
    if contact.phase == "transfer":  # who rang is given up with the app that rang; the flow asks for it again
        contact.phase = "flow"
    if contact.phase == "flow":
        await contact.room.found()
        await contact.room.settle()
        for effect in await contact.engine.resume(contact.run, time.time_ns() // 1_000_000):
            await carry_out(contact, effect, 0.0)
    else:
        await contact.room.resumed()
        await contact.handover.resumed()
    if contact.phase == "queued":
        if playing is None:
            await contact.music(True)
        else:
            contact.caller.music_id = playing
        contact.timers.go_on()
        contact.queueing.place()


async def _consent_stands(contact: Contact) -> bool:
    """The token of before the restart, if the consent is still there; the leg goes on with what it was told."""
    if not contact.run.consents.get(EMOTION):
        contact.mood = None
        return False
    verified = contact.run.customer_id if contact.run.auth_level >= 2 else ""
    saved, contact.mood = contact.mood, None
    return await contact.feelings.resume(saved, verified)
