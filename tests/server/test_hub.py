"""The hub against a real Unix socket: order, acknowledgement, resending, loss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

import server.hub as hub_module
from server.hub import Hub, NoWorker, Worker
from session import channel, wire

pytestmark = pytest.mark.virtual_time


class Sink:
    def __init__(self) -> None:
        self.reports: list[wire.Report] = []
        self.present: list[list[str]] = []
        self.lost: asyncio.Queue[str] = asyncio.Queue()
        self.gate = asyncio.Event()
        self.gate.set()

    async def on_report(self, worker: Worker, report: wire.Report) -> None:
        await self.gate.wait()
        self.reports.append(report)

    async def on_legs_present(self, worker: Worker, legs: list[wire.LegSnapshot]) -> None:
        self.present.append([leg.leg_id for leg in legs])

    async def on_worker_lost(self, worker: Worker) -> None:
        await self.lost.put(worker.worker_id)


class FakeWorker:
    def __init__(self) -> None:
        self.acks: asyncio.Queue[int] = asyncio.Queue()
        self.commands: list[wire.Body] = []

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        self.commands.append(request.body)
        if isinstance(request.body, wire.OfferLeg):
            return wire.SdpAnswer(sdp="v=0")
        return None

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        if isinstance(message, wire.Ack):
            await self.acks.put(message.seq)

    async def on_closed(self, peer: channel.Peer) -> None:
        return


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[tuple[Hub, Sink, str]]:
    sink = Sink()
    hub = Hub(sink)
    address = f"unix:{tmp_path}/app.sock"
    await hub.start(address)
    yield hub, sink, address
    await hub.close()


async def dial(
    address: str, incarnation: str = "one", legs: tuple[str, ...] = ()
) -> tuple[channel.Peer, FakeWorker, asyncio.Task[None]]:
    worker = FakeWorker()
    peer = await channel.connect(address, worker, "w")
    task = asyncio.create_task(peer.run())
    snapshots = [
        wire.LegSnapshot(leg_id=leg, transport="sip", role="customer", state="up", remote="sip:x@y") for leg in legs
    ]
    await peer.send(
        wire.Hello(worker_id="sip-in-0", kind="sip-in", incarnation=incarnation, pid=1, capacity=4, legs=snapshots)
    )
    return peer, worker, task


def dtmf(seq: int, leg: str = "leg") -> wire.Report:
    return wire.Report(seq=seq, at=0, event=wire.DtmfReceived(leg_id=leg, digit="1", source="info"))


async def test_reports_are_acknowledged_once_committed(app: tuple[Hub, Sink, str]) -> None:
    _, sink, address = app
    sink.gate.clear()
    peer, worker, task = await dial(address)
    for seq in (1, 2, 3):
        await peer.send(dtmf(seq))
    assert worker.acks.empty()
    sink.gate.set()
    while await asyncio.wait_for(worker.acks.get(), 2) != 3:
        pass
    assert [r.seq for r in sink.reports] == [1, 2, 3]
    peer.abort()
    await task


async def test_a_call_that_is_over_before_it_was_looked_at_is_not_begun(app: tuple[Hub, Sink, str]) -> None:
    hub, sink, address = app
    sink.gate.clear()
    peer, worker, task = await dial(address)
    events: list[wire.LegEvent] = [dtmf(1, "up").event]  # the app is busy with it
    for leg in ("late", "waits"):
        events.append(wire.LegOffered(leg_id=leg, transport="sip", from_uri="sip:a@b", to_uri="sip:c@d"))
    events.append(wire.LegEnded(leg_id="late", party="local", reason="app_silent"))
    for seq, event in enumerate(events, 1):
        await peer.send(wire.Report(seq=seq, at=0, event=event))
    while not hub.workers or hub.workers["sip-in-0"].inbox.qsize() < 3:  # noqa: ASYNC110 - a queue has no such event
        await asyncio.sleep(0.01)
    sink.gate.set()
    while await asyncio.wait_for(worker.acks.get(), 2) != 4:
        pass
    assert [r.event.leg_id for r in sink.reports] == ["up", "waits", "late"]
    assert hub.workers["sip-in-0"].legs == {"waits"}
    assert hub.workers["sip-in-0"].ended == set()
    peer.abort()
    await task


async def test_resent_reports_are_not_done_twice(app: tuple[Hub, Sink, str]) -> None:
    _, sink, address = app
    peer, worker, task = await dial(address)
    await peer.send(dtmf(1))
    await asyncio.wait_for(worker.acks.get(), 2)
    peer.abort()
    await task
    peer, worker, task = await dial(address)
    for seq in (1, 2):
        await peer.send(dtmf(seq))
    while await asyncio.wait_for(worker.acks.get(), 2) != 2:
        pass
    assert [r.seq for r in sink.reports] == [1, 2]
    peer.abort()
    await task


async def test_a_worker_that_comes_back_keeps_its_legs(
    app: tuple[Hub, Sink, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "RETURN_GRACE_S", 0.2)
    hub, sink, address = app
    peer, _, task = await dial(address, legs=("leg-1",))
    peer.abort()
    await task
    peer, worker, task = await dial(address, legs=("leg-1",))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(sink.lost.get(), 0.4)
    await hub.command("leg-1", wire.HangupLeg(leg_id="leg-1"))
    assert worker.commands == [wire.HangupLeg(leg_id="leg-1")]
    peer.abort()
    await task


async def test_a_new_incarnation_means_the_old_legs_are_lost(app: tuple[Hub, Sink, str]) -> None:
    hub, sink, address = app
    peer, _, task = await dial(address, "one", ("leg-1",))
    await asyncio.sleep(0)
    second, _, task2 = await dial(address, "two")
    assert await asyncio.wait_for(sink.lost.get(), 2) == "sip-in-0"
    with pytest.raises(channel.Disconnected):
        await hub.command("leg-1", wire.HangupLeg(leg_id="leg-1"))
    for p, t in ((peer, task), (second, task2)):
        p.abort()
        await t


async def test_a_dead_worker_is_declared_lost_after_its_grace(
    app: tuple[Hub, Sink, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "RETURN_GRACE_S", 0.05)
    hub, sink, address = app
    peer, _, task = await dial(address, legs=("leg-1",))
    peer.abort()
    await task
    assert await asyncio.wait_for(sink.lost.get(), 2) == "sip-in-0"
    with pytest.raises(NoWorker):
        hub.pick("sip-in")


async def test_room_counts_placed_legs_and_draining(app: tuple[Hub, Sink, str]) -> None:
    hub, _, address = app
    peer, worker, task = await dial(address)
    await peer.send(dtmf(1))
    await asyncio.wait_for(worker.acks.get(), 2)
    for n in range(4):
        hub.place(hub.pick("sip-in"), f"leg-{n}")
    with pytest.raises(NoWorker):
        hub.pick("sip-in")
    hub.forget_leg("leg-0")
    assert hub.pick("sip-in").worker_id == "sip-in-0"
    assert (
        await hub.ask("leg-1", wire.OfferLeg(leg_id="leg-1", role="customer", sdp="v=0"), wire.SdpAnswer)
    ).sdp == "v=0"
    await hub.drain(30)
    assert wire.Drain(retry_after_s=30) in worker.commands
    with pytest.raises(NoWorker):
        hub.pick("sip-in")
    peer.abort()
    await task
