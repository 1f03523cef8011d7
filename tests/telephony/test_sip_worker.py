"""Inbound calls through the front door: our worker process, a scripted app, real SIP phones on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from session import wire
from tests.telephony.phone_world import answering, call, loudest_hz, tone, worker

pytestmark = pytest.mark.e2e


async def test_a_call_is_answered_heard_and_hears(tmp_path: Path) -> None:
    prompt = tone(tmp_path / "prompt.wav", 1.5, hz=600)
    said = tone(tmp_path / "said.wav", 1.0, hz=1000, lead_s=0.2)
    recording = tmp_path / "call.wav"
    play = lambda leg: wire.PlayFile(leg_id=leg, play_id="p1", path=str(prompt))  # noqa: E731
    async with worker(tmp_path, answering(play, record=str(recording))) as world:
        status, report, errors = await call(
            world, "--wav", str(said), "--record", str(tmp_path / "heard.wav"), "--stay", "1", "--header", "X-Crm: 42"
        )
        assert status == 0, (report, errors)
        ended = await world.app.wait(wire.LegEnded)
        offered = world.app.seen(wire.LegOffered)[0]
        assert offered.headers["X-Crm"] == "42"
        assert offered.headers["User-Agent"] == "warmline-call"
        assert offered.to_uri == "sip:desk@127.0.0.1"  # a To has no port
        up = world.app.seen(wire.LegProgress)[-1]
        assert (up.state, up.codec, up.srtp) == ("up", "G722/16000", True)
        assert (ended.party, ended.reason) == ("remote", "hangup")
        assert ended.stats.rx_packets > 50
        assert ended.stats.rx_lost == 0
        heard, rate = soundfile.read(tmp_path / "heard.wav")
        assert rate == 16_000
        assert abs(loudest_hz(heard) - 600) < 5
        assert report["heard_s"] > 0.8  # a busy machine loses some of it, or stretches it
        assert len(world.app.seen(wire.PlayFinished)) == 1
        both, _ = soundfile.read(recording)
        assert abs(loudest_hz(both[:, 0]) - 1000) < 5
        assert abs(loudest_hz(both[:, 1]) - 600) < 5
