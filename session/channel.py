"""Messages over stream sockets: framing, requests with answers, a client that reconnects.

Addresses are `unix:/path` or `tcp:host:port`. A `Peer` is one connection, the same on both ends: either side
may ask (`ask`, `stream`) and either side may be asked (its `Handler`). Nothing here knows what the messages mean.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
import structlog

from session import wire

log = structlog.get_logger(__name__)

MAX_MESSAGE = 8 * 1024 * 1024  # bytes; 30 s of 16 kHz PCM is 0.96 MB
WRITE_TIMEOUT_S = 5.0  # a peer that reads nothing for this long is gone
OUT_HIGH_WATER = 4 * 1024 * 1024  # bytes buffered before `send` waits

T = TypeVar("T")


class RemoteError(Exception):
    """The other side answered `ok=false`; the text is its sentence."""


class Refused(RemoteError):
    """The other side does not want to, now, and that is nothing unusual: it is overloaded, or something newer came.

    A `Handler` raises it for that; it is told, and nobody is warned.
    """


class Disconnected(ConnectionError):
    """The connection ended before an answer came."""


class Handler(Protocol):
    """What a process does with what it is asked or told."""

    async def on_request(self, peer: Peer, request: wire.Request) -> msgspec.Struct | None:
        """Answer a request; raise to answer with an error, `Refused` with one that is nothing unusual.

        What goes ahead of the answer (for streams all of it): `peer.chunk()` before returning.
        """

    async def on_message(self, peer: Peer, message: wire.Wire) -> None:
        """Anything that is not a request, reply, chunk or cancel: Hello, Report, Ack."""

    async def on_closed(self, peer: Peer) -> None:
        """The connection is gone."""


class Peer:
    """One live connection. Create through `connect` or `serve`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler, name: str) -> None:
        self.name = name
        self.hello: wire.Hello | None = None
        self._reader = reader
        self._writer = writer
        self._handler = handler
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._parts: dict[int, Callable[[msgspec.Raw], None]] = {}
        self._streams: dict[int, asyncio.Queue[msgspec.Raw | Exception | None]] = {}
        self._serving: dict[int, asyncio.Task[None]] = {}
        self._closed = asyncio.Event()
        writer.transport.set_write_buffer_limits(high=OUT_HIGH_WATER)

    @property
    def closed(self) -> bool:
        """True once the connection is gone."""
        return self._closed.is_set()

    async def send(self, message: wire.Wire) -> None:
        """Write one message. Raises `Disconnected` when the peer is gone or does not read."""
        if self.closed:
            raise Disconnected(f"{self.name}: connection is closed")
        data = wire.encode(message)
        self._writer.write(len(data).to_bytes(4, "big") + data)
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                await self._writer.drain()
        except (TimeoutError, OSError) as error:
            self.abort()
            raise Disconnected(f"{self.name}: {error or 'peer does not read'}") from error

    async def ask(
        self, body: wire.Body, result: type[T], timeout_s: float, part: Callable[[msgspec.Raw], None] | None = None
    ) -> T:
        """Send a request and decode its reply body as `result` (`type(None)` for none); `part` gets what comes ahead of it.

        Raises `RemoteError`, `Disconnected` or `TimeoutError`; on timeout or cancellation the peer is told.
        """
        request_id = next(self._ids)
        future: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = future
        if part is not None:
            self._parts[request_id] = part
        try:
            await self.send(wire.Request(request_id=request_id, body=body))
            async with asyncio.timeout(timeout_s):
                raw = await future
        except (TimeoutError, asyncio.CancelledError):
            self._cancel_remote(request_id)
            raise
        finally:
            self._waiting.pop(request_id, None)
            self._parts.pop(request_id, None)
        return msgspec.msgpack.decode(raw, type=result)

    async def stream(self, body: wire.Body, item: type[T], timeout_s: float) -> AsyncIterator[T]:
        """Send a request and yield its chunks; `timeout_s` bounds the wait for each chunk."""
        request_id = next(self._ids)
        # Bounded by the sender: one chunk per clause of one text.
        queue: asyncio.Queue[msgspec.Raw | Exception | None] = asyncio.Queue(maxsize=256)
        self._streams[request_id] = queue
        finished = False
        try:
            await self.send(wire.Request(request_id=request_id, body=body))
            while True:
                async with asyncio.timeout(timeout_s):
                    raw = await queue.get()
                if raw is None or isinstance(raw, Exception):
                    finished = True
                    if raw is not None:
                        raise raw
                    return
                yield msgspec.msgpack.decode(raw, type=item)
        finally:
            self._streams.pop(request_id, None)
            if not finished:
                self._cancel_remote(request_id)

    async def chunk(self, request_id: int, body: msgspec.Struct) -> None:
        """Server side: send one part of a streamed answer."""
        await self.send(wire.Chunk(request_id=request_id, body=wire.pack(body)))

    def abort(self) -> None:
        """Drop the connection now; `run` ends."""
        self._writer.transport.abort()

    async def run(self) -> None:
        """Read until the connection ends. Ends by returning; never raises but for cancellation."""
        try:
            while True:
                size = int.from_bytes(await self._reader.readexactly(4), "big")
                if size > MAX_MESSAGE:
                    log.error("channel.too_big", peer=self.name, size=size, limit=MAX_MESSAGE)
                    return
                data = await self._reader.readexactly(size)
                try:
                    message = wire.decode(data)
                except msgspec.MsgspecError as error:
                    log.error("channel.bad_message", peer=self.name, error=str(error))
                    return
                await self._dispatch(message)
        except (asyncio.IncompleteReadError, OSError):
            return
        finally:
            await self._close()

    async def _dispatch(self, message: wire.Wire) -> None:
        match message:
            case wire.Reply(request_id=rid):
                error = None if message.ok else (Refused if message.refused else RemoteError)(message.error)
                if (future := self._waiting.get(rid)) is not None and not future.done():
                    if error:
                        future.set_exception(error)
                    else:
                        future.set_result(message.body)
                elif (queue := self._streams.get(rid)) is not None:
                    await queue.put(error)
            case wire.Chunk(request_id=rid):
                if (queue := self._streams.get(rid)) is not None:
                    await queue.put(message.body)
                elif (part := self._parts.get(rid)) is not None:
                    part(message.body)
            case wire.Cancel(request_id=rid):
                if (task := self._serving.get(rid)) is not None:
                    task.cancel()
            case wire.Request(request_id=rid):
                task = asyncio.create_task(self._serve(message), name=f"{self.name}-request-{rid}")
                self._serving[rid] = task
                task.add_done_callback(lambda _t, rid=rid: self._serving.pop(rid, None))  # type: ignore[misc]
            case _:
                await self._handler.on_message(self, message)

    async def _serve(self, request: wire.Request) -> None:
        try:
            body = await self._handler.on_request(self, request)
            reply = wire.Reply(request_id=request.request_id, ok=True, body=wire.pack(body))
        except asyncio.CancelledError:
            return
        except Refused as refusal:
            reply = wire.Reply(request_id=request.request_id, ok=False, error=str(refusal), refused=True)
        except Exception as error:
            log.warning("channel.request_failed", peer=self.name, body=type(request.body).__name__, error=repr(error))
            reply = wire.Reply(request_id=request.request_id, ok=False, error=f"{type(error).__name__}: {error}")
        with contextlib.suppress(Disconnected):
            await self.send(reply)

    def _cancel_remote(self, request_id: int) -> None:
        if not self.closed and not self._writer.is_closing():
            data = wire.encode(wire.Cancel(request_id=request_id))
            self._writer.write(len(data).to_bytes(4, "big") + data)

    async def _close(self) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        gone = Disconnected(f"{self.name}: connection lost")
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(gone)
        for queue in self._streams.values():
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(gone)
        for task in list(self._serving.values()):
            task.cancel()
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
        await self._handler.on_closed(self)


def parse_address(address: str) -> tuple[str, str, int]:
    """`unix:/path` → ("unix", path, 0); `tcp:host:port` → ("tcp", host, port). Raises ValueError."""
    scheme, _, rest = address.partition(":")
    if scheme == "unix" and rest:
        return "unix", rest, 0
    if scheme == "tcp":
        host, _, port = rest.rpartition(":")
        if host and port.isdigit():
            return "tcp", host, int(port)
    raise ValueError(f"address {address!r} is neither unix:/path nor tcp:host:port")


async def connect(address: str, handler: Handler, name: str, timeout_s: float = 5.0) -> Peer:
    """Open one connection; the caller runs `peer.run()`."""
    scheme, host, port = parse_address(address)
    if scheme == "unix":
        opening = asyncio.open_unix_connection(host)
    else:
        opening = asyncio.open_connection(host, port)
    # Not wait_for: in Python 3.11 it swallows a cancellation that meets the finished connection.
    async with asyncio.timeout(timeout_s):
        reader, writer = await opening
    return Peer(reader, writer, handler, name)


async def serve(address: str, handler: Handler, name: str) -> asyncio.Server:
    """Listen; every connection gets a `Peer` whose `run` is awaited by the server's own task."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The server's own task ends with the loop; asyncio would report that as an unhandled error.
        with contextlib.suppress(asyncio.CancelledError):
            await Peer(reader, writer, handler, name).run()

    scheme, host, port = parse_address(address)
    if scheme == "unix":
        Path(host).unlink(missing_ok=True)
        server = await asyncio.start_unix_server(accept, host)
        Path(host).chmod(0o600)
        return server
    return await asyncio.start_server(accept, host, port)


class Link:
    """A client connection that is kept up: reconnects with back-off for as long as `run` runs.

    `on_up` is called with each fresh `Peer` (after which messages flow); `peer` is None while down.
    """

    def __init__(
        self,
        address: str,
        handler: Handler,
        name: str,
        on_up: Callable[[Peer], Awaitable[None]] | None = None,
        max_backoff_s: float = 2.0,
    ) -> None:
        self.address = address
        self.peer: Peer | None = None
        self._handler = handler
        self._name = name
        self._on_up = on_up
        self._max_backoff_s = max_backoff_s
        self._up = asyncio.Event()

    async def wait_up(self, timeout_s: float) -> Peer:
        """The live peer, waiting up to `timeout_s`. Raises `Disconnected`."""
        if self.peer is None or self.peer.closed:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._up.wait()
            except TimeoutError:
                raise Disconnected(f"{self._name}: {self.address} is not there") from None
        if self.peer is None:
            raise Disconnected(f"{self._name}: {self.address} went away")
        return self.peer

    async def run(self) -> None:
        """Connect, serve, reconnect; until cancelled."""
        delay = 0.05
        while True:
            try:
                peer = await connect(self.address, self._handler, self._name)
            except (OSError, TimeoutError):
                await asyncio.sleep(delay * (0.5 + random.random()))
                delay = min(delay * 2, self._max_backoff_s)
                continue
            delay = 0.05
            reading = asyncio.create_task(peer.run(), name=f"{self._name}-read")
            try:
                if self._on_up is not None:
                    await self._on_up(peer)
                self.peer = peer
                self._up.set()
                await reading
            except Disconnected:
                peer.abort()
            finally:
                self._up.clear()
                self.peer = None
                reading.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await reading
