"""One browser's connection: SDP, states, counters, the end. Knows nothing of commands or workers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, Literal

import structlog
from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.rtcdatachannel import RTCDataChannel

from media.frames import Audio, Samples
from media.options import MediaOptions
from media.webrtc import ice
from media.webrtc.receive import AudioSink, VideoCounter, attach, inbound_ssrcs
from media.webrtc.send import OutboundTrack
from session import wire

log = structlog.get_logger(__name__)

CONNECT_TIMEOUT_S = 15.0  # offer answered → ICE and DTLS done; a browser behind TURN takes up to ~5 s
CLOSE_TIMEOUT_S = 5.0
KEYS = frozenset("0123456789*#ABCD")
_OPUS = [codec for codec in RTCRtpSender.getCapabilities("audio").codecs if codec.mimeType.lower() == "audio/opus"]

Party = Literal["remote", "local", "network", "error"]


class PeerEvents:
    """What a connection tells its owner, in the loop's thread."""

    def up(self, remote: str) -> None:
        """ICE and DTLS are done; audio flows."""

    def over(self, party: Party, reason: str) -> None:
        """The connection is gone, or must go; the owner calls `close`."""

    def key(self, digit: str) -> None:
        """A key pressed on the page."""


class BrowserPeer:
    """One RTCPeerConnection with our audio path in and out. Create and use in the loop's thread."""

    def __init__(
        self,
        options: MediaOptions,
        events: PeerEvents,
        deliver: Callable[[Audio], None],
        fetch: Callable[[int, int], Samples],
    ) -> None:
        self.up_at: float | None = None
        self._events = events
        self._pc = RTCPeerConnection(ice.configuration(options))
        self._track = OutboundTrack(fetch)
        self._sink = AudioSink(deliver)
        self._video = VideoCounter()
        self._watch: asyncio.Task[None] | None = None
        self._closed = False
        self._pc.on("connectionstatechange", self._on_state)
        self._pc.on("datachannel", self._on_channel)

    async def answer(self, sdp: str) -> str:
        """The browser's offer → our answer, all our candidates in it. Raises ValueError on an unusable offer."""
        try:
            self._pc.addTrack(self._track)
            self._pc.getTransceivers()[0].setCodecPreferences(_OPUS)
            await self._pc.setRemoteDescription(RTCSessionDescription(ice.usable_offer(sdp), "offer"))
            for transceiver in self._pc.getTransceivers():
                attach(transceiver.receiver, self._sink if transceiver.kind == "audio" else self._video)
                if transceiver.kind == "audio":
                    for codec in transceiver._codecs:
                        codec.parameters["useinbandfec"] = 1  # asks the browser to send FEC once it sees loss
            await self._pc.setLocalDescription(await self._pc.createAnswer())
        except ValueError:
            raise
        except Exception as error:  # aiortc raises assertion, key and index errors on broken SDP
            raise ValueError(f"the SDP offer cannot be used: {type(error).__name__}: {error}") from error
        self._watch = asyncio.create_task(self._expect_connection(), name="webrtc-connect")
        return str(self._pc.localDescription.sdp)

    def hold(self, on: bool) -> None:
        """Silence both ways, or end it."""
        self._sink.muted = on
        self._track.muted = on

    async def stats(self) -> wire.LegStats:
        """Counters so far."""
        report: dict[str, Any] = await self._pc.getStats()
        inbound = inbound_ssrcs(report)
        rtts = [one.roundTripTime for one in report.values() if one.type == "remote-inbound-rtp" and one.roundTripTime]
        sent = [one.packetsSent for one in report.values() if one.type == "outbound-rtp" and one.kind == "audio"]
        return wire.LegStats(
            rx_packets=sum(one.packetsReceived for one in inbound),
            rx_lost=max(0, sum(one.packetsLost for one in inbound)),
            rx_discarded=self._sink.buffer.counters.discarded,
            tx_packets=sum(sent),
            jitter_ms=round(max((one.jitter for one in inbound), default=0) / 48, 1),
            rtt_ms=round(max(rtts, default=0.0) * 1000, 1),
            video_frames=self._video.frames,
        )

    async def close(self) -> None:
        """End everything, bounded in time; further calls do nothing."""
        if self._closed:
            return
        self._closed = True
        if self._watch is not None:
            self._watch.cancel()
        self._sink.close()
        self._track.stop()
        try:
            await asyncio.wait_for(self._pc.close(), CLOSE_TIMEOUT_S)
        except TimeoutError:
            log.error("webrtc.close_stuck", seconds=CLOSE_TIMEOUT_S)

    def _on_state(self) -> None:
        state = self._pc.connectionState
        if self._closed:
            return
        if state == "connected" and self.up_at is None:
            self.up_at = time.monotonic()
            self._events.up(self._remote_address())
        elif state == "failed":
            self._events.over("network", "failed" if self.up_at else "ice_failed")
        elif state == "closed":
            self._events.over("remote", "page_gone")  # a page hangs up through the app; this one was left or reloaded

    def _remote_address(self) -> str:
        connection = self._pc.getTransceivers()[0].receiver.transport.transport._connection
        pair = connection._nominated.get(1)
        return f"{pair.remote_addr[0]}:{pair.remote_addr[1]}" if pair else ""

    def _on_channel(self, channel: RTCDataChannel) -> None:
        channel.on("message", self._on_message)

    def _on_message(self, message: str | bytes) -> None:
        try:
            body = json.loads(message) if len(message) <= 1024 else None
        except ValueError:
            body = None
        digit = body.get("dtmf") if isinstance(body, dict) else None
        if isinstance(digit, str) and digit in KEYS:
            self._events.key(digit)
        else:
            log.warning("webrtc.bad_page_message", bytes=len(message), accepted='{"dtmf": "5"}')

    async def _expect_connection(self) -> None:
        await asyncio.sleep(CONNECT_TIMEOUT_S)
        if self.up_at is None:
            self._events.over("network", "ice_failed")
