"""What SIP tests stand on: a worker process of ours, a scripted app behind it, and phones in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import soundfile

from session import channel, wire
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
E = TypeVar("E", bound=wire.LegEvent)


def tone(
    path: Path, seconds: float, hz: float = 440.0, rate: int = 16_000, lead_s: float = 0.0, tail_s: float = 0.0
) -> Path:
    """A sine of −12 dBFS between `lead_s` and `tail_s` of silence."""
    t = np.arange(int(seconds * rate)) / rate
    silence = [np.zeros(int(s * rate)) for s in (lead_s, tail_s)]
    wave = np.concatenate([silence[0], 0.25 * np.sin(2 * np.pi * hz * t), silence[1]])
    soundfile.write(path, wave, rate, subtype="PCM_16")
    return path


def loudest_hz(samples: Any, rate: int = 16_000) -> float:
    """The strongest frequency of a sound."""
    spectrum = np.abs(np.fft.rfft(np.asarray(samples, dtype=np.float64)))
    return float(np.argmax(spectrum) * rate / len(samples))


Script = Callable[["App", wire.LegEvent], Awaitable[None]]


@dataclass
class App:
    """Stands where the app stands: takes reports, acknowledges them, and orders what the test's script says."""

    script: Script
    events: list[tuple[float, wire.LegEvent]] = field(default_factory=list)
    peer: channel.Peer | None = None
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    errors: list[str] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        raise ValueError("the app is not asked")

    async def on_closed(self, peer: channel.Peer) -> None:
        self.connected.clear()

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        if isinstance(message, wire.Hello):
            self.peer = peer
            self.connected.set()
        elif isinstance(message, wire.Report):
            async with self._news:
                self.events.append((time.monotonic(), message.event))
                self._news.notify_all()
            await peer.send(wire.Ack(seq=message.seq))
            task = asyncio.create_task(self._run(message.event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, event: wire.LegEvent) -> None:
        try:
            await self.script(self, event)
        except (channel.RemoteError, channel.Disconnected, TimeoutError) as error:
            self.errors.append(str(error))

    async def order(self, body: wire.Body) -> None:
        assert self.peer is not None
        await self.peer.ask(body, type(None), 30.0)

    def seen(self, kind: type[E], leg_id: str | None = None) -> list[E]:
        return [e for _, e in self.events if isinstance(e, kind) and (leg_id is None or e.leg_id == leg_id)]

    async def wait(self, kind: type[E], count: int = 1, timeout_s: float = 40.0, **fields: Any) -> E:
        """The `count`-th event of a kind whose fields are as given."""

        def found() -> list[E]:
            return [e for e in self.seen(kind) if all(getattr(e, k) == v for k, v in fields.items())]

        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait_for(lambda: len(found()) >= count), timeout_s)
            except TimeoutError:
                raise AssertionError(f"no {kind.__name__} {fields} within {timeout_s} s; saw {self.events}") from None
        return found()[count - 1]


@dataclass
class World:
    """A running worker."""

    app: App
    port: int
    process: asyncio.subprocess.Process
    folder: Path

    @property
    def uri(self) -> str:
        return f"sip:desk@127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def worker(folder: Path, script: Script, worker_id: str = "sip-in-0", **sip: Any) -> AsyncIterator[World]:
    """A SIP worker process with the given `[sip]` settings, and the app that it talks to."""
    run_dir = folder / "run"
    run_dir.mkdir(exist_ok=True)
    app = App(script)
    server = await channel.serve(f"unix:{run_dir}/app.sock", app, "app")
    port, rtp = free_port(), free_port(40)  # it takes any of its forty for a call
    index = 0 if worker_id == "sip-in-0" else 2
    env = os.environ | {
        "WARMLINE_SERVER__RUN_DIR": str(run_dir),
        "WARMLINE_SERVER__LOG_LEVEL": os.environ.get("WARMLINE_SERVER__LOG_LEVEL", "info"),
        "WARMLINE_SIP__WORKER_BASE_PORT": str(port - index),
        "WARMLINE_SIP__RTP_BASE_PORT": str(rtp - index * 40),
        **{f"WARMLINE_SIP__{k.upper()}": v if isinstance(v, str) else json.dumps(v) for k, v in sip.items()},
    }
    media_options = sip.get("no_rtp_timeout_s")
    if media_options is not None:
        del env["WARMLINE_SIP__NO_RTP_TIMEOUT_S"]
        env["WARMLINE_MEDIA__NO_RTP_TIMEOUT_S"] = str(media_options)
    log = (folder / f"{worker_id}.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.planes.sip_worker", "--id", worker_id, cwd=ROOT, env=env, stdout=log, stderr=log
    )
    try:
        try:
            await asyncio.wait_for(app.connected.wait(), 60)
        except TimeoutError:
            raise AssertionError((folder / f"{worker_id}.log").read_text()) from None
        yield World(app, port, process, folder)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), 30)
            except TimeoutError:
                process.kill()
                await process.wait()
        log.close()
        server.close()
        print((folder / f"{worker_id}.log").read_text())  # noqa: T201 - shown by pytest when a test fails


async def call(
    world: World, *arguments: str, timeout_s: float = 90.0, uri: str = ""
) -> tuple[int, dict[str, Any], str]:
    """Run our own caller: (exit status, report, standard error)."""
    report = world.folder / f"report-{time.monotonic_ns()}.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telephony.caller", uri or world.uri, "--json", str(report), *arguments,
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    _, errors = await asyncio.wait_for(process.communicate(), timeout_s)
    data = json.loads(report.read_text()) if report.exists() else {}
    return process.returncode or 0, data, errors.decode()


def answering(*then: Callable[[str], wire.Body], record: str | None = None) -> Script:
    """An app that answers every call at once and then gives the orders made by `then(leg_id)`."""

    async def script(app: App, event: wire.LegEvent) -> None:
        match event:
            case wire.LegOffered():
                await app.order(wire.AnswerLeg(leg_id=event.leg_id, role="customer", record_path=record))
            case wire.LegProgress(state="up"):
                for make in then:
                    await app.order(make(event.leg_id))

    return script
