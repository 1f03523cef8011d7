"""A link that is told to stop stops, whatever it is at."""

from __future__ import annotations

import asyncio
from pathlib import Path

from session import channel, wire


class Nobody:
    async def on_request(self, peer: channel.Peer, request: wire.Request) -> None:
        return None

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        return None

    async def on_closed(self, peer: channel.Peer) -> None:
        return None


async def test_a_link_can_be_cancelled_in_the_moment_its_connection_fails(tmp_path: Path) -> None:
    """`asyncio.wait_for` of Python 3.11 swallows a cancellation that meets a finished inner task."""
    for steps in range(40):
        link = channel.Link(f"unix:{tmp_path}/nobody.sock", Nobody(), "test")
        running = asyncio.create_task(link.run())
        for _ in range(steps):
            await asyncio.sleep(0)
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=30.0)
        assert done, f"lost the cancellation after {steps} turns of the loop"


async def test_a_link_can_be_cancelled_in_the_moment_it_is_up(tmp_path: Path) -> None:
    server = await channel.serve(f"unix:{tmp_path}/app.sock", Nobody(), "app")

    async def greet(peer: channel.Peer) -> None:
        await peer.send(wire.Ack(seq=1))

    for steps in range(40):
        link = channel.Link(f"unix:{tmp_path}/app.sock", Nobody(), "test", on_up=greet)
        running = asyncio.create_task(link.run())
        for _ in range(steps):
            await asyncio.sleep(0)
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=30.0)
        assert done, f"lost the cancellation after {steps} turns of the loop"
    server.close()
