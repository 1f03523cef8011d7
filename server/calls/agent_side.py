"""The agent's half of a handed-over contact: ringing, answering, bridging."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import structlog

from server.calls.caller_side import COMMAND_ERRORS
from server.calls.journal import LegRef, Play
from server.calls.snapshot import AgentSnapshot
from session import wire
from session.ids import new_id

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.surroundings import AgentCard

log = structlog.get_logger(__name__)

DECLINED = frozenset({"busy", "declined", "rejected"})


class AgentSide:
    """One offer to one agent, and the talk that may come of it."""

    def __init__(self, contact: Contact, card: AgentCard, offer_id: str) -> None:
        self.card = card
        self.offer_id = offer_id
        self.leg_id = ""
        self.participant_id = ""
        self.why = ""
        self.until_ms = 0
        """When the offer is over, UTC ms."""
        self.since_ms = contact.now_ms()
        """When the talk began, UTC ms; before that, when the offer was made."""
        self.muted = False
        self.connected = False
        self.holding = False
        self.whisper_id = ""
        """Being spoken to alone, before the caller is let through."""
        self._contact = contact

    def snapshot(self) -> AgentSnapshot:
        """For a restarted app."""
        return AgentSnapshot(
            user_id=self.card.user_id,
            name=self.card.name,
            leg_id=self.leg_id,
            participant_id=self.participant_id,
            holding=self.holding,
            ringing="" if self.connected else self.offer_id,
        )

    async def ring(self) -> None:
        """Dial the agent's phone. A browser agent sees the offer on the page and answers through `answer_in_browser`.

        Raises `NoWorker`, `RemoteError`, `Disconnected` or `TimeoutError`.
        """
        if not self.card.target:
            return
        around = self._contact.around
        worker = around.hub.pick("sip-out")
        leg_id = await self._new_leg("sip", self.card.target, worker.worker_id)
        around.hub.place(worker, leg_id)
        queue = self._contact.queue
        await around.hub.command(
            leg_id,
            wire.DialLeg(
                leg_id=leg_id,
                role="agent",
                target=self.card.target,
                display_name=f"Warmline: {queue.queue}" if queue else "Warmline",
                headers={"X-Warmline-Conversation": self._contact.conversation_id},
                hearing=self._hearing(),
                timeout_s=around.ring_s + 2,
            ),
        )

    async def answer_in_browser(self, sdp: str) -> wire.SdpAnswer:
        """The agent accepted on the page: make the WebRTC leg. `up` follows when ICE has connected.

        Raises `NoWorker`, `RemoteError`, `Disconnected` or `TimeoutError`.
        """
        around = self._contact.around
        worker = around.hub.pick("webrtc")
        leg_id = await self._new_leg("webrtc", "browser", worker.worker_id)
        around.hub.place(worker, leg_id)
        return await around.hub.ask(
            leg_id, wire.OfferLeg(leg_id=leg_id, role="agent", sdp=sdp, hearing=self._hearing()), wire.SdpAnswer
        )

    async def give_up(self, reason: str) -> None:
        """The phone did not answer: tell the desk, which withdraws the offer."""
        desk = self._contact.around.desk
        desk.do(desk.desk.declined(self.offer_id, desk.now(), missed=reason not in DECLINED))

    async def bridge(self, customer_leg_id: str) -> None:
        """Let caller and agent hear each other."""
        for leg, peer in ((customer_leg_id, self.leg_id), (self.leg_id, customer_leg_id)):
            await self._send(leg, wire.MixLeg(leg_id=leg, hears=[peer], sends_to=[peer]))
        await self._send(self.leg_id, wire.SetHearing(leg_id=self.leg_id, hearing=self._hearing()))

    async def unbridge(self, customer_leg_id: str) -> None:
        """Part them, both legs staying up; a parted agent is not transcribed."""
        for leg in (customer_leg_id, self.leg_id):
            await self._send(leg, wire.MixLeg(leg_id=leg))
        await self._send(self.leg_id, wire.SetHearing(leg_id=self.leg_id, hearing=wire.Hearing(speech=False)))

    async def whisper(self, text: str, language: str) -> None:
        """Say something to the agent alone."""
        self.whisper_id = new_id()
        ref, _ = self._contact.around.legs[self.leg_id]
        ref.plays[self.whisper_id] = Play("announce", text, "queue", language)
        play = wire.PlaySpeech(
            leg_id=self.leg_id, play_id=self.whisper_id, text=text, locale=language, interruptible=False
        )
        await self._send(self.leg_id, play)

    async def mute(self, on: bool) -> None:
        """The agent's microphone."""
        self.muted = on
        await self._send(self.leg_id, wire.MuteLeg(leg_id=self.leg_id, on=on))

    async def hang_up(self, reason: str) -> None:
        """End the agent's leg, if there is one."""
        if self.leg_id:
            await self._send(self.leg_id, wire.HangupLeg(leg_id=self.leg_id, reason=reason))

    async def _new_leg(self, transport: wire.Transport, remote: str, worker_id: str) -> str:
        contact = self._contact
        store = contact.around.store
        self.leg_id = new_id()
        self.participant_id = await store.add_participant(
            contact.contact_id, role="agent", user_id=self.card.user_id, name=self.card.name
        )
        await store.add_leg(
            leg_id=self.leg_id,
            participant_id=self.participant_id,
            transport=transport,
            remote=remote,
            worker_id=worker_id,
        )
        ref = LegRef(self.leg_id, "agent", contact.conversation_id, contact.contact_id, self.participant_id)
        contact.around.legs[self.leg_id] = (ref, contact)
        return self.leg_id

    def _hearing(self) -> wire.Hearing:
        """Words of the agent are transcribed; there is no consent with which their voice could be judged."""
        return wire.Hearing(speech=True, languages=self._contact.languages)

    async def _send(self, leg_id: str, body: wire.LegCommand) -> None:
        with contextlib.suppress(*COMMAND_ERRORS):
            await self._contact.around.hub.command(leg_id, body)
