"""Pages in trouble while people talk, in a real Chromium: two tabs of one agent, a microphone that is lost, a machine that sleeps."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.phones import Caller
from tests.e2e.sound import spells, tone
from tests.e2e.test_3_browser import SENT, browser
from tests.e2e.test_3_browser import pytestmark as needs_browser
from tests.e2e.test_7_agent_page import hears, sign_in, talks
from tests.e2e.waiting import asked, happens, until
from tests.e2e.world import Instance

pytestmark = [needs_browser, pytest.mark.slow]
CALLER, AGENT, UNHEARD = 1100, 700, 0

# The page's microphones, as `getUserMedia` gave them; what is unplugged ends, and there is none until one is plugged in.
PLUGS = """
const given = [];
const real = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
let there = true;
if (real) navigator.mediaDevices.getUserMedia = async (wanted) => {
  if (!there) throw new DOMException("none", "NotFoundError");
  const stream = await real(wanted);
  given.push(...stream.getAudioTracks());
  return stream;
};
window.__unplug = () => {
  there = false;
  for (const track of given.splice(0)) {
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }
};
window.__plug = () => {
  there = true;
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
};
"""


def answered(instance: Instance, page: Page, name: str, folder: Path) -> tuple[Caller, str]:
    """An agent signs in and takes a caller by SIP, who sounds from then on."""
    token, _ = instance.agent(name, "browser")
    sign_in(page, instance, name)
    until("they are available", lambda: instance.ask("GET", "/api/agent", token).json()["status"] == "idle")
    caller, conversation = instance.call(
        asked("consent"), {"dtmf": "2"}, asked("ask"), {"dtmf": "0"}, happens("queue.accepted"),
        {"play": str(tone(folder / "c.wav", CALLER, 240))},
    )  # fmt: skip
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    page.keyboard.press("Alt+KeyA")
    instance.wait(conversation, "queue.accepted", 20, agent=name)
    hears(page, CALLER)
    return caller, conversation


def finish(instance: Instance, page: Page, conversation: str) -> None:
    """The agent ends the call; nobody dropped the customer before."""
    page.get_by_role("button", name="End", exact=True).click()
    page.get_by_text("Solved", exact=True).click()
    page.get_by_role("button", name="Finish").click()
    assert instance.ended(conversation)["disposition"] in ("completed", "solved")


def below(pid: int) -> Iterator[int]:
    """Every process that this one started, at any remove."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield int(child)
            yield from below(int(child))


@contextlib.contextmanager
def asleep(only: str = "") -> Iterator[None]:
    """All of Chromium stands still, as on a laptop that is closed; `only` a kind of its processes."""
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in below(os.getpid())}
    some = [pid for pid, command in commands.items() if "chrom" in command.split("\0")[0] and only in command]
    assert some
    for pid in some:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in some:
            os.kill(pid, signal.SIGCONT)


def test_a_second_tab_never_takes_the_call_of_one_that_is_loaded_again(instance: Instance, tmp_path: Path) -> None:
    """It is there, it is quicker, and it waits for a click: also when the tab with the call is closed for good."""
    with browser(tone(tmp_path / "mic.wav", AGENT)) as page:
        caller, conversation = answered(instance, page, "tessa", tmp_path)
        second = page.context.new_page()
        second.goto(f"{instance.url}/agent")
        expect(second.get_by_text("open in another window")).to_be_visible()
        for number in (1, 2, 3):  # it loads in a second or two: often enough to be overtaken
            page.reload()
            instance.wait(conversation, "party.away", 20, count=number)
            instance.wait(conversation, "party.returned", 20, count=number)
            hears(page, CALLER)
            talks(page)
            expect(second.get_by_text("open in another window")).to_be_visible()
            assert second.evaluate("window.__calls.length") == 0, "the second tab took the call"
        page.close()
        rejoin = second.get_by_role("button", name="Rejoin")
        expect(rejoin).to_be_visible()
        assert second.evaluate("window.__calls.length") == 0
        rejoin.click()
        hears(second, CALLER)
        talks(second)
        finish(instance, second, conversation)
    caller.report(20)
    assert (
        len(spells(caller.folder / "heard.wav", AGENT)) >= 5
    )  # answered, loaded again three times, taken by the other tab


def test_an_agents_microphone_is_lost_and_found_and_the_laptop_sleeps(instance: Instance, tmp_path: Path) -> None:
    """The page says that nobody hears them, takes a microphone as soon as there is one, and is back in the call when it wakes."""
    with browser(tone(tmp_path / "mic.wav", AGENT)) as page:
        page.add_init_script(PLUGS)
        caller, conversation = answered(instance, page, "mika", tmp_path)
        talks(page)
        page.evaluate("window.__unplug()")
        lost = page.get_by_role("alert").filter(has_text="nobody hears you")
        expect(lost).to_be_visible()
        talks(page)  # silence: a line on which nothing comes would be ended
        hears(page, CALLER)
        page.evaluate("window.__plug()")
        expect(lost).to_have_count(0)
        talks(page)
        with asleep("network.mojom.NetworkService"):  # the page is awake, its network is gone
            instance.wait(conversation, "party.away", 30)
        instance.wait(conversation, "party.returned", 30)
        hears(page, CALLER)
        talks(page)
        with asleep():
            instance.wait(conversation, "party.away", 30, count=2)
        instance.wait(conversation, "party.returned", 30, count=2)
        hears(page, CALLER)
        talks(page)
        finish(instance, page, conversation)
    caller.report(20)
    assert len(spells(caller.folder / "heard.wav", AGENT)) >= 4  # before, with the microphone back, after each sleep


def test_a_customers_microphone_is_lost_and_found_and_the_telephone_sleeps(instance: Instance, tmp_path: Path) -> None:
    """Nobody is dropped: one call, and the line that is given up in a sleep is taken up again."""
    known = set(instance.conversations())
    with browser(tone(tmp_path / "mic.wav", UNHEARD)) as page:
        page.add_init_script(PLUGS)
        page.goto(instance.url)
        page.get_by_role("button", name="Call", exact=True).click()
        state = page.get_by_role("status").first
        expect(state).to_contain_text("Talking to the assistant")
        (conversation,) = set(instance.conversations()) - known
        page.evaluate("window.__unplug()")
        lost = page.get_by_role("alert").filter(has_text="nobody hears you")
        expect(lost).to_be_visible()
        sent = page.evaluate(SENT)
        until("longer than a silent line is kept", lambda: page.evaluate(SENT) > sent + 16 * 50, 30)
        page.evaluate("window.__plug()")
        expect(lost).to_have_count(0)
        for number, part in enumerate(("", "network.mojom.NetworkService"), 1):
            with asleep(part):
                instance.wait(conversation, "customer.away", 30, count=number)
            instance.wait(conversation, "customer.returned", 20, count=number)
            expect(state).to_contain_text("Talking to the assistant")
        page.get_by_role("button", name="Hang up").click()
        expect(page.get_by_role("button", name="Call again")).to_be_visible()
        instance.ended(conversation, 15)
    kinds = [event["type"] for event in instance.events(conversation)]
    assert [kinds.count(kind) for kind in ("contact.started", "contact.ended", "customer.away")] == [1, 1, 2]
