"""Peers over real Unix and TCP sockets."""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog

from session import channel, wire
from tests.ports import free_port


class Side:
    """A handler that answers as told and remembers."""

    def __init__(self) -> None:
        self.answer: Callable[[channel.Peer, wire.Request], Awaitable[msgspec.Struct | None]] | None = None
        self.messages: list[wire.Wire] = []
        self.peers: list[channel.Peer] = []
        self.got = asyncio.Event()
        self.closed = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.started = asyncio.Event()

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        self.started.set()
        assert self.answer is not None
        try:
            return await self.answer(peer, request)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        self.peers.append(peer)
        self.messages.append(message)
        self.got.set()

    async def on_closed(self, peer: channel.Peer) -> None:
        self.closed.set()


class Pair:
    """A connected client and server."""

    def __init__(self, peer: channel.Peer, server: Side, client: Side, listening: asyncio.Server) -> None:
        self.peer, self.server, self.client, self.listening = peer, server, client, listening


ASK = wire.InferenceStatus()


@pytest.fixture(params=["unix", "tcp"])
async def pair(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    address = f"unix:{tmp_path}/s.sock" if request.param == "unix" else f"tcp:127.0.0.1:{free_port()}"
    server, client = Side(), Side()
    listening = await channel.serve(address, server, "server")
    peer = await channel.connect(address, client, "client")
    reading = asyncio.create_task(peer.run())
    yield Pair(peer, server, client, listening)
    peer.abort()
    await asyncio.wait_for(reading, 30)
    listening.close()


async def test_questions_find_their_own_answers_in_any_order(pair: Pair) -> None:
    turns: list[asyncio.Event] = [asyncio.Event() for _ in range(5)]

    async def answer(peer: channel.Peer, request: wire.Request) -> msgspec.Struct:
        assert isinstance(request.body, wire.Embed)
        n = int(request.body.texts[0])
        if n < 4:
            await turns[n + 1].wait()  # the last is answered first
        turns[n].set()
        return wire.Embedded(dims=n, data=b"")

    pair.server.answer = answer
    answers = await asyncio.wait_for(
        asyncio.gather(*(pair.peer.ask(wire.Embed(texts=[str(n)]), wire.Embedded, 30) for n in range(5))), 30
    )
    assert [found.dims for found in answers] == [0, 1, 2, 3, 4]


async def test_an_error_comes_back_as_its_sentence(pair: Pair) -> None:
    async def answer(peer: channel.Peer, request: wire.Request) -> None:
        raise ValueError("no such voice")

    pair.server.answer = answer
    with pytest.raises(channel.RemoteError, match="no such voice"):
        await pair.peer.ask(ASK, type(None), 30)

    async def fine(peer: channel.Peer, request: wire.Request) -> None:
        return None

    pair.server.answer = fine
    await pair.peer.ask(ASK, type(None), 30)


async def test_an_ordinary_refusal_is_told_and_warns_nobody(pair: Pair) -> None:
    async def refuse(peer: channel.Peer, request: wire.Request) -> None:
        raise channel.Refused("finals are waiting")

    async def fail(peer: channel.Peer, request: wire.Request) -> None:
        raise ValueError("no such voice")

    with structlog.testing.capture_logs() as logs:
        pair.server.answer = refuse
        with pytest.raises(channel.Refused, match="finals are waiting"):
            await pair.peer.ask(ASK, type(None), 30)
        assert logs == []
        pair.server.answer = fail
        with pytest.raises(channel.RemoteError, match="no such voice") as other:
            await pair.peer.ask(ASK, type(None), 30)
    assert not isinstance(other.value, channel.Refused)
    assert [entry["event"] for entry in logs] == ["channel.request_failed"]


async def test_what_comes_ahead_of_an_answer_is_handed_on(pair: Pair) -> None:
    async def answer(peer: channel.Peer, request: wire.Request) -> msgspec.Struct:
        await peer.chunk(request.request_id, clause(1))
        await peer.chunk(request.request_id, clause(2))
        return wire.Embedded(dims=3, data=b"")

    pair.server.answer = answer
    parts: list[msgspec.Raw] = []
    found = await pair.peer.ask(ASK, wire.Embedded, 5, parts.append)
    assert [msgspec.msgpack.decode(part, type=wire.SpeechAudio).text for part in parts] == ["1", "2"]
    assert found.dims == 3
    assert (await pair.peer.ask(ASK, wire.Embedded, 30)).dims == 3  # who wants no parts gets the answer


async def test_who_no_longer_waits_is_not_worked_for(pair: Pair) -> None:
    async def answer(peer: channel.Peer, request: wire.Request) -> None:
        await asyncio.Event().wait()

    pair.server.answer = answer
    with pytest.raises(TimeoutError):
        await pair.peer.ask(ASK, type(None), 0.05)
    await asyncio.wait_for(pair.server.cancelled.wait(), 30)
    pair.server.cancelled.clear()
    pair.server.started.clear()
    asking = asyncio.create_task(pair.peer.ask(ASK, type(None), 30))
    await asyncio.wait_for(pair.server.started.wait(), 30)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.wait_for(pair.server.cancelled.wait(), 30)


def clause(n: int) -> wire.SpeechAudio:
    return wire.SpeechAudio(pcm=bytes([n]), rate=16000, text=str(n), engine="e")


async def test_a_stream_comes_in_order_and_ends(pair: Pair) -> None:
    async def answer(peer: channel.Peer, request: wire.Request) -> None:
        for n in range(100):
            await peer.chunk(request.request_id, clause(n))

    pair.server.answer = answer
    said = [c.text async for c in pair.peer.stream(wire.Speak(text="x", locale="en"), wire.SpeechAudio, 30)]
    assert said == [str(n) for n in range(100)]


async def test_a_stream_that_breaks_tells_after_what_came(pair: Pair) -> None:
    async def answer(peer: channel.Peer, request: wire.Request) -> None:
        await peer.chunk(request.request_id, clause(1))
        raise RuntimeError("voice broke")

    pair.server.answer = answer
    said = []
    with pytest.raises(channel.RemoteError, match="voice broke"):
        async for part in pair.peer.stream(wire.Speak(text="x", locale="en"), wire.SpeechAudio, 30):
            said.append(part.text)
    assert said == ["1"]


async def test_leaving_a_stream_stops_the_speaker(pair: Pair) -> None:
    async def answer(peer: channel.Peer, request: wire.Request) -> None:
        await peer.chunk(request.request_id, clause(1))
        await asyncio.Event().wait()

    pair.server.answer = answer
    stream = pair.peer.stream(wire.Speak(text="x", locale="en"), wire.SpeechAudio, 30)
    assert (await anext(stream)).text == "1"
    await stream.aclose()  # type: ignore[attr-defined]
    await asyncio.wait_for(pair.server.cancelled.wait(), 30)


async def test_both_sides_may_ask(pair: Pair) -> None:
    async def answer(peer: channel.Peer, request: wire.Request) -> wire.SdpAnswer:
        return wire.SdpAnswer(sdp="from the client")

    pair.client.answer = answer
    await pair.peer.send(wire.Hello(worker_id="w", kind="webrtc", incarnation="i", pid=1))
    await asyncio.wait_for(pair.server.got.wait(), 30)
    found = await pair.server.peers[0].ask(wire.Drain(), wire.SdpAnswer, 30)
    assert found.sdp == "from the client"


async def test_a_lost_connection_ends_every_question_and_the_work_for_it(pair: Pair) -> None:
    async def answer(peer: channel.Peer, request: wire.Request) -> None:
        await asyncio.Event().wait()

    pair.server.answer = answer
    asking = asyncio.create_task(pair.peer.ask(ASK, type(None), 30))

    async def listen() -> None:
        async for _ in pair.peer.stream(wire.Speak(text="x", locale="en"), wire.SpeechAudio, 30):
            raise AssertionError

    listening = asyncio.create_task(listen())
    await asyncio.wait_for(pair.server.started.wait(), 30)
    pair.peer.abort()
    for task in (asking, listening):
        with pytest.raises(channel.Disconnected):
            await asyncio.wait_for(task, 30)
    await asyncio.wait_for(pair.server.cancelled.wait(), 30)
    await asyncio.wait_for(pair.server.closed.wait(), 30)
    assert pair.peer.closed
    with pytest.raises(channel.Disconnected):
        await pair.peer.send(wire.Ack(seq=1))


@pytest.mark.parametrize(
    "data",
    [
        (channel.MAX_MESSAGE + 1).to_bytes(4, "big"),
        (5).to_bytes(4, "big") + b"\xc1\xc1\xc1\xc1\xc1",
        (3).to_bytes(4, "big") + b"\x91\x01\x02",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["too big", "no msgpack", "no message", "http"],
)
async def test_a_peer_that_speaks_nonsense_is_dropped_and_others_are_not(tmp_path: Path, data: bytes) -> None:
    server = Side()
    address = f"unix:{tmp_path}/s.sock"
    listening = await channel.serve(address, server, "server")
    good = await channel.connect(address, Side(), "good")
    running = asyncio.create_task(good.run())
    reader, writer = await asyncio.open_unix_connection(f"{tmp_path}/s.sock")
    writer.write(data)
    await writer.drain()
    assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()
    await good.send(wire.Ack(seq=3))
    await asyncio.wait_for(server.got.wait(), 30)
    assert server.messages == [wire.Ack(seq=3)]
    good.abort()
    await running
    listening.close()


async def test_a_peer_that_does_not_read_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "WRITE_TIMEOUT_S", 0.1)
    connected = asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        connected.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    listening = await asyncio.start_unix_server(deaf, tmp_path / "s.sock")
    peer = await channel.connect(f"unix:{tmp_path}/s.sock", Side(), "peer")
    await connected.wait()
    frame = wire.Request(request_id=1, body=wire.Decode(pcm=bytes(4_000_000), rate=16000, languages=["en"]))
    with pytest.raises(channel.Disconnected):
        for _ in range(10):
            await peer.send(frame)
    listening.close()


async def test_only_the_owner_may_connect_and_old_sockets_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "s.sock").write_text("left behind by a killed process")
    listening = await channel.serve(f"unix:{tmp_path}/s.sock", Side(), "server")
    mode = (tmp_path / "s.sock").stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    listening.close()


@pytest.mark.parametrize("address", ["", "unix:", "tcp:host", "tcp::1", "tcp:host:port", "http://x:1"])
def test_a_bad_address_is_named(address: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        channel.parse_address(address)


async def test_a_link_waits_for_the_server_and_comes_back_after_it(tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/s.sock"
    ups: list[channel.Peer] = []

    async def up(peer: channel.Peer) -> None:
        ups.append(peer)
        await peer.send(wire.Hello(worker_id="w", kind="webrtc", incarnation="i", pid=1))

    link = channel.Link(address, Side(), "link", up, max_backoff_s=0.1)
    running = asyncio.create_task(link.run())
    with pytest.raises(channel.Disconnected, match="not there"):
        await link.wait_up(0.05)
    for _ in range(3):
        server = Side()
        listening = await channel.serve(address, server, "server")
        await asyncio.wait_for(server.got.wait(), 30)
        peer = await link.wait_up(5)
        assert peer is ups[-1]
        listening.close()
        server.peers[0].abort()
        await asyncio.wait_for(peer._closed.wait(), 30)
    assert len(ups) == 3
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert link.peer is None


async def test_a_link_survives_a_greeting_that_fails(tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/s.sock"
    server = Side()
    listening = await channel.serve(address, server, "server")
    tries = 0

    async def up(peer: channel.Peer) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise channel.Disconnected("went away meanwhile")

    link: Any = channel.Link(address, Side(), "link", up)
    running = asyncio.create_task(link.run())
    await link.wait_up(5)
    assert tries == 2
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    listening.close()
