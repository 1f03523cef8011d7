"""The leg worker against an app on a real socket: orders, reports, a dead app, silence, the end."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

import media.worker as worker_module
from media.frames import Audio, Samples
from media.options import MediaOptions
from media.worker import LegWorker
from session import channel, wire
from tests.media.scripted import Inference, Told, tone, until


class Transport:
    """Signalling that does at once what it is told."""

    def __init__(self) -> None:
        self.worker: LegWorker | None = None
        self.hung_up: list[wire.HangupLeg] = []
        self.answer_s = 0.0
        self.answered: list[str] = []
        self.closed = False

    async def start(self, worker: LegWorker) -> None:
        self.worker = worker

    def up(self, leg_id: str, *, record: Path | None = None) -> None:
        worker = self.worker
        assert worker is not None
        leg = worker.new_leg(leg_id, "customer", "sip", "sip:caller@127.0.0.1")
        leg.start(wire.Hearing(), str(record) if record else None)
        worker.emit(wire.LegProgress(leg_id=leg_id, state="up", codec="PCMU/8000"))

    async def answer(self, cmd: wire.AnswerLeg) -> None:
        await asyncio.sleep(self.answer_s)
        self.answered.append(cmd.leg_id)

    async def reject(self, cmd: wire.RejectLeg) -> None:
        raise ValueError("nothing to reject")

    async def offer(self, cmd: wire.OfferLeg) -> wire.SdpAnswer:
        return wire.SdpAnswer(sdp=f"answer to {cmd.sdp}")

    async def dial(self, cmd: wire.DialLeg) -> None:
        self.up(cmd.leg_id)

    async def hangup(self, cmd: wire.HangupLeg) -> None:
        self.hung_up.append(cmd)
        await self._end(cmd.leg_id, cmd.reason)

    async def hold(self, cmd: wire.HoldLeg) -> None:
        return

    async def send_dtmf(self, cmd: wire.SendDtmf) -> None:
        return

    async def tell_transfer(self, cmd: wire.TellTransfer) -> None:
        return

    async def drain(self, cmd: wire.Drain) -> None:
        return

    async def close(self) -> None:
        self.closed = True
        assert self.worker is not None
        for leg_id in list(self.worker._legs):
            await self._end(leg_id, "drained")

    async def _end(self, leg_id: str, reason: str) -> None:
        assert self.worker is not None
        await self.worker.drop_leg(leg_id)
        self.worker.emit(wire.LegEnded(leg_id=leg_id, party="local", reason=reason))


class App:
    """The app's end: acknowledges when it wants to."""

    def __init__(self) -> None:
        self.told = Told()
        self.seqs: list[int] = []
        self.hellos: asyncio.Queue[tuple[channel.Peer, wire.Hello]] = asyncio.Queue()
        self.acks = True

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        raise ValueError("the app is asked nothing")

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        if isinstance(message, wire.Hello):
            await self.hellos.put((peer, message))
        elif isinstance(message, wire.Report):
            self.seqs.append(message.seq)
            self.told(message.event)
            if self.acks:
                await peer.send(wire.Ack(seq=message.seq))

    async def on_closed(self, peer: channel.Peer) -> None:
        return


class Bench:
    def __init__(self, run_dir: Path, options: MediaOptions | None = None, name: str = "sip-in-0") -> None:
        self.address = f"unix:{run_dir}/app.sock"
        self.transport = Transport()
        self.worker = LegWorker(
            "sip-in",
            name,
            options=options or MediaOptions(),
            run_dir=run_dir,
            app_address=self.address,
            inference_address=f"unix:{run_dir}/inference.sock",
            transport=self.transport,
            capacity=4,
        )
        self.task = asyncio.create_task(self.worker.run())

    async def stop(self) -> None:
        self.worker._stop.set()
        await asyncio.wait_for(self.task, 60)


@contextlib.asynccontextmanager
async def bench(run_dir: Path, options: MediaOptions | None = None) -> AsyncIterator[Bench]:
    one = Bench(run_dir, options)
    try:
        yield one
    finally:
        await one.stop()


async def listen(run_dir: Path, app: App) -> asyncio.Server:
    return await channel.serve(f"unix:{run_dir}/app.sock", app, "app")


@pytest.mark.virtual_time
async def test_orders_are_carried_out_and_bad_ones_answered_in_words(tmp_path: Path) -> None:
    app = App()
    server = await listen(tmp_path, app)
    async with bench(tmp_path) as b:
        peer, hello = await asyncio.wait_for(app.hellos.get(), 5)
        assert (hello.worker_id, hello.kind, hello.capacity, hello.legs) == ("sip-in-0", "sip-in", 4, [])
        answer = await peer.ask(wire.OfferLeg(leg_id="x", role="customer", sdp="v=0"), wire.SdpAnswer, 2)
        assert answer.sdp == "answer to v=0"
        with pytest.raises(channel.RemoteError, match="there is no leg nobody in sip-in-0"):
            await peer.ask(wire.StopPlay(leg_id="nobody"), type(None), 2)
        with pytest.raises(channel.RemoteError, match="nothing to reject"):
            await peer.ask(wire.RejectLeg(leg_id="x", code=486, reason="busy"), type(None), 2)
        with pytest.raises(channel.RemoteError, match="does not answer Embed"):
            await peer.ask(wire.Embed(texts=[]), wire.Embedded, 2)
        await peer.ask(wire.DialLeg(leg_id="d", role="agent", target="sip:a@b"), type(None), 2)
        assert (await app.told.wait(wire.LegProgress)).codec == "PCMU/8000"
        with pytest.raises(ValueError, match="already"):
            b.worker.new_leg("d", "agent", "sip", "")
        await peer.ask(wire.MuteLeg(leg_id="d", on=True), type(None), 2)
        await peer.ask(wire.HangupLeg(leg_id="d"), type(None), 2)
        assert (await app.told.wait(wire.LegEnded)).reason == "hangup"
        assert b.worker.leg_count == 0
    server.close()


@pytest.mark.virtual_time
async def test_reports_survive_the_app_and_come_once_more_in_order(tmp_path: Path) -> None:
    first, second = App(), App()
    first.acks = False
    server = await listen(tmp_path, first)
    async with bench(tmp_path) as b:
        peer, _ = await asyncio.wait_for(first.hellos.get(), 5)
        b.transport.up("leg-1")
        await first.told.wait(wire.LegProgress)
        await peer.send(wire.Ack(seq=1))
        for digit in "12":
            b.worker.emit(wire.DtmfReceived(leg_id="leg-1", digit=digit, source="rfc4733"))
        await first.told.wait(wire.DtmfReceived, 2)
        server.close()
        peer.abort()
        await until(lambda: b.worker._app.peer is None)
        for digit in "34":
            b.worker.emit(wire.DtmfReceived(leg_id="leg-1", digit=digit, source="rfc4733"))
        b.worker.emit(wire.UtterancePartial(leg_id="leg-1", utterance_id="u", t0_ms=0, text="live", language="en"))
        again = await listen(tmp_path, second)
        _, hello = await asyncio.wait_for(second.hellos.get(), 5)
        assert [(leg.leg_id, leg.state, leg.role) for leg in hello.legs] == [("leg-1", "up", "customer")]
        await second.told.wait(wire.DtmfReceived, 4)
        b.worker.emit(wire.DtmfReceived(leg_id="leg-1", digit="5", source="rfc4733"))
        await second.told.wait(wire.DtmfReceived, 5)
        assert [e.digit for e in second.told.of(wire.DtmfReceived)] == list("12345")
        assert second.seqs == [2, 3, 4, 5, 6]
        assert not second.told.of(wire.UtterancePartial)
        await until(lambda: not b.worker._unacked)
        again.close()


@pytest.mark.virtual_time
async def test_an_order_is_finished_though_the_app_died_meanwhile(tmp_path: Path) -> None:
    app = App()
    server = await listen(tmp_path, app)
    async with bench(tmp_path) as b:
        peer, _ = await asyncio.wait_for(app.hellos.get(), 5)
        b.transport.answer_s = 0.3
        asking = asyncio.create_task(peer.ask(wire.AnswerLeg(leg_id="x", role="customer"), type(None), 2))
        await asyncio.sleep(0.1)
        peer.abort()
        with pytest.raises(channel.Disconnected):
            await asking
        await asyncio.sleep(0.4)
        assert b.transport.answered == ["x"]
    server.close()


@pytest.mark.virtual_time
async def test_memory_is_bounded_while_the_app_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "REPORTS_KEPT", 50)
    async with bench(tmp_path) as b:
        await asyncio.sleep(0.05)
        b.transport.up("leg-1")
        for _ in range(500):
            b.worker.emit(wire.DtmfReceived(leg_id="leg-1", digit="1", source="rfc4733"))
            await asyncio.sleep(0)
        assert len(b.worker._unacked) + b.worker._outbox.qsize() <= 100


@pytest.mark.virtual_time
async def test_a_leg_without_packets_and_one_without_an_app_are_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "WATCH_S", 0.05)
    app = App()
    server = await listen(tmp_path, app)
    async with bench(tmp_path, MediaOptions(no_rtp_timeout_s=2)) as b:
        peer, _ = await asyncio.wait_for(app.hellos.get(), 5)
        b.transport.up("silent")
        b.transport.up("talking")
        b.transport.up("held")
        b.worker.emit(wire.LegProgress(leg_id="held", state="held"))
        talking = b.worker.leg("talking")
        assert talking is not None

        async def talk() -> None:
            while True:
                talking.receive(Audio(np.zeros(160, np.int16), 8000))
                await asyncio.sleep(0.02)

        task = asyncio.create_task(talk())
        ended = await app.told.wait(wire.LegEnded)
        assert (ended.leg_id, ended.reason) == ("silent", "no_rtp")
        assert [c.leg_id for c in b.transport.hung_up] == ["silent"]
        monkeypatch.setattr(worker_module, "APP_AWAY_S", 0.3)
        server.close()
        peer.abort()
        await asyncio.sleep(0.8)
        assert {(c.leg_id, c.reason) for c in b.transport.hung_up[1:]} == {("talking", "failed"), ("held", "failed")}
        task.cancel()


@pytest.mark.virtual_time
async def test_a_leg_that_falls_silent_is_told_of_within_two_seconds_and_when_it_is_back(tmp_path: Path) -> None:
    app = App()
    server = await listen(tmp_path, app)
    async with bench(tmp_path) as b:
        await asyncio.wait_for(app.hellos.get(), 5)
        loop = asyncio.get_running_loop()
        b.transport.up("leg-1")
        leg = b.worker.leg("leg-1")
        assert leg is not None

        def states() -> list[str]:
            return [e.state for e in app.told.of(wire.LegProgress)]

        for _ in range(100):
            leg.receive(Audio(np.zeros(160, np.int16), 8000))
            await asyncio.sleep(0.02)
        gone = loop.time()
        await until(lambda: "silent" in states())
        assert 1.4 < loop.time() - gone < 2.1
        leg.receive(Audio(np.zeros(160, np.int16), 8000))
        await until(lambda: states() == ["up", "silent", "back"])
        b.worker.emit(wire.LegProgress(leg_id="leg-1", state="held", by="remote"))
        await asyncio.sleep(30)
        assert states() == ["up", "silent", "back", "held"]  # a phone on hold may be silent
        b.worker.emit(wire.LegProgress(leg_id="leg-1", state="resumed", by="remote"))
        ended = await app.told.wait(wire.LegEnded)
        assert ended.reason == "no_rtp"
        assert states()[4:] == ["resumed", "silent"]  # and a silent one is ended by its time-out, not before
    server.close()


@pytest.mark.virtual_time
async def test_the_end_closes_recordings_and_says_goodbye(tmp_path: Path) -> None:
    app = App()
    server = await listen(tmp_path, app)
    b = Bench(tmp_path)
    await asyncio.wait_for(app.hellos.get(), 5)
    b.transport.up("leg-1", record=tmp_path / "leg-1.wav")
    leg = b.worker.leg("leg-1")
    assert leg is not None
    for _ in range(20):
        leg.receive(Audio(tone(20, 8000), 8000))
        leg.fetch(8000, 160)
        await asyncio.sleep(0.02)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(b.task, 5)
    assert b.transport.closed
    assert [type(e).__name__ for e in app.told.events] == ["LegProgress", "RecordingClosed", "LegEnded"]
    data, _ = soundfile.read(tmp_path / "leg-1.wav", dtype="int16")
    assert len(data) > 16_000 * 0.35
    assert np.abs(data[:, 0]).max() > 5000
    server.close()


def _child(run_dir: str) -> None:
    """A worker of its own process with leg "b", which says what it hears."""

    async def main() -> None:
        b = Bench(Path(run_dir), name="sip-out-0")
        await until(lambda: b.transport.worker is not None)
        b.transport.up("b")
        leg = b.worker.leg("b")
        assert leg is not None
        loop = asyncio.get_running_loop()
        due, heard = loop.time(), tone(20, 16_000)
        while True:
            leg.receive(Audio(heard, 16_000))
            heard = leg.fetch(16_000, 320)
            due += 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))

    asyncio.run(main())


@pytest.mark.e2e
async def test_a_bridge_between_two_processes_and_the_death_of_one(tmp_path: Path) -> None:
    app = App()
    server = await listen(tmp_path, app)
    inference = await channel.serve(f"unix:{tmp_path}/inference.sock", Inference(), "inference")
    child = multiprocessing.get_context("spawn").Process(target=_child, args=(str(tmp_path),), daemon=True)
    child.start()
    try:
        async with bench(tmp_path) as b:
            peers = dict([await asyncio.wait_for(app.hellos.get(), 60) for _ in range(2)])
            by_name = {hello.worker_id: peer for peer, hello in peers.items()}
            b.transport.up("a")
            leg = b.worker.leg("a")
            assert leg is not None
            await app.told.wait(wire.LegProgress, 2, timeout_s=60)
            for name, one, other in (("sip-in-0", "a", "b"), ("sip-out-0", "b", "a")):
                await by_name[name].ask(wire.MixLeg(leg_id=one, hears=[other], sends_to=[other]), type(None), 30)

            def heard(leg_id: str) -> list[tuple[bool, str]]:
                return [(e.heard, e.reason) for e in app.told.of(wire.PeerHeard) if e.leg_id == leg_id]

            # A busy machine may lose them to each other for a moment, and say so.
            await until(lambda: all((True, "") in heard(leg_id) for leg_id in "ab"), 60)
            loop = asyncio.get_running_loop()
            quiet, loud, due = np.zeros(320, np.int16), tone(20, 16_000), loop.time()
            came: list[Samples] = []
            async with asyncio.timeout(60):
                while len(came) < 25 or np.abs(came[-1]).max() < 3000:  # silence first; then until the tone is back
                    leg.receive(Audio(quiet if len(came) < 25 else loud, 16_000))
                    came.append(leg.fetch(16_000, 320))
                    due += 0.02
                    await asyncio.sleep(max(0.0, due - loop.time()))
            assert not np.any(came[:25])
            child.kill()
            await until(lambda: not leg.mix.accompanied, 60)
            await until(lambda: heard("a")[-1] == (False, "gone"), 60)
    finally:
        child.kill()
        server.close()
        inference.close()
