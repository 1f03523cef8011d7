"""Telephones and browsers in one conference, over the workers' real sockets: hold, and a page that takes its own place."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from media.frames import Samples
from media.options import MediaOptions
from media.webrtc.send import OutboundTrack
from media.webrtc.transport import WebRtcTransport
from media.worker import LegWorker
from session import channel, wire
from tests.telephony.phone_world import App, answering, call, tone, worker

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PITCHES = (500, 700, 900, 1100)  # the two telephones, the page, the page after its reload


def heard_in(samples: Any, rate: int) -> frozenset[int]:
    """Whose pitches are in 100 ms of sound."""
    at = np.arange(len(samples)) / rate
    return frozenset(hz for hz in PITCHES if abs(2 * np.mean(samples * np.exp(-2j * np.pi * hz * at))) > 0.04)


def stretches(samples: Any, rate: int) -> list[set[int]]:
    """Who was heard one after another, for 0.3 s or more each."""
    step = rate // 10
    tenths = [heard_in(samples[at : at + step], rate) for at in range(0, len(samples) - step, step)]
    runs = [(who, len(list(run))) for who, run in groupby(tenths)]
    return [set(who) for who, _ in groupby(who for who, count in runs if count >= 3)]


def in_order(wanted: list[set[int]], heard: list[set[int]]) -> bool:
    """Is all that is wanted there, one after another?"""
    rest = iter(heard)
    return all(any(one == who for who in rest) for one in wanted)


class Page:
    """A browser's side of a leg: hums at its pitch, and listens."""

    def __init__(self, hz: int) -> None:
        self._hz, self._at = hz, 0
        self.heard: list[Samples] = []
        self._more = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pc.addTrack(OutboundTrack(self._hum))
        self.pc.on("track", self._on_track)

    def _hum(self, rate: int, samples: int) -> Samples:
        at = np.arange(self._at, self._at + samples) / rate
        self._at += samples
        return (8000 * np.sin(2 * np.pi * self._hz * at)).astype(np.int16)

    def _on_track(self, track: Any) -> None:
        self._listening = asyncio.create_task(self._listen(track))

    async def _listen(self, track: Any) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                self.heard.append(frame.to_ndarray().reshape(-1)[:: len(frame.layout.channels)])
                self._more.set()

    async def hears(self, who: set[int]) -> None:
        """Until exactly these were heard for a second, a busy machine's hiccups not counted."""
        count = 0
        async with asyncio.timeout(100):
            while count < 10:
                self.heard.clear()
                while len(self.heard) < 5:
                    self._more.clear()
                    await self._more.wait()
                count += heard_in(np.concatenate(self.heard[:5]) / 32768, 48_000) == who

    async def join(self, app: App, leg_id: str) -> None:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        assert app.peer is not None
        offer = wire.OfferLeg(leg_id=leg_id, role="agent", sdp=self.pc.localDescription.sdp)
        answer = await app.peer.ask(offer, wire.SdpAnswer, 60)
        await self.pc.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        await app.wait(wire.LegProgress, leg_id=leg_id, state="up")


@contextlib.asynccontextmanager
async def browsers(run_dir: Path) -> AsyncIterator[App]:
    """A WebRTC worker whose legs share the telephones' sockets."""

    async def nothing(app: App, event: wire.LegEvent) -> None:
        """The test orders."""

    app, options = App(nothing), MediaOptions()
    server = await channel.serve(f"unix:{run_dir}/web.sock", app, "app")
    subject = LegWorker(
        "webrtc", "webrtc-0", options=options, run_dir=run_dir, app_address=f"unix:{run_dir}/web.sock",
        inference_address=f"unix:{run_dir}/none.sock", transport=WebRtcTransport(options), capacity=8,
    )  # fmt: skip
    running = asyncio.create_task(subject.run())
    try:
        await asyncio.wait_for(app.connected.wait(), 60)
        yield app
    finally:
        subject._stop.set()
        await asyncio.wait_for(running, 40)
        server.close()


async def test_telephones_and_pages_in_one_conference(tmp_path: Path) -> None:
    async with worker(tmp_path, answering()) as phones, browsers(tmp_path / "run") as pages:

        async def mix(**hears: str) -> None:
            """Who hears whom, by the names below; as the app has it."""
            for name, theirs in hears.items():
                audience = [legs[other] for other, them in hears.items() if name in them]
                order = wire.MixLeg(leg_id=legs[name], hears=[legs[one] for one in theirs], sends_to=audience)
                await (pages if name in "pr" else phones.app).order(order)

        calls = []
        for number, hz in ((1, 500), (2, 700)):
            said = tone(tmp_path / f"said-{number}.wav", 300.0, hz=hz)
            calls.append(
                asyncio.create_task(
                    call(
                        phones,
                        "--max-seconds",
                        "400",
                        "--wav",
                        str(said),
                        "--record",
                        f"{tmp_path}/{number}.wav",
                        timeout_s=500.0,
                    )
                )
            )
            await phones.app.wait(wire.LegProgress, state="up", count=number)  # a and b, in this order
        up = [e.leg_id for e in phones.app.seen(wire.LegProgress)]
        legs = {"a": up[0], "b": up[1], "p": "page", "r": "page-again"}
        page, again = Page(900), Page(1100)
        await page.join(pages, "page")

        await mix(a="bp", b="ap", p="ab")
        await page.hears({500, 700})
        await mix(a="", b="p", p="b")  # a is held
        await page.hears({700})
        await again.join(pages, "page-again")
        await mix(a="bpr", b="apr", p="", r="ab")
        await page.pc.close()
        ended = await pages.wait(wire.LegEnded, leg_id="page")
        assert ended.reason == "page_gone"
        await mix(a="br", b="ar", r="ab")
        await again.hears({500, 700})
        heard = [(e.leg_id, e.peer_leg_id, e.heard, e.reason) for e in phones.app.seen(wire.PeerHeard)]
        assert heard.count((legs["a"], legs["b"], True, "")) == 2  # before and after the hold
        assert (legs["b"], "page", True, "") in heard
        for leg_id in up:
            await phones.app.order(wire.HangupLeg(leg_id=leg_id))
        for done in await asyncio.gather(*calls):
            assert done[0] == 0, done
        await again.pc.close()
    first, second = (stretches(*soundfile.read(tmp_path / f"{number}.wav")) for number in (1, 2))
    # While orders are on their way, or the page is there twice, they hear other sums for a moment.
    assert in_order([{700, 900}, set(), {700, 1100}], first), first
    assert in_order([{500, 900}, {900}, {500, 1100}], second), second
    assert not any(500 in who for who in first), first  # nobody hears himself
