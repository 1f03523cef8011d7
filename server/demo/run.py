"""The demo from start to end: instance, agent's phone, the call, the report."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from server.demo.instance import DemoError, Instance, private_instance
from server.demo.page import affect_of, page
from server.demo.watch import Watch
from server.settings import ROOT

CLIPS = ROOT / "flows" / "audio" / "demo"
CALL_S = 100.0  # s the whole call may take
PHONE_S = 15.0
AGENT_TALKS_S = 8.0
SCRIPT = """\
steps:
  - wait_for_silence: {{silence_s: 1.5, timeout_s: 30}}
  - play: {clips}/yes.flac
  - wait_for_silence: {{silence_s: 1.5, timeout_s: 20}}
  - play: {clips}/hours.flac
  - wait_for_silence: {{silence_s: 1.8, timeout_s: 20}}
  - play: {clips}/representative.flac
  - wait_for_silence: {{silence_s: 2.5, timeout_s: 20}}
  - play: {clips}/thanks.flac
  - wait: 40
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo found; `problem` is empty when it did what it should."""

    problem: str
    report: dict[str, Any]
    recording: Path | None
    html: Path


async def run(data_dir: Path, models_dir: Path, console: Console) -> Outcome:
    """Everything, once. Raises `DemoError` when it cannot even begin."""
    console.print("starting a private instance (models load, the bot learns its intents) …", style="dim")
    async with private_instance(data_dir, models_dir) as instance, _agent(instance) as phone:
        headers = {"Authorization": f"Bearer {instance.agent_token}"}
        async with httpx.AsyncClient(base_url=instance.http, headers=headers, timeout=10) as client:
            await _available(client)
            console.print(f"calling {instance.sip}; the caller's words are recorded human speech\n", style="dim")
            watch = Watch(console)
            watching = asyncio.create_task(watch.run(instance.http, instance.admin_token))
            call = await _call(instance)
            try:
                await asyncio.wait_for(watch.ended.wait(), 10)
            except TimeoutError:
                console.print("the conversation did not end by itself", style="red")
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            recording = await _recording(client, watch.events, data_dir)
            phone.terminate()
    html = data_dir / "conversation.html"
    html.write_text(page(watch.events, recording, "A call to Warmline · 一次通话"), encoding="utf-8")
    report = _report(watch.events, call, recording, html)
    return Outcome(_problem(watch.events), report, recording, html)


@contextlib.asynccontextmanager
async def _agent(instance: Instance) -> AsyncIterator[asyncio.subprocess.Process]:
    """The scripted agent's softphone, ready to ring."""
    domain, port = f"127.0.0.1:{instance.sip_port}", instance.phone_port
    where = (
        ["--uri", f"sip:amy@{domain}", "--registrar", f"sip:{domain}"]
        if instance.agent_device == "sip"
        else ["--uri", f"sip:amy@127.0.0.1:{port}", "--host", "127.0.0.1", "--port", str(port)]
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "telephony.softphone",
        *where,
        "--answer-after",
        "2",
        "--wav",
        str(CLIPS / "thanks.flac"),
        "--hangup-after",
        str(AGENT_TALKS_S),
        "--max-seconds",
        "300",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "WARMLINE_PHONE_PASSWORD": instance.agent_secret},
        stderr=asyncio.subprocess.DEVNULL,
    )
    ready = "registered" if instance.agent_device == "sip" else "listening"
    draining: asyncio.Task[bytes] | None = None
    try:
        if process.stdout is None:
            raise DemoError("the agent's phone has no output")
        async with asyncio.timeout(PHONE_S):
            while json.loads(await process.stdout.readline() or b'{"event": "died"}')["event"] not in (ready, "died"):
                pass
        if process.returncode is not None:
            raise DemoError("the agent's phone did not start")
        draining = asyncio.create_task(process.stdout.read())
        yield process
    except TimeoutError as error:
        raise DemoError("the agent's phone did not register") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
        if draining is not None:
            draining.cancel()


async def _available(client: httpx.AsyncClient) -> None:
    answer = await client.put("/api/agent/availability", json={"availability": "available"})
    answer.raise_for_status()


async def _call(instance: Instance) -> dict[str, Any]:
    """Place the call in a process of its own; its report."""
    script = instance.data_dir / "caller.yaml"
    script.write_text(SCRIPT.format(clips=CLIPS))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "telephony.caller",
        instance.sip,
        "--script",
        str(script),
        "--json",
        "-",
        "--max-seconds",
        str(CALL_S - 10),
        "--from",
        "sip:demo@127.0.0.1",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), CALL_S)
        found: dict[str, Any] = json.loads(out[out.index(b"{") :])
        return found
    except (TimeoutError, ValueError) as error:
        raise DemoError(f"the caller gave no report: {error!r}") from error
    finally:
        if process.returncode is None:
            process.kill()


async def _recording(client: httpx.AsyncClient, events: list[dict[str, Any]], data_dir: Path) -> Path | None:
    if not any(event["type"] == "recording" for event in events):
        return None
    answer = await client.get(f"/api/conversations/{events[0]['conversation_id']}/recording")
    if answer.status_code != httpx.codes.OK:
        return None
    path = data_dir / "recording.wav"
    path.write_bytes(answer.content)
    return path


def _report(events: list[dict[str, Any]], call: dict[str, Any], recording: Path | None, html: Path) -> dict[str, Any]:
    affects = affect_of(events)
    said = [
        e["payload"] | {"emotion": affects.get(e["payload"]["utterance_id"])}
        for e in events
        if e["type"] == "utterance.final"
    ]
    ledgers = [e["payload"] for e in events if e["type"] == "turn.ledger"]
    accepted = next((e["payload"]["agent"] for e in events if e["type"] == "queue.accepted"), None)
    return {
        "conversation_id": events[0]["conversation_id"] if events else None,
        "words": [{key: p.get(key) for key in ("role", "text", "language", "t0_ms", "t1_ms", "emotion")} for p in said],
        "bot": [e["payload"]["text"] for e in events if e["type"] == "bot.said" and e["payload"]["text"]],
        "turns": ledgers,
        "agent": accepted,
        "call": call,
        "recording": str(recording) if recording else None,
        "html": str(html),
        "events": events,
    }


def _problem(events: list[dict[str, Any]]) -> str:
    if not any(e["type"] == "utterance.final" and e["payload"]["role"] == "customer" for e in events):
        return "no words of the caller were recognised"
    if not any(e["type"] == "queue.accepted" for e in events):
        return "no human was reached"
    return ""


def summary(outcome: Outcome) -> Table:
    """The closing table."""
    report = outcome.report
    words = [w for w in report["words"] if w["role"] == "customer"]
    totals = sorted(turn["total_ms"] for turn in report["turns"])
    labels = [w["emotion"]["label"] for w in words if w["emotion"]]
    table = Table(show_header=False, title="Summary")
    table.add_row("caller's utterances", str(len(words)))
    table.add_row("bot's prompts", str(len(report["bot"])))
    table.add_row("emotion", ", ".join(labels) or "none")
    table.add_row(
        "response time", f"median {totals[len(totals) // 2]:.0f} ms of {len(totals)} turns" if totals else "–"
    )
    table.add_row("human", report["agent"] or "not reached")
    table.add_row("recording", str(outcome.recording) if outcome.recording else "none")
    table.add_row("page", str(outcome.html))
    return table
