"""Calls that we place: to phones that answer, decline, ring for ever; and never without a rule."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from session import channel, wire
from tests.telephony.phone_world import ROOT, App, World, tone, worker

pytestmark = pytest.mark.e2e


async def nothing(app: App, event: wire.LegEvent) -> None:
    """The test gives the orders."""


class Phone:
    """A softphone process and the lines it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[dict[str, Any]] = []

    async def until(self, event: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            while True:
                line = await self._process.stdout.readline()
                assert line, f"the phone stopped before {event}: {self.lines}"
                self.lines.append(json.loads(line))
                if self.lines[-1]["event"] == event:
                    return self.lines[-1]


@contextlib.asynccontextmanager
async def phone(*arguments: str) -> AsyncIterator[tuple[Phone, str]]:
    """(the phone, its address)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telephony.softphone", "--uri", "sip:anna@127.0.0.1", *arguments,
        cwd=ROOT, stdout=subprocess.PIPE,
    )  # fmt: skip
    it = Phone(process)
    try:
        listening = await it.until("listening")
        yield it, f"sip:anna@127.0.0.1:{listening['port']}"
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 30)


async def dial(world: World, target: str, leg_id: str = "leg-1", **more: Any) -> None:
    await world.app.order(wire.DialLeg(leg_id=leg_id, role="agent", target=target, **more))


async def test_an_agent_is_rung_answers_and_talks(tmp_path: Path) -> None:
    hello = tone(tmp_path / "hello.wav", 1.0, hz=700)
    async with phone("--wav", str(hello), "--record", str(tmp_path / "agent.wav")) as (anna, address):
        async with worker(tmp_path, nothing, "sip-out-0", dial_allowed=[address]) as world:
            await dial(world, address, display_name='Kim "K" Lee', headers={"X-Conversation": "c-1"})
            await world.app.wait(wire.LegProgress, state="ringing")
            await world.app.wait(wire.LegProgress, state="up")
            await world.app.order(wire.PlayFile(leg_id="leg-1", play_id="p", path=str(hello)))
            await world.app.wait(wire.PlayFinished)
            await world.app.order(wire.SendDtmf(leg_id="leg-1", digits="5#"))
            with pytest.raises(channel.RemoteError, match="keys are"):
                await world.app.order(wire.SendDtmf(leg_id="leg-1", digits="5x"))
            quiet = tone(tmp_path / "quiet.wav", 0, lead_s=1.0)  # the keys go out meanwhile
            await world.app.order(wire.PlayFile(leg_id="leg-1", play_id="q", path=str(quiet)))
            await world.app.wait(wire.PlayFinished, count=2)
            await world.app.order(wire.HangupLeg(leg_id="leg-1"))
            ended = await world.app.wait(wire.LegEnded)
            assert (ended.party, ended.reason) == ("local", "hangup")
            assert ended.duration_ms > 1500
            assert ended.stats.rx_packets > 50
        told = await anna.until("ended")
        assert told["dtmf"] == "5#"
        assert told["heard_s"] > 0.5
        assert "Kim" in anna.lines[1]["remote"]


async def test_the_agent_hangs_up(tmp_path: Path) -> None:
    async with (
        phone("--hangup-after", "0.5") as (_, address),
        worker(tmp_path, nothing, "sip-out-0", dial_allowed=[address]) as world,
    ):
        await dial(world, address)
        ended = await world.app.wait(wire.LegEnded)
        assert (ended.party, ended.reason) == ("remote", "hangup")


@pytest.mark.parametrize(("code", "reason"), [(486, "busy"), (603, "declined"), (480, "no_answer"), (500, "failed")])
async def test_refusals_have_names(tmp_path: Path, code: int, reason: str) -> None:
    async with (
        phone("--decline", str(code)) as (_, address),
        worker(tmp_path, nothing, "sip-out-0", dial_allowed=[address]) as world,
    ):
        await dial(world, address)
        ended = await world.app.wait(wire.LegEnded)
        assert (ended.party, ended.reason, ended.code) == ("remote", reason, code)


async def test_unanswered_cancelled_and_unreachable(tmp_path: Path) -> None:
    async with phone("--ignore") as (anna, address):
        nobody = "sip:nobody@127.0.0.1:9"
        async with worker(tmp_path, nothing, "sip-out-0", dial_allowed=[address, nobody]) as world:
            await dial(world, address, "leg-1", timeout_s=1.0)
            ended = await world.app.wait(wire.LegEnded)
            assert (ended.leg_id, ended.reason) == ("leg-1", "no_answer")
            await anna.until("ended")  # it was cancelled, not left ringing
            await dial(world, address, "leg-2")
            await world.app.wait(wire.LegProgress, leg_id="leg-2", state="ringing")
            await world.app.order(wire.HangupLeg(leg_id="leg-2", reason="cancelled"))
            ended = await world.app.wait(wire.LegEnded, count=2)
            assert (ended.leg_id, ended.party, ended.reason) == ("leg-2", "local", "cancelled")
            await dial(world, nobody, "leg-3", timeout_s=1.0)
            ended = await world.app.wait(wire.LegEnded, count=3)
            assert ended.leg_id == "leg-3"
            assert ended.reason in ("no_answer", "failed")


async def test_nothing_is_dialled_without_a_rule(tmp_path: Path) -> None:
    async with worker(tmp_path, nothing, "sip-out-0") as world:
        with pytest.raises(channel.RemoteError, match="no rule allows"):
            await dial(world, "sip:00900123456@premium.example")
        with pytest.raises(channel.RemoteError, match="no SIP address"):
            await dial(world, "tel:+123")
        assert not world.app.events
