"""A real softphone, baresip, at the other end: it is worked by its control socket, and tells what happens to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port
from tests.telephony.phone_world import tone

MODULES = Path("/usr/lib/baresip/modules")
needs_baresip = pytest.mark.skipif(shutil.which("baresip") is None, reason="baresip is not installed")


@dataclass
class Baresip:
    """It takes every call. `events`: what it told, oldest first."""

    port: int
    folder: Path
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    events: list[dict[str, Any]] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def press(self, command: str, params: str = "") -> None:
        """A command of its menu, such as `transfer`."""
        text = json.dumps({"command": command, "params": params, "token": "t"}).encode()
        self._writer.write(b"%d:%s," % (len(text), text))
        await self._writer.drain()

    async def told(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Its `count`-th event of this type."""

        def found() -> list[dict[str, Any]]:
            return [event for event in self.events if event.get("type") == kind]

        async with self._news, asyncio.timeout(40):
            await self._news.wait_for(lambda: len(found()) >= count)
        return found()[count - 1]

    def heard(self) -> list[Path]:
        """What it heard in each call, as it is written: 8 kHz."""
        return sorted(self.folder.glob("*-dec.wav"))

    async def hears(self, calls: int) -> None:
        """Until it has heard more than a second in each of so many calls."""
        async with asyncio.timeout(60):
            while sum(file.stat().st_size > 24_000 for file in self.heard()) < calls:  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.1)

    async def read(self) -> None:
        """Netstrings of JSON, until it ends."""
        while length := (await self._reader.readuntil(b":")).rstrip(b":"):
            message = json.loads(await self._reader.readexactly(int(length)))
            await self._reader.readexactly(1)
            async with self._news:
                self.events.append(message)
                self._news.notify_all()


@contextlib.asynccontextmanager
async def baresip(folder: Path, account: str, hz: float = 600.0, seconds: float = 60.0) -> AsyncIterator[Baresip]:
    """A phone of this account (`sip:ann@home;auth_pass=…`) that says a tone of `hz`."""
    folder.mkdir(exist_ok=True)
    port, control, rtp = free_port(), free_port(), free_port(20)
    said = tone(folder / "said.wav", seconds, hz, 8000)
    (folder / "config").write_text(
        f"sip_listen 127.0.0.1:{port}\naudio_source aufile,{said}\naudio_player aubridge,nobody\n"
        f"audio_alert aubridge,nobody\nmodule_path {MODULES}\nmodule aufile.so\nmodule aubridge.so\n"
        f"module sndfile.so\nsnd_path {folder}\nmodule g711.so\n"
        "module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n"
        f"ctrl_tcp_listen 127.0.0.1:{control}\nrtp_ports {rtp}-{rtp + 18}\nnet_interface 127.0.0.1\n"
    )
    (folder / "accounts").write_text(f"{account};answermode=auto\n")
    (folder / "contacts").write_text("")
    process = await asyncio.create_subprocess_exec(
        "baresip", "-f", str(folder), "-v", "-s", "-t", "300",
        stdin=subprocess.DEVNULL, stdout=(folder / "log").open("wb"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    reading: asyncio.Task[None] | None = None
    try:
        phone = Baresip(port, folder, *await _connected(process, control))
        reading = asyncio.create_task(phone.read())
        yield phone
    finally:
        if reading is not None:
            reading.cancel()
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 20)
        print((folder / "log").read_text(errors="replace")[-6000:])  # noqa: T201 - shown when a test fails


async def _connected(
    process: asyncio.subprocess.Process, port: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(60):
        while True:
            assert process.returncode is None, "baresip ended at once"
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except OSError:  # it does not listen yet, and tells nobody when it does
                await asyncio.sleep(0.05)
