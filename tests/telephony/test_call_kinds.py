"""Calls of every kind our own phone can make: codecs, SRTP, keys, holds, refusals, silence, death."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from session import wire
from tests.telephony.phone_world import ROOT, App, answering, call, tone, worker

pytestmark = pytest.mark.e2e


async def test_codecs_and_srtp(tmp_path: Path) -> None:
    """Each call hears and is heard; the codec and the encryption are the ones asked for."""
    prompt = tone(tmp_path / "prompt.wav", 0.8, hz=600)
    said = tone(tmp_path / "said.wav", 0.5, hz=1000)

    def play(leg: str) -> wire.Body:
        return wire.PlayFile(leg_id=leg, play_id="p", path=str(prompt))

    wanted = [("G722", "mandatory", True), ("PCMU", "off", False), ("PCMA", "optional", True)]
    async with worker(tmp_path, answering(play)) as world:
        done = await asyncio.gather(
            *(
                call(world, "--wav", str(said), "--codec", codec, "--srtp", srtp, "--stay", "0.6")
                for codec, srtp, _ in wanted
            )
        )
        for (codec, _, secure), (status, report, errors) in zip(wanted, done, strict=True):
            assert status == 0, errors
            assert report["codec"].startswith(codec)
            assert report["srtp"] is secure
            assert report["heard_s"] > 0.4  # a busy machine loses some of it, or stretches it
        for _ in wanted:
            await world.app.wait(wire.LegEnded, count=3)
        assert len(world.app.seen(wire.PlayFinished)) == 3
        ups = {(e.codec.split("/")[0], e.srtp) for e in world.app.seen(wire.LegProgress) if e.state == "up"}
        assert ups == {("G722", True), ("PCMU", False), ("PCMA", True)}


async def test_mandatory_srtp_refuses_a_phone_without(tmp_path: Path) -> None:
    async with worker(tmp_path, answering(), srtp="mandatory") as world:
        status, report, errors = await call(world, "--srtp", "off")
        assert status == 3
        assert report["code"] in (406, 488)
        assert "not answered" in errors
        status, report, _ = await call(world, "--srtp", "mandatory", "--stay", "0.3")
        assert (status, report["srtp"]) == (0, True)


async def test_keys_come_once_and_in_order(tmp_path: Path) -> None:
    async with worker(tmp_path, answering()) as world:
        status, report, errors = await call(world, "--dtmf", "1,290*#", "--stay", "0.5")
        assert status == 0, errors
        assert report["dtmf_sent"] == "1290*#"
        await world.app.wait(wire.LegEnded)
        keys = world.app.seen(wire.DtmfReceived)
        assert "".join(key.digit for key in keys) == "1290*#"
        assert {key.source for key in keys} == {"rfc4733"}
        log = (tmp_path / "sip-in-0.log").read_text()
        assert "1290" not in log


async def test_hold_from_the_caller_and_from_us(tmp_path: Path) -> None:
    """Audio flows again after each; the leg says held and resumed."""
    prompt = tone(tmp_path / "prompt.wav", 0.4, hz=600, tail_s=0.5)

    async def script(app: App, event: wire.LegEvent) -> None:
        match event:
            case wire.LegOffered():
                await app.order(wire.AnswerLeg(leg_id=event.leg_id, role="customer"))
            case wire.LegProgress(state="resumed") if len(app.seen(wire.LegProgress)) < 5:
                # The caller's hold is over; now ours.
                await app.order(wire.HoldLeg(leg_id=event.leg_id, on=True))
                await app.wait(wire.LegProgress, state="held", count=2)
                await app.order(wire.HoldLeg(leg_id=event.leg_id, on=False))
                await app.wait(wire.LegProgress, state="resumed", count=2)
                await app.order(wire.PlayFile(leg_id=event.leg_id, play_id="after", path=str(prompt)))
                await app.wait(wire.PlayFinished)
                await app.order(wire.HangupLeg(leg_id=event.leg_id))

    async with worker(tmp_path, script) as world:
        status, report, errors = await call(world, "--hold-at", "0.5", "--resume-at", "1.2", "--stay", "60")
        assert (status, world.app.errors) == (0, []), errors
        ended = await world.app.wait(wire.LegEnded)
        assert (ended.party, ended.reason) == ("local", "hangup")
        states = [e.state for e in world.app.seen(wire.LegProgress)]
        assert states == ["up", "held", "resumed", "held", "resumed"]
        assert report["ended_by"] == "far end"
        assert report["heard_s"] > 0.2


async def test_a_refused_call_and_an_app_that_says_nothing(tmp_path: Path) -> None:
    async def script(app: App, event: wire.LegEvent) -> None:
        if isinstance(event, wire.LegOffered) and event.headers.get("X-Case") == "refuse":
            await app.order(wire.RejectLeg(leg_id=event.leg_id, code=480, reason="closed", retry_after_s=60))

    async with worker(tmp_path, script, answer_within_s=1.5) as world:
        status, report, errors = await call(world, "--header", "X-Case: refuse")
        assert (status, report["code"]) == (3, 480)
        assert "480" in errors
        ended = await world.app.wait(wire.LegEnded)
        assert (ended.party, ended.reason, ended.code) == ("local", "rejected", 480)
        status, report, _ = await call(world)
        assert (status, report["code"]) == (3, 504)
        ended = await world.app.wait(wire.LegEnded, count=2)
        assert (ended.party, ended.reason, ended.code) == ("error", "failed", 504)


async def test_early_media_then_answer(tmp_path: Path) -> None:
    ringing = tone(tmp_path / "ringing.wav", 0.6, hz=425)

    async def script(app: App, event: wire.LegEvent) -> None:
        match event:
            case wire.LegOffered():
                await app.order(wire.AnswerLeg(leg_id=event.leg_id, role="customer", early=True))
                await app.order(wire.PlayFile(leg_id=event.leg_id, play_id="early", path=str(ringing)))
                await app.wait(wire.PlayFinished)
                await app.order(wire.AnswerLeg(leg_id=event.leg_id, role="customer"))

    async with worker(tmp_path, script) as world:
        status, report, errors = await call(world, "--stay", "0.5")
        assert status == 0, errors
        assert [e.state for e in world.app.seen(wire.LegProgress)] == ["early", "up"]
        assert report["media_ms"] < report["answer_ms"]
        assert report["heard_s"] > 0.3
        assert not world.app.errors


async def test_draining_refuses_new_calls_and_keeps_the_old(tmp_path: Path) -> None:
    async with worker(tmp_path, answering()) as world:
        talking = asyncio.create_task(call(world, "--stay", "80"))
        up = await world.app.wait(wire.LegProgress, state="up")
        await world.app.order(wire.Drain(retry_after_s=7))
        status, report, _ = await call(world)
        assert (status, report["code"]) == (3, 503)
        assert not world.app.seen(wire.LegEnded)
        await world.app.order(wire.HangupLeg(leg_id=up.leg_id))
        status, report, errors = await talking
        assert (status, report["ended_by"]) == (0, "far end"), errors


async def test_sigterm_hangs_up_and_leaves(tmp_path: Path) -> None:
    prompt = tone(tmp_path / "prompt.wav", 0.4, tail_s=0.3)

    def play(leg: str) -> wire.Body:
        return wire.PlayFile(leg_id=leg, play_id="p", path=str(prompt))

    async with worker(tmp_path, answering(play)) as world:
        talking = asyncio.create_task(call(world, "--stay", "80"))
        await world.app.wait(wire.PlayFinished)
        world.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(world.process.wait(), 60) == 0
        status, report, _ = await talking
        assert (status, report["ended_by"]) == (0, "far end")
        ended = await world.app.wait(wire.LegEnded)
        assert (ended.party, ended.reason) == ("local", "drained")


async def test_a_caller_killed_in_mid_call_ends_by_silence(tmp_path: Path) -> None:
    async with worker(tmp_path, answering(), no_rtp_timeout_s=2) as world:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "telephony.caller", world.uri, "--stay", "100", cwd=ROOT, stdout=subprocess.DEVNULL
        )
        await world.app.wait(wire.LegProgress, state="up")
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        ended = await world.app.wait(wire.LegEnded)
        assert (ended.party, ended.reason) == ("network", "no_rtp")
        # The worker takes the next call as if nothing had been.
        status, _, errors = await call(world, "--stay", "0.3")
        assert status == 0, errors
