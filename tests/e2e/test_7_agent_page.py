"""An agent in a real Chromium: a caller by SIP, hold, a reload in mid-call, another vendor's phone consulted, the call handed over."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.phones import baresip
from tests.e2e.sound import heard, spells, tone
from tests.e2e.test_3_browser import SENT, browser, choose
from tests.e2e.test_3_browser import pytestmark as needs_browser
from tests.e2e.waiting import asked, happens, until
from tests.e2e.world import PASSWORD, Instance

pytestmark = [
    needs_browser,
    pytest.mark.skipif(shutil.which("baresip") is None, reason="baresip is not installed"),
    pytest.mark.slow,
]
CALLER, NORA, IDA = 1100, 700, 500


def sign_in(page: Page, instance: Instance, name: str) -> None:
    """To the desk, ready to take calls without being asked for the microphone."""
    page.context.grant_permissions(["microphone"], origin=instance.url)
    page.goto(f"{instance.url}/agent")
    page.get_by_label("Name").fill(name)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    choose(page, "Available")


def talks(page: Page) -> None:
    """A second and a half of the microphone's sound go out."""
    sent = page.evaluate(SENT)
    until("the page is heard", lambda: page.evaluate(SENT) > sent + 75, 20)


def hears(page: Page, hz: int) -> None:
    """Until this pitch is what the page's newest call receives; 0 is silence."""
    until(f"the page hears {hz} Hz", lambda: abs(page.evaluate("window.__hears()") - hz) < 30, 20)


def test_hold_reload_consult_and_hand_over(instance: Instance, tmp_path: Path) -> None:
    """Judged by what the page says, by what each of them heard, and by who has the customer in the end."""
    nora, _ = instance.agent("nora", "browser")
    ida, secret = instance.agent("ida")
    with (
        baresip(instance.sip, tmp_path / "phone", "ida", secret, IDA) as heard_by_ida,
        browser(tone(tmp_path / "mic.wav", NORA)) as page,
    ):
        sign_in(page, instance, "nora")
        until("nora is available", lambda: instance.ask("GET", "/api/agent", nora).json()["status"] == "idle")
        caller, conversation = instance.call(
            asked("consent"), {"dtmf": "2"}, asked("ask"), {"dtmf": "0"}, happens("queue.accepted"),
            {"play": str(tone(tmp_path / "c.wav", CALLER, 240))},
        )  # fmt: skip
        expect(page.get_by_role("button", name="Accept")).to_be_visible()
        page.keyboard.press("Alt+KeyA")
        instance.wait(conversation, "queue.accepted", 20, agent="nora")
        hears(page, CALLER)
        talks(page)
        page.keyboard.press("Alt+KeyH")
        instance.wait(conversation, "hold", 10, on=True)
        hears(page, 0)
        page.get_by_role("button", name="Resume").click()
        instance.wait(conversation, "hold", 10, on=False)
        hears(page, CALLER)
        talks(page)

        page.reload()
        instance.wait(conversation, "party.away", 20)
        instance.wait(conversation, "party.returned", 20)
        hears(page, CALLER)
        expect(page.get_by_text("still in the call")).to_have_count(0)
        talks(page)

        instance.available(ida)
        page.keyboard.press("Alt+KeyC")
        page.get_by_role("combobox", name="Name, queue or number").fill("ida")
        expect(page.get_by_role("option", selected=True)).to_contain_text("ida")
        page.keyboard.press("Enter")
        instance.wait(conversation, "consult.answered", 20)
        expect(page.get_by_text("You talk to ida")).to_be_visible()
        hears(page, IDA)
        talks(page)
        page.get_by_role("button", name="Swap").click()
        expect(page.get_by_text("ida is on hold")).to_be_visible()
        hears(page, CALLER)
        talks(page)
        page.get_by_role("button", name="All together").click()
        instance.wait(conversation, "consult.conference", 10)
        expect(page.get_by_role("list", name="In this call").get_by_role("listitem")).to_have_count(3)
        talks(page)
        page.get_by_role("button", name="End", exact=True).click()
        page.get_by_text("Passed on", exact=True).click()
        page.get_by_role("button", name="Finish").click()
        instance.wait(conversation, "agent.left", 10)
        contact = instance.history(conversation)["contacts"][0]["id"]
        (at_ida,) = heard_by_ida.glob("*-dec.wav")
        size = at_ida.stat().st_size
        until("ida and the caller talk on", lambda: at_ida.stat().st_size > size + 3 * 16_000)
        done = instance.ask("POST", f"/api/agent/contacts/{contact}/hangup", ida)
        assert done.status_code == 204, done.text
        assert instance.ended(conversation)["disposition"] == "completed"
    caller.report(20)
    at_caller = caller.folder / "heard.wav"
    nora_at, ida_at = spells(at_caller, NORA), spells(at_caller, IDA)
    assert len(nora_at) >= 4, nora_at  # before the hold, after it, after the reload, after the consult
    assert (heard(at_caller, NORA) & heard(at_caller, IDA)).sum() > 5  # all together
    assert ida_at[-1][1] - nora_at[-1][1] > 2.0, (nora_at, ida_at)  # handed over
    asked_alone = spells(at_ida, NORA)[0]
    assert asked_alone[0] + 1.0 < spells(at_ida, CALLER)[0][0], (asked_alone, spells(at_ida, CALLER))
