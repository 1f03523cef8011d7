"""Real Chromium as caller and as agent, at the built pages of a running instance."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.phones import SPOKEN, play
from tests.e2e.sound import seconds_of, tone
from tests.e2e.waiting import asked, happens, until
from tests.e2e.world import PASSWORD, ROOT, Instance

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or not (ROOT / "web" / "dist" / "index.html").is_file(), reason="needs chromium and web/dist"
)

# Switches off the browser's noise suppression, which would eat a tone that is there to be measured, and looks at what the page's own call receives: energy and strongest frequency of the far end's sound.
EAR = """
const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (ask) navigator.mediaDevices.getUserMedia = (wanted) =>
  ask({ ...wanted, audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
window.__calls = [];
const Real = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Real {
  constructor(...args) {
    super(...args);
    window.__calls.push(this);
    this.addEventListener("track", (event) => {
      if (event.track.kind !== "audio") return;
      const context = new AudioContext();
      this.ear = context.createAnalyser();
      this.ear.fftSize = 4096;
      context.createMediaStreamSource(new MediaStream([event.track])).connect(this.ear);
      this.rate = context.sampleRate;
    });
  }
};
window.__hears = () => {
  const call = window.__calls.at(-1);
  if (!call?.ear) return 0;
  const bins = new Float32Array(call.ear.frequencyBinCount);
  call.ear.getFloatFrequencyData(bins);
  const best = bins.reduce((top, value, index) => (value > bins[top] ? index : top), 0);
  return bins[best] > -60 ? (best * call.rate) / call.ear.fftSize : 0;
};
"""

# Packets of 20 ms that the page's call sent.
SENT = """async () => {
  for (const one of (await window.__calls.at(-1).getStats()).values())
    if (one.type === "outbound-rtp" && one.kind === "audio") return one.packetsSent;
  return 0;
}"""


@contextmanager
def browser(microphone: Path) -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
                f"--use-file-for-fake-audio-capture={microphone}",
            ],
        )  # fmt: skip
        context = chromium.new_context(locale="en-US")  # further pages of it are further tabs
        context.set_default_timeout(120_000)
        expect.set_options(timeout=120_000)
        context.add_init_script(EAR)
        try:
            yield context.new_page()
        finally:
            chromium.close()


def spoken(path: Path, *clips: tuple[float, str]) -> Path:
    """A WAV for the microphone: each clip after so many seconds of silence. Chromium plays it again and again."""
    parts: list[np.ndarray] = []
    for silence_s, name in clips:
        samples, rate = soundfile.read(SPOKEN / f"{name}.flac")
        parts += [np.zeros(int(silence_s * rate)), samples]
    soundfile.write(path, np.concatenate([*parts, np.zeros(60 * 16_000)]), 16_000, subtype="PCM_16")
    return path


def test_a_caller_on_the_page(instance: Instance, tmp_path: Path) -> None:
    """Keypad for consent, a spoken question answered, captions of both, a message in the same conversation, hang-up."""
    microphone = spoken(tmp_path / "mic.wav", (25.0, "en-hours"))
    known = set(instance.conversations())
    with browser(microphone) as page:
        page.goto(instance.url)
        page.get_by_role("button", name="Call", exact=True).click()
        state = page.get_by_role("status")
        expect(state).to_contain_text("Talking to the assistant")
        conversation = until("the call", lambda: next(iter(set(instance.conversations()) - known), None))
        instance.wait(conversation, "bot.said", 20, text="Hello")
        instance.wait(conversation, "bot.said", 30, block="consent", outcome="done")
        page.get_by_role("button", name="Keypad").click()
        page.get_by_role("button", name="1", exact=True).click()
        instance.wait(conversation, "consent", 20, given=True)
        captions = page.get_by_role("log")
        expect(captions.first).to_contain_text("opening hours", ignore_case=True)
        expect(captions.first).to_contain_text("Monday")
        assert page.evaluate("window.__calls.length") == 1
        page.get_by_placeholder("Type a message").fill("Where are you located?")
        page.get_by_role("button", name="Send").click()
        instance.wait(conversation, "message", 10, text="located")
        instance.wait(conversation, "bot.said", 30, text="Harbour")
        page.get_by_role("button", name="Hang up").click()
        expect(page.get_by_role("button", name="Call again")).to_be_visible()
        end = instance.ended(conversation, 15)
        assert end["reason"] in ("hangup", "page_gone"), end  # the page closes its line, then says so
    assert [u for u in instance.history(conversation)["utterances"] if u["emotion"] is not None]
    assert instance.ask("GET", f"/api/conversations/{conversation}/recording").status_code == 200


def choose(page: Page, state: str) -> None:
    """The agent's own state, from the menu in the page's bar."""
    page.get_by_test_id("status").click()
    page.get_by_role("menuitem", name=state).click()


def test_an_agent_on_the_page_talks_with_a_phone(instance: Instance, tmp_path: Path) -> None:
    """Login, Available, accept, words on the screen, hold with music, resume, end, wrap-up; heard both ways."""
    token, _ = instance.agent("amy", "browser")
    clip, rate = soundfile.read(SPOKEN / "en-agent.flac")
    whistle, _ = soundfile.read(tone(tmp_path / "whistle.wav", 700, 3))
    microphone = tmp_path / "mic.wav"
    soundfile.write(microphone, np.concatenate([clip, np.zeros(rate), whistle, np.zeros(rate)]), rate, subtype="PCM_16")
    caller_tone = tone(tmp_path / "c.wav", 1100)
    with browser(microphone) as page:
        page.goto(f"{instance.url}/agent")
        page.get_by_label("Name").fill("amy")
        page.get_by_role("textbox", name="Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        choose(page, "Available")
        until(
            "amy is available", lambda: instance.ask("GET", "/api/agent", token).json()["availability"] == "available"
        )
        caller, conversation = instance.call(
            asked("consent"), {"dtmf": "1"}, asked("ask"), play("en-human"), happens("queue.offered"),
            {"play": str(caller_tone)},
        )  # fmt: skip
        accept = page.get_by_role("button", name="Accept")
        expect(accept).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("Incoming")
        page.keyboard.press("Alt+KeyA")
        instance.wait(conversation, "queue.accepted", 20)
        expect(page.get_by_text("talk to a person").first).to_be_visible()
        until("the browser hears the phone", lambda: abs(page.evaluate("window.__hears()") - 1100) < 30, 15)
        instance.wait(conversation, "utterance.final", 30, role="agent", text="speaking")
        expect(page.get_by_role("log")).to_contain_text("speaking")
        page.get_by_role("button", name="Hold", exact=True).click()
        instance.wait(conversation, "hold", 10, on=True)
        until("silence while held", lambda: page.evaluate("window.__hears()") == 0, 10)
        page.get_by_role("button", name="Resume").click()
        instance.wait(conversation, "hold", 10, on=False)
        until("heard again", lambda: abs(page.evaluate("window.__hears()") - 1100) < 30, 15)
        sent = page.evaluate(SENT)
        until("a whole round of the microphone's file is said", lambda: page.evaluate(SENT) > sent + 9 * 50, 30)
        page.get_by_label("Notes").fill("Asked about Sunday.")
        page.get_by_role("button", name="End", exact=True).click()
        page.get_by_text("Solved", exact=True).click()
        expect(page.get_by_label("Notes")).to_have_value("Asked about Sunday.")
        page.get_by_role("button", name="Finish").click()
        instance.wait(conversation, "contact.wrapup", 10, disposition="solved")
        until("amy is free", lambda: instance.ask("GET", "/api/agent", token).json()["status"] == "idle", 10)
        assert instance.ended(conversation)["disposition"] in ("completed", "solved")
        choose(page, "Offline")
    caller.report(20)
    assert seconds_of(caller.heard(), 700) > 2


def test_a_browsers_worker_dies(instance: Instance, tmp_path: Path) -> None:
    """kill -9 in mid-call: written down as worker_lost, the page says that it is over, and the next call is taken."""
    known = set(instance.conversations())
    with browser(spoken(tmp_path / "mic.wav", (1.0, "en-yes"))) as page:
        page.goto(instance.url)
        page.get_by_role("button", name="Call", exact=True).click()
        conversation = until("the call", lambda: next(iter(set(instance.conversations()) - known), None))
        instance.wait(conversation, "bot.said", 20, text="Hello")
        worker = instance.history(conversation)["legs"][0]["worker_id"]
        old = instance.kill(worker)
        assert instance.ended(conversation, 15)["reason"] == "worker_lost"
        again = page.get_by_role("button", name="Call again")
        expect(again).to_be_visible()
        instance.back(worker, old)
        known |= {conversation}
        again.click()
        second = until("the second call", lambda: next(iter(set(instance.conversations()) - known), None))
        instance.wait(second, "bot.said", 20, text="Hello")
    instance.ended(second, 40)
