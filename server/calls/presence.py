"""Callers whose page went away, by a reload or a broken network: their place is kept for a while, and taken up again.

Meanwhile the flow stands still, the queue keeps the place, an agent stays with the contact. A page hangs up through the
app; a browser leg that ends otherwise was left.
"""

from __future__ import annotations

import dataclasses
import time
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from server.calls.ending import caller_gone
from server.calls.orders import carry_out
from session import wire

if TYPE_CHECKING:
    from server.calls.contact import Contact

LEFT = frozenset({"page_gone", "failed"})
"""Why the leg of a page ends that did not hang up."""
TIMER = "away"
OURS = frozenset({TIMER, "idle", "goodbye", "whisper", "outside", "agent_whisper", "park"})
"""Timers that go on while the caller is away; those of the flow are set anew when it goes on."""


class Presence:
    """One contact's; works in its actor but for `move`."""

    def __init__(self, contact: Contact) -> None:
        self.away: wire.LegEnded | None = None
        """How the leg ended, while the caller is expected back."""
        self.coming = False
        """A leg was made for them, and is not up yet."""
        self._contact = contact
        self._leaving = ""
        """Why the call is being hung up."""
        self._music = False

    async def leg_ended(self, event: wire.LegEnded) -> None:
        """The end of the call, or perhaps only of its leg."""
        contact = self._contact
        if self._leaving:  # a page closes its line as it hangs up, and whichever comes first ends the call
            await caller_gone(contact, msgspec.structs.replace(event, reason=self._leaving))
            return
        left = event.reason in LEFT or (self.coming and event.reason == "ice_failed")
        if not left or contact.ending or not (contact.up or self.coming):
            await caller_gone(contact, event)
            return
        self.coming = False
        missed, self.away = self.away is None, event
        if missed:
            self._leave()
            await contact.room.customer_left(event.leg_id)
            await contact.note("customer.away", {"reason": event.reason, "leg_id": event.leg_id})
        contact.timers.start(TIMER, round(contact.around.outgoing.page_return_s * 1000))

    def _leave(self) -> None:
        """Nothing goes on without them. A page that came back too early to be missed left the same way."""
        contact = self._contact
        self._music = bool(contact.caller.music_id) and contact.phase not in (
            "talking",
            "parked",
        )  # there the room plays it
        contact.timers.stop_all(OURS)
        contact.customer.plays.clear()
        contact.up = False

    async def hang_up(self, reason: str) -> None:
        """End the call, also of a caller who is away."""
        self._leaving = reason
        if self.away is not None:
            await caller_gone(self._contact, msgspec.structs.replace(self.away, reason=reason))
        else:
            await self._contact.caller.hang_up(reason)

    async def given_up(self) -> None:
        """They did not come back in time."""
        if self.away is not None:
            await caller_gone(self._contact, self.away)

    def move(self, leg_id: str) -> None:
        """From now on this leg is the caller's. Reports of the old one are only written down."""
        contact = self._contact
        old = contact.customer
        legs = contact.around.legs
        if old.leg_id in legs:
            stale = dataclasses.replace(old, plays={}, hidden=deque(old.hidden, maxlen=old.hidden.maxlen))
            legs[old.leg_id] = (stale, contact)
        previous, old.leg_id = old.leg_id, leg_id  # the same object: whoever holds it speaks to the new leg
        legs[leg_id] = (old, contact)
        self.coming = True
        contact.post(lambda: self._moved(previous))

    async def _moved(self, previous: str) -> None:
        contact = self._contact
        contact.timers.stop(TIMER)
        if self.away is None:  # back before the old leg was missed, or open twice: the newer page has the call
            self._leave()
            await contact.room.customer_left(previous)
            await contact.caller.give_back(previous)
        contact.caller.forget()

    async def back(self) -> None:
        """The new leg is up: everything goes on where it stopped."""
        contact = self._contact
        self.away, self.coming = None, False
        contact.up = True
        await contact.note("customer.returned", {"phase": contact.phase})
        if contact.refused:
            await contact.caller.record("stop")
        elif not contact.listening.may_record:
            await contact.caller.record("pause")
        if self._music:
            await contact.music(True)
        if contact.phase in ("talking", "parked"):
            await contact.room.customer_back()
        else:
            await contact.listening.renew()
        if contact.phase == "flow":
            for effect in await contact.engine.returned(contact.run, time.time_ns() // 1_000_000):
                await carry_out(contact, effect, 0.0)
        elif contact.phase == "queued":
            contact.timers.go_on()
