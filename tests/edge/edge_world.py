"""A real Kamailio on a free port, workers and phones made of plain SIP text in front of and behind it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from telephony import edge, edge_users
from telephony.edge_options import EdgeOptions
from telephony.edge_rpc import EdgeRpc

INTERNAL_USER, INTERNAL_SECRET = "warmline-dial", "only for this start"
_ids = itertools.count(1)

needs_kamailio = pytest.mark.skipif(shutil.which("kamailio") is None, reason="Kamailio is not installed")


def free_port() -> int:
    """A port that was free for UDP and TCP a moment ago."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            port = int(udp.getsockname()[1])
            with contextlib.suppress(OSError):
                tcp.bind(("127.0.0.1", port))
                return port


@dataclass
class Message:
    """A SIP message, as far as tests look at it."""

    start: str
    headers: list[tuple[str, str]]
    source: tuple[str, int]

    @classmethod
    def parse(cls, data: bytes, source: tuple[str, int]) -> Message:
        head = data.decode(errors="replace").partition("\r\n\r\n")[0].split("\r\n")
        headers = [
            (name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in head[1:])
        ]
        return cls(head[0], headers, source)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name.lower()]

    def get(self, name: str) -> str:
        found = self.all(name)
        return found[0] if found else ""

    @property
    def method(self) -> str:
        return "" if self.start.startswith("SIP/2.0") else self.start.split()[0]

    @property
    def status(self) -> int:
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0") else 0


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[Message], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.strip():
            self._take(Message.parse(data, addr))


@dataclass
class Worker:
    """Stands where an inbound SIP worker stands. `mode`: answer, silent, or a status to refuse with."""

    port: int
    mode: str = "answer"
    seen: list[Message] = field(default_factory=list)
    transport: Any = None

    async def start(self) -> Worker:
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(
            lambda: _Socket(self._take), local_addr=("127.0.0.1", self.port)
        )
        return self

    def kill(self) -> None:
        """Gone without a word."""
        self.transport.abort()

    def count(self, method: str) -> int:
        return sum(message.method == method for message in self.seen)

    def _take(self, message: Message) -> None:
        self.seen.append(message)
        if message.method == "INVITE" and self.mode != "silent":
            if self.mode == "answer":
                self._reply(message, 100, "Trying")
                self._reply(message, 200, "OK")
            else:
                self._reply(message, int(self.mode), "No")
        elif message.method in ("BYE", "CANCEL", "INFO", "OPTIONS"):
            self._reply(message, 200, "OK")

    def _reply(self, request: Message, status: int, reason: str) -> None:
        to = request.get("To")
        tag = "" if ";tag=" in to or status == 100 else f";tag=w{self.port}"
        lines = [f"SIP/2.0 {status} {reason}"]
        lines += [f"Via: {via}" for via in request.all("Via")]
        lines += [f"Record-Route: {route}" for route in request.all("Record-Route")]
        lines += [
            f"From: {request.get('From')}", f"To: {to}{tag}", f"Call-ID: {request.get('Call-ID')}",
            f"CSeq: {request.get('CSeq')}", f"Contact: <sip:warmline@127.0.0.1:{self.port}>", "Content-Length: 0",
        ]  # fmt: skip
        self.transport.sendto(("\r\n".join(lines) + "\r\n\r\n").encode(), request.source)


@dataclass
class Phone:
    """A SIP user agent of a few lines: asks, and hands over what comes back."""

    edge: Edge
    host: str = "127.0.0.1"
    user: str = "caller"
    password: str = ""
    inbox: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    transport: Any = None
    port: int = 0
    answers: bool = True

    async def start(self) -> Phone:
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: _Socket(self._take), local_addr=(self.host, 0))
        self.port = self.transport.get_extra_info("sockname")[1]
        return self

    def _take(self, message: Message) -> None:
        if message.method in ("BYE", "INVITE") and self.answers:
            Worker._reply(self, message, 200, "OK")  # type: ignore[arg-type]
        self.inbox.put_nowait(message)

    def send(self, data: bytes) -> None:
        self.transport.sendto(data, ("127.0.0.1", self.edge.port))

    def text(
        self,
        method: str,
        uri: str,
        *,
        call_id: str,
        cseq: int = 1,
        to: str = "",
        sender: str = "",
        extra: tuple[str, ...] = (),
    ) -> bytes:
        domain = f"127.0.0.1:{self.edge.port}"
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.host}:{self.port};branch=z9hG4bK{next(_ids)}{method}{self.port};rport",
            f"From: <{sender or f'sip:{self.user}@{domain}'}>;tag=t{call_id}",
            f"To: {to or f'<{uri}>'}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            "Max-Forwards: 70",
            f"Contact: <sip:{self.user}@{self.host}:{self.port}>",
            *extra,
            "Content-Length: 0",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def next(self, timeout_s: float = 6.0) -> Message:
        return await asyncio.wait_for(self.inbox.get(), timeout_s)

    async def final(self, timeout_s: float = 6.0) -> Message:
        """The next final answer."""
        while (message := await self.next(timeout_s)).status < 200:
            pass
        return message

    async def ask(self, method: str, uri: str, **how: Any) -> Message:
        """Send once; answer one challenge when there is a password."""
        call_id = how.pop("call_id", f"c{next(_ids)}-{self.port}")
        self.send(self.text(method, uri, call_id=call_id, **how))
        answer = await self.final()
        if method == "INVITE":
            self.ack(answer, uri)
        if answer.status in (401, 407) and self.password:
            name = "Authorization" if answer.status == 401 else "Proxy-Authorization"
            challenge = answer.get("WWW-Authenticate") or answer.get("Proxy-Authenticate")
            extra = (*how.pop("extra", ()), f"{name}: {self._digest(challenge, method, uri)}")
            self.send(self.text(method, uri, call_id=call_id, cseq=2, extra=extra, **how))
            answer = await self.final()
            if method == "INVITE":
                self.ack(answer, uri)
        return answer

    def ack(self, answer: Message, uri: str) -> None:
        """What every final answer to an INVITE is owed."""
        target = re.search(r"<([^>]*)>", answer.get("Contact"))
        routes = tuple(f"Route: {route}" for route in reversed(answer.all("Record-Route")))
        cseq = int(answer.get("CSeq").split()[0])
        where = target[1] if target and answer.status == 200 else uri
        self.send(self.text("ACK", where, call_id=answer.get("Call-ID"), cseq=cseq, to=answer.get("To"), extra=routes))

    def in_dialog(self, method: str, answer: Message, uri: str = "", **how: Any) -> None:
        """A request inside the call that `answer` began."""
        target = re.search(r"<([^>]*)>", answer.get("Contact"))
        routes = tuple(f"Route: {route}" for route in reversed(answer.all("Record-Route")))
        where = uri or (target[1] if target else "")
        self.send(
            self.text(method, where, call_id=answer.get("Call-ID"), cseq=9, to=answer.get("To"), extra=routes, **how)
        )

    def _digest(self, challenge: str, method: str, uri: str) -> str:
        values = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        md5 = lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # noqa: E731
        first = md5(f"{self.user}:{values['realm']}:{self.password}")
        response = md5(f"{first}:{values['nonce']}:{md5(f'{method}:{uri}')}")
        return (
            f'Digest username="{self.user}", realm="{values["realm"]}", nonce="{values["nonce"]}", uri="{uri}", '
            f'response="{response}", algorithm=MD5'
        )


@dataclass
class Edge:
    """A running Kamailio."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    workers: list[Worker]
    options: EdgeOptions

    @property
    def rpc(self) -> EdgeRpc:
        return EdgeRpc(self.folder)

    @property
    def desk(self) -> str:
        return f"sip:support@127.0.0.1:{self.port}"

    async def phone(self, **how: Any) -> Phone:
        return await Phone(self, **how).start()

    def users(self, **passwords: str) -> None:
        digests = {
            name: hashlib.md5(f"{name}:127.0.0.1:{word}".encode(), usedforsecurity=False).hexdigest()
            for name, word in passwords.items()
        }
        edge_users.write(self.folder / "edge.db", digests)

    async def restart(self) -> None:
        """kill -9, and up again with the same files."""
        stop(self.process, signal.SIGKILL)
        self.process = await launch(self.folder, self.rpc)


async def launch(folder: Path, rpc: EdgeRpc) -> subprocess.Popen[bytes]:
    """Start it and wait until it answers."""
    with (folder / "kamailio.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 - waits for nothing
            edge.command(folder / "kamailio.cfg", folder), stdout=log, stderr=log, start_new_session=True
        )
    for _ in range(100):
        with contextlib.suppress(OSError, TimeoutError):
            await rpc.call("core.uptime")
            return process
        await asyncio.sleep(0.05)
    raise AssertionError((folder / "kamailio.log").read_text())


def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """End it and all its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.asynccontextmanager
async def running(folder: Path, *, workers: int = 2, maxload: int = 4, **options: Any) -> AsyncIterator[Edge]:
    """Kamailio with scripted workers behind it."""
    settings = EdgeOptions(port=free_port(), **options)
    behind = [await Worker(free_port()).start() for _ in range(workers)]
    edge.write_config(
        settings,
        run_dir=folder,
        db=folder / "edge.db",
        workers=[edge.Worker("127.0.0.1", w.port, f"sip-in-{n}", maxload) for n, w in enumerate(behind)],
        worker_host="127.0.0.1",
        internal_user=INTERNAL_USER,
        internal_secret=INTERNAL_SECRET,
    )
    process = await launch(folder, EdgeRpc(folder))
    world = Edge(settings.port, folder, process, behind, settings)
    try:
        yield world
    finally:
        stop(world.process)
        for worker in behind:
            worker.kill()
        print((folder / "kamailio.log").read_text()[-6000:])  # noqa: T201 - shown when a test fails
