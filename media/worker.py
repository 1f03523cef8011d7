"""A leg worker process: holds a few legs, reports to the app, does what the app orders.

Its legs do not depend on the app being there: reports are kept until they are acknowledged and sent again after a
reconnection, and only a leg that nobody has cared for during a minute is given up.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import msgspec
import structlog

from media.inference import InferenceClient
from media.leg import LegMedia
from media.options import MediaOptions
from session import channel, wire
from session.ids import new_id

log = structlog.get_logger(__name__)

REPORTS_KEPT = 10_000  # unacknowledged reports; at ~10 a second and leg this outlasts any restart of the app
WATCH_S = 0.5
APP_AWAY_S = 60.0  # s without the app after which legs that are not talking to anyone are ended
HANGUP_S = 5.0  # s a transport has to end a leg before it is told again
TRANSPORT_CLOSE_S = 2.0
LEGS_CLOSE_S = 2.2  # a recording's last write may take 2 s on a slow disk
LAST_WORDS_S = 0.8  # s given to the app to acknowledge how the last legs ended

T = TypeVar("T")
LegState = Literal["offered", "ringing", "early", "up", "held", "silent"]


class Transport(Protocol):
    """The signalling side of a worker: SIP or WebRTC. What it cannot do raises ValueError with a sentence."""

    async def start(self, worker: LegWorker) -> None:
        """Begin to take calls."""

    async def answer(self, cmd: wire.AnswerLeg) -> None:
        """Answer an offered leg."""

    async def reject(self, cmd: wire.RejectLeg) -> None:
        """Refuse an offered leg."""

    async def offer(self, cmd: wire.OfferLeg) -> wire.SdpAnswer:
        """Make a leg from a browser's offer."""

    async def dial(self, cmd: wire.DialLeg) -> None:
        """Place a call."""

    async def hangup(self, cmd: wire.HangupLeg) -> None:
        """End a leg."""

    async def hold(self, cmd: wire.HoldLeg) -> None:
        """Hold or resume a leg."""

    async def send_dtmf(self, cmd: wire.SendDtmf) -> None:
        """Send keys."""

    async def tell_transfer(self, cmd: wire.TellTransfer) -> None:
        """Say what became of a transfer that the far end asked for."""

    async def drain(self, cmd: wire.Drain) -> None:
        """Refuse new legs from now on."""

    async def close(self) -> None:
        """Hang up everything, bounded in time."""


class _Leg:
    """A leg and what the app should know of it after a reconnection."""

    def __init__(self, media: LegMedia, transport: wire.Transport, remote: str) -> None:
        self.media = media
        self.transport: wire.Transport = transport
        self.remote = remote
        self.state: LegState = "offered"
        self.hang_up_again_at = 0.0

    def snapshot(self) -> wire.LegSnapshot:
        return wire.LegSnapshot(
            leg_id=self.media.leg_id,
            transport=self.transport,
            role=self.media.role,
            state=self.state,
            remote=self.remote,
            hears=self.media.mix.hears,
            sends_to=self.media.mix.sends_to,
            playing=self.media.playing,
        )


class LegWorker:
    """One per leg worker process; `run` is its life."""

    def __init__(
        self,
        kind: wire.WorkerKind,
        worker_id: str,
        *,
        options: MediaOptions,
        run_dir: Path,
        app_address: str,
        inference_address: str,
        decode_pool: Sequence[str] = (),
        transport: Transport,
        capacity: int,
    ) -> None:
        self.kind: wire.WorkerKind = kind
        self.worker_id = worker_id
        self.options = options
        self.capacity = capacity
        self.inference = InferenceClient(inference_address, worker_id, decode_pool)
        self._bridge_dir = run_dir / "bridge"
        self._transport = transport
        self._app = channel.Link(app_address, self, worker_id, on_up=self._greet)
        self._incarnation = new_id()
        self._legs: dict[str, _Leg] = {}
        self._unacked: deque[wire.Report] = deque(maxlen=REPORTS_KEPT)
        self._outbox: asyncio.Queue[wire.Report] = asyncio.Queue(maxsize=REPORTS_KEPT)
        self._seq = 0
        self._orders: set[asyncio.Task[Any]] = set()
        self._stop = asyncio.Event()
        self._all_acked = asyncio.Event()
        self._app_seen = time.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self) -> None:
        """Until SIGTERM or SIGINT: then every leg is hung up, recordings are closed, and it returns."""
        self._loop = asyncio.get_running_loop()
        self._bridge_dir.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop.set)
        await self._transport.start(self)
        tasks = [
            asyncio.create_task(self.inference.run(), name="inference-link"),
            asyncio.create_task(self._app.run(), name="app-link"),
            asyncio.create_task(self._deliver(), name="reports"),
            asyncio.create_task(self._watch(), name="watchdog"),
        ]
        stopping = asyncio.create_task(self._stop.wait())
        done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task is not stopping and (error := task.exception()) is not None:
                log.error("worker.task_failed", task=task.get_name(), error=repr(error))
        await self._close_all()
        for task in [*tasks, *self._orders]:
            task.cancel()
        await asyncio.gather(*tasks, *self._orders, return_exceptions=True)

    # ------------------------------------------------------------------ for the transport

    def new_leg(self, leg_id: str, role: wire.LegRole, transport: wire.Transport, remote: str) -> LegMedia:
        """Make a leg's media engine. Raises ValueError when the id is in use."""
        if leg_id in self._legs:
            raise ValueError(f"there is a leg {leg_id} already")
        media = LegMedia(
            leg_id, role, options=self.options, inference=self.inference, emit=self.emit, bridge_dir=self._bridge_dir
        )
        self._legs[leg_id] = _Leg(media, transport, remote)
        return media

    def leg(self, leg_id: str) -> LegMedia | None:
        """A leg's media engine."""
        leg = self._legs.get(leg_id)
        return leg.media if leg is not None else None

    @property
    def leg_count(self) -> int:
        """How many legs there are."""
        return len(self._legs)

    async def drop_leg(self, leg_id: str) -> None:
        """Close a leg's media; the transport then emits `LegEnded`."""
        leg = self._legs.get(leg_id)
        if leg is not None:
            await leg.media.close()

    def emit(self, event: wire.LegEvent) -> None:
        """Report to the app. From any thread."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is loop:
            self._report(event)
        else:
            loop.call_soon_threadsafe(self._report, event)

    # ------------------------------------------------------------------ channel.Handler

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        """An order of the app."""
        command = request.body
        match command:
            case wire.OfferLeg():
                return await self._whole(self._transport.offer(command))
            case wire.AnswerLeg():
                return await self._whole(self._transport.answer(command))
            case wire.RejectLeg():
                return await self._whole(self._transport.reject(command))
            case wire.DialLeg():
                return await self._whole(self._transport.dial(command))
            case wire.HangupLeg():
                return await self._whole(self._transport.hangup(command))
            case wire.HoldLeg():
                return await self._whole(self._transport.hold(command))
            case wire.SendDtmf():
                return await self._whole(self._transport.send_dtmf(command))
            case wire.TellTransfer():
                return await self._whole(self._transport.tell_transfer(command))
            case wire.Drain():
                return await self._whole(self._transport.drain(command))
            case (
                wire.PlaySpeech()
                | wire.PlayFile()
                | wire.PlayTone()
                | wire.StopPlay()
                | wire.SetHearing()
                | wire.MixLeg()
                | wire.MuteLeg()
                | wire.RecordLeg()
            ):
                leg = self._legs.get(command.leg_id)
                if leg is None:
                    raise ValueError(f"there is no leg {command.leg_id} in {self.worker_id}")
                return await self._whole(leg.media.handle(command))
            case _:
                raise ValueError(f"a leg worker does not answer {type(command).__name__}")

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        """Acknowledgements."""
        if isinstance(message, wire.Ack):
            while self._unacked and self._unacked[0].seq <= message.seq:
                self._unacked.popleft()
            if not self._unacked and self._outbox.empty():
                self._all_acked.set()

    async def on_closed(self, peer: channel.Peer) -> None:
        """The link reconnects by itself; the legs go on."""
        log.warning("worker.app_gone", legs=len(self._legs))

    # ------------------------------------------------------------------ inside

    async def _whole(self, work: Coroutine[Any, Any, T]) -> T:
        """Carry an order out to its end, even when the app that gave it dies meanwhile."""
        task = asyncio.create_task(work)
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)
        return await asyncio.shield(task)

    async def _greet(self, peer: channel.Peer) -> None:
        await peer.send(
            wire.Hello(
                worker_id=self.worker_id,
                kind=self.kind,
                incarnation=self._incarnation,
                pid=os.getpid(),
                capacity=self.capacity,
                legs=[leg.snapshot() for leg in self._legs.values()],
            )
        )
        last = 0
        while pending := [report for report in self._unacked if report.seq > last]:
            for report in pending:
                await peer.send(report)
                last = report.seq

    def _report(self, event: wire.LegEvent) -> None:
        self._track(event)
        if isinstance(event, wire.UtterancePartial) and self._app.peer is None:
            return  # live only: nobody wants it later
        self._seq += 1
        report = wire.Report(seq=self._seq, at=time.time_ns() // 1_000_000, event=event)
        try:
            self._outbox.put_nowait(report)
        except asyncio.QueueFull:
            log.error("worker.reports_lost", event=type(event).__name__)

    def _track(self, event: wire.LegEvent) -> None:
        leg = self._legs.get(event.leg_id)
        if leg is None:
            return
        match event:
            case wire.LegProgress(state="resumed"):
                leg.state = "up"
                leg.media.hold(False)
            case wire.LegProgress(state="held"):
                leg.state = "held"
                leg.media.hold(True)
            case wire.LegProgress(state="back"):
                leg.state = "up"
            case wire.LegProgress(state="ringing" | "early" | "up" | "silent" as state):
                leg.state = state
            case wire.LegEnded():
                del self._legs[event.leg_id]

    async def _deliver(self) -> None:
        """Send reports in order; what is under way when the app dies stays in `_unacked`."""
        while True:
            report = await self._outbox.get()
            peer = self._app.peer
            # Kept before it is sent, so that a reconnection in between sends it and nothing is lost or reordered.
            self._unacked.append(report)
            if peer is not None and not peer.closed:
                try:
                    await peer.send(report)
                except channel.Disconnected:
                    continue

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            now = time.monotonic()
            if self._app.peer is not None:
                self._app_seen = now
            for leg_id, leg in list(self._legs.items()):
                self._notice_silence(leg, now)
                reason = self._why_end(leg, now)
                if reason and now > leg.hang_up_again_at:
                    leg.hang_up_again_at = now + HANGUP_S
                    log.warning("worker.ends_leg", leg=leg_id, reason=reason)
                    await self._end(leg_id, reason)

    def _notice_silence(self, leg: _Leg, now: float) -> None:
        quiet = now - leg.media.last_inbound > self.options.silent_after_s
        if leg.state == "up" and quiet:
            self.emit(wire.LegProgress(leg_id=leg.media.leg_id, state="silent"))
        elif leg.state == "silent" and not quiet:
            self.emit(wire.LegProgress(leg_id=leg.media.leg_id, state="back"))

    async def _end(self, leg_id: str, reason: str) -> None:
        try:
            async with asyncio.timeout(HANGUP_S):
                await self._transport.hangup(wire.HangupLeg(leg_id=leg_id, reason=reason))
        except Exception as error:  # the watch over the other legs must go on
            log.error("worker.hangup_failed", leg=leg_id, error=repr(error))

    def _why_end(self, leg: _Leg, now: float) -> str:
        # A phone on hold need not send anything; a page that we hold goes on sending.
        sends = leg.state in ("up", "silent") or (leg.state == "held" and leg.transport == "webrtc")
        if sends and now - leg.media.last_inbound > self.options.no_rtp_timeout_s:
            return "no_rtp"
        if now - self._app_seen > APP_AWAY_S and not leg.media.mix.accompanied:
            return "failed"
        return ""

    async def _close_all(self) -> None:
        try:
            async with asyncio.timeout(TRANSPORT_CLOSE_S):
                await self._transport.close()
        except Exception as error:  # whatever the signalling does, recordings are closed
            log.error("worker.transport_close_failed", error=repr(error))
        closing = [asyncio.create_task(self.drop_leg(leg_id)) for leg_id in self._legs]
        if closing:
            _, late = await asyncio.wait(closing, timeout=LEGS_CLOSE_S)
            for task in late:
                log.error("worker.leg_close_stuck")
                task.cancel()
        if self._app.peer is not None and (self._unacked or not self._outbox.empty()):
            self._all_acked.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_acked.wait(), LAST_WORDS_S)
