"""Recordings: both sides on one time line, playable whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

import media.recorder as recorder_module
from media.frames import Samples
from media.recorder import Recorder


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def frame(value: int) -> Samples:
    return np.full(320, value, np.int16)


def stereo(path: Path) -> Samples:
    data, rate = soundfile.read(path, dtype="int16")
    assert rate == 16_000
    assert data.shape[1] == 2
    return data


def test_both_sides_keep_the_same_time(tmp_path: Path) -> None:
    clock = Clock()
    recorder = Recorder(tmp_path / "sub" / "a.wav", clock)
    for number in range(200):  # 4 s; the caller begins after 2 s, the right side pauses between 1 and 3 s
        clock.now += 0.02
        if number >= 100:
            recorder.left(frame(1000))
        if number < 50 or number >= 150:
            recorder.right(frame(2000))
    assert recorder.close() == pytest.approx(4000, abs=20)
    left, right = stereo(tmp_path / "sub" / "a.wav").T
    assert int(np.argmax(left != 0)) == pytest.approx(32_000, abs=640)
    gap = np.flatnonzero(right[8000:] == 0) + 8000
    assert gap[0] == pytest.approx(16_000, abs=640)
    assert gap[-1] == pytest.approx(48_000, abs=640)
    assert left[-1] == 1000
    assert right[-1] == 2000


def test_a_pause_is_silence_and_time_goes_on(tmp_path: Path) -> None:
    clock = Clock()
    recorder = Recorder(tmp_path / "a.wav", clock)
    for number in range(150):
        clock.now += 0.02
        recorder.paused = 50 <= number < 100
        recorder.left(frame(1000))
        recorder.right(frame(2000))
    assert recorder.close() == pytest.approx(3000, abs=20)
    data = stereo(tmp_path / "a.wav")
    assert data[100:15_900].all()
    assert not data[16_100:31_900].any()
    assert data[32_100:47_900].all()


def test_a_burst_does_not_run_ahead_of_the_clock(tmp_path: Path) -> None:
    clock = Clock()
    recorder = Recorder(tmp_path / "a.wav", clock)
    for _ in range(500):
        recorder.left(frame(1))
    assert recorder.close() < 1000


def test_a_killed_process_leaves_a_playable_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    program = (
        "import sys, time, numpy as np; from pathlib import Path; from media.recorder import Recorder\n"
        "r = Recorder(Path(sys.argv[1])); f = np.full(320, 5, np.int16)\n"
        "while True: r.left(f); r.right(f); time.sleep(0.02)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(path)], cwd=Path(__file__).parents[2])
    try:
        deadline = time.monotonic() + 60
        while not path.exists() or path.stat().st_size < 80_000:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert len(stereo(path)) >= 15_000


def test_a_disk_that_fails_ends_the_recording_not_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    recorder = Recorder(tmp_path / "a.wav", clock)

    def full(*, all_of_it: bool) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recorder, "_flush", full)
    recorder._thread.join(60)
    assert not recorder._thread.is_alive()
    for _ in range(1000):
        clock.now += 0.02
        recorder.left(frame(1))
    assert recorder._sides == {"left": [], "right": []}
    assert recorder.close() == 0


def test_a_disk_that_hangs_costs_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "FLUSH_S", 3600)
    monkeypatch.setattr(recorder_module, "WAITING_MOST", 16_000)
    clock = Clock()
    recorder = Recorder(tmp_path / "a.wav", clock)
    for _ in range(200):
        clock.now += 0.02
        recorder.left(frame(1))
    assert sum(map(len, recorder._sides["left"])) == 0
    recorder.close()
