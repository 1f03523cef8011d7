"""What the browser hears: one Opus packet every 20 ms, on a clock that neither drifts nor bursts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.packet import Packet

from media.frames import FRAME_MS, SPEECH_RATE, Samples
from media.webrtc.opus import RTP_CLOCK, OpusEncoder

RATE = SPEECH_RATE  # Hz; all that a leg says is made at this rate, encoding it higher would only add a resampler
FRAME = RATE * FRAME_MS // 1000  # samples
BITRATE = 32_000  # bit/s; transparent for wideband speech, with room for FEC
EXPECTED_LOSS_PERCENT = 5  # makes libopus spend bits on FEC
MAX_BURST = 3  # frames sent at once after a stall; older time is skipped, not replayed
_TICKS = RTP_CLOCK * FRAME_MS // 1000
_TIME_BASE = Fraction(1, RTP_CLOCK)


class FrameClock:
    """Which 20 ms frame is next and when. Pure: time comes in, frame numbers come out."""

    def __init__(self) -> None:
        self._start: float | None = None
        self._frame = -1

    def advance(self, now: float) -> tuple[int, float]:
        """At `now` (s): the next frame's number, and how long to wait for its moment (0 when it has come)."""
        if self._start is None:
            self._start = now
        self._frame += 1
        behind = int((now - self._start) * 1000 / FRAME_MS) - self._frame
        if behind >= MAX_BURST:
            self._frame += behind - MAX_BURST + 1
        return self._frame, max(0.0, self._start + self._frame * FRAME_MS / 1000 - now)


class OutboundTrack(MediaStreamTrack):
    """Pulls from the leg at the pace of its own clock and encodes to mono Opus; aiortc only packs and encrypts."""

    kind = "audio"

    def __init__(self, fetch: Callable[[int, int], Samples]) -> None:
        super().__init__()
        self.muted = False
        self._fetch = fetch
        self._clock = FrameClock()
        self._encoder = OpusEncoder(RATE, BITRATE, EXPECTED_LOSS_PERCENT)
        self._now = asyncio.get_running_loop().time

    async def recv(self) -> Packet[Any]:
        """The next packet, when its moment has come. Raises MediaStreamError once stopped."""
        frame, wait_s = self._clock.advance(self._now())
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        if self.readyState != "live":
            raise MediaStreamError
        samples = self._fetch(RATE, FRAME)
        packet = Packet(self._encoder.encode(samples * 0 if self.muted else samples))
        packet.pts = frame * _TICKS
        packet.time_base = _TIME_BASE
        return packet
