"""A webrtc leg worker through its sockets: the app's orders in, reports out, real aiortc as the browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from media.frames import Samples
from media.options import MediaOptions
from media.webrtc.send import OutboundTrack
from media.webrtc.transport import WebRtcTransport
from media.worker import LegWorker
from session import channel, wire

pytestmark = pytest.mark.e2e


class App:
    """The app's end: keeps what is reported."""

    def __init__(self) -> None:
        self.peer: asyncio.Future[channel.Peer] = asyncio.get_running_loop().create_future()
        self.events: asyncio.Queue[wire.LegEvent] = asyncio.Queue()

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        raise ValueError("nothing is asked of the app")

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        if isinstance(message, wire.Hello):
            self.peer.set_result(peer)
        elif isinstance(message, wire.Report):
            self.events.put_nowait(message.event)
            await peer.send(wire.Ack(seq=message.seq))

    async def on_closed(self, peer: channel.Peer) -> None:
        pass

    async def next(self, kind: type[wire.LegEvent], within_s: float = 40.0) -> wire.LegEvent:
        async with asyncio.timeout(within_s):
            while not isinstance(event := await self.events.get(), kind):
                pass
            return event


def silence(rate: int, samples: int) -> Samples:
    return np.zeros(samples, np.int16)


@asynccontextmanager
async def worker(tmp_path: Path, **options: float) -> AsyncIterator[tuple[App, LegWorker]]:
    app = App()
    server = await channel.serve(f"unix:{tmp_path}/app.sock", app, "app")
    settings = MediaOptions.model_validate(options)
    subject = LegWorker(
        "webrtc",
        "webrtc-0",
        options=settings,
        run_dir=tmp_path,
        app_address=f"unix:{tmp_path}/app.sock",
        inference_address=f"unix:{tmp_path}/none.sock",
        transport=WebRtcTransport(settings),
        capacity=settings.webrtc_legs_per_worker,
    )
    running = asyncio.create_task(subject.run())
    try:
        await asyncio.wait_for(app.peer, 30)
        yield app, subject
    finally:
        subject._stop.set()
        await asyncio.wait_for(running, 40)
        server.close()


async def dial(app: App, leg_id: str, record_path: str | None = None) -> RTCPeerConnection:
    browser = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    browser.addTrack(OutboundTrack(silence))
    keys = browser.createDataChannel("warmline")
    keys.on("open", lambda: keys.send(json.dumps({"dtmf": "7"})))
    await browser.setLocalDescription(await browser.createOffer())
    order = wire.OfferLeg(leg_id=leg_id, role="customer", sdp=browser.localDescription.sdp, record_path=record_path)
    try:
        answer = await (await app.peer).ask(order, wire.SdpAnswer, 30)
    except channel.RemoteError:
        await browser.close()
        raise
    await browser.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
    return browser


async def flowing(subject: LegWorker, leg_id: str) -> None:
    """Until more than twenty packets went each way."""
    peer = subject._transport._calls[leg_id].peer  # type: ignore[attr-defined]
    async with asyncio.timeout(40):
        while min((stats := await peer.stats()).rx_packets, stats.tx_packets) <= 20:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_leg_from_offer_to_hang_up(tmp_path: Path) -> None:
    async with worker(tmp_path) as (app, subject):
        browser = await dial(app, "leg-1", f"{tmp_path}/one.wav")
        up = await app.next(wire.LegProgress)
        assert (up.state, up.codec, up.srtp) == ("up", "opus/48000", True)
        key = await app.next(wire.DtmfReceived)
        assert (key.digit, key.source) == ("7", "page")
        peer = await app.peer
        await flowing(subject, "leg-1")
        for on, state in ((True, "held"), (False, "resumed")):
            await peer.ask(wire.HoldLeg(leg_id="leg-1", on=on), type(None), 30)
            told = await app.next(wire.LegProgress)
            assert (told.state, told.by) == (state, "local")
        await peer.ask(wire.SendDtmf(leg_id="leg-1", digits="5#"), type(None), 5)
        with pytest.raises(channel.RemoteError, match="a key is one of"):
            await peer.ask(wire.SendDtmf(leg_id="leg-1", digits="x"), type(None), 5)
        with pytest.raises(channel.RemoteError, match="cannot be dialled"):
            await peer.ask(wire.DialLeg(leg_id="x", role="agent", target="sip:a@b"), type(None), 30)
        await peer.ask(wire.HangupLeg(leg_id="leg-1"), type(None), 30)
        assert (await app.next(wire.RecordingClosed)).duration_ms > 0
        ended = await app.next(wire.LegEnded)
        assert (ended.party, ended.reason) == ("local", "hangup")
        assert ended.duration_ms > 0
        assert ended.stats.rx_packets > 20
        assert ended.stats.tx_packets > 20
        assert subject.leg_count == 0
        await browser.close()


async def test_more_legs_than_capacity_and_broken_offers_are_refused(tmp_path: Path) -> None:
    async with worker(tmp_path, webrtc_legs_per_worker=1) as (app, _):
        with pytest.raises(channel.RemoteError, match="no audio section"):
            await (await app.peer).ask(wire.OfferLeg(leg_id="bad", role="customer", sdp="v=0"), wire.SdpAnswer, 30)
        assert (await app.next(wire.LegEnded)).reason == "failed"
        browser = await dial(app, "leg-1")
        await app.next(wire.LegProgress)
        with pytest.raises(channel.RemoteError, match="full"):
            await dial(app, "leg-2")
        await browser.close()
        ended = await app.next(wire.LegEnded)
        assert (ended.leg_id, ended.party, ended.reason) == ("leg-1", "remote", "page_gone")
        again = await dial(app, "leg-3")
        await app.next(wire.LegProgress)
        await (await app.peer).ask(wire.Drain(), type(None), 30)
        with pytest.raises(channel.RemoteError, match="draining"):
            await dial(app, "leg-4")
        await again.close()


async def test_a_browser_that_falls_silent_has_lost_its_network_and_may_be_back(tmp_path: Path) -> None:
    async with worker(tmp_path, no_rtp_timeout_s=2) as (app, _):
        browser = await dial(app, "leg-1")
        await app.next(wire.LegProgress)
        await browser.getSenders()[0].stop()
        ended = await app.next(wire.LegEnded)
        assert (ended.party, ended.reason) == ("network", "failed")  # `no_rtp` is the end of a telephone's call
        await browser.close()


async def test_stopping_the_worker_ends_its_legs(tmp_path: Path) -> None:
    async with worker(tmp_path) as (app, subject):
        browser = await dial(app, "leg-1")
        await app.next(wire.LegProgress)
        subject._stop.set()
        assert (await app.next(wire.LegEnded)).reason == "drained"
        await browser.close()
