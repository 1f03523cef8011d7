"""A real Kamailio with our configuration on a free port, and phones around it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from telephony import edge
from telephony.edge_options import EdgeOptions
from telephony.edge_rpc import EdgeRpc
from telephony.edge_users import EdgeUsers
from tests.edge.phones import Phone, Script, ScriptedWorker
from tests.ports import free_port

INTERNAL, SECRET = "warmline-dial", "per-start-secret"
needs_kamailio = pytest.mark.skipif(
    shutil.which("kamailio") is None and not Path("/usr/sbin/kamailio").exists(),
    reason="Kamailio is not installed (apt-get install kamailio kamailio-sqlite-modules kamailio-utils-modules kamailio-extra-modules)",
)


async def until(holds: Callable[[], bool], timeout_s: float = 40.0) -> None:
    """Wait for what another process does to a file. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.05)


class Edge:
    """The edge under test. `await start()` again after `kill()` to see what survives."""

    def __init__(self, folder: Path, options: EdgeOptions) -> None:
        self.folder, self.options = folder, options
        self.address = ("127.0.0.1", options.port)
        self.users = EdgeUsers(folder / "edge.db")
        self.rpc = EdgeRpc(folder)
        self.workers: list[ScriptedWorker] = []
        self.phones: list[Phone] = []
        self._process: asyncio.subprocess.Process | None = None
        self._log = (folder / "kamailio.log").open("ab")

    async def start(
        self, *, maxload: int = 4, dial_allowed: tuple[str, ...] = (), answer_within_s: float = 5.0
    ) -> None:
        config = edge.write_config(
            self.options,
            run_dir=self.folder,
            db=self.users.path,
            workers=[edge.Worker("127.0.0.1", w.port, f"w{n}", maxload) for n, w in enumerate(self.workers)],
            internal_user=INTERNAL,
            internal_secret=SECRET,
            dial_allowed=dial_allowed,
            answer_within_s=answer_within_s,
        )
        await self.launch(config)

    async def launch(self, config: Path) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *edge.command(config, self.folder), stdout=self._log, stderr=self._log, start_new_session=True
        )
        probe = await self.phone()
        async with asyncio.timeout(60):
            while True:
                if self._process.returncode is not None:
                    raise AssertionError(self.log())
                with contextlib.suppress(TimeoutError):
                    if (await probe.request("OPTIONS", timeout_s=0.2)).status == 200:
                        return

    def log(self) -> str:
        return (self.folder / "kamailio.log").read_text(errors="replace")

    async def worker(self, script: Script | None = None) -> ScriptedWorker:
        worker = ScriptedWorker(self.address, script or Script())
        await worker.open()
        self.workers.append(worker)
        return worker

    async def phone(self, host: str = "127.0.0.1", user: str = "caller") -> Phone:
        home = "127.0.0.1" if host.startswith("127.") else host
        phone = Phone(host, (home, self.options.port), user, f"{home}:{self.options.port}")
        await phone.open()
        self.phones.append(phone)
        return phone

    def agent(self, name: str, secret: str) -> None:
        realm = self.options.domain
        self.users.put(name, realm, hashlib.md5(f"{name}:{realm}:{secret}".encode()).hexdigest())  # noqa: S324

    def uri(self, user: str) -> str:
        return f"sip:{user}@{self.address[0]}:{self.options.port}"

    async def kill(self) -> None:
        """kill -9 of the whole process group, as a crash leaves it."""
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            # Ended in its first instants it may wait a minute for a child that missed the signal.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), 3)
            await self.kill()
        for phone in [*self.workers, *self.phones]:
            phone.close()
        self._log.close()


@contextlib.asynccontextmanager
async def an_edge(**settings: object) -> AsyncIterator[Edge]:
    """An edge that is configured but not started: add workers, then `start()`."""
    # Not pytest's folder: socket paths must stay below 108 characters.
    with tempfile.TemporaryDirectory(prefix="wl-edge-") as folder:
        options = EdgeOptions.model_validate({"port": free_port(), "worker_timeout_s": 1.0, **settings})
        world = Edge(Path(folder), options)
        try:
            yield world
        finally:
            await world.stop()
