"""Browser legs of one worker: the app's commands in, legs and their ends out."""

from __future__ import annotations

import asyncio
import time

import structlog

from media.leg import LegMedia
from media.options import MediaOptions
from media.webrtc import ice
from media.webrtc.peer import BrowserPeer, Party, PeerEvents
from media.worker import LegWorker
from session import wire

log = structlog.get_logger(__name__)


class _Call(PeerEvents):
    """A leg and its connection."""

    def __init__(self, transport: WebRtcTransport, cmd: wire.OfferLeg, media: LegMedia) -> None:
        self.leg_id = cmd.leg_id
        self.media = media
        self._transport = transport
        self._cmd = cmd
        self.peer = BrowserPeer(transport.options, self, media.receive, media.fetch)

    def up(self, remote: str) -> None:
        self.media.start(self._cmd.hearing, self._cmd.record_path)
        self._transport.emit(
            wire.LegProgress(leg_id=self.leg_id, state="up", codec="opus/48000", srtp=True, remote=remote)
        )

    def over(self, party: Party, reason: str) -> None:
        self._transport.spawn_end(self, party, reason)

    def key(self, digit: str) -> None:
        self.media.dtmf(digit, "page")


class WebRtcTransport:
    """The `Transport` of a webrtc worker."""

    def __init__(self, options: MediaOptions) -> None:
        self.options = options
        self._worker: LegWorker | None = None
        self._calls: dict[str, _Call] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._draining = False

    async def start(self, worker: LegWorker) -> None:
        """Take the worker; from now on ICE gathers on the configured address only."""
        self._worker = worker
        ice.bind(self.options.webrtc_bind)

    async def offer(self, cmd: wire.OfferLeg) -> wire.SdpAnswer:
        """Make a leg from a browser's offer. Raises ValueError when full, draining, or the offer is unusable."""
        worker = self._need_worker()
        if self._draining:
            raise ValueError("this WebRTC worker is draining and takes no new legs")
        if len(self._calls) >= self.options.webrtc_legs_per_worker:
            raise ValueError(f"this WebRTC worker is full ({self.options.webrtc_legs_per_worker} legs)")
        if cmd.leg_id in self._calls:
            raise ValueError(f"leg {cmd.leg_id} exists already; a new offer needs a new leg")
        media = worker.new_leg(cmd.leg_id, cmd.role, "webrtc", "browser")
        call = self._calls[cmd.leg_id] = _Call(self, cmd, media)
        try:
            return wire.SdpAnswer(sdp=await call.peer.answer(cmd.sdp))
        except (ValueError, asyncio.CancelledError):
            self._calls.pop(cmd.leg_id, None)
            await call.peer.close()
            await worker.drop_leg(cmd.leg_id)
            self.emit(wire.LegEnded(leg_id=cmd.leg_id, party="error", reason="failed"))
            raise

    async def hangup(self, cmd: wire.HangupLeg) -> None:
        """Close the connection; a leg that is gone already is no error."""
        if (call := self._calls.get(cmd.leg_id)) is not None:
            # A page sends always: one that is silent lost its network or sleeps, and may be back, unlike a telephone.
            silent = cmd.reason == "no_rtp"
            self.spawn_end(call, "network" if silent else "local", "failed" if silent else cmd.reason)

    async def hold(self, cmd: wire.HoldLeg) -> None:
        """Silence both ways. Raises ValueError for an unknown leg."""
        self._need(cmd.leg_id).peer.hold(cmd.on)
        self.emit(wire.LegProgress(leg_id=cmd.leg_id, state="held" if cmd.on else "resumed", by="local"))

    async def drain(self, cmd: wire.Drain) -> None:
        """Take no new legs from now on."""
        self._draining = True

    async def close(self) -> None:
        """Hang everything up and wait for it, bounded."""
        self._draining = True
        for call in list(self._calls.values()):
            self.spawn_end(call, "local", "drained")
        if self._ending:
            await asyncio.wait(list(self._ending.values()), timeout=8.0)

    async def answer(self, cmd: wire.AnswerLeg) -> None:
        """Not for browsers."""
        raise ValueError("a browser leg is answered by its SDP answer (OfferLeg); AnswerLeg is for SIP legs")

    async def reject(self, cmd: wire.RejectLeg) -> None:
        """Not for browsers."""
        raise ValueError("a browser leg is refused over HTTP before it exists; RejectLeg is for SIP legs")

    async def dial(self, cmd: wire.DialLeg) -> None:
        """Not for browsers."""
        raise ValueError("a browser cannot be dialled; it makes the offer (OfferLeg)")

    async def send_dtmf(self, cmd: wire.SendDtmf) -> None:
        """Keys as tones in this leg's sound: aiortc has no RFC 4733. Raises ValueError for an unknown leg or no key."""
        self._need(cmd.leg_id).media.send_keys(cmd.digits)

    async def tell_transfer(self, cmd: wire.TellTransfer) -> None:
        """Not for browsers."""
        raise ValueError("a browser asks for transfers over HTTP; TellTransfer is for SIP legs")

    def emit(self, event: wire.LegEvent) -> None:
        """Report to the app."""
        self._need_worker().emit(event)

    def spawn_end(self, call: _Call, party: Party, reason: str) -> None:
        """Begin the end of a leg, once; also from callbacks."""
        if call.leg_id not in self._ending and self._calls.get(call.leg_id) is call:
            task = asyncio.create_task(self._end(call, party, reason), name=f"webrtc-end-{call.leg_id}")
            self._ending[call.leg_id] = task
            task.add_done_callback(lambda _task: self._ending.pop(call.leg_id, None))

    async def _end(self, call: _Call, party: Party, reason: str) -> None:
        up_at = call.peer.up_at
        duration_ms = round((time.monotonic() - up_at) * 1000) if up_at is not None else 0
        stats = wire.LegStats()
        try:
            stats = await asyncio.wait_for(call.peer.stats(), 2.0)
            await call.peer.close()
        except Exception:
            log.exception("webrtc.end_failed", leg=call.leg_id)
        finally:
            self._calls.pop(call.leg_id, None)
            try:
                await self._need_worker().drop_leg(call.leg_id)
            finally:
                self.emit(
                    wire.LegEnded(leg_id=call.leg_id, party=party, reason=reason, duration_ms=duration_ms, stats=stats)
                )

    def _need(self, leg_id: str) -> _Call:
        call = self._calls.get(leg_id)
        if call is None:
            raise ValueError(f"there is no browser leg {leg_id}")
        return call

    def _need_worker(self) -> LegWorker:
        if self._worker is None:
            raise RuntimeError("WebRtcTransport.start was not called")
        return self._worker
