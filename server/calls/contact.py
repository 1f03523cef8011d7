"""The life of one contact: a caller's leg, the flow that serves it, and the agent it may be handed to.

One actor: everything that concerns the contact (reports of its legs, timers, the desk's decisions, requests from
the API) is put in its mailbox and done one at a time, so no two things ever race on a call. State is saved after
each, so that a restarted app goes on where this one stopped.

    flow ──Enqueue──▶ queued ──agent answers──▶ talking ──agent hangs up──▶ flow ──End──▶ ended
      ▲                 │ overflow / left          │ agent lost: back to the queue, at the old place
      └─────────────────┘                          ▼
    flow ──Transfer──▶ transfer ──somebody outside answers──▶ talking; whatever goes wrong: back to the flow
    the caller may hang up at any moment: ended
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from dialog import effects as fx
from dialog import events as ev
from dialog.blocks.base import ALL_KEYS
from dialog.engine import FlowEngine
from dialog.state import RunState
from server.calls.affect import MoodSnapshot
from server.calls.caller_reports import on_customer_leg
from server.calls.caller_side import CallerSide
from server.calls.consults import Consults
from server.calls.ending import caller_gone
from server.calls.errands import Errands
from server.calls.feelings import Feelings
from server.calls.flagging import Flagging
from server.calls.handover import Handover
from server.calls.journal import LegRef
from server.calls.keeping import Keeping
from server.calls.ledger import TurnLedger
from server.calls.listening import Listening
from server.calls.media_side import MediaSide
from server.calls.orders import carry_out
from server.calls.party import Party
from server.calls.party_reports import on_party_leg
from server.calls.presence import Presence
from server.calls.queueing import Queueing
from server.calls.reading import Reading
from server.calls.rescue import abandon, rescue
from server.calls.resuming import CHAT_IDLE_MS, GOODBYE_S, resume
from server.calls.room import Room
from server.calls.snapshot import ContactSnapshot, Phase, PlaceSnapshot, QueueSnapshot, snapshot_of
from server.calls.supervision import Supervisors
from server.calls.surroundings import Surroundings
from server.calls.timers import Timers
from server.calls.transfers import Transfers
from session import wire
from session.policy import PolicyName

log = structlog.get_logger(__name__)

MAILBOX = 500  # items; a busy call makes ~10 a second, so this is most of a minute's backlog
LEARNING_S = 20.0  # s a first request may wait for the bot to learn its intents; 8 on an idle machine

Work = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Contact:
    """One live contact. Create through `Controller`; `start` runs it."""

    around: Surroundings
    engine: FlowEngine
    run: RunState
    conversation_id: str
    contact_id: str
    flow_id: str
    language: str
    languages: list[str]
    customer: LegRef
    bot_participant_id: str
    policy: PolicyName
    phase: Phase = "flow"
    queue: QueueSnapshot | None = None
    up: bool = False
    caller: CallerSide = field(init=False)
    feelings: Feelings = field(init=False)
    room: Room = field(init=False)
    flagging: Flagging = field(init=False)
    timers: Timers = field(init=False)
    listening: Listening = field(init=False)
    queueing: Queueing = field(init=False)
    handover: Handover = field(init=False)
    consults: Consults = field(init=False)
    keeping: Keeping = field(init=False)
    supervision: Supervisors = field(init=False)
    transfers: Transfers = field(init=False)
    errands: Errands = field(init=False)
    media: MediaSide = field(init=False)
    presence: Presence = field(init=False)
    reading: Reading = field(init=False)
    callback: PlaceSnapshot | None = None
    """What this call makes good, where it is one that we placed."""
    served: bool = False
    """A person was let through to the caller."""
    waited_since: int = 0
    """When the caller joined the queue they left last, UTC ms: the place that a callback keeps."""
    mood: MoodSnapshot | None = None
    """Of before a restart."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing more is done."""
    waiting_for_leg: bool = False
    """Taken back after a restart, and no worker has shown up with the caller's leg yet."""
    _mailbox: asyncio.Queue[Work] = field(default_factory=lambda: asyncio.Queue(maxsize=MAILBOX))
    _task: asyncio.Task[None] | None = None
    _hangs: bool = False
    turns: TurnLedger = field(default_factory=TurnLedger)
    ending: str = ""
    gone: bool = False
    """The caller's leg has ended."""
    refused: bool = False
    """The caller does not want to be recorded: the file is deleted when the worker closes it."""

    def __post_init__(self) -> None:
        self.caller = CallerSide(
            self.around.hub, self.customer, self.around.music, self.languages, self.engine.flow.recognition.hotwords
        )
        self.feelings = Feelings(self.around.feeler, self.customer, self.policy)
        self.room = Room(self)
        self.flagging = Flagging(self)
        self.timers = Timers(self)
        self.listening = Listening(self)
        self.queueing = Queueing(self)
        self.handover = Handover(self)
        self.consults = Consults(self)
        self.keeping = Keeping(self)
        self.supervision = Supervisors(self)
        self.transfers = Transfers(self)
        self.errands = Errands(self)
        self.media = MediaSide(self)
        self.presence = Presence(self)
        self.reading = Reading(self)

    # ------------------------------------------------------------------ the actor

    def start(self) -> None:
        """Begin to work on the mailbox."""
        self._task = asyncio.create_task(self._work(), name=f"contact-{self.contact_id}")

    def post(self, work: Work) -> None:
        """Queue something to do. A full mailbox means the actor hangs: the call is ended rather than left so."""
        try:
            self._mailbox.put_nowait(work)
        except asyncio.QueueFull:
            if self._task is not None and not self._hangs:
                log.error("contact.mailbox_full", contact=self.contact_id)
                self._hangs = True
                self._task.cancel()
                self._task = asyncio.create_task(self._abandoned(), name=f"contact-{self.contact_id}-abandoned")

    @property
    def agent(self) -> Party | None:
        """Who serves the customer, or (the first) who is offered them."""
        return self.room.agent or next(iter(self.room.offered()), None)

    async def close(self) -> None:
        """Stop working (the app goes down; the call itself stays up in its worker)."""
        self.timers.close()
        self.errands.close()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        while self.phase != "ended":
            work = await self._mailbox.get()
            try:
                await work()
                if self.room.supervisors():
                    await self.supervision.follow()
                await self._save()
            except Exception:
                log.exception("contact.failed", contact=self.contact_id, phase=self.phase)
                await rescue(self)
        self._over()

    async def _abandoned(self) -> None:
        await abandon(self)
        self._over()

    def _over(self) -> None:
        self.timers.close()
        self.over.set()
        self.around.ended(self)

    async def _save(self) -> None:
        read = self.reading.done()
        await self.around.store.save_run(
            self.contact_id,
            flow_id=self.flow_id,
            flow_sha=self.engine.flow.sha,
            state=msgspec.json.encode(self.snapshot()),
            read=read,
        )
        self.reading.saved(read)

    def snapshot(self) -> ContactSnapshot:
        """The state a restarted app needs."""
        return snapshot_of(self)

    # ------------------------------------------------------------------ reports of the legs

    async def on_report(self, ref: LegRef, report: wire.Report) -> None:
        """Act on a committed report of one of this contact's legs."""
        party = self.room.of_leg(ref.leg_id)
        if party is not None:
            await on_party_leg(self, party, report.event)
        elif self.transfers.line is not None and ref.leg_id == self.transfers.line.leg_id:
            await self.transfers.on_leg(report.event)
        elif ref is self.customer:
            await on_customer_leg(self, report)
        elif isinstance(report.event, wire.RecordingClosed):  # of a leg that the caller had before
            await self.media.recording_closed(report.event)

    # ------------------------------------------------------------------ the flow

    async def step(self, event: ev.AnyFlowEvent) -> None:
        """Tell the flow, and carry out what it asks for."""
        if isinstance(event, ev.Heard | ev.TextMessage):
            # Just after a start the bot still learns its intents: what was said is answered late, not lost.
            await self.around.understanding(self.flow_id, LEARNING_S, self.engine.flow.sha)
        started = time.monotonic()
        effects = await self.engine.step(self.run, event, time.time_ns() // 1_000_000)
        thought_ms = (time.monotonic() - started) * 1000
        for effect in effects:
            await carry_out(self, effect, thought_ms)

    async def say(self, effect: fx.Say, thought_ms: float) -> None:
        """A prompt of the flow, spoken or written."""
        if effect.channel != "voice":
            told = {"role": "bot", "text": effect.text, "block": effect.block, "article": effect.article}
            await self.note("message", told, dedup=self.reading.answering(effect.text))
        if effect.channel == "chat":
            return
        self.turns.answered(effect.play_id, thought_ms)
        waits = self.media.holding or self.phase == "queued"
        if waits:  # music never ends: what is to be heard comes before it
            await self.music(False)
        await self.caller.say(effect)
        if waits:
            await self.music(True)

    async def finish(self, disposition: str) -> None:
        """The flow is through: hang up after the last words."""
        self.ending = disposition
        if not self.gone:
            self.timers.start("goodbye", round(GOODBYE_S * 1000))
            await self.maybe_end()

    async def maybe_end(self) -> None:
        """Hang up when the last words are said."""
        if self.ending and not self.caller.saying:
            await self.hang_up("hangup")

    async def back_to_flow(self, event: ev.AnyFlowEvent) -> None:
        """Nobody of ours talks with the caller any more, or was found."""
        self.phase = "flow"
        queued = self.queue
        self.queue = None
        if queued is not None:
            self.waited_since = 0 if isinstance(event, ev.AgentLeft) else queued.enqueued_at
        await self.music(False)
        started = time.monotonic()
        for effect in await self.engine.step(self.run, event, time.time_ns() // 1_000_000):
            if isinstance(effect, fx.Enqueue) and queued is not None and not queued.transfer_id:
                await self.queueing.enqueue(effect, enqueued_at=queued.enqueued_at)
            else:
                await carry_out(self, effect, (time.monotonic() - started) * 1000)

    # ------------------------------------------------------------------ from the API

    @property
    def chat(self) -> bool:
        """Nobody is on a line: they write."""
        return not self.customer.leg_id

    async def open_chat(self) -> None:
        """Somebody begins to write."""
        self.up = True
        self.timers.start("idle", CHAT_IDLE_MS)
        await self.step(ev.Started())

    async def lively(self) -> None:
        """Somebody wrote or showed something: the chat goes on."""
        if self.chat:
            self.timers.start("idle", CHAT_IDLE_MS)

    async def text(self, text: str) -> None:
        """The flow answers while no person does. Who waits has keys alone, and writes them."""
        if self.phase == "flow":
            await self.step(ev.TextMessage(text=text))
        elif self.phase == "queued" and text.strip() in ALL_KEYS:
            await self.key(text.strip())

    async def key(self, digit: str) -> None:
        """The caller pressed a key, on the phone or on the page; in the queue it can lead out, in a talk take consent back."""
        if self.phase != "ended":
            await self.step(ev.Pressed(digit=digit, early=self.caller.early()))

    async def pace(self, slow: bool) -> None:
        """The caller chose how fast the bot speaks."""
        self.run.slow = slow

    async def hang_up(self, reason: str) -> None:
        """End the caller's leg; the rest follows from its `LegEnded`. A chat ends here."""
        if self.chat:
            await caller_gone(self, wire.LegEnded(leg_id="", party="local", reason=reason))
        else:
            await self.presence.hang_up(reason)

    async def resume(self, playing: str | None) -> None:
        """The app was restarted and the caller's leg is still up: go on where the flow stopped."""
        try:
            await resume(self, playing)
        finally:
            self.reading.resumed()

    # ------------------------------------------------------------------ small things

    @staticmethod
    def now_ms() -> int:
        """UTC epoch ms, the clock of flows and saved states."""
        return time.time_ns() // 1_000_000

    async def music(self, on: bool) -> None:
        """Hold music."""
        await self.caller.music(on, self.language)

    async def note(self, kind: str, payload: dict[str, Any], *, dedup: str | None = None) -> None:
        """Commit an event of this contact."""
        await self.around.store.append(self.conversation_id, kind, payload, contact_id=self.contact_id, dedup=dedup)
