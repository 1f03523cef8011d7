"""Telephones around an instance: callers with a script, registered softphones, another vendor's phone."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from media.frames import SPEECH_RATE
from tests.e2e.sound import tone
from tests.e2e.waiting import PATIENCE, until
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SPOKEN = ROOT / "tests" / "data" / "spoken"
SPEECH: dict[str, Any] = {"wait_for_speech": {"timeout_s": 100}}
"""A step of a caller's script."""


@dataclass
class Phone:
    """A registered softphone (a process of its own) and what it told."""

    process: subprocess.Popen[str]
    record: Path
    told: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(json.loads(line))

    def wait(self, event: str, count: int = 1, timeout_s: float = 20.0) -> dict[str, Any]:
        """The `count`-th thing of this kind that it told."""

        def seen() -> dict[str, Any] | None:
            found = [one for one in self.told if one["event"] == event]
            return found[count - 1] if len(found) >= count else None

        return until(f"softphone: {event} no. {count}", seen, timeout_s, lambda: str(self.told))

    def stop(self) -> None:
        end(self.process)


@dataclass
class Caller:
    """A call under way, placed by `telephony.caller`."""

    process: subprocess.Popen[str]
    folder: Path

    def report(self, timeout_s: float = 90.0) -> dict[str, Any]:
        """What the caller measured, once the call is over."""
        try:
            out, errors = self.process.communicate(timeout=timeout_s * PATIENCE)
        except subprocess.TimeoutExpired:
            end(self.process)
            raise AssertionError(f"the call did not end within {timeout_s * PATIENCE} s") from None
        assert out, errors
        return dict(json.loads(out))

    def heard(self) -> np.ndarray:
        """What came back, 16 kHz mono in ±1; after `report`."""
        samples, rate = soundfile.read(self.folder / "heard.wav")
        assert rate == SPEECH_RATE
        return np.asarray(samples)


def end(process: subprocess.Popen[str], timeout_s: float = 5.0) -> None:
    """SIGTERM, then SIGKILL, to a process of ours."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout_s)


def play(name: str) -> dict[str, Any]:
    """A step that says a clip of tests/data/spoken."""
    return {"play": str(SPOKEN / f"{name}.flac")}


@contextlib.contextmanager
def baresip(edge: int, folder: Path, name: str, secret: str, hz: int, dial: str = "") -> Iterator[Path]:
    """A phone registered at this port, which answers at once, or dials, and sounds at this pitch.

    Gives the folder where it writes what it hears in each call: `*-dec.wav`, 8 kHz.
    """
    folder.mkdir()
    samples, rate = soundfile.read(tone(folder / f"{name}.wav", hz, 240))
    assert rate == 16_000
    soundfile.write(folder / "said.wav", samples[::2], 8_000, subtype="PCM_16")
    base = free_port(4)
    home = f"127.0.0.1:{edge}"
    (folder / "config").write_text(
        f"sip_listen 127.0.0.1:{base}\naudio_source aufile,{folder}/said.wav\naudio_player aubridge,nobody\n"
        "audio_alert aubridge,nobody\nmodule_path /usr/lib/baresip/modules\nmodule aufile.so\nmodule aubridge.so\n"
        f"module sndfile.so\nsnd_path {folder}\nmodule g711.so\nmodule stdio.so\nmodule_tmp account.so\nmodule_app menu.so\nrtp_ports 30400-30500\n"
        "net_interface 127.0.0.1\n"
    )
    (folder / "accounts").write_text(
        f"<sip:{name}@{home}>;auth_user={name};auth_pass={secret};answermode=auto;regint=60\n"
    )
    (folder / "contacts").write_text("")
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(
            ["baresip", "-f", str(folder), "-t", "600", *(["-e", f"dsip:{dial}@{home}"] if dial else [])],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            until("baresip is registered", lambda: "200 OK" in (folder / "log").read_text(errors="replace"))
            yield folder
        finally:
            process.terminate()
            process.wait(30)
