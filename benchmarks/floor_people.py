"""Who is on the floor of `benchmarks.floor`: agents with registered softphones, callers by SIPp, and an instance with room for them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.floor_stories import QUEUE, Floor
from tests.e2e.waiting import until
from tests.e2e.world import PASSWORD, ROOT, Instance

HERE = Path(__file__).parent
PER_WORKER = 4  # calls of a SIP worker
RTP_PORTS = 16  # of a worker
RING_S = 20
PEOPLE_NICE = "-12"  # of that session: fourteen times the share of one worker
SILENCE_S = 10
ROOM = 61_000  # ports from here on: the instance's own lie below the ephemeral ones


def settings(folder: Path, floor: Floor) -> dict[str, str]:
    """Of the instance: room for everybody, and the flow of this floor beside the shipped ones."""
    flows = folder / "flows"
    shutil.copytree(ROOT / "flows", flows)
    shutil.copy(HERE / "floor.yaml", flows)
    inbound, outbound = (-(-count // PER_WORKER) for count in (floor.callers + floor.agents, floor.agents))
    workers = room((inbound + outbound) * (RTP_PORTS + 1) + 1)
    rtp = workers + inbound + outbound
    return {
        "WARMLINE_DIALOG__FLOWS_DIR": str(flows),
        "WARMLINE_DIALOG__NUMBERS": json.dumps({"*": {}, QUEUE: {"flow": "floor"}}),
        "WARMLINE_EDGE__MAX_CALLS": str(inbound * PER_WORKER),
        "WARMLINE_EDGE__OUTBOUND_WORKERS": str(outbound),
        "WARMLINE_SIP__WORKER_BASE_PORT": str(workers),
        "WARMLINE_SIP__RTP_BASE_PORT": str(rtp + rtp % 2),
        "WARMLINE_SIP__RTP_PORTS": str(RTP_PORTS),
        "WARMLINE_DESK__HANDLE_TIME_S": str(max(10.0, floor.talk_s + floor.acw_s)),
        "WARMLINE_DESK__NOT_RESPONDING_S": "5",
        "WARMLINE_DESK__RING_S": str(RING_S),
        # On two shared cores a call may have to wait for its answer; refusing it would only bring it again.
        "WARMLINE_SIP__ANSWER_WITHIN_S": "30",
        "WARMLINE_EDGE__WORKER_TIMEOUT_S": "20",
    }


def room(count: int, start: int = ROOM) -> int:
    """The first of so many neighbouring ports above the ephemeral ones that nobody listens on."""
    for base in range(start, 65_000 - count, 50):
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError):
            for port in range(base, base + count):
                probes.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            return base
    raise SystemExit(f"there are no {count} free ports from {start} on")


class Callers:
    """SIPp, which keeps so many calls up until it is told to stop."""

    def __init__(self, folder: Path, sip: int, floor: Floor) -> None:
        self._folder = folder
        (folder / "silence.pcmu").write_bytes(b"\xff" * 8000 * SILENCE_S)
        most = floor.callers + floor.agents
        base = room(2 * most + 60, ROOM + 3000)
        self.process = subprocess.Popen(
            [
                "sipp", f"127.0.0.1:{sip}", "-sf", str(HERE / "floor.xml"), "-i", "127.0.0.1", "-p", str(base),
                "-mi", "127.0.0.1", "-mp", str(base + 10),
                "-r", str(floor.per_s), "-rp", "1000", "-l", str(most), "-m", "100000",
                "-nostdin", "-trace_err", "-error_file", str(folder / "sipp.errors"), "-trace_stat", "-fd", "5",
                "-stf", str(folder / "sipp.csv"), "-recv_timeout", "1900000",
            ],
            cwd=folder, env=os.environ | {"TERM": "dumb"}, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def alive(self) -> None:
        """Raises RuntimeError when SIPp ended by itself."""
        if self.process.poll() is not None:
            said = self.process.stderr.read() if self.process.stderr else ""
            raise RuntimeError(f"SIPp ended with {self.process.returncode}: {said[-1000:]}")

    def no_more(self) -> None:
        """Who is there stays, nobody comes any more."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGUSR1)

    def wrong(self) -> list[str]:
        """First lines of answers that SIPp did not expect."""
        file = self._folder / "sipp.errors"
        if not file.exists():
            return []
        return re.findall(r"received 'SIP/2.0 ([^\n\r]*)", file.read_text(errors="replace"))


def staff(instance: Instance, floor: Floor) -> None:
    """The queue, and agents with registered phones who are available."""
    done = instance.ask(
        "PUT",
        f"/api/queues/{QUEUE}",
        json={
            "ring_s": RING_S,
            "acw_s": floor.acw_s,
            "max_wait_s": floor.max_wait_s,
            "announce": {"every_s": floor.announce_s},
        },
    )
    assert done.status_code == 200, done.text
    for n in range(floor.agents):
        secret = hire(instance, f"agent{n}")
        talk = floor.talk_s * (0.75 + 0.5 * n / max(1, floor.agents - 1))  # nobody talks as long as the next
        instance.softphone(f"agent{n}", secret, "--answer-after", "0.8", "--hangup-after", f"{talk:.2f}")
        token = instance.login(f"agent{n}")
        until(f"agent{n}'s phone is seen", lambda token=token: mine(instance, token)["registered"])  # type: ignore[misc]
        instance.available(token)


def hire(instance: Instance, name: str) -> str:
    """A new agent, whose phone may register: the phone's password."""
    person = {"name": name, "password": PASSWORD, "roles": ["agent"], "device": "sip"}
    done = instance.ask("POST", "/api/users", json=person)
    assert done.status_code == 201, done.text
    until(f"Kamailio knows {name}", lambda: instance._may_register(name), 20, instance.tail)
    return str(done.json()["sip_secret"])


def mine(instance: Instance, token: str) -> dict[str, Any]:
    """What an agent's page shows."""
    return dict(instance.ask("GET", "/api/agent", token).json())


def fair_share() -> None:
    """Linux divides a full processor among sessions: all our people are one, and each worker of the instance is one of its own."""
    with contextlib.suppress(OSError):  # no such division here, or not root: then people may answer late
        Path("/proc/self/autogroup").write_text(PEOPLE_NICE, encoding="ascii")
