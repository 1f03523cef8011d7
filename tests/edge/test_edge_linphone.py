"""An agent's telephone of another vendor: linphonec registers with its digest, is rung, talks, holds, presses keys."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from session import wire
from tests.edge.world import INTERNAL, SECRET, an_edge, needs_kamailio
from tests.ports import free_port
from tests.telephony.phone_world import App, loudest_hz, tone, worker

pytestmark = [
    pytest.mark.e2e,
    needs_kamailio,
    pytest.mark.skipif(shutil.which("linphonec") is None, reason="linphonec is not installed (apt: linphone-cli)"),
]


def settings(home: str) -> str:
    """Of a phone without a sound card, whose owner is ann."""
    return (
        f"[sip]\nsip_port={free_port()}\nsip_tcp_port={free_port()}\nguess_hostname=0\n"
        f"[rtp]\naudio_rtp_port={free_port()}\n"
        f"[proxy_0]\nreg_proxy=<sip:{home}>\nreg_identity=<sip:ann@{home}>\nreg_expires=60\nreg_sendregister=1\n"
        "[auth_info_0]\nusername=ann\npasswd=s3cret\nrealm=*\n"
    )


async def nothing(app: App, event: wire.LegEvent) -> None:
    """Nobody orders anything but the test."""


async def test_linphonec_is_an_agents_phone(tmp_path: Path) -> None:
    said, heard = tone(tmp_path / "said.wav", 30.0, hz=600, rate=8000), tmp_path / "heard.wav"
    (tmp_path / ".local/share/linphone").mkdir(parents=True)
    async with an_edge() as edge:
        edge.agent("ann", "s3cret")
        await edge.start()
        home = f"127.0.0.1:{edge.options.port}"
        (tmp_path / "linphonerc").write_text(settings(home))
        phone = await asyncio.create_subprocess_exec(
            "linphonec", "-c", str(tmp_path / "linphonerc"), "-a", cwd=tmp_path, env=os.environ | {"HOME": str(tmp_path)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert phone.stdin is not None

        def type_in(*lines: str) -> None:
            phone.stdin.write("".join(f"{line}\n" for line in lines).encode())

        async def says(words: str) -> None:
            assert phone.stdout is not None
            async with asyncio.timeout(40):
                while words not in (line := (await phone.stdout.readline()).decode(errors="replace")):
                    assert line, f"linphonec ended before it said {words!r}"

        type_in("soundcard use files", f"play {said}", f"record {heard}")
        try:
            async with worker(
                tmp_path, nothing, "sip-out-0",
                dial_user=INTERNAL, dial_secret=SECRET, dial_proxy=f"sip:{home};lr", dial_domain=home,
            ) as world:  # fmt: skip
                async with asyncio.timeout(40):
                    while not await edge.rpc.registered("ann"):  # noqa: ASYNC110 - Kamailio tells nobody
                        await asyncio.sleep(0.1)
                app = world.app
                await app.order(wire.DialLeg(leg_id="ann", role="agent", target=f"sip:ann@{home}"))
                await app.wait(wire.LegProgress, state="up")
                for number in range(2):
                    await app.order(wire.PlayTone(leg_id="ann", play_id=str(number), tone="busy"))
                # Two seconds: a phone that answers with several codecs is sent an UPDATE, and linphonec cannot hold meanwhile.
                await app.wait(wire.PlayFinished, count=2)
                type_in("7")
                assert (await app.wait(wire.DtmfReceived)).digit == "7"
                type_in("pause")  # they put us on hold, with their own music
                assert (await app.wait(wire.LegProgress, state="held")).by == "remote"
                await says("is now paused")
                type_in("resume")
                assert (await app.wait(wire.LegProgress, state="resumed")).by == "remote"
                await app.order(wire.SendDtmf(leg_id="ann", digits="3"))
                await app.order(wire.HangupLeg(leg_id="ann"))
                ended = await app.wait(wire.LegEnded)
                assert ended.stats.rx_packets > 10
                assert ended.stats.tx_packets > 10
        finally:
            phone.terminate()
            output, _ = await asyncio.wait_for(phone.communicate(), 30)
            print(output.decode(errors="replace"), edge.log())  # noqa: T201 - shown when the test fails
    samples, rate = soundfile.read(heard)
    tenths = [samples[at : at + rate // 10] for at in range(0, len(samples) - rate // 10, rate // 10)]
    pitches = [loudest_hz(tenth, rate) for tenth in tenths if np.abs(tenth).max() > 0.02]
    assert sum(abs(hz - 425) < 12 for hz in pitches) >= 3, pitches
