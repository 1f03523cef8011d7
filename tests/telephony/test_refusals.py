"""A worker that refuses calls by itself stays alive: the library aborts when that is done inside its callback."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from session import wire
from tests.telephony.phone_world import answering, worker

pytestmark = pytest.mark.e2e

INVITE = (
    "INVITE sip:support@127.0.0.1:{to} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{n}\r\n"
    "From: <sip:a@b.example>;tag=1\r\nTo: <sip:support@127.0.0.1>\r\nCall-ID: refused-{n}\r\nCSeq: 1 INVITE\r\n"
    "Max-Forwards: 70\r\nContact: <sip:a@127.0.0.1:{port}>\r\nContent-Length: 0\r\n\r\n"
)


async def test_refusing_while_draining_does_not_end_the_worker(tmp_path: Path) -> None:
    async with worker(tmp_path, answering()) as world:
        await world.app.order(wire.Drain(retry_after_s=7))
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind(("127.0.0.1", 0))
            phone.setblocking(False)
            port = phone.getsockname()[1]
            # One that the library would ask for SDP later: it ends inside the callback that announces it.
            for n in range(6):
                await loop.sock_sendto(
                    phone, INVITE.format(to=world.port, port=port, n=n).encode(), ("127.0.0.1", world.port)
                )
                while (
                    not (answer := (await asyncio.wait_for(loop.sock_recv(phone, 4000), 30)).decode()).startswith(
                        "SIP/2.0 503"
                    )
                    or f"refused-{n}\r" not in answer
                ):
                    pass
                assert "Retry-After: 7\r\n" in answer
        await world.app.order(wire.Drain(retry_after_s=7))  # it still takes orders
        assert world.process.returncode is None
