"""One supervised process: started, its lines passed on, restarted with back-off, stopped for good."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog

from server.backoff import Backoff

log = structlog.get_logger(__name__)

State = Literal["starting", "running", "waiting", "stopped"]
LINE_LIMIT = 1 << 20  # bytes; longer lines are split
LAST_WORDS_S = 0.5  # s to read what a process wrote before it died
RUNNING_AFTER_S = 0.5  # s without dying before a process counts as running


@dataclass(frozen=True, slots=True)
class Spec:
    """What to run. `stop_s`: how long it may take to end after SIGTERM; `orphaned`: what it is sent when we die first."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_s: float = 8.0
    orphaned: Literal["KILL", "TERM"] = "KILL"


class Process:
    """Keeps one process running until `stop`."""

    def __init__(
        self, spec: Spec, changed: Callable[[], None], died: Callable[[Process], Awaitable[None]] | None = None
    ) -> None:
        self.spec = spec
        self.state: State = "stopped"
        self.pid: int | None = None
        self.since = time.time()
        self.last_exit = ""
        self.backoff = Backoff()
        self._changed = changed
        self._died = died
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    def start(self) -> None:
        """Run it from now on."""
        self._task = asyncio.create_task(self._keep(), name=f"process-{self.spec.name}")

    async def stop(self) -> None:
        """SIGTERM to its group, SIGKILL after `stop_s`; returns when nothing of it is left."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            self._signal(signal.SIGTERM, group=False)
            try:
                await asyncio.wait_for(self._process.wait(), self.spec.stop_s)
            except TimeoutError:
                log.warning("process.killed", process=self.spec.name)
        self._signal(signal.SIGKILL, group=True)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._set("stopped", None)

    def describe(self) -> dict[str, Any]:
        """For the health page."""
        return {
            "state": self.state,
            "pid": self.pid,
            "since": self.since,
            "restarts": self.backoff.restarts,
            "last_exit": self.last_exit,
        }

    async def _keep(self) -> None:
        while not self._stopping:
            started = time.monotonic()
            try:
                status = await self._once()
            except OSError as error:
                log.error("process.cannot_start", process=self.spec.name, error=str(error))
                status = f"cannot start: {error}"
            if self._stopping:
                return
            self.last_exit = status
            delay = self.backoff.died(time.monotonic() - started)
            self._set("waiting", None)
            log.error("process.died", process=self.spec.name, how=status, again_in_s=delay)
            if self._died is not None:
                await self._died(self)
            await asyncio.sleep(delay)

    async def _once(self) -> str:
        # A pipe of our own: with asyncio's, `wait` also waits for grandchildren that hold the other end.
        reading, writing = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                # Linux then ends it when this process dies without a word.
                *("setpriv", "--pdeathsig", self.spec.orphaned, "--", *self.spec.command),
                env={**os.environ, **self.spec.env},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._set("starting", self._process.pid)
        passing = asyncio.create_task(self._pass_on(reading), name=f"lines-{self.spec.name}")
        settled = asyncio.get_running_loop().call_later(RUNNING_AFTER_S, self._set, "running", self._process.pid)
        try:
            code = await self._process.wait()
        finally:
            settled.cancel()
            # Whatever it started itself must not outlive it.
            self._signal(signal.SIGKILL, group=True)
            # Its last words, unless somebody outside its group holds the pipe open.
            await asyncio.wait([passing], timeout=LAST_WORDS_S)
            passing.cancel()
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"

    async def _pass_on(self, reading: int) -> None:
        stream = asyncio.StreamReader(limit=LINE_LIMIT)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb", 0)
        )
        try:
            while True:
                try:
                    line = await stream.readline()
                except ValueError:
                    continue  # a line over the limit: its rest follows
                if not line:
                    return
                sys.stdout.write(line.decode(errors="replace"))
                sys.stdout.flush()
        finally:
            transport.close()

    def _signal(self, number: signal.Signals, *, group: bool) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if group:
                os.killpg(self._process.pid, number)
            else:
                os.kill(self._process.pid, number)

    def _set(self, state: State, pid: int | None) -> None:
        if state != self.state:
            self.since = time.time()
        self.state, self.pid = state, pid
        self._changed()
