"""The edge opened to the network: phones behind NAT, callers over TCP, other vendors' programs."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from session import wire
from tests.edge.phones import Dialog, Message
from tests.edge.world import INTERNAL, SECRET, an_edge, needs_kamailio
from tests.ports import free_port
from tests.telephony.phone_world import ROOT, App, tone, worker

pytestmark = [pytest.mark.e2e, needs_kamailio]
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested
SCENARIO = Path(__file__).parent / "call.xml"


def own_address() -> str | None:
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # sends nothing
        except OSError:
            return None
        host = str(probe.getsockname()[0])
    return None if host.startswith("127.") else host


needs_network = pytest.mark.skipif(own_address() is None, reason="this machine has loopback only")


@needs_network
async def test_a_call_from_outside_with_a_password_is_carried_to_a_worker_on_loopback() -> None:
    host = str(own_address())
    async with an_edge(host=EVERYWHERE) as edge:
        worker = await edge.worker()
        edge.agent("ann", "s3cret")
        await edge.start()
        support = f"sip:support@{host}:{edge.options.port}"
        stranger, ann = await edge.phone(host), await edge.phone(host, "ann")
        assert (await stranger.request("INVITE", support)).status == 407
        assert (await stranger.request("INVITE", f"sip:ann@{host}:{edge.options.port}")).status == 403
        call = await ann.request("INVITE", support, secret="s3cret")
        assert call.status == 200
        assert any(host in route for route in call.dialog.routes)
        assert any("127.0.0.1" in route for route in call.dialog.routes)
        await worker.heard("ACK")
        assert (await ann.request("BYE", dialog=call.dialog)).status == 200
        assert worker.calls == set()


@needs_network
async def test_a_phone_behind_nat_is_called_where_it_registered_from() -> None:
    host = str(own_address())
    async with an_edge(host=EVERYWHERE) as edge:
        worker = await edge.worker()
        edge.agent("ann", "s3cret")
        await edge.start()
        ann = await edge.phone(host, "ann")
        ann.contact = "10.99.99.99:5060"
        home = f"sip:ann@{host}:{edge.options.port}"
        assert (
            await ann.request("REGISTER", f"sip:{host}:{edge.options.port}", to=f"<{home}>", secret="s3cret")
        ).status == 200
        out = await edge.phone(user="warmline")
        answer = await out.request("INVITE", home, secret=SECRET, auth_user=INTERNAL)
        assert answer.status == 200
        await ann.heard("INVITE")
        await ann.heard("ACK")
        assert (await out.request("BYE", dialog=answer.dialog)).status == 200
        await ann.heard("BYE")
        # And in its own call, a request from the worker comes back through the NAT.
        call = await ann.request("INVITE", f"sip:support@{host}:{edge.options.port}", secret="s3cret")
        assert call.status == 200
        back = _reverse(await worker.heard("INVITE"), worker.port)
        assert (await worker.request("BYE", dialog=back)).status == 200
        await ann.heard("BYE")


def _reverse(invite: Message, port: int) -> Dialog:
    """The dialog of a call received, seen by the one who answered it."""
    contact = invite.one("contact").partition("<")[2].partition(">")[0]
    routes = [route.strip() for value in invite.all("record-route") for route in value.split(",")]
    return Dialog(invite.one("call-id"), f"{invite.one('to')};tag=w{port}", invite.one("from"), contact, routes, 0)


@pytest.mark.skipif(shutil.which("sipp") is None, reason="SIPp is not installed (apt-get install sip-tester)")
@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_sipp_calls_sends_keys_and_may_not_transfer(transport: str) -> None:
    async with an_edge() as edge:
        worker = await edge.worker()
        await edge.start()
        sipp = await asyncio.create_subprocess_exec(
            "sipp", f"127.0.0.1:{edge.options.port}", "-sf", str(SCENARIO), "-i", "127.0.0.1", "-t", transport,
            "-m", "5", "-r", "5", "-timeout", "80", "-timeout_error", "-nostdin", "-trace_err",
            cwd=edge.folder, env=os.environ | {"TERM": "dumb"}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        _, errors = await asyncio.wait_for(sipp.communicate(), 100)
        logs = "".join(path.read_text(errors="replace") for path in edge.folder.glob("*_errors.log"))
        assert sipp.returncode == 0, errors.decode() + logs
        assert sum(message.method == "INFO" for message in worker.received) == 5
        assert worker.calls == set()


BARESIP_MODULES = Path("/usr/lib/baresip/modules")


@pytest.mark.skipif(shutil.which("baresip") is None, reason="baresip is not installed")
@pytest.mark.parametrize("phone", ["baresip", "ours"])
async def test_a_sip_out_worker_rings_a_registered_phone(tmp_path: Path, phone: str) -> None:
    async with an_edge() as edge:
        edge.agent("ann", "s3cret")
        await edge.start()
        home = f"127.0.0.1:{edge.options.port}"
        if phone == "baresip":
            (tmp_path / "config").write_text(
                f"sip_listen 127.0.0.1:{free_port()}\naudio_source aufile,{tone(tmp_path / 'said.wav', 5.0, rate=8000)}\n"
                f"audio_player aufile,{tmp_path}/heard.wav\naudio_alert aufile,{tmp_path}/alert.wav\n"
                f"module_path {BARESIP_MODULES}\nmodule aufile.so\nmodule g711.so\nmodule stdio.so\n"
                "module_tmp account.so\nmodule_app menu.so\nrtp_ports 30200-30300\nnet_interface 127.0.0.1\n"
            )
            (tmp_path / "accounts").write_text(
                f"<sip:ann@{home}>;auth_user=ann;auth_pass=s3cret;answermode=auto;regint=60\n"
            )
            (tmp_path / "contacts").write_text("")
            command = ["baresip", "-f", str(tmp_path), "-t", "100"]
        else:
            command = [sys.executable, "-m", "telephony.softphone", "--uri", f"sip:ann@{home}", "--registrar", f"sip:{home}",
                       "--password", "s3cret", "--answer-after", "0.1", "--max-seconds", "100"]  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

        async def nothing(app: App, event: wire.LegEvent) -> None:
            return

        try:
            prompt = tone(tmp_path / "prompt.wav", 1.0)
            async with worker(
                tmp_path, nothing, "sip-out-0",
                dial_user=INTERNAL, dial_secret=SECRET, dial_proxy=f"sip:{home};lr", dial_domain=home,
            ) as world:  # fmt: skip
                async with asyncio.timeout(40):
                    while not await edge.rpc.registered("ann"):  # noqa: ASYNC110 - Kamailio tells nobody
                        await asyncio.sleep(0.1)
                await world.app.order(wire.DialLeg(leg_id="leg-1", role="agent", target=f"sip:ann@{home}"))
                await world.app.wait(wire.LegProgress, state="up")
                await world.app.order(wire.PlayFile(leg_id="leg-1", play_id="p", path=str(prompt)))
                await world.app.wait(wire.PlayFinished)
                await world.app.order(wire.HangupLeg(leg_id="leg-1"))
                ended = await world.app.wait(wire.LegEnded)
                assert ended.stats.tx_packets > 20
                await world.app.order(wire.DialLeg(leg_id="leg-2", role="agent", target=f"sip:bob@{home}"))
                assert (await world.app.wait(wire.LegEnded, leg_id="leg-2")).code == 404
        finally:
            process.terminate()
            output, _ = await asyncio.wait_for(process.communicate(), 30)
            print(output.decode(errors="replace"), edge.log())  # noqa: T201 - shown when the test fails
