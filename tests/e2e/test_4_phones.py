"""Other vendors' SIP at the front door: SIPp, baresip, the messages of RFC 4475."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.e2e.waiting import until
from tests.e2e.world import ROOT, Instance
from tests.edge.phones import Phone
from tests.ports import free_port

SCENARIOS = ROOT / "tests" / "telephony" / "sipp"
TORTURE = ROOT.parent / "shared" / "data" / "sip_torture_rfc4475"
needs_sipp = pytest.mark.skipif(
    shutil.which("sipp") is None, reason="SIPp is not installed (apt-get install sip-tester)"
)


def sipp(instance: Instance, folder: Path, scenario: str) -> None:
    """Run a scenario of tests/telephony/sipp through Kamailio; fails with SIPp's own words."""
    base = free_port(8)
    # Written for a worker; through the edge, whatever belongs to a call goes the way it came.
    text = (SCENARIOS / scenario).read_text()
    text = re.sub(r"(\[next_url\] SIP/2\.0\n\s*Via:[^\n]*\n)", r"\1      [routes]\n", text)
    (folder / scenario).write_text(text)
    done = subprocess.run(
        [
            "sipp", f"127.0.0.1:{instance.sip}", "-sf", str(folder / scenario), "-i", "127.0.0.1", "-p", str(base),
            "-mp", str(base + 2), "-m", "1", "-timeout", "100", "-timeout_error", "-nostdin", "-trace_err",
        ],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    errors = "".join(path.read_text(errors="replace") for path in folder.glob("*_errors.log"))
    assert done.returncode == 0, done.stderr + errors + instance.tail()


def newest(instance: Instance, known: set[str]) -> str:
    return until("the call is in the history", lambda: next(iter(set(instance.conversations()) - known), None))


@needs_sipp
@pytest.mark.parametrize("scenario", ["late_offer.xml", "hold.xml", "info.xml"])
def test_sipp(instance: Instance, tmp_path: Path, scenario: str) -> None:
    known = set(instance.conversations())
    sipp(instance, tmp_path, scenario)
    end = instance.ended(newest(instance, known), 15)
    assert (end["party"], end["reason"]) == ("remote", "hangup")


async def test_a_full_house(instance: Instance) -> None:
    """Eight calls fit; ten more get 503 with Retry-After at once; then there is room again."""
    known = set(instance.conversations())
    edge = ("127.0.0.1", instance.sip)
    phone = await Phone("127.0.0.1", edge, "filler", f"127.0.0.1:{instance.sip}").open()
    try:
        uri = f"sip:support@127.0.0.1:{instance.sip}"
        calls = [await phone.request("INVITE", uri) for _ in range(8)]
        assert [call.status for call in calls] == [200] * 8, instance.tail()
        until("eight calls are known", lambda: len(set(instance.conversations()) - known) == 8)
        for _ in range(10):
            refused = await phone.request("INVITE", uri)
            assert refused.status == 503, refused.message.first
            assert int(refused.message.one("retry-after")) > 0
        assert len(set(instance.conversations()) - known) == 8, "a refused call reached the app"
        byes = [await phone.request("BYE", dialog=call.dialog) for call in calls]
        assert [bye.status for bye in byes] == [200] * 8
        again = await phone.request("INVITE", uri)
        assert again.status == 200, again.message.first  # the places are free the moment the calls are over
        assert (await phone.request("BYE", dialog=again.dialog)).status == 200
    finally:
        phone.close()


async def test_torture_leaves_it_answering(instance: Instance) -> None:
    if not TORTURE.is_dir():
        pytest.skip("the torture messages are not here")
    messages = [path.read_bytes() for path in sorted(TORTURE.glob("*.dat"))]
    assert len(messages) == 49
    before = {name: plane["pid"] for name, plane in instance.planes().items()}
    phone = await Phone("127.0.0.1", ("127.0.0.1", instance.sip), "torturer", f"127.0.0.1:{instance.sip}").open()
    try:
        for message in messages * 2:
            phone.send_bytes(message)
            await asyncio.sleep(0.01)  # a burst would overflow the socket, and test nothing
        assert (await phone.request("OPTIONS")).status == 200
        call = await phone.request("INVITE", f"sip:support@127.0.0.1:{instance.sip}")
        assert call.status == 200, instance.tail()
        assert (await phone.request("BYE", dialog=call.dialog)).status == 200
    finally:
        phone.close()
    assert {name: plane["pid"] for name, plane in instance.planes().items()} == before


@pytest.mark.skipif(shutil.which("baresip") is None, reason="baresip is not installed")
def test_baresip_calls(instance: Instance, tmp_path: Path) -> None:
    """Another vendor's phone hears the greeting, and is heard: whoever is there says yes until the bot has asked."""
    samples, _ = soundfile.read(ROOT / "tests/data/spoken/en-yes.flac")
    wave = np.concatenate([np.zeros(12 * 16_000), *[samples, np.zeros(8 * 16_000)] * 8])[::2]
    soundfile.write(tmp_path / "said.wav", wave, 8_000, subtype="PCM_16")
    base = free_port(4)
    (tmp_path / "config").write_text(
        f"sip_listen 127.0.0.1:{base}\naudio_player aufile,{tmp_path}/heard.wav\naudio_source aufile,{tmp_path}/said.wav\n"
        f"audio_alert aufile,{tmp_path}/alert.wav\nmodule_path /usr/lib/baresip/modules\nmodule aufile.so\n"
        "module g711.so\nmodule stdio.so\nmodule_tmp account.so\nmodule_app menu.so\nrtp_ports 30000-30100\n"
        "net_interface 127.0.0.1\n"
    )
    (tmp_path / "accounts").write_text("<sip:bare@127.0.0.1>;regint=0\n")
    (tmp_path / "contacts").write_text("")
    known = set(instance.conversations())
    phone = subprocess.Popen(
        ["baresip", "-f", str(tmp_path), "-e", f"dsip:support@127.0.0.1:{instance.sip}", "-t", "100"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        conversation = newest(instance, known)
        instance.wait(conversation, "bot.said", 20, text="Hello")
        instance.wait(conversation, "consent", 30, given=True)
    finally:
        phone.terminate()
        phone.wait(30)
    assert instance.ended(conversation, 15)["party"] == "remote"
