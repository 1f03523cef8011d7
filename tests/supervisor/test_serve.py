"""`warmline serve`: deaths, drain, and that nothing is left behind, with real processes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]


def until(what: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    """Wait until it returns something true, and return that."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError, KeyError):
            if found := what():
                return found
        time.sleep(0.02)
    raise AssertionError("it did not come to that")


def tree(pid: int) -> set[int]:
    """A process and all below it."""
    found = {pid}
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            with contextlib.suppress(OSError):
                found |= tree(int(child))
    return found


def alive(pids: set[int]) -> set[int]:
    """Those that run (a zombie has ended)."""
    left = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                left.add(pid)
    return left


@dataclass
class Served:
    process: subprocess.Popen[bytes]
    run_dir: Path
    log: Path
    env: dict[str, str]

    def planes(self) -> dict[str, Any]:
        planes: dict[str, Any] = json.loads((self.run_dir / "planes.json").read_text())
        return planes

    def running(self) -> dict[str, Any] | None:
        planes = self.planes()
        return planes if len(planes) == 3 and all(p["state"] == "running" for p in planes.values()) else None

    def up(self) -> bool:
        """Every stand-in is there and does what it is for: a process counts as running before it has done anything."""
        whole = len(tree(self.process.pid)) == 5 and (self.run_dir / "control.sock").exists()
        return whole and self.running() is not None

    def kill(self, name: str) -> None:
        os.kill(self.planes()[name]["pid"], signal.SIGKILL)


def start(env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.supervisor.stub_serve"], cwd=ROOT, env=env, stdout=out, stderr=out
        )


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    run_dir = Path(tempfile.mkdtemp(prefix="wl-"))  # pytest's own folders are too deep for sockets
    env = os.environ | {
        "WARMLINE_SERVER__DATA_DIR": str(tmp_path),
        "WARMLINE_SERVER__RUN_DIR": str(run_dir),
        "WARMLINE_SERVER__PORT": str(free_port()),
        "WARMLINE_SERVER__DRAIN_TIMEOUT_S": "300",
        "WARMLINE_EDGE__PORT": str(free_port()),
        "WARMLINE_SIP__WORKER_BASE_PORT": str(free_port(8)),
    }
    log = tmp_path / "log"
    process = start(env, log)
    world = Served(process, run_dir, log, env)
    pids = {process.pid}
    try:
        until(world.up)
        pids = tree(process.pid)
        yield world
    finally:
        for pid in alive(pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(30)
        shutil.rmtree(run_dir)
        print(log.read_text())  # noqa: T201 - shown when a test fails


def test_lines_of_the_children_are_passed_on(served: Served) -> None:
    assert until(lambda: {"app is up", "worker is up"} <= set(served.log.read_text().splitlines()))


def test_a_killed_process_is_started_again_and_it_is_told(served: Served) -> None:
    before = served.planes()["webrtc-0"]
    assert (before["restarts"], before["last_exit"]) == (0, "")
    served.kill("webrtc-0")
    after = until(lambda: (p := served.planes()["webrtc-0"])["state"] == "running" and p["pid"] != before["pid"] and p)
    assert (after["restarts"], after["last_exit"]) == (1, "signal SIGKILL")
    served.kill("webrtc-0")
    until(lambda: served.planes()["webrtc-0"]["restarts"] == 2)


def test_what_a_killed_edge_leaves_is_ended_before_it_starts_again(served: Served) -> None:
    pid = served.planes()["kamailio"]["pid"]
    old = tree(pid)
    assert len(old) == 2
    served.kill("kamailio")
    until(lambda: served.planes()["kamailio"]["restarts"] == 1)
    until(lambda: not alive(old))
    until(lambda: len(tree(served.planes()["kamailio"]["pid"])) == 2)


def test_sigterm_waits_for_the_calls_and_leaves_nothing(served: Served) -> None:
    everybody = tree(served.process.pid)
    assert len(everybody) == 5
    served.process.send_signal(signal.SIGTERM)
    asked = until(lambda: json.loads((served.run_dir / "asked").read_text()))
    # Its answer comes when no call is left.
    assert asked == {"cmd": "drain", "limit_s": 300.0}
    # A call is still up: nobody is stopped.
    assert alive(everybody) == everybody
    assert served.running()
    (served.run_dir / "calls-ended").touch()
    assert served.process.wait(60) == 0
    assert not alive(everybody)
    assert not (served.run_dir / "planes.json").exists()


def test_a_second_sigterm_does_not_wait(served: Served) -> None:
    everybody = tree(served.process.pid)
    served.process.send_signal(signal.SIGTERM)
    until((served.run_dir / "asked").exists)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(60) == 0
    assert not alive(everybody)


def test_kill_9_of_the_supervisor_leaves_nothing(served: Served) -> None:
    everybody = tree(served.process.pid)
    served.process.kill()
    served.process.wait(30)
    until(lambda: not alive(everybody))
    # And the next start is not hindered by what it left in the folder.
    again = start(served.env, served.log)
    try:
        until(lambda: served.running() and not {p["pid"] for p in served.planes().values()} & everybody)
        (served.run_dir / "calls-ended").touch()
        again.terminate()
        assert again.wait(60) == 0
    finally:
        if again.poll() is None:
            again.kill()
            again.wait()


def test_a_second_instance_on_the_same_folder_is_refused(served: Served) -> None:
    second = start(served.env, served.log)
    assert second.wait(60) == 1
    assert f"another `warmline serve` uses {served.run_dir}" in served.log.read_text()
    assert served.running()


def test_a_start_that_cannot_succeed_ends_with_its_reason(served: Served, tmp_path: Path) -> None:
    env = served.env | {
        "STUB_REFUSES": "1",
        "WARMLINE_SERVER__RUN_DIR": str(served.run_dir / "2"),
        "WARMLINE_SERVER__PORT": str(free_port()),
        "WARMLINE_EDGE__PORT": str(free_port()),
        "WARMLINE_SIP__WORKER_BASE_PORT": str(free_port(8)),
    }
    log = tmp_path / "second"
    assert start(env, log).wait(60) == 1
    assert log.read_text().splitlines()[-1] == "warmline: flows/support.yaml:3: there is no block hello"
    assert served.running(), "the other one goes on"


def test_an_app_that_was_up_is_started_again_whatever_it_says(served: Served) -> None:
    """Calls are up: the flow may be mended before they end."""
    (served.run_dir / "app.refusal").write_text("no")
    before = served.planes()["app"]["pid"]
    served.kill("app")
    until(lambda: (running := served.running()) and running["app"]["pid"] != before)
    assert served.process.poll() is None
