"""The customer's page in a real Chromium at a real instance, with a voice at its microphone."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.e2e.test_3_browser import browser, pytestmark, spoken
from tests.e2e.waiting import until
from tests.e2e.world import Instance

__all__ = ["pytestmark"]


def photo(path: Path) -> Path:
    """A grey picture of 64 by 48."""
    rows = b"".join(b"\0" + b"\x90\x90\x90" * 64 for _ in range(48))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    )
    return path


def test_a_chat_with_a_picture_beside_a_call_that_survives_a_reload(instance: Instance, tmp_path: Path) -> None:
    """Written first, then called, a picture sent beside the call, the page reloaded in mid-call: one conversation."""
    known = set(instance.conversations())
    with browser(spoken(tmp_path / "mic.wav", (60.0, "en-hours"))) as page:
        page.goto(instance.url)
        page.get_by_role("button", name="Write", exact=True).click()
        log = page.get_by_role("log")
        expect(log).to_contain_text("Hello")
        page.get_by_role("button", name="Call as well").click()
        state = page.get_by_role("status")
        expect(state).to_contain_text("Talking to the assistant")
        (conversation,) = set(instance.conversations()) - known
        instance.wait(conversation, "bot.said", 20, text="Hello")
        page.get_by_test_id("pictures").set_input_files(photo(tmp_path / "box.png"))
        page.get_by_role("button", name="Send").click()
        expect(log.get_by_role("img", name="Picture")).to_be_visible()

        page.reload()
        expect(state).to_contain_text("Talking to the assistant")
        until("the bot is heard again", lambda: page.evaluate("window.__hears()") > 0, 20)
        expect(log.get_by_role("img", name="Picture")).to_be_visible()
        page.get_by_role("button", name="Keypad").click()
        page.get_by_role("button", name="1", exact=True).click()  # yes to the question for consent
        instance.wait(conversation, "consent", 20, given=True)
        page.get_by_placeholder("Type a message").fill("Where are you located?")
        page.get_by_role("button", name="Send").click()
        expect(log).to_contain_text("Harbour")
        page.get_by_role("button", name="Hang up").click()
        expect(page.get_by_role("button", name="Call again")).to_be_visible()
        instance.ended(conversation, 15)

    assert set(instance.conversations()) - known == {conversation}
    history: dict[str, Any] = instance.history(conversation)
    assert [contact["channel"] for contact in history["contacts"]] == ["chat", "voice"]
    voice = [leg for leg in history["legs"] if leg["transport"] == "webrtc"]
    assert len(voice) == 2  # before and after the reload
    kinds = [event["type"] for event in history["events"]]
    assert kinds.count("customer.returned") == 1
    sent = [event["payload"]["attachment"] for event in history["events"] if event["payload"].get("attachment")]
    assert [(one["width"], one["height"]) for one in sent] == [(64, 48)]
