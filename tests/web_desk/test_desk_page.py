"""The built agent desktop in Chromium before a made-up server: keys, ring, suggestions, wrap-up, reload, accessibility."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

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

ANSWER = """async (sdp) => {
  const pc = (window.pc = new RTCPeerConnection());
  await pc.setRemoteDescription({ type: "offer", sdp });
  await pc.setLocalDescription(await pc.createAnswer());
  while (pc.iceGatheringState !== "complete") await new Promise((done) => pc.addEventListener("icegatheringstatechange", done, { once: true }));
  return pc.localDescription.sdp;
}"""


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
    with page.expect_response("**/assist/card-comfort"):
        page.keyboard.press("Escape")
    expect(comfort).to_have_count(0)
    with page.expect_response("**/assist/card-knowledge"):  # of the answer: the server's list is written before it
        page.keyboard.press("Alt+KeyS")
    expect(box).to_have_value("Hello, how are you? A? Fees may be refunded.")
    with page.expect_response("**/conversations/talk-one/messages"):
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
    with page.expect_response("**/mute"):
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
    with page.expect_response("**/wrapup"):
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


def test_a_customer_is_parked_and_taken_back_and_another_given_on_unasked(page: Page, server: DeskServer) -> None:
    server.view |= {"status": "interacting", "device": "sip", "registered": True, "contacts": [contact("one")]}
    open_desk(page)
    with page.expect_response("**/contacts/one/park"):
        page.get_by_role("button", name="Park").click()
    server.event("one", "park", code="701", user_id="amy", on=True)
    parked = page.get_by_role("region", name="Parked")
    expect(parked).to_contain_text("701")
    with page.expect_response("**/agent/parked/701/take"):
        parked.get_by_role("button", name="Take").click()
    server.event("one", "park", code="", user_id="amy", on=False)
    expect(parked).to_have_count(0)
    # The list is asked for apart from the call, without which the key does nothing.
    expect(page.get_by_role("button", name="Transfer")).to_be_enabled()
    page.keyboard.press("Alt+KeyT")
    dialog = page.get_by_role("dialog", name="Transfer to…")
    dialog.get_by_role("combobox").fill("sal")
    expect(dialog.get_by_role("option", name="Sales")).to_have_attribute("aria-selected", "true")
    dialog.get_by_label("Note for them").fill("Wants two.")
    with page.expect_request("**/contacts/one/transfer") as asked:
        dialog.get_by_role("button", name="Transfer now").click()
    body = asked.value.post_data_json
    assert body is not None and (body["target"]["kind"], body["target"]["to"]) == ("queue", "sales")
    assert "Wants two." in (body["note"], body["target"]["note"])


def test_agents_and_supervisors_reach_each_other(page: Page, server: DeskServer) -> None:
    server.roles = ["agent", "supervisor"]
    server.view |= {"status": "interacting", "device": "sip", "registered": True, "contacts": [contact("one")]}
    open_desk(page)
    server.event("none", "broadcast", text="Fire drill at noon.", by="sue", by_name="Sue", user_ids=[])
    expect(page.get_by_role("status").filter(has_text="Fire drill")).to_be_visible()
    with page.expect_request("**/contacts/one/help"):
        page.keyboard.press("F8")
    server.event("one", "supervise.help", user_id="amy", name="Amy")
    expect(page.get_by_text("Your supervisors were told")).to_be_visible()
    server.event("two", "supervise.help", user_id="ben", name="Ben")
    asked = page.get_by_role("status").filter(has_text="Ben asks for a supervisor")
    expect(asked.get_by_role("link", name="Open the conversation")).to_have_attribute("href", "/conversations/talk-two")
    page.get_by_role("button", name="Alerts, 3 new").click()
    expect(page.get_by_role("dialog")).to_contain_text("Fire drill")


def test_a_ticket_changes_its_state_and_its_department(page: Page, server: DeskServer) -> None:
    server.view |= {"status": "interacting", "device": "sip", "registered": True, "contacts": [contact("one")]}
    server.tickets = [
        {
            "ticket_id": "7", "title": "A fee twice", "priority": "high", "status": "open", "department": "billing",
            "category": "", "updated_at": at(-60), "due_at": at(3600), "first_due_at": None, "solved_at": None,
            "paused": False, "breached": False, "events": [],
        }
    ]  # fmt: skip
    server.customer = {"name": "Ada", "locale": "not a language"}  # whatever a directory holds, the desk is drawn
    open_desk(page)
    expect(page.get_by_role("tabpanel")).to_contain_text("not a language")
    page.get_by_role("tab", name="Tickets").click()
    for label, value, sent in (
        ("State of ticket 7", "solved", {"status": "solved"}),
        ("Department of ticket 7", "delivery", {"department": "delivery"}),
    ):
        with page.expect_request("**/tickets/7") as asked:
            page.get_by_label(label).select_option(value)
        body = asked.value.post_data_json
        assert body is not None and sent.items() <= body.items()


def test_devices_are_chosen_and_a_microphone_that_breaks_is_told(page: Page, server: DeskServer) -> None:
    page.add_init_script(
        "const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "window.__asked = [];"
        "navigator.mediaDevices.getUserMedia = async (wanted) => {"
        " window.__asked.push(wanted.audio?.deviceId?.ideal ?? ''); window.__stream = await ask(wanted); return window.__stream; };"
    )
    page.route("**/contacts/one/rejoin", lambda route: route.fulfill(status=409, json={"detail": "this is over"}))
    away = [party("c", "customer", name="Ada", transport="sip"), party("m", "agent", me=True, state="away")]
    server.view |= {"status": "interacting", "contacts": [contact("one", parties=away)]}
    open_desk(page)
    over = page.get_by_role("alert").filter(has_text="this is over")
    expect(over).to_be_visible()
    rejoin = page.get_by_role("button", name="Rejoin")
    expect(rejoin).to_be_visible()  # the page has tried three times by itself, and asks from now on
    page.get_by_role("button", name="Devices").click()
    devices = page.get_by_role("dialog", name="Devices")
    microphone = devices.get_by_label("Microphone")
    chosen = microphone.locator("option").nth(1).get_attribute("value")
    assert chosen
    microphone.select_option(chosen)
    speaker = devices.get_by_label("Speaker").locator("option").nth(1).get_attribute("value")
    if speaker:  # headless Chromium has one where the machine has sound
        devices.get_by_label("Speaker").select_option(speaker)
    page.keyboard.press("Escape")
    with page.expect_request("**/agent/contacts/one/rejoin"):
        rejoin.click()
    assert page.evaluate("window.__asked.at(-1)") == chosen
    expect(over).to_be_visible()  # until it is told, a click changes nothing
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('gone', 'NotFoundError')); }"
    )
    rejoin.click()
    expect(page.get_by_role("alert").filter(has_text="No working microphone was found")).to_be_visible()


def test_a_second_tab_leaves_the_call_where_it_is_and_a_draft_outlives_a_reload(page: Page, server: DeskServer) -> None:
    server.view |= {"status": "interacting", "contacts": [contact("one"), contact("two", channel="chat")]}
    page.goto(f"{page.base}/mark.svg")  # type: ignore[attr-defined]
    page.evaluate("navigator.locks.request('warmline.call.one', () => new Promise(() => undefined)) && 0")
    second = page.context.new_page()
    second.add_init_script(RINGS)
    server.serve(second)
    second.goto(f"{page.base}/agent")  # type: ignore[attr-defined]
    expect(second.get_by_text("open in another window")).to_be_visible()
    box = second.get_by_label("Message to Ada")
    box.fill("Half a sent")
    second.on("dialog", lambda dialog: dialog.accept())
    second.reload()
    expect(box).to_have_value("Half a sent")
    expect(second.get_by_text("open in another window")).to_be_visible()
    page.goto("about:blank")  # the tab with the call is closed, or loads again: from here it looks the same
    away = [party("c", "customer", name="Ada", transport="sip"), party("m", "agent", me=True, state="away")]
    server.view["contacts"] = [contact("one", parties=away)]
    server.event("one", "party.away", user_id="amy")
    rejoin = second.get_by_role("button", name="Rejoin")
    expect(rejoin).to_be_visible()
    assert second.evaluate("window.__offers") == 0
    with second.expect_request("**/contacts/one/rejoin"):
        rejoin.click()


def test_a_call_that_another_machine_takes_is_not_taken_back(page: Page, server: DeskServer) -> None:
    away = [party("c", "customer", name="Ada", transport="sip"), party("m", "agent", me=True, state="away")]
    server.view |= {"status": "interacting", "contacts": [contact("one", parties=away)]}
    asked: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route)

    page.route("**/contacts/one/rejoin", hold)
    with page.expect_request("**/contacts/one/rejoin"):
        open_desk(page)
    far = page.context.new_page()
    far.goto(f"{page.base}/mark.svg")  # type: ignore[attr-defined]
    server.view["contacts"] = [contact("one")]
    body = asked[0].request.post_data_json
    assert body is not None
    asked[0].fulfill(json={"sdp": far.evaluate(ANSWER, body["sdp"]), "leg_id": "leg"})
    far.wait_for_function("window.pc.connectionState === 'connected'")
    expect(page.get_by_role("button", name="Hold")).to_be_enabled()
    far.evaluate("window.pc.close()")  # the server ends this page's leg: another machine has the call
    expect(page.get_by_text("open in another window")).to_be_visible()
    assert len(asked) == 1, "it took the call back from the other machine"
