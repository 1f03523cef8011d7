"""The app's side of the leg workers: who is connected, what each can take, commands out, reports in.

Reports are handed to a sink in the order they came, leg by leg, and acknowledged once the sink has committed
them; a worker resends what was not acknowledged. A worker whose connection drops has a moment to come back
(its legs live on without us); after that its legs are declared lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import msgspec
import structlog

from session import channel, wire

log = structlog.get_logger(__name__)

COMMAND_TIMEOUT_S = 5.0  # a healthy worker answers in milliseconds; WebRTC offers wait for ICE gathering
RETURN_GRACE_S = 1.5  # a worker that lives reconnects within 0.1 s; longer means it died

T = TypeVar("T")


class NoWorker(Exception):
    """No connected worker of the kind has room."""


class Sink(Protocol):
    """What the call controller gives the hub."""

    async def on_report(self, worker: Worker, report: wire.Report) -> None:
        """Commit the report and queue its consequences. Returns once it may be acknowledged."""

    async def on_legs_present(self, worker: Worker, legs: list[wire.LegSnapshot]) -> None:
        """A worker (re)connected with these legs up."""

    async def on_worker_lost(self, worker: Worker) -> None:
        """The worker will not come back; `worker.legs` are gone."""


@dataclass(slots=True)
class Worker:
    """One leg worker process, as last heard from."""

    worker_id: str
    kind: wire.WorkerKind
    incarnation: str
    pid: int
    capacity: int
    peer: channel.Peer
    legs: set[str] = field(default_factory=set)
    connected_at: float = field(default_factory=time.time)
    last_seq: int = 0
    draining: bool = False
    inbox: asyncio.Queue[wire.Report] = field(default_factory=lambda: asyncio.Queue(maxsize=1000))
    ended: set[str] = field(default_factory=set)
    """Legs whose end lies in the inbox."""

    @property
    def room(self) -> int:
        """How many more legs it takes."""
        return 0 if self.draining or self.peer.closed else self.capacity - len(self.legs)


class Hub:
    """All connected leg workers. `channel.Handler` for the app's socket."""

    def __init__(self, sink: Sink) -> None:
        self.workers: dict[str, Worker] = {}
        self._sink = sink
        self._leg_worker: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self._drain: wire.Drain | None = None
        self._closing = False

    async def start(self, address: str) -> None:
        """Listen for workers on `address`."""
        self._server = await channel.serve(address, self, "app")

    async def close(self) -> None:
        """Stop listening and drop all connections; the workers keep their legs."""
        self._closing = True
        if self._server is not None:
            self._server.close()
        tasks = [*self._readers.values(), *self._tasks]
        for worker in self.workers.values():
            worker.peer.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ------------------------------------------------------------------ commands

    def worker_of(self, leg_id: str) -> Worker | None:
        """The connected worker that holds a leg."""
        return self.workers.get(self._leg_worker.get(leg_id, ""))

    def pick(self, kind: wire.WorkerKind) -> Worker:
        """The worker of `kind` with most room. Raises `NoWorker`."""
        able = [w for w in self.workers.values() if w.kind == kind and w.room > 0]
        if not able:
            raise NoWorker(f"no {kind} worker has room for another leg")
        return max(able, key=lambda w: (w.room, w.worker_id))

    def place(self, worker: Worker, leg_id: str) -> None:
        """Remember that a leg about to be commanded lives in `worker` (takes its room at once)."""
        worker.legs.add(leg_id)
        self._leg_worker[leg_id] = worker.worker_id

    async def command(self, leg_id: str, body: wire.LegCommand) -> None:
        """Send a command to the worker of a leg. Raises `RemoteError`, `Disconnected` or `TimeoutError`."""
        await self.ask(leg_id, body, type(None))

    async def ask(self, leg_id: str, body: wire.LegCommand, result: type[T]) -> T:
        """Like `command`, with an answer."""
        worker = self.worker_of(leg_id)
        if worker is None:
            raise channel.Disconnected(f"leg {leg_id} is in no connected worker")
        return await worker.peer.ask(body, result, COMMAND_TIMEOUT_S)

    async def drain(self, retry_after_s: int) -> None:
        """Tell every worker, and every one that connects later, to refuse new legs."""
        self._drain = wire.Drain(retry_after_s=retry_after_s)
        for worker in list(self.workers.values()):
            worker.draining = True
            with contextlib.suppress(channel.Disconnected, channel.RemoteError, TimeoutError):
                await worker.peer.ask(self._drain, type(None), COMMAND_TIMEOUT_S)

    def forget_leg(self, leg_id: str) -> None:
        """A leg has ended."""
        worker = self.worker_of(leg_id)
        if worker is not None:
            worker.legs.discard(leg_id)
        self._leg_worker.pop(leg_id, None)

    # ------------------------------------------------------------------ channel.Handler

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        """Workers ask the app nothing."""
        raise ValueError(f"the app answers no {type(request.body).__name__}")

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        """Hello and Report; anything else is a worker of another version."""
        match message:
            case wire.Hello():
                await self._on_hello(peer, message)
            case wire.Report():
                hello = peer.hello
                if hello is None:
                    log.error("hub.report_before_hello", peer=peer.name)
                    peer.abort()
                    return
                worker = self.workers[hello.worker_id]
                # A full inbox stops reading from the worker, which keeps what we have not acknowledged.
                if isinstance(message.event, wire.LegEnded):
                    worker.ended.add(message.event.leg_id)
                await worker.inbox.put(message)
            case _:
                log.error("hub.unexpected", message=type(message).__name__)

    async def on_closed(self, peer: channel.Peer) -> None:
        """Give the worker a moment to come back, then declare its legs lost."""
        if peer.hello is None or self._closing:
            return
        worker = self.workers.get(peer.hello.worker_id)
        if worker is None or worker.peer is not peer:
            return
        log.warning("hub.worker_gone", worker=worker.worker_id, legs=len(worker.legs))
        self._spawn(self._await_return(worker))

    # ------------------------------------------------------------------ inside

    async def _on_hello(self, peer: channel.Peer, hello: wire.Hello) -> None:
        if hello.version != wire.PROTOCOL_VERSION:
            log.error("hub.version", worker=hello.worker_id, theirs=hello.version, ours=wire.PROTOCOL_VERSION)
            peer.abort()
            return
        peer.hello = hello
        worker = self.workers.get(hello.worker_id)
        if worker is not None and worker.incarnation != hello.incarnation:
            await self._lose(worker)
            worker = None
        if worker is None:
            worker = Worker(hello.worker_id, hello.kind, hello.incarnation, hello.pid, hello.capacity, peer)
            self.workers[hello.worker_id] = worker
            self._readers[hello.worker_id] = asyncio.create_task(self._consume(worker), name=f"hub-{hello.worker_id}")
        worker.peer = peer
        worker.legs |= {leg.leg_id for leg in hello.legs}
        for leg_id in worker.legs:
            self._leg_worker[leg_id] = worker.worker_id
        log.info("hub.worker", worker=hello.worker_id, kind=hello.kind, pid=hello.pid, legs=len(worker.legs))
        await self._sink.on_legs_present(worker, hello.legs)
        if self._drain is not None:
            worker.draining = True
            self._spawn(self._send_drain(worker, self._drain))

    async def _consume(self, worker: Worker) -> None:
        """Commit reports in order and acknowledge them; goes on over reconnections, so nothing is done twice."""
        while True:
            report = await worker.inbox.get()
            if report.seq > worker.last_seq:
                await self._report(worker, report)
                worker.last_seq = report.seq
            if isinstance(report.event, wire.LegEnded):
                worker.ended.discard(report.event.leg_id)
                self.forget_leg(report.event.leg_id)
            if worker.inbox.empty():
                with contextlib.suppress(channel.Disconnected):
                    await worker.peer.send(wire.Ack(seq=worker.last_seq))

    async def _report(self, worker: Worker, report: wire.Report) -> None:
        """A call that is over before anybody looked at it is not begun: who is late for every call would stay so."""
        event = report.event
        if isinstance(event, wire.LegOffered):
            if event.leg_id in worker.ended:
                log.warning("hub.offer_too_late", worker=worker.worker_id, leg=event.leg_id)
                return
            self.place(worker, event.leg_id)
        try:
            await self._sink.on_report(worker, report)
        except Exception:
            log.exception("hub.report_failed", worker=worker.worker_id, event=type(event).__name__)

    async def _await_return(self, worker: Worker) -> None:
        await asyncio.sleep(RETURN_GRACE_S)
        if self.workers.get(worker.worker_id) is worker and worker.peer.closed:
            await self._lose(worker)

    async def _lose(self, worker: Worker) -> None:
        if (reader := self._readers.pop(worker.worker_id, None)) is not None:
            reader.cancel()
        self.workers.pop(worker.worker_id, None)
        await self._sink.on_worker_lost(worker)
        for leg_id in list(worker.legs):
            self._leg_worker.pop(leg_id, None)

    async def _send_drain(self, worker: Worker, drain: wire.Drain) -> None:
        with contextlib.suppress(channel.Disconnected, channel.RemoteError, TimeoutError):
            await worker.peer.ask(drain, type(None), COMMAND_TIMEOUT_S)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
