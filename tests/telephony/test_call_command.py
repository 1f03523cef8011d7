"""The caller as a command: what it says when something is wrong, and what it measures when all is right."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from session import wire
from tests.telephony.phone_world import ROOT, App, call, tone, worker

pytestmark = pytest.mark.e2e


async def run(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telephony.caller", *arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), errors.decode()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["desk@host"], "write it like sip:name@host"),
        (["sip:desk@127.0.0.1", "--wav", "README.md"], "cannot read README.md as audio"),
        (["sip:desk@127.0.0.1", "--wav", "nowhere.wav"], "cannot read nowhere.wav"),
        (["sip:desk@127.0.0.1", "--dtmf", "12a4x"], "keys are"),
        (["sip:desk@no.such.host.invalid"], "cannot be reached"),
        (["sip:desk@127.0.0.1", "--script", "x.yaml", "--dtmf", "1"], "leave out --wav and --dtmf"),
        (["sip:desk@127.0.0.1", "--resume-at", "1"], "needs an earlier --hold-at"),
        (["sip:desk@127.0.0.1", "--record", "/no/such/folder/x.wav"], "there is no folder"),
    ],
)
async def test_bad_input_is_one_sentence(arguments: list[str], message: str) -> None:
    status, out, errors = await run(*arguments)
    assert status == 2
    assert message in errors
    assert errors.count("\n") == 1
    assert not out


async def test_nobody_there() -> None:
    status, out, errors = await run("sip:desk@127.0.0.1:9", "--ring-seconds", "1", "--json", "-")
    assert status == 3
    assert "nobody answered within 1 s" in errors
    assert json.loads(out)["answered"] is False


async def test_reply_times_are_measured(tmp_path: Path) -> None:
    """The app replies when the far end's last key came; that it is exact to the sample is tested in test_tape.py."""
    reply = tone(tmp_path / "reply.wav", 0.5, hz=600, lead_s=0.25)
    tone(tmp_path / "said.wav", 0.4, hz=900)
    script = tmp_path / "script.yaml"
    script.write_text(
        "steps:\n- wait_for_silence: {silence_s: 0.3, timeout_s: 8}\n- play: said.wav\n- dtmf: '1'\n"
        "- wait_for_speech: {timeout_s: 5}\n- wait_for_silence: {silence_s: 0.3}\n- wait_for_speech: {timeout_s: 0.4}\n- hangup\n"
    )

    async def app(app: App, event: wire.LegEvent) -> None:
        match event:
            case wire.LegOffered():
                await app.order(wire.AnswerLeg(leg_id=event.leg_id, role="customer"))
            case wire.LegProgress(state="up"):
                await app.order(wire.PlayFile(leg_id=event.leg_id, play_id="greeting", path=str(reply)))
            case wire.DtmfReceived():
                await app.order(wire.PlayFile(leg_id=event.leg_id, play_id="reply", path=str(reply)))

    async with worker(tmp_path, app) as world:
        status, report, errors = await call(world, "--script", str(script))
        assert status == 0, errors
        kinds = [(step["kind"], step["outcome"]) for step in report["steps"]]
        assert kinds == [
            ("wait_for_silence", "done"),
            ("play", "done"),
            ("dtmf", "done"),
            ("wait_for_speech", "done"),
            ("wait_for_silence", "done"),
            ("wait_for_speech", "timeout"),
            ("hangup", "done"),
        ]
        play = report["steps"][1]
        assert play["last_voiced_s"] - play["first_voiced_s"] > 0.35
        assert not play["overlapped"]
        assert play["reply_ms"] > 250  # the reply begins with 250 ms of silence
        (_, greeted), (replied, _) = report["heard"]
        assert greeted < play["first_voiced_s"] < play["last_voiced_s"] < replied
        assert replied - play["last_voiced_s"] == pytest.approx(play["reply_ms"] / 1000, abs=0.001)
        assert report["stats"]["rx_lost"] == 0
