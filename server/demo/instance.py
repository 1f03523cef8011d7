"""A private Warmline on free ports of this machine, gone without a trace when its context ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import httpx

from server.auth import hash_password, new_sip_secret, sip_ha1
from server.settings import ROOT
from session.store import Store
from session.users import Users
from telephony import edge

START_S = 300.0  # s for models, voices and intents; 15 when idle, 200 were seen on two cores that tests kept busy
STOP_S = 20.0
# HTTP, Kamailio, twelve workers and the agent's phone; RTP. All below what Linux gives to outgoing connections.
PORTS, RTP_PORTS = (16, 21_000, 22_000), (400, 22_000, 32_400)


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A running instance and how to speak to it."""

    data_dir: Path
    http: str
    sip_port: int
    phone_port: int  # for the agent's phone, where it is none that registers
    admin_token: str
    agent_token: str
    agent_secret: str
    agent_device: str

    @property
    def sip(self) -> str:
        """Whom to call."""
        return f"sip:support@127.0.0.1:{self.sip_port}"


@contextlib.contextmanager
def claimed(count: int, start: int, end: int) -> Iterator[int]:
    """The first of `count` free ports in a row, UDP and TCP: other instances that begin meanwhile leave them alone.

    What claims them is a name (of Linux: gone with its process, however that ends), for they are bound only seconds
    later. Who asks with one `start` asks with one `count`. Raises `DemoError`.
    """
    for first in range(start, end - count + 1, count):
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                claim.bind(f"\0warmline-ports-{first}")
            except OSError:
                continue
            if all(_free(port) for port in range(first, first + count)):
                yield first
                return
    raise DemoError(f"no {count} free ports in a row between {start} and {end} on this machine")


def _free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


@contextlib.asynccontextmanager
async def private_instance(
    data_dir: Path, models_dir: Path, *, env: Mapping[str, str] | None = None
) -> AsyncIterator[Instance]:
    """Start it, wait until all is well, make an admin and an agent; stop it at the end, whatever happened.

    The agent is a registered softphone where there is Kamailio, else one at `phone_port`; `env`: settings of the
    caller's own. Raises `DemoError`.
    """
    with claimed(*PORTS) as base, claimed(*RTP_PORTS) as rtp:
        async with _instance(data_dir, models_dir, base, rtp, env or {}) as instance:
            yield instance


@contextlib.asynccontextmanager
async def _instance(
    data_dir: Path, models_dir: Path, base: int, rtp: int, env: Mapping[str, str]
) -> AsyncIterator[Instance]:
    phone_port = base + 14
    settings_file = data_dir / "warmline.toml"
    settings_file.write_text("# the demo's settings are in its environment\n")
    whole = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WARMLINE_")},
        "WARMLINE_MODELS": str(models_dir),
        "WARMLINE_CONFIG": str(settings_file),
        "WARMLINE_SERVER__DATA_DIR": str(data_dir),
        "WARMLINE_SERVER__PORT": str(base),
        "WARMLINE_SERVER__DRAIN_TIMEOUT_S": "0",
        "WARMLINE_EDGE__PORT": str(base + 1),
        "WARMLINE_EDGE__MAX_CALLS": "4",
        "WARMLINE_SIP__WORKER_BASE_PORT": str(base + 2),
        "WARMLINE_SIP__RTP_BASE_PORT": str(rtp),
        "WARMLINE_SIP__DIAL_ALLOWED": f'["sip:amy@127.0.0.1:{phone_port}"]',
        "WARMLINE_MEDIA__WEBRTC_WORKERS": "1",
        **env,
    }
    password, secret = token_urlsafe(16), new_sip_secret()
    device = "sip" if edge.program() is not None else "uri"
    await _people(data_dir, password, secret, device, phone_port)
    log = (data_dir / "warmline.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        # Linux then ends it when this process is killed and cannot.
        *("setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "server.cli", "serve"),
        env=whole,
        cwd=ROOT,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    http = f"http://127.0.0.1:{base}"
    try:
        async with httpx.AsyncClient(base_url=http, timeout=10) as client:
            await _until_well(client, process, data_dir)
            tokens = [await _login(client, name, password) for name in ("boss", "amy")]
        yield Instance(data_dir, http, base + 1, phone_port, tokens[0], tokens[1], secret, device)
    finally:
        log.close()
        await _stop(process)


async def _people(data_dir: Path, password: str, secret: str, device: str, phone_port: int) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{data_dir}/warmline.db")
    users = Users(store)
    digest = await asyncio.to_thread(hash_password, password)
    await users.add("boss", password_hash=digest, roles=["admin"])
    await users.add(
        "amy",
        password_hash=digest,
        roles=["agent"],
        display_name="Amy",
        device="sip" if device == "sip" else "uri",
        uri="" if device == "sip" else f"sip:amy@127.0.0.1:{phone_port}",
        sip_ha1=sip_ha1("amy", "127.0.0.1", secret),
    )
    await store.close()


async def _until_well(client: httpx.AsyncClient, process: asyncio.subprocess.Process, data_dir: Path) -> None:
    deadline = asyncio.get_running_loop().time() + START_S
    status = "no answer"
    while asyncio.get_running_loop().time() < deadline:
        if process.returncode is not None:
            raise DemoError(f"the instance ended by itself; its log is {data_dir / 'warmline.log'}")
        with contextlib.suppress(httpx.HTTPError, ValueError, KeyError):
            status = str((await client.get("/api/health")).json()["status"])
            if status == "ok":
                return
        await asyncio.sleep(0.3)
    raise DemoError(f"the instance is {status} after {START_S:.0f} s; its log is {data_dir / 'warmline.log'}")


async def _login(client: httpx.AsyncClient, name: str, password: str) -> str:
    answer = await client.post("/api/login", json={"name": name, "password": password})
    answer.raise_for_status()
    return str(answer.json()["token"])


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
