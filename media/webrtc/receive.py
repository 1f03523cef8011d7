"""The one adapter that corrects aiortc's receive path.

aiortc hands every depayloaded packet to its receiver's jitter buffer and decodes what that returns. The buffers here
take its place by `attach` and return nothing, so aiortc's decoder and its unbounded frame queue stay idle while its
RTCP reports and statistics go on as before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtp import RtpPacket

from media.frames import SPEECH_RATE, Audio
from media.webrtc import opus
from media.webrtc.jitter import JitterBuffer, Release

log = structlog.get_logger(__name__)

_SLOT = "_RTCRtpReceiver__jitter_buffer"
_WOKEN_LATE_S = 0.010  # a timer this late means that this process stalled, and packets wait in the socket
_DRAIN_S = 0.005  # how long the socket is then given to empty before anything is called lost


class PacketSink(Protocol):
    """What aiortc calls for each packet; returns (send a PLI?, frame to decode)."""

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """Take one packet."""


def attach(receiver: RTCRtpReceiver, sink: PacketSink) -> None:
    """Put `sink` in the place of the receiver's jitter buffer. Raises RuntimeError if aiortc has changed inside."""
    if not hasattr(receiver, _SLOT):
        raise RuntimeError("aiortc's RTCRtpReceiver keeps no __jitter_buffer any more: adapt media/webrtc/receive.py")
    setattr(receiver, _SLOT, sink)


class AudioSink:
    """Opus packets → mono 16 kHz audio, in order, on time, holes mended. Used in the loop's thread only."""

    def __init__(self, deliver: Callable[[Audio], None]) -> None:
        self.buffer = JitterBuffer()
        self.muted = False
        self._deliver = deliver
        self._decoder = opus.OpusDecoder(SPEECH_RATE)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """One packet from aiortc."""
        now = self._loop.time()
        try:
            ticks = opus.duration(packet.payload)
        except opus.OpusError:
            self.buffer.counters.discarded += 1
            return False, None
        if not self._closed:
            self.buffer.push(
                packet.payload,
                source=packet.ssrc,
                seq16=packet.sequence_number,
                ts32=packet.timestamp,
                ticks=ticks,
                now_ms=now * 1000,
            )
            self._release(now)
        return False, None

    def close(self) -> None:
        """Nothing is delivered after this."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _release(self, now: float) -> None:
        for item in self.buffer.pop(now * 1000):
            audio = self._sound(item)
            self._deliver(Audio.silence(audio.ms, audio.rate) if self.muted else audio)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.buffer.next_due()
        if due is not None:
            self._timer = self._loop.call_at(due / 1000, self._wake, due / 1000)

    def _wake(self, due: float) -> None:
        now = self._loop.time()
        if now - due > _WOKEN_LATE_S:
            self._timer = self._loop.call_at(now + _DRAIN_S, self._wake, now + _DRAIN_S)
        else:
            self._release(now)

    def _sound(self, item: Release) -> Audio:
        samples = item.ticks * SPEECH_RATE // opus.RTP_CLOCK
        try:
            if item.kind == "packet":
                return Audio(self._decoder.decode(item.payload), SPEECH_RATE)
            if item.kind == "fec":
                return Audio(self._decoder.recover(item.payload, samples), SPEECH_RATE)
            if item.kind == "conceal":
                return Audio(self._decoder.conceal(samples), SPEECH_RATE)
        except opus.OpusError as error:
            self.buffer.counters.discarded += 1
            log.debug("webrtc.undecodable", error=str(error))
        return Audio.silence(item.ticks / 48, SPEECH_RATE)


class VideoCounter:
    """Counts video frames and lets them go undecoded."""

    def __init__(self) -> None:
        self.frames = 0

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """One packet; the marker bit ends a frame (RFC 6184, RFC 7741)."""
        self.frames += int(bool(packet.marker))
        return False, None


def inbound_ssrcs(stats: dict[str, Any]) -> list[Any]:
    """The audio streams received, out of a peer connection's statistics."""
    return [one for one in stats.values() if one.type == "inbound-rtp" and one.kind == "audio"]
