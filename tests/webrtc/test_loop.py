"""Real aiortc on both ends, over loopback UDP with ICE and DTLS."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack

from media.frames import Audio, Samples
from media.options import MediaOptions
from media.turn import turn_credentials
from media.webrtc import ice
from media.webrtc.peer import BrowserPeer, PeerEvents
from media.webrtc.send import OutboundTrack

pytestmark = pytest.mark.e2e


class Recorder(PeerEvents):
    def __init__(self) -> None:
        self.is_up = asyncio.Event()
        self.ended: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.remote = ""
        self.keys: list[str] = []

    def up(self, remote: str) -> None:
        self.remote = remote
        self.is_up.set()

    def over(self, party: str, reason: str) -> None:
        self.ended.put_nowait((party, reason))

    def key(self, digit: str) -> None:
        self.keys.append(digit)


def silence(rate: int, samples: int) -> Samples:
    return np.zeros(samples, np.int16)


@asynccontextmanager
async def call(
    deliver: Callable[[Audio], None],
    source: Callable[[int, int], Samples],
    *,
    video: bool = False,
) -> AsyncIterator[tuple[BrowserPeer, Recorder, RTCPeerConnection]]:
    ice.bind("127.0.0.1")
    browser = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    browser.addTrack(OutboundTrack(source))
    if video:
        browser.addTrack(VideoStreamTrack())
    browser.createDataChannel("warmline")
    await browser.setLocalDescription(await browser.createOffer())
    events = Recorder()
    peer = BrowserPeer(MediaOptions(), events, deliver, silence)
    try:
        answer = await peer.answer(browser.localDescription.sdp)
        await browser.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await asyncio.wait_for(events.is_up.wait(), 40)
        yield peer, events, browser
    finally:
        await browser.close()
        await peer.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what real packets bring."""
    async with asyncio.timeout(40):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_losses_are_counted_and_what_comes_after_them_is_heard() -> None:
    """That they leave no delay behind is tested in virtual time, in test_jitter.py."""
    beeps_sent: list[int] = []
    heard: list[int] = []
    frame = 0

    def beeps(rate: int, samples: int) -> Samples:
        """20 ms of tone every 300 ms."""
        nonlocal frame
        frame += 1
        if frame % 15:
            return np.zeros(samples, np.int16)
        beeps_sent.append(frame)
        return (12_000 * np.sin(2 * np.pi * 800 * np.arange(samples) / rate)).astype(np.int16)

    came = 0

    def deliver(audio: Audio) -> None:
        nonlocal came
        came += 1
        if np.abs(audio.samples).max() > 3000 and (not heard or came - heard[-1] > 7):
            heard.append(came)

    async with call(deliver, beeps) as (peer, _, browser):
        transport = browser.getSenders()[0].transport
        send, dropped = transport._send_rtp, 0

        async def lossy(data: bytes) -> None:
            nonlocal dropped
            if frame in {70, 71, 92, 112} and not 192 <= data[1] <= 223:
                dropped += 1
            else:
                await send(data)

        transport._send_rtp = lossy
        await until(lambda: frame > 120)
        before = len(heard)
        await until(lambda: len(heard) >= before + 4)
        stats = await peer.stats()
    assert dropped >= 3
    assert stats.rx_lost >= 3
    assert 4 <= before <= len(heard) <= len(beeps_sent)


async def test_video_is_counted_and_never_queued_and_keys_arrive() -> None:
    async with call(lambda _: None, silence, video=True) as (peer, events, browser):
        channel = browser.sctp._data_channels
        async with asyncio.timeout(40):
            while True:
                stats = await peer.stats()
                if stats.video_frames >= 10 and min(stats.rx_packets, stats.tx_packets) > 10:
                    break
                await asyncio.sleep(0.1)
        for transceiver in peer._pc.getTransceivers():
            receiver = transceiver.receiver
            assert receiver._RTCRtpReceiver__decoder_queue.qsize() == 0
            assert receiver.track._queue.qsize() == 0
        (warmline,) = channel.values()
        for message in (json.dumps({"dtmf": "5"}), "nonsense", json.dumps({"dtmf": "55"}), json.dumps([1])):
            warmline.send(message)
        await until(lambda: bool(events.keys))
        assert events.keys == ["5"]
        assert events.remote.startswith("127.0.0.1:")
        assert "127.0.0.1" in peer._pc.localDescription.sdp
        hosts = {
            line.split()[4] for line in peer._pc.localDescription.sdp.splitlines() if line.startswith("a=candidate")
        }
        assert hosts == {"127.0.0.1"}


async def test_a_browser_that_closes_ends_the_leg() -> None:
    async with call(lambda _: None, silence) as (_, events, browser):
        await browser.close()
        assert await asyncio.wait_for(events.ended.get(), 30) == ("remote", "page_gone")


async def test_hold_silences_what_the_leg_hears() -> None:
    heard: list[float] = []
    tone = (9000 * np.sin(2 * np.pi * 440 * np.arange(320) / 16_000)).astype(np.int16)
    async with call(lambda audio: heard.append(float(np.abs(audio.samples).max())), lambda rate, n: tone[:n]) as (
        peer,
        _,
        _b,
    ):
        await until(lambda: max(heard, default=0) > 4000)
        peer.hold(True)
        heard.clear()
        await until(lambda: len(heard) >= 15)
        assert set(heard) == {0.0}, "silence goes on, so that the leg does not look dead"
        peer.hold(False)
        await until(lambda: max(heard) > 4000)


@pytest.mark.parametrize(
    ("sdp", "word"),
    [
        ("v=0\r\n", "no audio section"),
        ("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\n", "no Opus"),
        ("m=audio nonsense\r\na=rtpmap:111 opus/48000/2\r\n", "cannot be used"),
        ("x" * 70_000, "limit"),
    ],
)
async def test_bad_offers_are_refused_in_words(sdp: str, word: str) -> None:
    peer = BrowserPeer(MediaOptions(), Recorder(), lambda _: None, silence)
    with pytest.raises(ValueError, match=word):
        await peer.answer(sdp)
    await peer.close()


def test_hidden_addresses_are_dropped_and_trickling_stays_open() -> None:
    offer = "\r\n".join(
        [
            "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            "a=rtpmap:111 opus/48000/2",
            "a=candidate:1 1 udp 2113937151 0a1b-2c.local 51234 typ host",
            "a=candidate:2 1 udp 2113937151 192.0.2.7 51235 typ host",
            "a=end-of-candidates",
        ]
    )
    kept = ice.usable_offer(offer)
    assert ".local" not in kept
    assert "192.0.2.7" in kept
    assert "end-of-candidates" not in kept


def test_turn_passwords_are_coturns() -> None:
    """`time:name` and a base64 HMAC-SHA1 of it (20 bytes)."""
    username, password = turn_credentials("s3cret", ttl_s=60)
    assert username.endswith(":warmline")
    assert time.time() < int(username.split(":")[0]) <= time.time() + 61
    assert len(password) == 28
