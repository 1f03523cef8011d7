"""The built caller page in a real Chromium, calling a real leg; only the HTTP API is played by the test.

Needs `web/dist` (`make web`); the API itself is tested in tests/server.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Page, Route, WebSocketRoute, async_playwright, expect

from media.options import MediaOptions
from media.webrtc import ice
from media.webrtc.peer import BrowserPeer, PeerEvents
from tests.webrtc.test_chromium import CHROMIUM, FLAGS

DIST = Path(__file__).parents[2] / "web" / "dist"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None or not (DIST / "index.html").is_file(), reason="needs chromium and web/dist"),
]


class Server:
    """The API as the page sees it, and what the page asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.full = False
        self.peer = BrowserPeer(
            MediaOptions(), PeerEvents(), lambda _: None, lambda _rate, samples: np.zeros(samples, np.int16)
        )
        self.socket: WebSocketRoute | None = None
        self.seq = 0

    async def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix("http://localhost")
        if not path.startswith("/api/"):
            file = DIST / path.lstrip("/") if "." in path else DIST / "index.html"
            kind = mimetypes.guess_type(file.name)[0] or "text/plain"
            return await route.fulfill(body=file.read_bytes(), content_type=kind)
        if path == "/api/ice":
            return await route.fulfill(json={"ice_servers": []})
        body = route.request.post_data_json
        self.asked.append((path, body))
        if path != "/api/offer":
            return await route.fulfill(json={})
        if self.full:
            return await route.fulfill(status=503, headers={"retry-after": "20"}, json={"detail": "full"})
        answer = {"sdp": await self.peer.answer(body["sdp"]), "type": "answer"}
        return await route.fulfill(json=answer | {"leg_id": "l", "conversation_id": "c1", "token": "t"})

    def follow(self, socket: WebSocketRoute) -> None:
        self.socket = socket

    def tell(self, kind: str, **payload: Any) -> None:
        assert self.socket is not None
        self.seq += 1
        event = {
            "seq": self.seq,
            "conversation_id": "c1",
            "type": kind,
            "at": "2026-11-21T06:00:00Z",
            "payload": payload,
        }
        self.socket.send(json.dumps(event | {"contact_id": None, "participant_id": None, "leg_id": None}))


@asynccontextmanager
async def opened(locale: str = "en-US", flags: list[str] = FLAGS) -> AsyncIterator[tuple[Page, Server]]:
    ice.bind("127.0.0.1")
    server = Server()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = await browser.new_page(locale=locale, viewport={"width": 390, "height": 844})
        await page.route("**/*", server.answer)
        await page.route_web_socket("**/api/events*", server.follow)
        await page.goto("http://localhost/")
        try:
            yield page, server
        finally:
            await browser.close()
            await server.peer.close()


async def test_a_call_from_the_first_click_to_the_end() -> None:
    async with opened() as (page, server):
        await page.get_by_role("button", name="Call").click()
        state = page.get_by_role("status")
        await expect(state).to_contain_text("Talking to the assistant", timeout=10_000)
        assert server.asked[0][1]["locale"] == "en"
        server.tell("leg.up", role="customer")
        server.tell("bot.said", text="Hello, how can I help?", outcome="done")
        await expect(page.get_by_text("Hello, how can I help?")).to_be_visible()
        await page.get_by_role("button", name="Keypad").click()
        await page.get_by_role("button", name="7", exact=True).click()
        await page.get_by_placeholder("Type a message").fill("hi there")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_placeholder("Type a message")).to_have_value("")
        assert ("/api/conversations/c1/dtmf", {"digit": "7"}) in server.asked
        assert ("/api/conversations/c1/messages", {"text": "hi there"}) in server.asked
        server.tell("queue.entered", queue="support", reason="asked", facts={})
        server.tell("queue.position", position=2, eta_s=60)
        await expect(state).to_contain_text("number 2 in line")
        server.tell("queue.accepted", agent="Ana")
        await expect(state).to_contain_text("Talking to Ana")
        server.tell("contact.ended", reason="hangup")
        await expect(page.get_by_role("button", name="Call again")).to_be_visible()


async def test_a_full_house_is_said_in_the_callers_language() -> None:
    async with opened("zh-CN") as (page, server):
        server.full = True
        await page.get_by_role("button", name="拨打").click()
        await expect(page.get_by_role("alert")).to_contain_text("20 秒后再拨")


async def test_a_refused_microphone_is_explained() -> None:
    without_permission = [flag for flag in FLAGS if flag != "--use-fake-ui-for-media-stream"]
    async with opened(flags=[*without_permission, "--deny-permission-prompts"]) as (page, server):
        await page.get_by_role("button", name="Call").click()
        await expect(page.get_by_role("alert")).to_contain_text("microphone is blocked")
        assert server.asked == []
