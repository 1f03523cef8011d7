"""The demo's private instance: what it leaves, and whom it gets in the way of."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.demo.instance import DemoError, claimed
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]


def test_two_that_begin_at_once_take_different_ports() -> None:
    first = free_port(12)
    places = (4, first, first + 12)
    with claimed(*places) as one, claimed(*places) as other:
        assert {one, other} == {first, first + 4}
        with claimed(*places), pytest.raises(DemoError, match="no 4 free ports"), claimed(*places):
            pass
    with claimed(*places) as again:
        assert again == first


STARTS = """
import asyncio, sys
from pathlib import Path
from server.demo.instance import private_instance

async def main():
    async with private_instance(Path(sys.argv[1]), Path(sys.argv[1])):
        pass

asyncio.run(main())
"""


def serving(folder: Path) -> set[int]:
    """Processes whose environment names this data folder, less the one that starts it."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"WARMLINE_SERVER__DATA_DIR={folder}\0".encode() in (process / "environ").read_bytes():
                found.add(int(process.name))
    return found


@pytest.mark.e2e
def test_a_killed_starter_leaves_no_instance(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("WARMLINE_")}
    starter = subprocess.Popen([sys.executable, "-c", STARTS, str(tmp_path)], cwd=ROOT, env=env)
    try:
        log, end = tmp_path / "warmline.log", time.monotonic() + 120
        while not serving(tmp_path) or b"\n" not in log.read_bytes():  # the instance is up and speaks
            assert starter.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        starter.kill()
        starter.wait(30)
        end = time.monotonic() + 120  # whatever the start took of the time before
        while serving(tmp_path):
            assert time.monotonic() < end, "the instance goes on by itself"
            time.sleep(0.1)
    finally:
        starter.kill()
        for pid in serving(tmp_path):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
