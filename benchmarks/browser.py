"""A WebRTC caller for measurements: speaks clips, hears the replies, knows to the sample when it did either."""

from __future__ import annotations

import asyncio
import bisect
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from media.frames import SPEECH_RATE, Audio, Samples
from media.webrtc import ice
from media.webrtc.receive import AudioSink, attach
from media.webrtc.send import RATE, OutboundTrack
from telephony.tape import Spotter, voiced_span

CONNECT_S = 15.0


@dataclass(slots=True)
class Spoken:
    """One clip on its way. Times are monotonic s."""

    samples: Samples
    voiced: tuple[int, int]
    offset: int = 0
    first_voiced: float = 0.0
    last_voiced: float = 0.0


class Browser:
    """One caller. Its ear is the product's own receive path (5 ms), a real browser adds its own jitter buffer."""

    def __init__(self) -> None:
        self.conversation_id = ""
        self._spotter = Spotter()
        self._heard = 0  # samples
        self._arrivals: list[tuple[int, float]] = []  # (sample, when its packet came)
        self._mouth: Spoken | None = None
        self._counted = 0

    @asynccontextmanager
    async def call(self, http: str) -> AsyncIterator[None]:
        """Call, and hang up at the end. Raises TimeoutError or httpx.HTTPError when there is no connection."""
        ice.bind("127.0.0.1")
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        up = asyncio.Event()
        peer.on("connectionstatechange", lambda: up.set() if peer.connectionState == "connected" else None)
        peer.addTrack(OutboundTrack(self._fetch))
        ear = AudioSink(self._receive)
        attach(peer.getTransceivers()[0].receiver, ear)
        try:
            await peer.setLocalDescription(await peer.createOffer())
            async with httpx.AsyncClient(base_url=http, timeout=10, trust_env=False) as client:
                offer = {"sdp": peer.localDescription.sdp, "type": "offer"}
                answer = (await client.post("/api/offer", json=offer)).raise_for_status().json()
            self.conversation_id = str(answer["conversation_id"])
            await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
            await asyncio.wait_for(up.wait(), CONNECT_S)
            yield
        finally:
            ear.close()
            await peer.close()

    async def quiet(self, silence_s: float, timeout_s: float) -> bool:
        """Wait until the far end has spoken since last time and was then silent; False when it did not."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            spans = self._spotter.spans
            if len(spans) > self._counted and (self._heard - spans[-1][1]) / SPEECH_RATE >= silence_s:
                self._counted = len(spans)
                return True
            await asyncio.sleep(0.02)
        return False

    async def say(self, samples: Samples) -> Spoken:
        """Say a clip of 16 kHz; returns when its last sample has been sent."""
        spoken = Spoken(samples, voiced_span(samples))
        self._mouth = spoken
        while self._mouth is not None:
            await asyncio.sleep(0.02)
        return spoken

    def replies(self) -> list[tuple[float, float]]:
        """Every stretch of far-end sound so far, monotonic s."""
        return [(self._when(start), self._when(end)) for start, end in self._spotter.spans]

    def _when(self, sample: int) -> float:
        at = bisect.bisect_right(self._arrivals, sample, key=lambda pair: pair[0]) - 1
        first, moment = self._arrivals[max(0, at)]
        return moment + (sample - first) / SPEECH_RATE

    def _receive(self, audio: Audio) -> None:
        self._arrivals.append((self._heard, time.monotonic()))
        self._spotter.feed(audio.samples, self._heard)
        self._heard += len(audio.samples)

    def _fetch(self, rate: int, count: int) -> Samples:
        out = np.zeros(count, dtype=np.int16)
        spoken = self._mouth
        if spoken is None or rate != RATE:
            return out
        now = time.monotonic()
        part = spoken.samples[spoken.offset : spoken.offset + count]
        out[: len(part)] = part
        for edge, name in ((spoken.voiced[0], "first_voiced"), (spoken.voiced[1], "last_voiced")):
            if spoken.offset < edge <= spoken.offset + count or edge == spoken.offset == 0:
                setattr(spoken, name, now + (edge - spoken.offset) / SPEECH_RATE)
        spoken.offset += count
        if spoken.offset >= len(spoken.samples):
            self._mouth = None
        return out
