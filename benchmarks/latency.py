"""How long a caller waits: from the last voiced sample sent to the first audible sample of the reply received.

`python -m benchmarks.latency --json FILE` starts a private instance, calls it over SIP and over WebRTC, says recorded
human words, and prints p50 and p95 with the stages of the ledger. It reports; it asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import yaml
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.browser import Browser
from server.demo.instance import DemoError, Instance, private_instance
from server.machine import machine
from server.settings import ROOT, Settings
from telephony.tape import load_speech

CLIPS = ROOT / "flows" / "audio" / "demo"
WORDS = ("yes", "hours", "representative")  # consent, a question, a wish: what one call says, one reply to each
SILENCE_S = 1.2  # the bot pauses up to ~0.4 s between sentences
REPLY_S = 20.0  # a reply that takes longer is none
LONGEST_CALL_S = 100.0


@dataclass(slots=True)
class Turn:
    """One thing said and the reply to it. Times in s of the epoch, durations in ms."""

    clip: str
    call: int
    ended: float  # last voiced sample sent
    ear_to_ear_ms: float | None = None
    flaw: str = ""  # why it does not count
    heard_as: str = ""
    ledger_ms: float | None = None
    stages: dict[str, float] = field(default_factory=dict)


def judge(turn: Turn, replies: list[tuple[float, float]], following: float) -> None:
    """Find the reply among stretches of far-end sound (s of the epoch) before `following`, when we spoke again."""
    if any(start < turn.ended < end for start, end in replies):
        turn.flaw = "the bot was still speaking"
        return
    answer = next((start for start, _ in replies if turn.ended <= start < following), None)
    if answer is None:
        turn.flaw = "no reply"
    else:
        turn.ear_to_ear_ms = round((answer - turn.ended) * 1000, 1)


def add_ledgers(turns: list[Turn], events: list[dict[str, Any]]) -> None:
    """Give each turn of one call what the server wrote of it: the events between its end and the next turn's."""
    for index, turn in enumerate(turns):
        until = turns[index + 1].ended if index + 1 < len(turns) else float("inf")
        for event in events:
            payload = event["payload"]
            # 300 ms early: the server's words may end before what this end counts as voiced.
            if not turn.ended - 0.3 <= datetime.fromisoformat(event["at"]).timestamp() < until:
                continue
            if event["type"] == "utterance.final" and payload["role"] == "customer":
                turn.heard_as = f"{turn.heard_as} {payload['text']}".strip()
            elif event["type"] == "turn.ledger" and turn.ledger_ms is None:
                turn.ledger_ms = payload["total_ms"]
                turn.stages = {stage["name"]: stage["ms"] for stage in payload["stages"]}
        if not turn.flaw and not turn.heard_as:
            turn.flaw = "not recognised"


async def sip_call(instance: Instance, number: int, words: tuple[str, ...]) -> list[Turn]:
    """One call by the real SIP user agent in a process of its own. Raises DemoError when it could not be placed."""
    quiet = {"wait_for_silence": {"silence_s": SILENCE_S, "timeout_s": REPLY_S}}
    steps: list[Any] = [part for word in words for part in (quiet, {"play": str(CLIPS / f"{word}.flac")})]
    script = instance.data_dir / f"bench-{number}.yaml"
    script.write_text(yaml.safe_dump({"steps": [*steps, quiet, {"hangup": True}]}))
    caller = f"bench{number}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "telephony.caller", instance.sip, "--from", f"sip:{caller}@127.0.0.1"),
        *("--script", str(script), "--json", "-", "--max-seconds", str(LONGEST_CALL_S)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, errors = await asyncio.wait_for(process.communicate(), LONGEST_CALL_S + 30)
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise DemoError(f"call {number} over SIP failed: {errors.decode(errors='replace').strip()}")
    report = json.loads(out)
    base = time.time() - time.monotonic() + report["audio_base"]
    played = [step for step in report["steps"] if step["kind"] == "play" and step["last_voiced_s"] is not None]
    turns = []
    for step in played:
        turn = Turn(Path(step["file"]).stem, number, base + step["last_voiced_s"], step["reply_ms"])
        if step["overlapped"] or step["reply_ms"] is None:
            turn.ear_to_ear_ms = None
            turn.flaw = "the bot was still speaking" if step["overlapped"] else "no reply"
        turns.append(turn)
    add_ledgers(turns, await _events(instance, lambda leg: f"{caller}@" in str(leg["remote"])))
    return turns


async def webrtc_call(instance: Instance, number: int, words: tuple[str, ...]) -> list[Turn]:
    """One call by an aiortc peer in this process."""
    browser = Browser()
    epoch = time.time() - time.monotonic()
    turns: list[Turn] = []
    started: list[float] = []
    async with browser.call(instance.http):
        for word in words:
            await browser.quiet(SILENCE_S, REPLY_S)
            spoken = await browser.say(load_speech(CLIPS / f"{word}.flac"))
            turns.append(Turn(word, number, epoch + spoken.last_voiced))
            started.append(epoch + spoken.first_voiced)
        await browser.quiet(SILENCE_S, REPLY_S)
    replies = [(epoch + start, epoch + end) for start, end in browser.replies()]
    for turn, following in zip(turns, [*started[1:], float("inf")], strict=True):
        judge(turn, replies, following)
    add_ledgers(turns, await _events(instance, conversation_id=browser.conversation_id))
    return turns


async def _events(
    instance: Instance, of_leg: Callable[[dict[str, Any]], bool] | None = None, conversation_id: str = ""
) -> list[dict[str, Any]]:
    """The events of a conversation, named or found by one of its legs; none when it is not there."""
    headers = {"Authorization": f"Bearer {instance.admin_token}"}
    async with httpx.AsyncClient(base_url=instance.http, headers=headers, timeout=10, trust_env=False) as client:
        ids = [conversation_id]
        if of_leg is not None:
            ids = [one["conversation_id"] for one in (await client.get("/api/conversations?limit=50")).json()]
        for one in ids:
            history = (await client.get(f"/api/conversations/{one}")).raise_for_status().json()
            if of_leg is None or any(of_leg(leg) for leg in history["legs"]):
                return list(history["events"])
    return []


async def measure(
    call: Callable[[Instance, int, tuple[str, ...]], Coroutine[Any, Any, list[Turn]]],
    instance: Instance,
    turns: int,
    calls: int,
    done: Callable[[int], None],
) -> list[Turn]:
    """`turns` turns in calls of up to three, `calls` at a time."""
    places = asyncio.Semaphore(calls)

    async def one(number: int) -> list[Turn]:
        async with places:
            words = WORDS[: min(len(WORDS), turns - number * len(WORDS))]
            found = await call(instance, number, words)
            done(len(words))
            return found

    found = await asyncio.gather(*(one(number) for number in range(-(-turns // len(WORDS)))))
    return [turn for part in found for turn in part]


def summarise(turns: list[Turn]) -> dict[str, Any]:
    """Count, p50 and p95 of the good turns: as heard, by the ledger, and by stage. Empty figures are None."""
    good = [turn for turn in turns if not turn.flaw and turn.ear_to_ear_ms is not None]
    names = list(dict.fromkeys(name for turn in good for name in turn.stages))
    return {
        "turns": len(turns),
        "good": len(good),
        "ear_to_ear_ms": _spread([turn.ear_to_ear_ms for turn in good]),
        "ledger_ms": _spread([turn.ledger_ms for turn in good]),
        "stages_ms": {name: _spread([turn.stages.get(name) for turn in good]) for name in names},
        "flaws": [f"{turn.clip} in call {turn.call}: {turn.flaw}" for turn in turns if turn.flaw],
    }


def _spread(values: list[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    p50, p95 = np.percentile(known, (50, 95))
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1), "least": min(known), "most": max(known)}


def show(results: dict[str, dict[str, Any]], console: Console) -> None:
    """Both transports side by side."""
    table = Table(title="ear to ear, ms", title_justify="left")
    table.add_column("")
    for name in results:
        table.add_column(f"{name} p50", justify="right")
        table.add_column(f"{name} p95", justify="right")
    stages = list(dict.fromkeys(stage for found in results.values() for stage in found["stages_ms"]))

    def row(label: str, pick: Callable[[dict[str, Any]], dict[str, float] | None], style: str = "") -> None:
        cells = []
        for found in results.values():
            spread = pick(found)
            cells += ["–", "–"] if spread is None else [f"{spread['p50']:.0f}", f"{spread['p95']:.0f}"]
        table.add_row(label, *cells, style=style)

    row("last voiced sample sent → first audible sample received", lambda f: f["ear_to_ear_ms"], "bold")
    row("the same, by the server's ledger", lambda f: f["ledger_ms"])
    for stage in stages:
        row(f"  {stage}", lambda f, stage=stage: f["stages_ms"].get(stage), "dim")  # type: ignore[misc]
    console.print(table)
    for name, found in results.items():
        console.print(f"{name}: {found['good']} good turns of {found['turns']}")
        for flaw in found["flaws"]:
            console.print(f"  {flaw}", style="yellow")


async def run(turns: int, calls: int, console: Console) -> dict[str, Any]:
    """Start an instance and measure. Raises DemoError when it does not run."""
    before = machine()
    with tempfile.TemporaryDirectory(prefix="wl-bench-") as folder:
        async with private_instance(Path(folder), Settings().models_dir) as instance:
            found: dict[str, list[Turn]] = {}
            with Progress(console=console, transient=True) as progress:
                for name, call in (("SIP", sip_call), ("WebRTC", webrtc_call)):
                    task = progress.add_task(f"{name} turns", total=turns)
                    found[name] = await measure(call, instance, turns, calls, lambda n: progress.advance(task, n))  # noqa: B023
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"before": before, "after": machine()},
        "calls_at_once": calls,
        "results": {name: summarise(part) for name, part in found.items()},
        "turns": {name: [asdict(turn) for turn in part] for name, part in found.items()},
    }


def main() -> int:
    """The command; exit status 1 when nothing could be measured."""
    parser = argparse.ArgumentParser(prog="benchmarks.latency", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything, turn by turn")
    parser.add_argument("--turns", type=int, default=15, help="turns over each of SIP and WebRTC; 3 make a call")
    parser.add_argument("--calls", type=int, default=1, help="calls at a time; up to 4")
    args = parser.parse_args()
    if not 1 <= args.turns <= 1000 or not 1 <= args.calls <= 4:
        parser.error("--turns is 1 to 1000, --calls is 1 to 4")
    console = Console()
    try:
        report = asyncio.run(run(args.turns, args.calls, console))
    except (DemoError, httpx.HTTPError, TimeoutError) as error:
        console.print(f"benchmarks.latency: {error!r}", style="red")
        return 1
    show(report["results"], console)
    if args.json is not None:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(report, ensure_ascii=False, indent=2), encoding="utf-8")
    return 0 if any(found["good"] for found in report["results"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
