"""Somebody in a contact beside the customer: an agent, somebody outside, a supervisor; and what is ordered of their leg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import structlog

from server.calls.caller_side import COMMAND_ERRORS, MUSIC_DB
from server.calls.journal import LegRef, Play
from server.calls.mixing import Mode, Voice
from server.calls.snapshot import PartySnapshot, Purpose
from session import wire
from session.ids import new_id

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.surroundings import AgentCard

log = structlog.get_logger(__name__)

DECLINED = frozenset({"busy", "declined", "rejected"})
Sound = Literal["", "music", "courtesy", "ringback"]
Serving = Literal["agent", "outside", "supervisor"]


class Party:
    """One of them. Orders that fail are logged: a leg that is gone reports its end by itself.

    `connected`: they were let in; before that their phone rings, or what they are to be told first is said. `away`: their
    page is gone, and their place is kept. `purpose`: what they were rung for, which says who deals with their answer.
    """

    def __init__(
        self,
        contact: Contact,
        role: Serving,
        purpose: Purpose,
        *,
        card: AgentCard | None = None,
        name: str = "",
        offer_id: str = "",
        desk_id: str = "",
        party_id: str = "",
    ) -> None:
        self.party_id = party_id or new_id()
        self.participant_id = self.party_id
        """Their row; another one where several were rung in turn to be this party."""
        self.role: Serving = role
        self.purpose: Purpose = purpose
        self.card = card
        self.name = name or (card.name if card is not None else "")
        self.offer_id = offer_id
        self.desk_id = desk_id
        """Under which the desk knows that this agent holds the contact."""
        self.mode: Mode = "active"
        self.transport: Literal["sip", "webrtc", "chat"] = "sip"
        if contact.chat:
            self.transport = "chat"
        elif card is not None and not card.target:
            self.transport = "webrtc"
        self.leg_id = ""
        self.next_leg = ""
        """Of a browser that is about to take this place."""
        self.connected = self.held = self.away = self.muted = False
        self.broken = False
        """Their line is up, but nothing comes from it any more: we end it."""
        self.follows: tuple[str, str] | None = None
        """Of a supervisor: where the customer was when it was last written down, the phase and who served them."""
        self.told = False
        """Of who serves: that somebody listens in, as far as the policy wants it told."""
        self.why = ""
        self.until_ms = 0
        """When the offer is over, UTC ms."""
        self.since_ms = contact.now_ms()
        """When the talk began, UTC ms; before that, when they were rung."""
        self.away_since_ms = 0
        """When their page went away, UTC ms; the talk goes on meanwhile."""
        self.whisper_id = ""
        """Being spoken to alone, before the customer is let through."""
        self.transfer_id = ""
        """Their phone asked for the customer to be passed on, and waits for what becomes of it."""
        self.refused_ms = 0
        """When it was last told that this failed, UTC ms."""
        self._contact = contact
        self._listed = False
        self._sound: tuple[Sound, str] = ("", "")
        self._told: wire.Hearing | None = None

    @property
    def user_id(self) -> str:
        """Of somebody who works here."""
        return self.card.user_id if self.card is not None else ""

    @property
    def serving(self) -> bool:
        """Somebody to talk to for the customer, now or as soon as their page is back."""
        return self.connected and self.role != "supervisor"

    @property
    def state(self) -> Literal["ringing", "connected", "held", "away"]:
        """As the desk shows it."""
        if not self.connected:
            return "ringing"
        return "away" if self.away else "held" if self.held else "connected"

    def voice(self) -> Voice | None:
        """For the mix; None while there is nobody to hear."""
        if not self.connected or self.away or not self.leg_id:
            return None
        return Voice(self.leg_id, self.role, self.mode, self.held, self.muted)

    # ------------------------------------------------------------------ saved and taken back

    def snapshot(self) -> PartySnapshot:
        """For a restarted app."""
        return PartySnapshot(
            party_id=self.party_id, participant_id=self.participant_id, role=self.role, purpose=self.purpose, user_id=self.user_id, name=self.name,
            transport=self.transport, leg_id=self.leg_id, desk_id=self.desk_id, offer_id=self.offer_id, mode=self.mode,
            connected=self.connected, held=self.held, away=self.away, muted=self.muted, listed=self._listed,
            why=self.why, until_ms=self.until_ms, since_ms=self.since_ms, whisper_id=self.whisper_id,
            away_since_ms=self.away_since_ms, transfer_id=self.transfer_id,
        )  # fmt: skip

    @classmethod
    def restored(cls, contact: Contact, saved: PartySnapshot, card: AgentCard | None) -> Party:
        """As it was saved; reports of the leg come to the contact again."""
        party = cls(
            contact, saved.role, saved.purpose, card=card, name=saved.name, offer_id=saved.offer_id,
            desk_id=saved.desk_id, party_id=saved.party_id,
        )  # fmt: skip
        party.participant_id = saved.participant_id or saved.party_id
        party.mode, party.transport, party.leg_id = saved.mode, saved.transport, saved.leg_id
        party.connected, party.held, party.away, party.muted = saved.connected, saved.held, saved.away, saved.muted
        party.why, party.until_ms, party.since_ms, party.away_since_ms, party._listed = (
            saved.why, saved.until_ms, saved.since_ms, saved.away_since_ms, saved.listed,
        )  # fmt: skip
        party.whisper_id, party.transfer_id = saved.whisper_id, saved.transfer_id
        if party.leg_id:
            party._know(party.leg_id)
        return party

    # ------------------------------------------------------------------ legs

    async def ring(self) -> None:
        """Dial the agent's phone. A browser agent sees the offer on the page and answers through `answer_in_browser`.

        Raises `NoWorker`, `RemoteError`, `Disconnected` or `TimeoutError`.
        """
        if self.card is None or not self.card.target or self._contact.chat:
            return
        around, queue = self._contact.around, self._contact.queue
        await self.dial(
            self.card.target,
            display_name=f"Warmline: {queue.queue}" if queue else "Warmline",
            headers={"X-Warmline-Conversation": self._contact.conversation_id},
            timeout_s=around.ring_s + 2,
        )

    async def dial(self, target: str, *, display_name: str, headers: dict[str, str], timeout_s: float) -> None:
        """Place a call. Raises `NoWorker`, `RemoteError`, `Disconnected` or `TimeoutError`."""
        hub = self._contact.around.hub
        worker = hub.pick("sip-out")
        remote = "" if self.role == "outside" else target
        leg_id = self.leg_id = await self._new_leg("sip", remote, worker.worker_id)
        hub.place(worker, leg_id)
        order = wire.DialLeg(
            leg_id=leg_id,
            role="supervisor" if self.role == "supervisor" else "agent",
            target=target,
            display_name=display_name,
            headers=headers,
            hearing=self._hearing(False),
            timeout_s=timeout_s,
            may_transfer=self.card is not None,
        )
        try:
            await hub.command(leg_id, order)
        except COMMAND_ERRORS:
            self._contact.around.legs.pop(leg_id, None)
            hub.forget_leg(leg_id)
            self.leg_id = ""
            raise

    async def dialled_in(self, event: wire.LegOffered, worker_id: str) -> None:
        """A call of theirs came in: answer it; `up` follows. Raises `RemoteError`, `Disconnected` or `TimeoutError`."""
        around, leg_id = self._contact.around, event.leg_id
        await self.list_party()
        await around.store.add_leg(
            leg_id=leg_id,
            participant_id=self.participant_id,
            transport="sip",
            remote=event.from_uri,
            worker_id=worker_id,
        )
        self.leg_id, self.transport = leg_id, "sip"
        self._know(leg_id)
        try:
            hearing = self._hearing(False)
            await around.hub.command(
                leg_id, wire.AnswerLeg(leg_id=leg_id, role="agent", hearing=hearing, may_transfer=True)
            )
        except COMMAND_ERRORS:
            around.legs.pop(leg_id, None)
            self.leg_id = ""
            raise

    async def answer_in_browser(self, sdp: str) -> wire.SdpAnswer:
        """The page's offer: make the WebRTC leg. `up` follows when ICE has connected; a phone that rings is stopped.

        Who is in the call already keeps the leg they have until the new one is up. Raises `NoWorker`, `RemoteError`,
        `Disconnected` or `TimeoutError`.
        """
        hub = self._contact.around.hub
        worker = hub.pick("webrtc")
        leg_id = await self._new_leg("webrtc", "browser", worker.worker_id)
        hub.place(worker, leg_id)
        role: wire.LegRole = "supervisor" if self.role == "supervisor" else "agent"
        order = wire.OfferLeg(leg_id=leg_id, role=role, sdp=sdp, hearing=self._hearing(False))
        try:
            answer = await hub.ask(leg_id, order, wire.SdpAnswer)
        except COMMAND_ERRORS:
            self._contact.around.legs.pop(leg_id, None)
            hub.forget_leg(leg_id)
            raise
        before, self.next_leg = self.next_leg, ""
        if self.connected:
            self.next_leg = leg_id
        else:
            before, self.leg_id, self.transport = self.leg_id, leg_id, "webrtc"
        if before:
            await self.end_leg(before, "hangup")
        return answer

    def took_place(self) -> str:
        """The new browser's leg is up: it is theirs from now on. Returns the one before, if it is still there."""
        before, self.leg_id, self.next_leg = self.leg_id, self.next_leg, ""
        self.transport, self.away, self.broken = "webrtc", False, False
        self._sound, self._told = ("", ""), None
        return before

    async def hang_up(self, reason: str) -> None:
        """End their legs, if there are any."""
        for leg_id in (self.leg_id, self.next_leg):
            if leg_id:
                await self.end_leg(leg_id, reason)

    async def end_leg(self, leg_id: str, reason: str) -> None:
        """End one leg."""
        await self._send(leg_id, wire.HangupLeg(leg_id=leg_id, reason=reason))

    async def tell_transfer(self, code: int) -> None:
        """Their phone, if it waits for it: how its transfer went, as a SIP status."""
        if self.transfer_id and self.leg_id:
            told = wire.TellTransfer(leg_id=self.leg_id, transfer_id=self.transfer_id, code=code)
            self.transfer_id = ""
            self.refused_ms = 0 if code == 200 else self._contact.now_ms()
            await self._send(self.leg_id, told)

    async def give_up(self, reason: str) -> None:
        """They did not answer: tell the desk, which withdraws the offer."""
        desk = self._contact.around.desk
        desk.do(desk.desk.declined(self.offer_id, desk.now(), missed=reason not in DECLINED))

    # ------------------------------------------------------------------ what they hear and say

    async def hear(self, speech: bool) -> None:
        """Transcribe them or not; the voice of nobody but a customer is ever judged."""
        hearing = self._hearing(speech)
        if (
            self.leg_id
            and hearing != self._told
            and await self._send(self.leg_id, wire.SetHearing(leg_id=self.leg_id, hearing=hearing))
        ):
            self._told = hearing

    async def sound(self, wanted: Sound) -> None:
        """What plays to them for as long as they wait."""
        if not self.leg_id or self._sound[0] == wanted:
            return
        if self._sound[1]:
            await self._send(self.leg_id, wire.StopPlay(leg_id=self.leg_id, play_id=self._sound[1]))
        self._sound = (wanted, new_id() if wanted else "")
        if wanted == "music":
            path = str(self._contact.caller.tune)
            play: wire.LegCommand = wire.PlayFile(
                leg_id=self.leg_id, play_id=self._sound[1], path=path, loop=True, gain_db=MUSIC_DB
            )
        elif wanted:
            play = wire.PlayTone(leg_id=self.leg_id, play_id=self._sound[1], tone=wanted, loop=True)
        else:
            return
        self._plays(self._sound[1], Play("music", "", "hold", self._contact.language))
        await self._send(self.leg_id, play)

    async def quiet(self) -> None:
        """Whatever plays to them ends: by which name it plays nobody knows, after a restart of ours."""
        if self.leg_id:
            await self._send(self.leg_id, wire.StopPlay(leg_id=self.leg_id))

    async def signal(self, tone: wire.Tone) -> None:
        """A short signal to them alone."""
        if self.leg_id:
            play_id = new_id()
            self._plays(play_id, Play("music", "", "signal", self._contact.language))
            await self._send(self.leg_id, wire.PlayTone(leg_id=self.leg_id, play_id=play_id, tone=tone))

    async def whisper(self, text: str, language: str) -> None:
        """Say something to them alone."""
        self.whisper_id = new_id()
        self._plays(self.whisper_id, Play("announce", text, "queue", language))
        play = wire.PlaySpeech(
            leg_id=self.leg_id, play_id=self.whisper_id, text=text, locale=language, interruptible=False
        )
        await self._send(self.leg_id, play)

    async def mute(self, on: bool) -> None:
        """Their microphone: unheard, and neither recorded nor transcribed."""
        self.muted = on
        if self.leg_id:
            await self._send(self.leg_id, wire.MuteLeg(leg_id=self.leg_id, on=on))

    async def keys(self, digits: str) -> None:
        """Tones to them alone."""
        await self._send(self.leg_id, wire.SendDtmf(leg_id=self.leg_id, digits=digits))

    # ------------------------------------------------------------------ inside

    def _plays(self, play_id: str, play: Play) -> None:
        known = self._contact.around.legs.get(self.leg_id)
        if known is not None:
            known[0].plays[play_id] = play

    async def list_party(self) -> None:
        """The participant's row, once."""
        if self._listed:
            return
        self._listed = True
        await self._contact.around.store.add_participant(
            self._contact.contact_id,
            role="external" if self.role == "outside" else self.role,
            user_id=self.user_id or None,
            name=self.name,
            participant_id=self.participant_id,
        )

    async def _new_leg(self, transport: wire.Transport, remote: str, worker_id: str) -> str:
        await self.list_party()
        leg_id = new_id()
        await self._contact.around.store.add_leg(
            leg_id=leg_id, participant_id=self.participant_id, transport=transport, remote=remote, worker_id=worker_id
        )
        self._know(leg_id)
        return leg_id

    def _know(self, leg_id: str) -> None:
        contact = self._contact
        role: Literal["agent", "external", "supervisor"] = "external" if self.role == "outside" else self.role
        contact.around.legs[leg_id] = (
            LegRef(leg_id, role, contact.conversation_id, contact.contact_id, self.participant_id),
            contact,
        )

    def _hearing(self, speech: bool) -> wire.Hearing:
        return wire.Hearing(speech=speech, newest=self.role == "agent", languages=self._contact.languages)

    async def _send(self, leg_id: str, body: wire.LegCommand) -> bool:
        try:
            await self._contact.around.hub.command(leg_id, body)
        except COMMAND_ERRORS as error:
            log.warning("party.command_failed", leg=leg_id, command=type(body).__name__, error=type(error).__name__)
            return False
        return True
