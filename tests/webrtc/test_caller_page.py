"""The built caller page in a real Chromium, calling a real leg; only the HTTP API is played by the test.

Needs `web/dist` (`make web`); the API itself is tested in tests/server.
"""

from __future__ import annotations

import json
import mimetypes
import struct
import zlib
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

DEADLINE_MS = 60_000  # of anything the page shows; a busy machine takes a while to draw it


def png(size: int = 8) -> bytes:
    """A small square picture."""
    rows = b"".join(b"\0" + b"\x30\x60\x90" * size for _ in range(size))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


PICTURE = png()
REFUSED = """navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError") }"""
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
        self.over = False  # no call goes on that could be taken up
        self.broken_uploads = 0  # so many fail before one arrives
        self.peers: list[BrowserPeer] = []
        self.socket: WebSocketRoute | None = None
        self.told: list[dict[str, Any]] = []

    async def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix("http://localhost")
        if not path.startswith("/api/"):
            file = DIST / path.lstrip("/") if "." in path else DIST / "index.html"
            kind = mimetypes.guess_type(file.name)[0] or "text/plain"
            return await route.fulfill(body=file.read_bytes(), content_type=kind)
        if path == "/api/ice":
            return await route.fulfill(json={"ice_servers": []})
        if path.startswith("/api/conversations/c1/attachments"):
            return await self.picture(route)
        body = route.request.post_data_json
        self.asked.append((path, body))
        if path == "/api/chat":
            return await route.fulfill(json={"conversation_id": "c1", "token": "t"})
        if path != "/api/offer":
            return await route.fulfill(status=204)
        if self.full:
            return await route.fulfill(status=503, headers={"retry-after": "20"}, json={"detail": "full"})
        if self.over:
            return await route.fulfill(status=409, json={"detail": "the call is over"})
        peer = BrowserPeer(
            MediaOptions(), PeerEvents(), lambda _: None, lambda _rate, samples: np.zeros(samples, np.int16)
        )
        self.peers.append(peer)
        answer = {"sdp": await peer.answer(body["sdp"]), "type": "answer"}
        return await route.fulfill(
            json=answer | {"leg_id": "l", "contact_id": "k1", "conversation_id": "c1", "token": "t"}
        )

    async def picture(self, route: Route) -> None:
        if route.request.method == "GET":
            self.asked.append(("seen", route.request.headers.get("authorization")))
            return await route.fulfill(body=PICTURE, content_type="image/png")
        if self.broken_uploads:
            self.broken_uploads -= 1
            return await route.abort()
        kind = route.request.headers["content-type"].partition(";")[0]  # Chromium does not tell what was in it
        self.asked.append(("sent", kind))
        kept = {"attachment_id": "a1", "mime": "image/png", "size": len(PICTURE), "width": 8, "height": 8}
        await route.fulfill(json=kept)
        self.tell("message", role="customer", text="", attachment=kept)

    def follow(self, socket: WebSocketRoute) -> None:
        """Whoever follows late is told what happened before."""
        self.socket = socket
        for event in self.told:
            socket.send(json.dumps(event))

    def tell(self, kind: str, contact: str = "k1", **payload: Any) -> None:
        event = {
            "seq": len(self.told) + 1,
            "conversation_id": "c1",
            "contact_id": contact,
            "type": kind,
            "at": "2026-11-21T06:00:00Z",
            "payload": payload,
            "participant_id": None,
            "leg_id": None,
        }
        self.told.append(event)
        if self.socket is not None:
            self.socket.send(json.dumps(event))


@asynccontextmanager
async def opened(locale: str = "en-US", flags: list[str] = FLAGS) -> AsyncIterator[tuple[Page, Server]]:
    ice.bind("127.0.0.1")
    server = Server()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = await browser.new_page(locale=locale, viewport={"width": 390, "height": 844})
        await page.route("**/*", server.answer)
        await page.route_web_socket("**/api/events*", server.follow)
        page.set_default_timeout(DEADLINE_MS)
        expect.set_options(timeout=DEADLINE_MS)
        await page.goto("http://localhost/")
        try:
            yield page, server
        finally:
            await browser.close()
            for peer in server.peers:
                await peer.close()


async def test_a_call_from_the_first_click_to_the_end() -> None:
    async with opened() as (page, server):
        await page.get_by_role("button", name="Call", exact=True).click()
        state = page.get_by_role("status")
        await expect(state).to_contain_text("Talking to the assistant")
        assert server.asked[0][1]["locale"] == "en"
        server.tell("leg.up", role="customer")
        server.tell("bot.said", text="Hello, how can I help?", outcome="done")
        await expect(page.get_by_text("Hello, how can I help?")).to_be_visible()
        await page.get_by_role("button", name="Keypad").click()
        async with page.expect_response("**/dtmf"):  # of the answer: the server's list is written before it
            await page.get_by_role("button", name="7", exact=True).click()
        await page.get_by_placeholder("Type a message").fill("hi there")
        async with page.expect_response("**/messages"):
            await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_placeholder("Type a message")).to_have_value("")
        assert ("/api/conversations/c1/dtmf", {"digit": "7"}) in server.asked
        assert ("/api/conversations/c1/messages", {"text": "hi there"}) in server.asked
        server.tell("queue.entered", queue="support", reason="asked", facts={})
        server.tell("queue.position", position=2, eta_s=60)
        await expect(state).to_contain_text("number 2 in line")
        server.tell("queue.accepted", agent="Ana")
        await expect(state).to_contain_text("Talking to Ana")
        draft = page.get_by_placeholder("Type a message")
        await draft.fill("one more thing")
        server.tell("contact.ended", reason="hangup")
        await expect(page.get_by_role("button", name="Call again")).to_be_visible()
        await expect(page.get_by_text("Write here to go on with it")).to_be_visible()
        await expect(draft).to_have_value("one more thing")
        async with page.expect_request("**/api/conversations/c1/messages") as sent:
            await page.get_by_role("button", name="Send").click()
        assert (await sent.value).post_data_json == {"text": "one more thing"}
        server.tell("contact.started", contact="k2", channel="chat")
        await expect(page.get_by_role("button", name="End chat")).to_be_visible()
        await expect(state).to_contain_text("assistant")


async def test_a_full_house_is_said_in_the_callers_language() -> None:
    async with opened("zh-CN") as (page, server):
        server.full = True
        await page.get_by_role("button", name="拨打", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("20 秒后再拨")


async def test_a_refused_microphone_is_explained_and_one_may_write(tmp_path: Path) -> None:
    without_permission = [flag for flag in FLAGS if flag != "--use-fake-ui-for-media-stream"]
    async with opened(flags=[*without_permission, "--deny-permission-prompts"]) as (page, server):
        await page.get_by_role("button", name="Call", exact=True).click()
        problem = page.get_by_role("alert")
        await expect(problem).to_contain_text("microphone is blocked")
        assert server.asked == []
        await problem.get_by_role("button", name="Write").click()
        await expect(page.get_by_role("status")).to_contain_text("Writing with the assistant")
        picture = tmp_path / "box.png"
        picture.write_bytes(PICTURE)
        server.broken_uploads = 1
        await page.get_by_test_id("pictures").set_input_files(picture)
        await page.get_by_role("button", name="Send").click()
        await page.get_by_role("button", name="Try again").click()  # the connection broke in the middle
        await expect(page.get_by_role("log").get_by_role("img", name="Picture")).to_be_visible()
        await expect(page.get_by_role("list", name="Pictures to send")).to_be_hidden()
        assert ("sent", "multipart/form-data") in server.asked
        assert ("seen", "Bearer t") in server.asked


async def test_a_reload_in_mid_call_takes_the_call_up() -> None:
    async with opened() as (page, server):
        await page.get_by_role("switch", name="Slower speech").click()
        await page.get_by_role("button", name="Video call").click()
        state = page.get_by_role("status")
        await expect(state).to_contain_text("Talking to the assistant")
        await expect(page.get_by_label("Your own picture")).to_be_visible()
        await page.reload()
        await expect(state).to_contain_text("Talking to the assistant")
        await expect(page.get_by_label("Your own picture")).to_be_visible()
        first, second = [body for path, body in server.asked if path == "/api/offer"]
        assert (first["resume"], first.get("conversation"), first["slow"]) == (False, None, True)
        assert (second["resume"], second["conversation"], second["slow"]) == (True, "c1", True)
        await page.add_init_script(REFUSED)
        await page.reload()  # and the microphone is refused: they stay, listen, and may write
        await expect(state).to_contain_text("Talking to the assistant")
        problem = page.get_by_role("alert")
        await expect(problem).to_contain_text("nobody hears you")
        await expect(page.get_by_role("textbox")).to_be_visible()
        await page.evaluate("delete navigator.mediaDevices.getUserMedia")
        await problem.get_by_role("button", name="Use a microphone again").click()
        await expect(problem).to_be_hidden()
        server.over = True
        await page.reload()
        await expect(page.get_by_role("button", name="Call again")).to_be_visible()
        assert len(server.peers) == 3
