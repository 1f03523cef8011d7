"""SIPp, baresip and the RFC 4475 torture messages against a worker of ours."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from session import wire
from tests.ports import free_port
from tests.telephony.phone_world import DATA, App, World, answering, call, tone, worker

SCENARIOS = Path(__file__).parent / "sipp"

pytestmark = pytest.mark.e2e
needs_sipp = pytest.mark.skipif(
    shutil.which("sipp") is None, reason="SIPp is not installed (apt-get install sip-tester)"
)


async def sipp(world: World, scenario: Path, *arguments: str) -> tuple[int, str]:
    """Run a scenario: (exit status, 0 = every call went as written; the error log)."""
    process = await asyncio.create_subprocess_exec(
        "sipp", f"127.0.0.1:{world.port}", "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(free_port()),
        "-mp", str(free_port()), "-m", "1", "-timeout", "80", "-timeout_error", "-nostdin", "-trace_err", "-max_retrans", "3",
        *arguments, cwd=world.folder, env=os.environ | {"TERM": "dumb"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    _, errors = await asyncio.wait_for(process.communicate(), 100)
    logs = "".join(path.read_text(errors="replace") for path in world.folder.glob("*_errors.log"))
    return process.returncode or 0, errors.decode(errors="replace") + logs


def options_status(port: int) -> str:
    """The first line that the worker answers to OPTIONS."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(30)
        own = phone.getsockname()[1]
        phone.sendto(
            (
                f"OPTIONS sip:x@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{own}\r\n"
                f"From: <sip:t@127.0.0.1>;tag=1\r\nTo: <sip:x@127.0.0.1>\r\nCall-ID: {own}@t\r\nCSeq: 1 OPTIONS\r\n"
                "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            ).encode(),
            ("127.0.0.1", port),
        )
        return phone.recv(4096).split(b"\r\n", 1)[0].decode()


@needs_sipp
async def test_holds_by_reinvite(tmp_path: Path) -> None:
    """sendonly and inactive both hold; each sendrecv brings the audio back."""
    async with worker(tmp_path, answering()) as world:
        status, errors = await sipp(world, SCENARIOS / "hold.xml")
        assert status == 0, errors
        ended = await world.app.wait(wire.LegEnded)
        assert (ended.party, ended.reason) == ("remote", "hangup")
        states = [e.state for e in world.app.seen(wire.LegProgress)]
        assert states == ["up", "held", "resumed", "held", "resumed"]
        assert {e.by for e in world.app.seen(wire.LegProgress)[1:]} == {"remote"}
        assert world.app.seen(wire.LegProgress)[0].codec == "PCMA/8000"


@needs_sipp
async def test_keys_by_info_and_no_transfer(tmp_path: Path) -> None:
    async with worker(tmp_path, answering()) as world:
        status, errors = await sipp(world, SCENARIOS / "info.xml")
        assert status == 0, errors
        await world.app.wait(wire.LegEnded)
        assert [(e.digit, e.source) for e in world.app.seen(wire.DtmfReceived)] == [("4", "info"), ("#", "info")]
        assert len(world.app.seen(wire.LegOffered)) == 1  # REFER placed no call


@needs_sipp
async def test_an_invite_without_sdp(tmp_path: Path) -> None:
    async with worker(tmp_path, answering()) as world:
        status, errors = await sipp(world, SCENARIOS / "late_offer.xml")
        assert status == 0, errors
        await world.app.wait(wire.LegEnded)
        assert [e.state for e in world.app.seen(wire.LegProgress)] == ["up"]


@needs_sipp
async def test_cancel_before_the_answer(tmp_path: Path) -> None:
    async def say_nothing(app: App, event: wire.LegEvent) -> None:
        """The phone gives up first."""

    async with worker(tmp_path, say_nothing) as world:
        status, errors = await sipp(world, SCENARIOS / "cancel.xml")
        assert status == 0, errors
        ended = await world.app.wait(wire.LegEnded)
        assert (ended.party, ended.reason) == ("remote", "cancelled")


@needs_sipp
async def test_calls_over_capacity_are_busy_at_once(tmp_path: Path) -> None:
    """Four calls fit into a worker; the other ten get 486, and the four notice nothing."""
    async with worker(tmp_path, answering()) as world:
        status, errors = await sipp(world, SCENARIOS / "fill.xml", "-m", "14", "-l", "14", "-r", "100")
        assert status == 0, errors
        await world.app.wait(wire.LegEnded, count=4)
        assert len(world.app.seen(wire.LegOffered)) == 4
        assert {e.reason for e in world.app.seen(wire.LegEnded)} == {"hangup"}
        assert (tmp_path / "sip-in-0.log").read_text().count("sip.refused_by_library") == 10


@needs_sipp
@pytest.mark.skipif(os.geteuid() != 0, reason="SIPp needs root to replay captured RTP")
async def test_recorded_rfc4733_keys(tmp_path: Path) -> None:
    pcaps = DATA / "rtp_pcaps"
    if not pcaps.is_dir():
        pytest.skip("the captures are not here")
    scenario = tmp_path / "keys.xml"
    scenario.write_text((SCENARIOS / "pcap_keys.xml").read_text().replace("{folder}", str(pcaps)))
    async with worker(tmp_path, answering()) as world:
        status, errors = await sipp(world, scenario)
        assert status == 0, errors
        await world.app.wait(wire.LegEnded)
        assert "".join(e.digit for e in world.app.seen(wire.DtmfReceived)) == "1*9"


async def test_torture_leaves_the_worker_answering(tmp_path: Path) -> None:
    folder = DATA / "sip_torture_rfc4475"
    if not folder.is_dir():
        pytest.skip("the torture messages are not here")
    messages = sorted(folder.glob("*.dat"))
    assert len(messages) == 49

    async def only_ours(app: App, event: wire.LegEvent) -> None:
        """The valid INVITEs among them are offered too; nobody will acknowledge those, so they are refused."""
        if isinstance(event, wire.LegOffered):
            if event.headers.get("User-Agent") == "warmline-call":
                await app.order(wire.AnswerLeg(leg_id=event.leg_id, role="customer"))
            else:
                await app.order(wire.RejectLeg(leg_id=event.leg_id, code=480, reason="torture"))

    async with worker(tmp_path, only_ours) as world:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind(("127.0.0.1", 0))
            for path in messages * 2:
                phone.sendto(path.read_bytes(), ("127.0.0.1", world.port))
                await asyncio.sleep(0.02)
        for path in messages:
            with socket.create_connection(("127.0.0.1", world.port), timeout=30) as stream:
                stream.sendall(path.read_bytes())
                await asyncio.sleep(0.02)
        assert options_status(world.port) == "SIP/2.0 200 OK"
        assert world.process.returncode is None
        assert world.app.seen(wire.LegOffered)
        status, _, errors = await call(world, "--stay", "0.3")
        assert status == 0, errors
        assert "callback_failed" not in (tmp_path / "sip-in-0.log").read_text()


@needs_sipp
async def test_many_short_calls_one_after_the_other(tmp_path: Path) -> None:
    """Audio ports are used again and again under a running media clock."""
    async with worker(tmp_path, answering()) as world:
        status, errors = await sipp(world, SCENARIOS / "late_offer.xml", "-m", "48", "-l", "4", "-r", "40")
        assert status == 0, errors
        await world.app.wait(wire.LegEnded, count=48)
        assert {e.reason for e in world.app.seen(wire.LegEnded)} == {"hangup"}
        log = (tmp_path / "sip-in-0.log").read_text()
        assert "callback_failed" not in log
        assert "refused_by_library" not in log


@pytest.mark.skipif(shutil.which("baresip") is None, reason="baresip is not installed")
async def test_baresip_calls_and_is_heard(tmp_path: Path) -> None:
    """Another vendor's phone: G.711 from a sound file, hang-up by us."""
    tone(tmp_path / "said.wav", 6.0, hz=1000, rate=8000)
    prompt = tone(tmp_path / "prompt.wav", 2.0)
    port = free_port()
    (tmp_path / "config").write_text(
        f"sip_listen 127.0.0.1:{port}\naudio_player aufile,{tmp_path}/heard.wav\naudio_source aufile,{tmp_path}/said.wav\n"
        f"audio_alert aufile,{tmp_path}/alert.wav\nmodule_path {_modules()}\nmodule aufile.so\nmodule g711.so\n"
        "module stdio.so\nmodule_tmp account.so\nmodule_app menu.so\nrtp_ports 30000-30100\nnet_interface 127.0.0.1\n"
    )
    (tmp_path / "accounts").write_text("<sip:bare@127.0.0.1>;regint=0\n")
    (tmp_path / "contacts").write_text("")
    recording = tmp_path / "call.wav"

    def play(leg: str) -> wire.Body:
        return wire.PlayFile(leg_id=leg, play_id="p", path=str(prompt))

    async with worker(tmp_path, answering(play, record=str(recording))) as world:
        phone = await asyncio.create_subprocess_exec(
            "baresip", "-f", str(tmp_path), "-e", f"d{world.uri}", "-t", "60",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            up = await world.app.wait(wire.LegProgress, state="up")
            assert up.codec in ("PCMU/8000", "PCMA/8000")
            await world.app.wait(wire.PlayFinished)
            await world.app.order(wire.HangupLeg(leg_id=up.leg_id))
            ended = await world.app.wait(wire.LegEnded)
            assert ended.stats.rx_packets > 50
            assert ended.stats.tx_packets > 50
        finally:
            with contextlib.suppress(ProcessLookupError):
                phone.terminate()
            output, _ = await phone.communicate()
            print(output.decode(errors="replace"))  # noqa: T201 - shown when the test fails


def _modules() -> str:
    return next(
        (str(path) for path in (Path("/usr/lib/baresip/modules"),) if path.is_dir()), "/usr/local/lib/baresip/modules"
    )
