"""Every page in both languages, light and dark: axe-core finds nothing serious, and nothing is cut off sideways.

With WARMLINE_SCREENS=FOLDER the pictures of docs/screens.md are taken on the way (`make screens`).
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.web_pages.pages_server import DIST, WORDS, PagesServer, built_pages

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
AXE = DIST.parent / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = os.environ.get("WARMLINE_SCREENS", "")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        CHROMIUM is None or not (DIST / "index.html").is_file() or not AXE.is_file(),
        reason="needs chromium and the built pages",
    ),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
WIDTHS = {390: 844, 1280: 800}
SEEN_MS = 60_000  # on a busy machine
expect.set_options(timeout=SEEN_MS)
RUN_AXE = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""


def write(page: Page, language: str) -> None:
    """Into a conversation, by writing."""
    page.get_by_role("button", name={"en": "Write", "zh-CN": "文字对话"}[language], exact=True).click()
    expect(page.get_by_role("log")).to_contain_text(WORDS[language]["ana"])
    expect(page.get_by_role("log").get_by_role("img")).to_be_visible()


def signed_in(page: Page, language: str) -> None:
    expect(page.get_by_text(WORDS[language]["subject"]).first).to_be_visible()


def read(page: Page, language: str) -> None:
    signed_in(page, language)
    expect(page.get_by_role("log")).to_contain_text(WORDS[language]["ana"])
    expect(page.locator("canvas")).to_be_visible()


def as_it_is(page: Page, language: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def shoot(page: Page, name: str) -> None:
    """A picture of few colours, so that it is small."""
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(96).save(
        Path(SCREENS) / f"{name}.png", optimize=True
    )


PAGES: dict[str, tuple[str, Callable[[Page, str], None]]] = {
    "start": ("/", as_it_is),
    "talk": ("/", write),
    "login": ("/login", as_it_is),
    "conversations": ("/conversations", signed_in),
    "conversation": ("/conversations/c1", read),
    "nowhere": ("/nowhere", as_it_is),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with built_pages() as url:
        yield url


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_pages_can_be_used_by_everybody(browser: Browser, address: str, language: str) -> None:
    context = browser.new_context(locale=language, color_scheme="light", reduced_motion="reduce")
    context.set_default_timeout(SEEN_MS)
    context.add_init_script(path=AXE)
    found: list[str] = []
    for name, (path, arrive) in PAGES.items():
        page = context.new_page()
        page.set_viewport_size({"width": 390, "height": WIDTHS[390]})
        broken: list[str] = []
        page.on("pageerror", lambda error, broken=broken: broken.append(str(error)))  # type: ignore[misc]
        PagesServer(language).serve(page)
        page.goto(address + path)
        arrive(page, language)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # the pages follow the system
            expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
            found += [f"{name}, {scheme}: {violation}" for violation in page.evaluate(RUN_AXE)]
            for width, height in WIDTHS.items():
                page.set_viewport_size({"width": width, "height": height})
                if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                    found.append(f"{name}: wider than {width} px")
                if SCREENS:
                    shoot(page, f"{name}-{language}-{scheme}-{width}")
        found += [f"{name}: {error}" for error in broken]
        page.close()
    context.close()
    assert not found, "\n".join(found)


def test_large_type_fits_a_telephone_and_a_chosen_scheme_stays(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="en", color_scheme="light", viewport={"width": 390, "height": WIDTHS[390]})
    context.set_default_timeout(SEEN_MS)
    page = context.new_page()
    PagesServer("en").serve(page)
    page.goto(address)
    size = page.get_by_role("heading", level=1).evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
    page.get_by_role("switch", name="Larger type").click()
    larger = page.get_by_role("heading", level=1).evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
    assert larger > 1.3 * size
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    page.get_by_role("button", name="Light or dark").click()
    page.get_by_role("menuitem", name="Dark").click()
    page.reload()
    expect(page.get_by_role("switch", name="Larger type")).to_be_checked()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    write(page, "en")
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    if SCREENS:
        shoot(page, "talk-large-en-dark-390")
    context.close()


def test_who_hangs_up_while_it_still_connects_is_not_called_back_by_the_page(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="en", permissions=["microphone"])
    context.set_default_timeout(SEEN_MS)
    page = context.new_page()
    PagesServer("en").serve(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/offer", hold)
    page.route("**/api/ice", lambda route: route.fulfill(json={"ice_servers": []}))
    page.goto(address)
    with page.expect_request("**/api/offer"):
        page.get_by_role("button", name="Call", exact=True).click()
    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_role("button", name="Call again")).to_be_visible()
    with page.expect_request("**/api/conversations/c9/hangup") as left:  # the server is told of a call it made since
        held[0].fulfill(
            json={
                "conversation_id": "c9",
                "contact_id": "k9",
                "leg_id": "l9",
                "token": "t9",
                "sdp": "v=0",
                "type": "answer",
            }
        )
    assert left.value.headers["authorization"] == "Bearer t9"
    expect(page.get_by_role("button", name="Call again")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    context.close()


def test_a_chat_that_ends_while_a_call_beside_it_fails_is_over_at_once(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="en", permissions=["microphone"])
    context.set_default_timeout(SEEN_MS)
    page = context.new_page()
    server = PagesServer("en")
    server.serve(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/offer", hold)
    page.route("**/api/ice", lambda route: route.fulfill(json={"ice_servers": []}))
    page.goto(address)
    write(page, "en")
    with page.expect_request("**/api/offer"):
        page.get_by_role("button", name="Call as well").click()
    server.tell("contact.ended", reason="idle")
    expect(page.get_by_role("log")).to_contain_text("The conversation ended")
    held[0].fulfill(status=503, json={"detail": "all lines are busy"})
    expect(page.get_by_role("alert")).to_be_visible()
    page.reload()
    # The start, and not the chat of before.
    expect(page.get_by_role("button", name="Write", exact=True)).to_be_visible()
    context.close()


def test_who_has_no_workplace_is_told_in_their_language_and_led_on(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="zh-CN")
    context.set_default_timeout(SEEN_MS)
    page = context.new_page()
    server = PagesServer("zh-CN")
    server.serve(page)
    page.route(
        "**/api/login",
        lambda route: route.fulfill(
            status=429, headers={"Retry-After": "94"}, json={"detail": "too many tries; wait 94 seconds"}
        ),
    )
    page.goto(f"{address}/login")
    page.get_by_role("textbox").first.fill("sue")
    page.get_by_role("textbox").last.fill("not this one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("尝试次数过多，请在 94 秒后重试。")
    server.roles = ["supervisor"]
    page.goto(f"{address}/agent")
    signed_in(page, "zh-CN")
    assert page.url == f"{address}/conversations"
    context.close()
