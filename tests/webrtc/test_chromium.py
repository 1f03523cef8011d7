"""A real browser against a real leg: microphone and camera up, sound down, over loopback."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Page, Route, async_playwright

from media.frames import Audio, Samples
from media.options import MediaOptions
from media.webrtc import ice
from media.webrtc.peer import BrowserPeer
from tests.webrtc.test_loop import Recorder

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip

CALL = """async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const pc = (window.pc = new RTCPeerConnection());
  stream.getTracks().forEach((track) => pc.addTrack(track, stream));
  const player = document.body.appendChild(document.createElement("audio"));
  player.autoplay = true;
  pc.ontrack = (event) => { if (event.track.kind === "audio") player.srcObject = new MediaStream([event.track]); };
  const keys = pc.createDataChannel("warmline");
  keys.onopen = () => keys.send(JSON.stringify({ dtmf: "#" }));
  await pc.setLocalDescription(await pc.createOffer());
  await pc.setRemoteDescription({ type: "answer", sdp: await window.answer(pc.localDescription.sdp) });
}"""

HEARD = """async () => {
  for (const one of (await window.pc.getStats()).values())
    if (one.type === "inbound-rtp" && one.kind === "audio") return one.totalAudioEnergy;
  return 0;
}"""


@asynccontextmanager
async def browser_page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()

        async def empty(route: Route) -> None:
            await route.fulfill(body="<!doctype html>", content_type="text/html")

        await page.route("**/*", empty)
        await page.goto("http://localhost/")
        try:
            yield page
        finally:
            await browser.close()


async def eventually(check: Any, seconds: float = 40.0) -> None:
    for _ in range(int(seconds / 0.1)):
        if await check():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not happen in time")


async def test_chromium_is_heard_seen_and_hears() -> None:
    ice.bind("127.0.0.1")
    heard = 0.0
    events = Recorder()

    def deliver(audio: Audio) -> None:
        nonlocal heard
        heard = max(heard, float(np.abs(audio.samples).max()))

    def tone(rate: int, samples: int) -> Samples:
        return (9000 * np.sin(2 * np.pi * 500 * np.arange(samples) / rate)).astype(np.int16)

    peer = BrowserPeer(MediaOptions(), events, deliver, tone)
    async with browser_page() as page:
        await page.expose_function("answer", peer.answer)
        await page.evaluate(CALL)
        await asyncio.wait_for(events.is_up.wait(), 40)

        async def all_is_well() -> bool:
            stats = await peer.stats()
            energy = await page.evaluate(HEARD)
            return stats.video_frames > 5 and heard > 1000 and energy > 0.001 and events.keys == ["#"]

        await eventually(all_is_well)
        await page.reload()
        assert await asyncio.wait_for(events.ended.get(), 30) == ("remote", "page_gone")
    await peer.close()


HIDDEN = """async () => {
  const audio = new AudioContext();
  const sound = audio.createMediaStreamDestination();
  const tone = audio.createOscillator();
  tone.connect(sound);
  tone.start();
  const pc = (window.pc = new RTCPeerConnection());
  pc.addTrack(sound.stream.getTracks()[0], sound.stream);
  await pc.setLocalDescription(await pc.createOffer());
  await new Promise((resolve) => (pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && resolve()));
  const offer = pc.localDescription.sdp.replace(/ [0-9a-f.:]+ (\\d+) typ host/g, " 0f3c-7e.local $1 typ host");
  await pc.setRemoteDescription({ type: "answer", sdp: await window.answer(offer) });
  return offer;
}"""


async def test_a_browser_that_hides_its_addresses_connects() -> None:
    """Chromium hides them by default; its driver here turns that off, so the page puts the names in itself."""
    ice.bind("127.0.0.1")
    heard = 0.0
    events = Recorder()

    def deliver(audio: Audio) -> None:
        nonlocal heard
        heard = max(heard, float(np.abs(audio.samples).max()))

    peer = BrowserPeer(MediaOptions(), events, deliver, lambda rate, samples: np.zeros(samples, np.int16))
    async with browser_page() as page:
        await page.expose_function("answer", peer.answer)
        offer = await page.evaluate(HIDDEN)
        assert "0f3c-7e.local" in offer
        assert "192.0.2." not in "".join(line for line in offer.splitlines() if "a=candidate" in line)
        await asyncio.wait_for(events.is_up.wait(), 40)

        async def is_heard() -> bool:
            return heard > 1000

        await eventually(is_heard)
    await peer.close()
