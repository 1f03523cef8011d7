"""The built agent desktop in Chromium before a made-up server: keys, ring, suggestions, wrap-up, reload, accessibility."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.web_desk.desk_server import DIST, DeskServer, at, card, contact, offer, pages, party

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
expect.set_options(timeout=60_000)  # as long as a busy machine may need for a page
AXE = DIST.parent / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        CHROMIUM is None or not (DIST / "index.html").is_file() or not AXE.is_file(),
        reason="needs chromium and web/dist",
    ),
    pytest.mark.timeout(300),
]
RINGS = """
window.__strikes = 0;
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { window.__strikes += 1; return make.call(this); };
window.__offers = 0;
const describe = RTCPeerConnection.prototype.createOffer;
RTCPeerConnection.prototype.createOffer = function (...a) { window.__offers += 1; return describe.apply(this, a); };
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        )
        yield browser
        browser.close()


@pytest.fixture
def server() -> DeskServer:
    return DeskServer()


@pytest.fixture
def page(chromium: Browser, server: DeskServer) -> Iterator[Page]:
    context = chromium.new_context(locale="en-US", viewport={"width": 1280, "height": 800}, permissions=["microphone"])
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.add_init_script(RINGS)
    server.serve(page)
    with pages() as url:
        page.base = url  # type: ignore[attr-defined]
        yield page
        context.close()


def open_desk(page: Page) -> None:
    page.goto(f"{page.base}/agent")  # type: ignore[attr-defined]
    page.get_by_test_id("status").wait_for(timeout=60_000)


def findings(page: Page) -> list[str]:
    page.add_script_tag(path=str(AXE))
    rules = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}"
    found = page.evaluate(
        f"axe.run(document, {rules}).then((r) => r.violations.map((v) => [v.impact, v.id, v.nodes[0].html]))"
    )
    return [str(one) for one in found if one[0] in ("serious", "critical")]


def test_a_chat_rings_is_taken_by_key_and_answered_with_a_suggestion(page: Page, server: DeskServer) -> None:
    server.view["offers"] = [offer("one")]
    server.cards = [card("knowledge", "Fees may be refunded."), card("comfort", "I am sorry.")]
    open_desk(page)
    expect(page.get_by_role("alert")).to_contain_text("Incoming: Chat from Ada")
    page.wait_for_function("window.__strikes > 0")
    page.keyboard.press("Alt+KeyA")
    box = page.get_by_label("Message to Ada")
    expect(box).to_be_visible(timeout=60_000)
    assert server.asked[0] == ("POST", "/agent/offers/offer-one/accept", {"type": "offer"})
    struck = page.evaluate("window.__strikes")
    box.fill("Hello, how are you? A")  # letters and question marks are text here, never commands
    page.keyboard.type("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    comfort = page.get_by_role("article", name="comfort")
    expect(comfort).to_be_visible()
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(comfort).to_have_count(0)
    page.keyboard.press("Alt+KeyS")
    expect(box).to_have_value("Hello, how are you? A? Fees may be refunded.")
    page.keyboard.press("Enter")
    expect(box).to_have_value("")
    sent = [body for _, path, body in server.asked if path == "/conversations/talk-one/messages"]
    assert sent == [{"text": "Hello, how are you? A? Fees may be refunded."}]
    told = [(path, body["action"]) for _, path, body in server.asked if path.startswith("/assist/")]
    assert told == [("/assist/card-comfort", "dismissed"), ("/assist/card-knowledge", "inserted")]
    assert page.evaluate("window.__strikes") == struck, "it rings although nothing is offered any more"


def test_a_consult_offers_what_fits_and_keys_follow_the_map(page: Page, server: DeskServer) -> None:
    parties = [
        party("c", "customer", name="Ada", state="held", transport="sip"), party("m", "agent", me=True),
        party("b", "agent", name="Bea"),
    ]  # fmt: skip
    server.view |= {"status": "interacting", "device": "sip", "registered": True}
    asking = contact("one", state="held", parties=parties, asker="m", asked="b", emotion="angry", frustration=0.8)
    server.view["contacts"] = [asking]
    server.event("one", "utterance.final", role="customer", utterance_id="u", text="This is too much.", confidence=0.7)
    page.emulate_media(color_scheme="dark")
    open_desk(page)
    expect(page.get_by_text("You talk to Bea; Ada is on hold.")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("This is too much.")
    expect(page.get_by_role("button", name="Transfer")).to_be_disabled()
    page.keyboard.press("Alt+Digit3")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog")
    keys.get_by_role("button", name="Change keys of “Mute or unmute”").click()
    page.keyboard.press("m")
    expect(keys.get_by_role("alert")).to_contain_text("Alt or Ctrl")
    page.keyboard.press("Alt+KeyJ")
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    with page.expect_request("**/mute"):
        page.keyboard.press("Alt+KeyJ")
    done = [path for _, path, _ in server.asked]
    assert done == ["/agent/contacts/one/consult/conference", "/agent/contacts/one/mute"]
    assert findings(page) == []


def test_after_a_call_the_form_stands_there_filled_in(page: Page, server: DeskServer) -> None:
    server.view["status"] = "acw"
    server.view["contacts"] = [contact("one", state="acw", acw_until=at(60), parties=[])]
    open_desk(page)
    summary = page.get_by_label("Summary")
    expect(summary).to_have_value("Asked for a refund.")
    page.get_by_label("Notes").fill("Was friendly.")
    page.reload()
    expect(page.get_by_label("Notes")).to_have_value("Was friendly.")
    assert findings(page) == []
    with page.expect_request("**/wrapup"):
        page.keyboard.press("Alt+KeyW")
    body = server.asked[-1][2]
    assert body == {"disposition": "resolved", "notes": "Was friendly.", "summary": "Asked for a refund."}


def test_a_call_of_mine_that_no_page_carries_is_joined_at_once(page: Page, server: DeskServer) -> None:
    away = [party("c", "customer", name="Ada", transport="sip"), party("m", "agent", me=True, state="away")]
    server.view |= {"status": "interacting", "contacts": [contact("one", parties=away)]}
    with page.expect_request("**/agent/contacts/one/rejoin", timeout=60_000) as asked:
        open_desk(page)
    body = asked.value.post_data_json
    assert body is not None and "v=0" in body["sdp"]


def test_a_call_that_another_machine_carries_is_left_there(page: Page, server: DeskServer) -> None:
    server.view |= {"status": "interacting", "contacts": [contact("one")]}
    open_desk(page)
    take = page.get_by_role("button", name="Take over here")
    expect(take).to_be_visible()
    assert page.evaluate("window.__offers") == 0
    with page.expect_request("**/agent/contacts/one/rejoin"):
        take.click()
