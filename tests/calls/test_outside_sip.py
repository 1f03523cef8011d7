"""Transfers and callbacks over real SIP: our own workers, our scripted caller, phones that answer, refuse, ring and die."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import soundfile

from dialog.options import NumberOptions
from server.calls.controller import Controller, Paths
from server.calls.options import CallOptions
from session.callbacks import Callbacks
from session.queries import Queries
from session.store import Store
from tests.calls.house import House
from tests.ports import free_port
from tests.telephony.phone_world import ROOT, loudest_hz, tone

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CALLER_HZ, OUTSIDE_HZ, AGENT_HZ = 500.0, 900.0, 1300.0
TRANSFER = """
format: flow/v1
id: {id}
title: {{en: T}}
locales: [en]
start: go
blocks:
  go: {{type: transfer, target: {target}, to: "{to}", timeout_s: 5, {more}
       exits: {{connected: done, no_answer: silent, busy: taken, failed: broken}}}}
  done: {{type: end, disposition: done}}
  silent: {{type: end, disposition: silent}}
  taken: {{type: end, disposition: taken}}
  broken: {{type: end, disposition: broken}}
  lost: {{type: end, disposition: lost}}
handlers: {{on_agent_lost: lost}}
"""
LATER = """
format: flow/v1
id: later
title: {en: L}
locales: [en]
start: offer
blocks:
  offer: {type: callback, offer: {en: "Call {{callback_number}}?"}, ask: {en: "Which?"}, no_match: {en: Pardon},
          exits: {booked: bye, refused: bye, failed: sorry}}
  bye: {type: end}
  sorry: {type: end, disposition: sorry}
"""


@dataclass
class Phone:
    """A softphone process and what it told."""

    process: asyncio.subprocess.Process
    record: Path
    lines: list[dict[str, Any]] = field(default_factory=list)

    async def read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def seen(self, event: str) -> bool:
        return any(line["event"] == event for line in self.lines)


class Exchange(House):
    """The controller with its real hub, one inbound and one outbound worker, and phones around them."""

    def __init__(self, store: Store, folder: Path, flows: dict[str, str], options: CallOptions) -> None:
        super().__init__(store, flows, options)
        served = NumberOptions(flow="main")
        dialog = SimpleDialog(self, served)
        paths = Paths(music=ROOT / "flows" / "audio" / "hold.flac", recordings=folder)
        desk = self.controller.desk.desk.options
        self.controller = Controller(store, cast(Any, dialog), desk, options, paths, "127.0.0.1", None, "")
        self.folder = folder
        self.tasks: list[asyncio.Task[None]] = []
        self.processes: list[asyncio.subprocess.Process] = []

    async def phone(self, port: int, *arguments: str) -> Phone:
        record = self.folder / f"phone-{port}.wav"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "telephony.softphone", "--uri", "sip:out@127.0.0.1", "--port", str(port),
            "--record", str(record), *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self.processes.append(process)
        phone = Phone(process, record)
        self.tasks.append(asyncio.create_task(phone.read()))
        await until("the phone listens", lambda: phone.seen("listening"))
        return phone

    async def caller(self, port: int, to: str, *steps: dict[str, Any], max_s: int = 20) -> asyncio.subprocess.Process:
        script = self.folder / f"{to}.yaml"
        script.write_text(json.dumps({"steps": list(steps)}))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "telephony.caller", f"sip:{to}@127.0.0.1:{port}", "--from", "sip:4711@127.0.0.1",
            "--script", str(script), "--record", str(self.folder / f"{to}.wav"), "--max-seconds", str(max_s),
            "--stay", str(max_s), cwd=ROOT, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        self.processes.append(process)
        return process

    async def kinds(self, kind: str) -> list[dict[str, Any]]:
        found = await Queries(self.store).events_after(0)
        return [event.payload for event in found if event.type == kind]


class SimpleDialog:
    """A flow per called number."""

    def __init__(self, house: House, served: NumberOptions) -> None:
        self._house = house
        self.options = self
        self._served = served
        self.flows = {name: engine.flow for name, engine in house.engines.items()}
        self.vector = house._vector
        self.wait_ready = house._ready

    def number(self, _called: str) -> NumberOptions:
        return self._served

    def engine(self, flow_id: str, _sha: str = "") -> Any:
        return self._house.engines.get(flow_id)

    def answering(self, called: str) -> Any:
        return type("Answering", (), {"engine": self._house.engines[called], "number": self._served})


async def until(what: str, ask: Callable[[], Any], timeout_s: float = 120.0) -> Any:
    deadline = time.monotonic() + timeout_s
    while True:
        found = ask()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s} s"
        await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def exchange(folder: Path, flows: dict[str, str], options: CallOptions, allowed: list[str]) -> AsyncIterator[tuple[Exchange, int]]:  # fmt: skip
    """(the exchange, the port on which it takes calls)."""
    short = tempfile.TemporaryDirectory(prefix="wl-sip-")  # paths of sockets must stay below 108 characters
    run_dir = Path(short.name)
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/w.db")
    house = Exchange(store, folder, flows, options)
    await house.controller.start(f"unix:{run_dir}/app.sock")
    port, out = free_port(), free_port()
    logs = []
    for worker_id, at, index in (("sip-in-0", port, 0), ("sip-out-0", out, 2)):
        env = os.environ | {
            "WARMLINE_SERVER__RUN_DIR": str(run_dir),
            "WARMLINE_SIP__WORKER_BASE_PORT": str(at - index),
            "WARMLINE_SIP__RTP_BASE_PORT": str(free_port(40) - index * 40),
            "WARMLINE_SIP__DIAL_ALLOWED": json.dumps(allowed),
        }
        log = (folder / f"{worker_id}.log").open("wb")
        logs.append(log)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.planes.sip_worker", "--id", worker_id, cwd=ROOT, env=env, stdout=log, stderr=log
        )  # fmt: skip
        house.processes.append(process)
    try:
        await until("both workers are here", lambda: len(house.controller.hub.workers) == 2)
        yield house, port
    finally:
        for process in house.processes:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        for process in house.processes:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 30)
            if process.returncode is None:
                process.kill()
        for task in house.tasks:
            task.cancel()
        await house.controller.close()
        await store.close()
        short.cleanup()
        for log in logs:
            log.close()
            print(Path(log.name).read_text()[-3000:])  # noqa: T201 - shown by pytest when a test fails


def heard(path: Path, hz: float) -> bool:
    """Half a second in which this tone is the strongest."""
    samples, rate = soundfile.read(path, dtype="int16")
    size = rate // 2
    parts = [samples[start : start + size] for start in range(0, len(samples) - size, size)]
    return any(abs(part).max() > 1000 and abs(loudest_hz(part, rate) - hz) < 15 for part in parts)


def flows_to(ports: dict[str, int]) -> dict[str, str]:
    return {
        name: TRANSFER.format(id=name, target="sip", to=f"sip:{name}@127.0.0.1:{port}", more="")
        for name, port in ports.items()
    } | {
        "paid": TRANSFER.format(id="paid", target="number", to="+900123456", more=""),
        "number": TRANSFER.format(id="number", target="number", to="4712", more=""),
    }


async def test_transfers(tmp_path: Path) -> None:
    """All ways in which a transfer can go, each by a call of its own."""
    ports = {name: free_port() for name in ("answers", "busy", "silent", "dies", "hangs")}
    numbers = CallOptions(numbers_allowed=["4712"], trunk=f"sip:{{number}}@127.0.0.1:{ports['answers']}")
    allowed = [f"sip:{name}@127.0.0.1:{port}" for name, port in ports.items()] + numbers.dial_rules()
    ours, theirs = tone(tmp_path / "ours.wav", 14, CALLER_HZ), tone(tmp_path / "theirs.wav", 14, OUTSIDE_HZ)
    speak = {"play": str(ours)}
    async with exchange(tmp_path, flows_to(ports), numbers, allowed) as (house, port):

        async def ends(to: str) -> str:
            before = len(await house.kinds("contact.ended"))
            call = await house.caller(port, to, speak)
            await until(f"the call to {to} ends", lambda: over(before))
            await asyncio.wait_for(call.wait(), 120)
            return str((await house.kinds("contact.ended"))[-1]["disposition"])

        async def over(before: int) -> bool:
            return len(await house.kinds("contact.ended")) > before

        answering = await house.phone(ports["answers"], "--wav", str(theirs), "--hangup-after", "4")
        assert await ends("answers") == "done"
        assert heard(tmp_path / "answers.wav", OUTSIDE_HZ), "the caller heard nobody"
        await until("the phone is done", lambda: answering.seen("ended"))
        assert heard(answering.record, CALLER_HZ), "the caller was not heard"
        assert await ends("number") == "done"
        assert await ends("paid") == "broken"  # no rule: nothing was dialled
        assert sum(line["event"] == "incoming" for line in answering.lines) == 2

        await house.phone(ports["busy"], "--decline", "486")
        assert await ends("busy") == "taken"
        ringing = await house.phone(ports["silent"], "--ignore")
        assert await ends("silent") == "silent"
        await until("it rings no longer", lambda: ringing.seen("ended"))

        dying = await house.phone(ports["dies"], "--wav", str(theirs))
        before = len(await house.kinds("contact.ended"))
        call = await house.caller(port, "dies", speak, max_s=60)
        await until("both talk", lambda: dying.seen("heard"))
        dying.process.kill()  # its line is dead, and it says no BYE
        worker = next(w for w in house.controller.hub.workers.values() if w.kind == "sip-out")
        os.kill(worker.pid, signal.SIGKILL)  # and so is the worker that held it
        await until("the caller is had back", lambda: over(before), 60)
        assert (await house.kinds("contact.ended"))[-1]["disposition"] == "lost"
        await asyncio.wait_for(call.wait(), 120)


async def test_a_customer_is_called_back_and_talks_to_the_agent(tmp_path: Path) -> None:
    customer, agent = free_port(), free_port()
    options = CallOptions(numbers_allowed=["4711"], trunk=f"sip:{{number}}@127.0.0.1:{customer}")
    allowed = [*options.dial_rules(), f"sip:amy@127.0.0.1:{agent}"]
    flows = {"later": LATER, "callback": (ROOT / "flows" / "callback.yaml").read_text()}
    theirs, hers = tone(tmp_path / "theirs.wav", 20, OUTSIDE_HZ), tone(tmp_path / "hers.wav", 20, AGENT_HZ)
    async with exchange(tmp_path, flows, options, allowed) as (house, port):
        mobile = await house.phone(customer, "--wav", str(theirs), "--dtmf", "1", "--dtmf-after", "1.5")
        desk_phone = await house.phone(agent, "--wav", str(hers), "--hangup-after", "4")
        await house.controller.users.add(
            "amy", password_hash="-", roles=["agent"], device="uri", uri=f"sip:amy@127.0.0.1:{agent}"
        )
        await house.controller.reload_agents()
        for user_id in house.controller.cards:
            house.controller.set_availability(user_id, "available")
        call = await house.caller(port, "later", {"wait": 1.0}, {"dtmf": "1"})
        await asyncio.wait_for(call.wait(), 120)

        async def done() -> bool:
            return bool(await Callbacks(house.store).listed(["done"]))

        await until("the promise is kept", done, 60)
        await until("both phones are done", lambda: mobile.seen("ended") and desk_phone.seen("ended"))
        assert heard(mobile.record, AGENT_HZ)
        assert heard(desk_phone.record, OUTSIDE_HZ)
