"""A line to somebody outside, to whom a caller is transferred: dialled, whispered to, bridged, given up.

Two phases: whoever answers is first spoken to alone; only then are both bridged, and if that fails the caller is where
they were. What is said outside is neither recognised nor judged.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from dialog.effects import Transfer
from dialog.events import TransferOutcome
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.journal import LegRef, Play
from server.calls.mixer import NotMixed
from server.calls.snapshot import OutsideSnapshot
from session import wire
from session.ids import new_id

if TYPE_CHECKING:
    from server.calls.contact import Contact

_OUTCOMES: dict[str, TransferOutcome] = {
    "no_answer": "no_answer",
    "busy": "busy",
    "declined": "busy",
    "rejected": "busy",
}


def outcome_of(reason: str) -> TransferOutcome:
    """Of a line that ended before anybody was let through."""
    return _OUTCOMES.get(reason, "failed")


def context_headers(context: dict[str, str]) -> dict[str, str]:
    """`order: 4711` → `X-Context-Order: 4711`, other than ASCII percent-encoded, at most 20 of 200 characters."""
    return {
        f"X-Context-{name.replace('_', '-').title()}": quote(value, safe=" -_.,:;@+()")[:200]
        for name, value in list(context.items())[:20]
    }


class OutsideLine:
    """One try. Orders raise `NoWorker`, `RemoteError`, `Disconnected` or `TimeoutError`."""

    def __init__(self, contact: Contact, snapshot: OutsideSnapshot) -> None:
        self.about = snapshot
        self.connected = snapshot.connected
        self.whisper_id = ""
        self.broken = False
        """Ended by us since it did not work."""
        self._contact = contact

    @property
    def leg_id(self) -> str:
        """Of the other side."""
        return self.about.leg_id

    @classmethod
    async def dial(cls, contact: Contact, effect: Transfer, target: str) -> OutsideLine:
        """Ring."""
        around = contact.around
        worker = around.hub.pick("sip-out")
        leg_id = new_id()
        participant_id = await around.store.add_participant(contact.contact_id, role="external", name="")
        await around.store.add_leg(
            leg_id=leg_id, participant_id=participant_id, transport="sip", remote="", worker_id=worker.worker_id
        )
        about = OutsideSnapshot(
            transfer_id=effect.transfer_id, leg_id=leg_id, participant_id=participant_id, connected=False
        )
        line = cls(contact, about)
        line.know()
        around.hub.place(worker, leg_id)
        headers = around.identity_headers()
        if effect.target == "sip":
            headers |= context_headers(effect.context)
        try:
            await around.hub.command(
                leg_id,
                wire.DialLeg(
                    leg_id=leg_id,
                    role="agent",
                    target=target,
                    display_name=around.outgoing.caller_id,
                    headers=headers,
                    hearing=wire.Hearing(speech=False),
                    timeout_s=effect.timeout_ms / 1000,
                ),
            )
        except COMMAND_ERRORS:
            around.legs.pop(leg_id, None)
            around.hub.forget_leg(leg_id)
            raise
        return line

    def know(self) -> None:
        """Reports of the leg come to the contact."""
        contact = self._contact
        ref = LegRef(self.leg_id, "external", contact.conversation_id, contact.contact_id, self.about.participant_id)
        contact.around.legs[self.leg_id] = (ref, contact)

    async def whisper(self, text: str, locale: str) -> None:
        """Say something to the other side alone."""
        self.whisper_id = new_id()
        ref, _ = self._contact.around.legs[self.leg_id]
        ref.plays[self.whisper_id] = Play("announce", text, "transfer", locale)
        await self._order(
            wire.PlaySpeech(leg_id=self.leg_id, play_id=self.whisper_id, text=text, locale=locale, interruptible=False)
        )

    async def bridge(self) -> None:
        """Let both hear each other. When half of it fails, nothing of it is left, and `NotMixed` is raised."""
        room = self._contact.room
        self.connected = True
        try:
            await room.settle(strict=True)
        except NotMixed:
            self.connected = False
            await room.settle()
            raise

    async def key(self, digit: str) -> None:
        """A key that the caller pressed, for machines that answer."""
        with contextlib.suppress(*COMMAND_ERRORS):
            await self._order(wire.SendDtmf(leg_id=self.leg_id, digits=digit))

    async def hang_up(self, reason: str) -> None:
        """End it; a line that is gone already is no error."""
        with contextlib.suppress(*COMMAND_ERRORS):
            await self._order(wire.HangupLeg(leg_id=self.leg_id, reason=reason))

    async def _order(self, body: wire.LegCommand) -> None:
        await self._contact.around.hub.command(self.leg_id, body)
