"""Scripted SIP phones and workers in a few lines of UDP: every header under control, strangers' addresses included."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_numbers = itertools.count(1)
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


@dataclass
class Message:
    """A SIP message, read."""

    first: str
    headers: list[tuple[str, str]]
    body: str = ""

    @classmethod
    def read(cls, data: bytes) -> Message:
        head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        return cls(first, headers, body)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def status(self) -> int:
        return int(self.first.split(" ")[1]) if self.first.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        return "" if self.status else self.first.split(" ")[0]

    @property
    def uri(self) -> str:
        return self.first.split(" ")[1]


@dataclass
class Dialog:
    """What a phone must remember of a call that it placed."""

    call_id: str
    local: str
    remote: str
    target: str
    routes: list[str]
    cseq: int


@dataclass
class Answer:
    """The final answer to a request, and the dialog it made."""

    message: Message
    dialog: Dialog

    @property
    def status(self) -> int:
        return self.message.status


class Phone(asyncio.DatagramProtocol):
    """Sends requests to the edge and waits for the final answer; answers requests with `reply_to`."""

    def __init__(self, host: str, edge: tuple[str, int], user: str = "caller", domain: str = "127.0.0.1") -> None:
        self.host, self.edge, self.user, self.domain = host, edge, user, domain
        self.port = 0
        self.contact = ""  # host:port that it believes it has; empty = the true one
        self.received: list[Message] = []
        self._waiting: dict[str, asyncio.Queue[Message]] = {}
        self._heard = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, port: int = 0) -> Phone:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (self.host, port))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not data.strip():
            return
        message = Message.read(data)
        if message.status:
            branch = message.one("via")
            if (queue := self._waiting.get(_branch(branch))) is not None:
                queue.put_nowait(message)
            return
        self.received.append(message)
        self._heard.set()
        for answer in self.reply_to(message):
            self.send(answer, addr)

    def reply_to(self, message: Message) -> list[str]:
        """What is sent back to a request; 200 to everything but ACK."""
        return [] if message.method == "ACK" else [self.reply(message, 200, "OK")]

    async def heard(self, method: str, timeout_s: float = 40.0) -> Message:
        """The next request of this kind, or the first that came already."""
        async with asyncio.timeout(timeout_s):
            while True:
                for message in self.received:
                    if message.method == method:
                        self.received.remove(message)
                        return message
                self._heard.clear()
                await self._heard.wait()

    def send_bytes(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(data, self.edge)

    def send(self, text: str, to: tuple[str, int] | None = None) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(text.encode(), to or self.edge)

    def reply(self, to: Message, status: int, reason: str, *, sdp: bool = False, extra: Sequence[str] = ()) -> str:
        """A response to a request received."""
        tagged = to.one("to") if ";tag=" in to.one("to") else f"{to.one('to')};tag=w{self.port}"
        lines = [f"SIP/2.0 {status} {reason}"]
        lines += [f"Via: {via}" for via in to.all("via")]
        lines += [f"Record-Route: {route}" for route in to.all("record-route")]
        lines += [
            f"From: {to.one('from')}",
            f"To: {tagged}",
            f"Call-ID: {to.one('call-id')}",
            f"CSeq: {to.one('cseq')}",
        ]
        lines += [f"Contact: <sip:worker@{self.contact or f'{self.host}:{self.port}'}>", *extra]
        return _finish(lines, SDP if sdp else "")

    async def request(
        self,
        method: str,
        uri: str = "",
        *,
        headers: Sequence[str] = (),
        dialog: Dialog | None = None,
        to: str = "",
        timeout_s: float = 40.0,
        secret: str = "",
        auth_user: str = "",
    ) -> Answer:
        """Send and wait for the final answer (ACKed when it is an INVITE's). With `secret` a challenge is answered."""
        if dialog is None:
            tag = next(_numbers)
            aor = f"sip:{self.user}@{self.domain}"
            target = uri or f"sip:{self.domain}"
            dialog = Dialog(f"{tag}-{self.port}@test", f"<{aor}>;tag=c{tag}", to or f"<{target}>", target, [], 0)
        answer = await self._send(method, dialog, headers, timeout_s)
        if answer.status in (401, 407) and secret:
            name = "www-authenticate" if answer.status == 401 else "proxy-authenticate"
            reply = "Authorization" if answer.status == 401 else "Proxy-Authorization"
            digest = _digest(method, dialog.target, answer.message.one(name), auth_user or self.user, secret)
            answer = await self._send(method, dialog, [*headers, f"{reply}: {digest}"], timeout_s)
        return answer

    async def _send(self, method: str, dialog: Dialog, headers: Sequence[str], timeout_s: float) -> Answer:
        dialog.cseq += 1
        branch = f"z9hG4bK{next(_numbers)}x{self.port}"
        queue = self._waiting[branch] = asyncio.Queue()
        text = self._format(method, dialog, branch, dialog.cseq, headers)
        async with asyncio.timeout(timeout_s):
            self.send(text)
            while True:
                message = await queue.get()
                if message.status >= 200 and message.one("cseq").endswith(method):
                    break
        if method == "INVITE":
            self._acknowledge(dialog, branch, message)
        return Answer(message, dialog)

    def _acknowledge(self, dialog: Dialog, branch: str, message: Message) -> None:
        if message.status < 300:
            if ";tag=" in dialog.remote:
                branch = f"z9hG4bK{next(_numbers)}ack"
                return self.send(self._format("ACK", dialog, branch, dialog.cseq, ()))
            dialog.remote = message.one("to")
            dialog.routes = list(
                reversed([r.strip() for value in message.all("record-route") for r in value.split(",")])
            )
            contact = re.search(r"<([^>]*)>", message.one("contact"))
            dialog.target = contact[1] if contact else dialog.target
            branch = f"z9hG4bK{next(_numbers)}ack"
            self.send(self._format("ACK", dialog, branch, dialog.cseq, ()))
        else:
            failed = Dialog(dialog.call_id, dialog.local, message.one("to"), dialog.target, [], dialog.cseq)
            self.send(self._format("ACK", failed, branch, dialog.cseq, ()))

    def _format(self, method: str, dialog: Dialog, branch: str, cseq: int, headers: Sequence[str]) -> str:
        lines = [
            f"{method} {dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.host}:{self.port};branch={branch};rport",
            *(f"Route: {route}" for route in dialog.routes),
            "Max-Forwards: 70",
            f"From: {dialog.local}",
            f"To: {dialog.remote}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:{self.user}@{self.contact or f'{self.host}:{self.port}'}>",
            *headers,
        ]
        return _finish(lines, SDP if method == "INVITE" else "")


@dataclass
class Script:
    """How a scripted worker answers INVITEs: `status` 0 = not at all, but for a 180 when `ring`.

    Never 180 and 200 at once: Kamailio's processes may swap what comes in the same instant.
    """

    status: int = 200
    ring: bool = True
    extra: list[str] = field(default_factory=list)


class ScriptedWorker(Phone):
    """A sip-in worker: alive (OPTIONS 200), answers calls as its script says, counts them."""

    def __init__(self, edge: tuple[str, int], script: Script) -> None:
        super().__init__("127.0.0.1", edge, "worker")
        self.script = script
        self.calls: set[str] = set()
        self.offered = 0  # calls, retransmissions not counted
        self._branches: set[str] = set()
        self.silent = False

    def reply_to(self, message: Message) -> list[str]:
        if self.silent:
            return []
        match message.method:
            case "ACK":
                return []
            case "INVITE":
                branch = _branch(message.one("via"))
                if ";tag=" not in message.one("to") and branch not in self._branches:
                    self._branches.add(branch)
                    self.offered += 1
                if not self.script.status:
                    return [self.reply(message, 180, "Ringing")] if self.script.ring else []
                if self.script.status == 200:
                    self.calls.add(message.one("call-id"))
                answered = self.script.status == 200
                return [self.reply(message, self.script.status, "Scripted", sdp=answered, extra=self.script.extra)]
            case "BYE":
                self.calls.discard(message.one("call-id"))
        return [self.reply(message, 200, "OK")]


def _finish(lines: list[str], body: str) -> str:
    if body:
        lines = [*lines, "Content-Type: application/sdp"]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])


def _branch(via: str) -> str:
    found = re.search(r"branch=([^;,\s]+)", via)
    return found[1] if found else ""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - what SIP digests are


def _digest(method: str, uri: str, challenge: str, user: str, secret: str) -> str:
    parts = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    ha1 = _md5(f"{user}:{parts['realm']}:{secret}")
    response = _md5(f"{ha1}:{parts['nonce']}:{_md5(f'{method}:{uri}')}")
    return (
        f'Digest username="{user}", realm="{parts["realm"]}", nonce="{parts["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm=MD5'
    )
