"""An agent in a real Chromium: a caller by SIP, hold, a reload in mid-call, another vendor's phone consulted, the call handed over."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, expect

from tests.e2e.test_3_browser import SENT, browser, choose
from tests.e2e.test_3_browser import pytestmark as needs_browser
from tests.e2e.test_7_desk import heard
from tests.e2e.world import PASSWORD, Instance, asked, happens, tone, until
from tests.ports import free_port

pytestmark = [
    needs_browser,
    pytest.mark.skipif(shutil.which("baresip") is None, reason="baresip is not installed"),
    pytest.mark.slow,
]
CALLER, NORA, BEA = 1100, 700, 500


@contextlib.contextmanager
def baresip(instance: Instance, folder: Path, name: str, secret: str, hz: int) -> Iterator[Path]:
    """A registered phone that answers at once and sounds at this pitch; the folder where it writes what it hears (8 kHz)."""
    samples, rate = soundfile.read(tone(folder / f"{name}.wav", hz, 240))
    assert rate == 16_000
    soundfile.write(folder / "said.wav", samples[::2], 8_000, subtype="PCM_16")
    base = free_port(4)
    home = f"127.0.0.1:{instance.sip}"
    (folder / "config").write_text(
        f"sip_listen 127.0.0.1:{base}\naudio_source aufile,{folder}/said.wav\naudio_player aubridge,nobody\n"
        "audio_alert aubridge,nobody\nmodule_path /usr/lib/baresip/modules\nmodule aufile.so\nmodule aubridge.so\n"
        f"module sndfile.so\nsnd_path {folder}\nmodule g711.so\nmodule stdio.so\nmodule_tmp account.so\nmodule_app menu.so\nrtp_ports 30400-30500\n"
        "net_interface 127.0.0.1\n"
    )
    (folder / "accounts").write_text(
        f"<sip:{name}@{home}>;auth_user={name};auth_pass={secret};answermode=auto;regint=60\n"
    )
    (folder / "contacts").write_text("")
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(
            ["baresip", "-f", str(folder), "-t", "600"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            until("baresip is registered", lambda: "200 OK" in (folder / "log").read_text(errors="replace"))
            yield folder
        finally:
            process.terminate()
            process.wait(30)


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


def spells(samples_of: Path, hz: int) -> list[tuple[float, float]]:
    """When a tone was heard for half a second or more, from and to in s: no voice and no music holds one so long."""
    on = np.concatenate([[0], heard(samples_of, hz).astype(int), [0]])
    edges = np.flatnonzero(np.diff(on))
    return [(start / 10, stop / 10) for start, stop in zip(edges[::2], edges[1::2], strict=True) if stop - start >= 5]


def test_hold_reload_consult_and_hand_over(instance: Instance, tmp_path: Path) -> None:
    """Judged by what the page says, by what each of them heard, and by who has the customer in the end."""
    nora, _ = instance.agent("nora", "browser")
    bea, secret = instance.agent("bea")
    phone = tmp_path / "phone"
    phone.mkdir()
    with (
        baresip(instance, phone, "bea", secret, BEA) as heard_by_bea,
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

        instance.available(bea)
        page.keyboard.press("Alt+KeyC")
        page.get_by_role("combobox", name="Name, queue or number").fill("bea")
        expect(page.get_by_role("option", selected=True)).to_contain_text("bea")
        page.keyboard.press("Enter")
        instance.wait(conversation, "consult.answered", 20)
        expect(page.get_by_text("You talk to bea")).to_be_visible()
        hears(page, BEA)
        talks(page)
        page.get_by_role("button", name="Swap").click()
        expect(page.get_by_text("bea is on hold")).to_be_visible()
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
        (at_bea,) = heard_by_bea.glob("*-dec.wav")
        size = at_bea.stat().st_size
        until("bea and the caller talk on", lambda: at_bea.stat().st_size > size + 3 * 16_000)
        done = instance.ask("POST", f"/api/agent/contacts/{contact}/hangup", bea)
        assert done.status_code == 204, done.text
        assert instance.ended(conversation)["disposition"] == "completed"
    caller.report(20)
    at_caller = caller.folder / "heard.wav"
    nora_at, bea_at = spells(at_caller, NORA), spells(at_caller, BEA)
    assert len(nora_at) >= 4, nora_at  # before the hold, after it, after the reload, after the consult
    assert (heard(at_caller, NORA) & heard(at_caller, BEA)).sum() > 5  # all together
    assert bea_at[-1][1] - nora_at[-1][1] > 2.0, (nora_at, bea_at)  # handed over
    asked_alone = spells(at_bea, NORA)[0]
    assert asked_alone[0] + 1.0 < spells(at_bea, CALLER)[0][0], (asked_alone, spells(at_bea, CALLER))
