"""Named timers of one contact, the flow's and ours, and what happens when one fires."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from dialog import events as ev
from server.calls.ending import caller_gone
from server.calls.presence import TIMER
from session import wire

if TYPE_CHECKING:
    from server.calls.contact import Contact


class Timers:
    """They fire in the contact's actor. Starting one of a name that runs replaces it."""

    def __init__(self, contact: Contact) -> None:
        self._contact = contact
        self._running: dict[str, asyncio.TimerHandle] = {}

    def start(self, name: str, ms: float) -> None:
        """(Re)start one: of the flow, or one of ours."""
        self.stop(name)
        later = asyncio.get_running_loop().call_later
        timer = later(ms / 1000, lambda: self._contact.post(lambda: self._due(name, timer)))
        self._running[name] = timer

    def go_on(self) -> None:
        """Those of the flow, where the contact waits in the queue as before: the app was restarted, or the caller is back."""
        now = self._contact.now_ms()
        for name, due in self._contact.run.timers.items():
            self.start(name, max(0, due - now))

    def stop(self, name: str) -> bool:
        """Forget it; was there one?"""
        timer = self._running.pop(name, None)
        if timer is not None:
            timer.cancel()
        return timer is not None

    def stop_all(self, but: frozenset[str]) -> None:
        """Forget all but these, and those of agents who are away."""
        away = {f"away:{party_id}" for party_id in self._contact.room.parties}
        for name in self._running.keys() - but - away:
            self.stop(name)

    def close(self) -> None:
        """Forget all."""
        for name in list(self._running):
            self.stop(name)

    async def _due(self, name: str, timer: asyncio.TimerHandle) -> None:
        """One that was stopped, or started anew, while this waited for its turn is not meant."""
        if self._running.get(name) is timer:
            await self.fired(name)

    async def fired(self, name: str) -> None:
        """Its time has come."""
        contact = self._contact
        if not self.stop(name):
            return
        if name == "goodbye":
            await contact.hang_up("hangup")
        elif name == TIMER:
            await contact.presence.given_up()
        elif name == "idle":
            await caller_gone(contact, wire.LegEnded(leg_id="", party="remote", reason="idle"))
        elif name == "outside" and contact.transfers.line is None:
            await contact.room.too_long()
        elif name in ("whisper", "outside"):
            await contact.transfers.on_timer(name)
        elif name == "agent_whisper":
            await contact.handover.through()
        elif name == "park":
            await contact.keeping.parked_too_long()
        elif name.startswith("away:"):
            await contact.keeping.given_up(name.removeprefix("away:"))
        elif contact.phase in ("flow", "transfer", "queued"):
            await contact.step(ev.TimerFired(name=name))
