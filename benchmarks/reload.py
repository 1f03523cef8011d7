"""An agent's page is reloaded in mid-call: what the customer's ear is without the agent, and for how long.

A private instance of the whole server, a caller by SIP, an agent in Chromium whose microphone is a steady tone. After each reload
the page takes its place by itself. In the caller's recording, to 10 ms: from the agent's last sound before the reload to the first after it
(`away`), and the part of it that lies after the page's new line was up (`gap`; the browser says when, and both clocks are this machine's).
The courtesy tone is what of `away` holds its two pitches.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from playwright.sync_api import Page
from rich.console import Console
from rich.table import Table

from media.frames import SPEECH_RATE
from tests.e2e.sound import tone
from tests.e2e.test_3_browser import SENT, browser
from tests.e2e.test_7_agent_page import hears, sign_in
from tests.e2e.waiting import asked, happens, until
from tests.e2e.world import Instance, an_instance

AGENT, CALLER = 1500, 1100
COURTESY = (660, 880)
STEP, WINDOW = SPEECH_RATE // 100, SPEECH_RATE // 50
TALK_PACKETS = 150  # of 20 ms between two reloads
# When the page's newest call was connected, epoch ms.
UP = """
const Before = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Before {
  constructor(...args) {
    super(...args);
    this.addEventListener("connectionstatechange", () => {
      if (this.connectionState === "connected") window.__up = Date.now();
    });
  }
};
"""


def sounding(samples: npt.NDArray[np.float64], hz: float) -> npt.NDArray[np.bool_]:
    """Per 10 ms of 16 kHz: is this tone the greater part of the sound of the 20 ms that begin there?"""
    count = (len(samples) - WINDOW) // STEP + 1
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::STEP][:count]
    turn = np.exp(-2j * np.pi * hz * np.arange(WINDOW) / SPEECH_RATE)
    at_pitch = 2 * np.abs(frames @ turn) ** 2 / WINDOW
    total = (frames**2).sum(axis=1)
    return np.asarray((total > WINDOW * 1e-5) & (at_pitch > 0.5 * total))


def absences(agent: npt.NDArray[np.bool_], at_least_s: float = 0.3) -> list[tuple[float, float]]:
    """From when to when the agent was not heard, s of the recording; what is shorter is a flaw of the line, no absence."""
    on = np.flatnonzero(agent)
    ends = np.flatnonzero(np.diff(on) > at_least_s * 100)
    return [(float(on[one] + 1) / 100, float(on[one + 1]) / 100) for one in ends]


def reload(page: Page) -> float:
    """Reload, wait until both are heard again and talk on; when the new line was up, epoch s."""
    page.reload()
    hears(page, CALLER)
    sent = page.evaluate(SENT)
    until("the page is heard", lambda: page.evaluate(SENT) > sent + TALK_PACKETS, 30)
    return float(page.evaluate("window.__up")) / 1000


def measure(instance: Instance, folder: Path, count: int) -> list[dict[str, float]]:
    """One call, so many reloads."""
    token, _ = instance.agent("nora", "browser")
    with browser(tone(folder / "mic.wav", AGENT)) as page:
        page.add_init_script(UP)
        sign_in(page, instance, "nora")
        until("nora is ready", lambda: instance.ask("GET", "/api/agent", token).json()["status"] == "idle")
        caller, conversation = instance.call(
            asked("consent"), {"dtmf": "2"}, asked("ask"), {"dtmf": "0"}, happens("queue.accepted"),
            {"play": str(tone(folder / "c.wav", CALLER, 60 + 30 * count))}, max_s=120 + 40 * count,
        )  # fmt: skip
        page.get_by_role("button", name="Accept").click()
        hears(page, CALLER)
        until("the page is heard", lambda: page.evaluate(SENT) > TALK_PACKETS, 30)
        ups = [reload(page) for _ in range(count)]
        returned = len(instance.events(conversation, "party.returned"))
        page.get_by_role("button", name="End", exact=True).click()
        instance.ended(conversation)
    report = caller.report()
    assert returned == count, instance.story(conversation)
    samples, _ = soundfile.read(caller.folder / "heard.wav")
    epoch = report["audio_base"] + time.time() - time.monotonic()
    found = absences(sounding(samples, AGENT))
    courtesy = sounding(samples, COURTESY[0]) | sounding(samples, COURTESY[1])
    rows = []
    for up in ups:
        start, end = min(found, key=lambda span: abs(span[1] - (up - epoch)))
        rows.append(
            {
                "away_s": end - start,
                "gap_s": end - (up - epoch),
                "courtesy_s": float(courtesy[round(start * 100) : round(end * 100)].sum()) / 100,
            }
        )
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reload", description=__doc__)
    parser.add_argument("--count", type=int, default=10, metavar="N", help="reloads (default 10)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, an_instance() as instance:
        rows = measure(instance, Path(folder), args.count)
    table = Table("s", "median", "worst", title=f"{len(rows)} reloads of the agent's page in mid-call")
    figures = {}
    for name in ("away_s", "gap_s", "courtesy_s"):
        values = [row[name] for row in rows]
        worst = min(values) if name == "courtesy_s" else max(values)
        figures[name] = {"median": round(statistics.median(values), 3), "worst": round(worst, 3)}
        table.add_row(name, *(f"{value:.2f}" for value in figures[name].values()))
    Console().print(table)
    if args.json is not None:
        args.json.write_text(json.dumps({"figures": figures, "reloads": rows}, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
