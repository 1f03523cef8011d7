"""What a flow orders of its caller's media, and the pictures it asks them for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from dialog import effects as fx
from dialog import events as ev
from server.calls import pictures
from server.calls.snapshot import MediaSnapshot
from session import wire

if TYPE_CHECKING:
    from server.calls.contact import Contact


class MediaSide:
    """One contact's; works in its actor."""

    def __init__(self, contact: Contact) -> None:
        self.masked = False
        """Keys are kept out of the recording: it keeps silence meanwhile, since a tone has sounded when it is told of."""
        self.analysis = True
        """The caller's voice may be judged, where they agreed to it."""
        self.holding = False
        self.wanted: dict[str, fx.AskVisual] = {}
        """Pictures that are asked for, by request."""
        self._coming: set[str] = set()
        """Requests for which a picture is being written."""
        self._contact = contact

    def snapshot(self) -> MediaSnapshot | None:
        """For a restarted app; None = nothing was ordered. Pictures are asked for again by the flow."""
        saved = MediaSnapshot(masked=self.masked, analysis=self.analysis, holding=self.holding)
        return saved if saved != MediaSnapshot() else None

    def restore(self, saved: MediaSnapshot | None) -> None:
        """After a restart."""
        if saved is not None:
            self.masked, self.analysis, self.holding = saved.masked, saved.analysis, saved.holding

    async def carry_out(self, effect: fx.SetMedia | fx.AskVisual | fx.CancelVisual) -> None:
        """Order it."""
        contact = self._contact
        match effect:
            case fx.SetMedia():
                await self._set(effect)
            case fx.AskVisual():
                self.wanted[effect.request_id] = effect
                asked = {"request_id": effect.request_id, "want": effect.want, "locale": effect.locale}
                await contact.note("visual.asked", asked)
            case fx.CancelVisual():
                if self.wanted.pop(effect.request_id, None) is not None:
                    await contact.note("visual.cancelled", {"request_id": effect.request_id})

    def claim(self, request_id: str) -> fx.AskVisual | None:
        """What is asked for, if nothing comes for it yet: of several that are sent at once, one is taken and written."""
        asked = self.wanted.get(request_id)
        if asked is None or request_id in self._coming:
            return None
        self._coming.add(request_id)
        return asked

    def disclaim(self, request_id: str) -> None:
        """What came was nothing: another one may come."""
        self._coming.discard(request_id)

    async def received(self, request_id: str, ref: str) -> None:
        """The caller gave what was asked for; what nobody wants any more (they went on meanwhile) is not kept."""
        self._coming.discard(request_id)
        asked, contact = self.wanted.pop(request_id, None), self._contact
        if asked is None:
            await asyncio.to_thread(pictures.discard, contact.around.pictures, contact.conversation_id, ref)
            return
        await contact.note("visual.received", {"request_id": request_id, "want": asked.want, "ref": ref})
        if contact.phase == "flow":
            await contact.step(ev.Received(request_id=request_id, ref=ref))

    async def recording_closed(self, event: wire.RecordingClosed) -> None:
        """A file is whole; nobody keeps what the caller refused."""
        contact = self._contact
        if contact.refused:
            await asyncio.to_thread(Path(event.path).unlink, True)
            return
        await contact.around.store.update_leg(event.leg_id, recording_path=event.path)
        await contact.note("recording", {"duration_ms": event.duration_ms, "rate": event.rate})

    async def _set(self, effect: fx.SetMedia) -> None:
        contact = self._contact
        if effect.mask_keys is not None and effect.mask_keys != self.masked:
            self.masked = effect.mask_keys
            if self.masked:
                await contact.caller.record("pause")
            elif contact.listening.may_record:
                await contact.caller.record("resume")
        if effect.hold is not None and effect.hold != self.holding:
            self.holding = effect.hold
            await contact.music(self.holding)
        if effect.analysis is not None:
            self.analysis = effect.analysis
        if effect.video is not None:
            await contact.note("media.video", {"on": effect.video})
        wanted = contact.listening.wanted
        await contact.listening.turn(contact.phase == "flow" and (wanted is None or wanted.speech), wanted)
