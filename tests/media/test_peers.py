"""The bridge: its jitter buffer frame by frame, and two ends over real sockets."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import media.bridge as bridge_module
from media.bridge import FRAME, MOST, START, Bridge, JitterBuffer
from media.frames import Samples


def frame(value: int) -> Samples:
    return np.full(FRAME, value, np.int16)


def test_it_waits_for_its_target_then_plays_in_order() -> None:
    buffer = JitterBuffer()
    buffer.push(1, 0, frame(10))
    assert buffer.pop() is None
    buffer.push(1, 1, frame(11))
    played = [buffer.pop(), buffer.pop()]
    assert [int(p[0]) for p in played if p is not None] == [10, 11]


def test_late_and_doubled_frames_are_dropped() -> None:
    buffer = JitterBuffer()
    for sequence in (0, 1, 3, 2, 3, 4):
        buffer.push(1, sequence, frame(sequence))
    assert buffer.late == 2
    played = [buffer.pop() for _ in range(4)]
    assert [int(p[0]) for p in played if p is not None] == [0, 1, 3, 4]


def test_a_hole_fades_out_and_speech_fades_in_again() -> None:
    buffer = JitterBuffer()
    for sequence in range(2):
        buffer.push(1, sequence, frame(9000))
    buffer.pop(), buffer.pop()
    faded = [buffer.pop() for _ in range(3)]
    joined = np.concatenate([p for p in faded if p is not None])
    assert joined[0] == 9000
    assert joined[-1] == 0
    assert np.abs(np.diff(joined.astype(int))).max() < 50  # no click
    assert buffer.pop() is None
    assert buffer.target == START + 1
    for sequence in range(2, 2 + buffer.target):
        buffer.push(1, sequence, frame(9000))
    back = buffer.pop()
    assert back is not None
    assert back[-1] == 9000


def test_a_sender_that_begins_anew_is_heard_at_once() -> None:
    buffer = JitterBuffer()
    for sequence in range(100, 103):
        buffer.push(1, sequence, frame(1))
    for sequence in range(3):
        buffer.push(2, sequence, frame(2))
    assert buffer.late == 0
    out = buffer.pop()
    assert out is not None
    assert out[0] == 2


def simulate(arrivals: Iterator[float], frames: int) -> tuple[list[float], JitterBuffer]:
    """Frames made every 20 ms arrive with the given delays (ms); answers each played frame's age at its moment."""
    events = sorted((20.0 * n + next(arrivals), n) for n in range(frames))
    buffer = JitterBuffer()
    ages = []
    for tick in range(frames):
        now = 20.0 * tick + 3
        while events and events[0][0] <= now:
            _, sequence = events.pop(0)
            buffer.push(7, sequence, frame(sequence % 30_000 + 1))
        concealed = buffer.concealed
        out = buffer.pop()
        if out is not None and buffer.concealed == concealed:
            ages.append(now - 20.0 * (int(out[-1]) - 1))
    return ages, buffer


def test_ordinary_jitter_adds_less_than_80_ms() -> None:
    rng = random.Random(3)
    ages, buffer = simulate(iter(lambda: rng.uniform(0, 18), None), 3000)
    assert max(ages[100:]) < 80
    assert buffer.concealed < 60


def test_a_stall_leaves_no_standing_delay() -> None:
    delays = (max(0.0, 400 - 20.0 * (n - 200)) if 200 <= n < 220 else 1.0 for n in range(10_000))
    ages, _ = simulate(delays, 1500)
    assert np.median(ages[:150]) <= 45
    assert np.median(ages[-500:]) <= 20 * (MOST + 1)
    assert max(ages[-500:]) < 80


class End:
    def __init__(self, own: Path, peer: Path) -> None:
        self.heard: list[int] = []
        self.joined = asyncio.Event()
        self.lost: list[str] = []
        self.gone = asyncio.Event()
        self.bridge = Bridge(own, peer, deliver=self.on_frame, joined=self.joined.set, lost=self.on_lost)

    def on_frame(self, stream: int, sequence: int, samples: Samples) -> None:
        self.heard.append(int(samples[0]))

    def on_lost(self, reason: str) -> None:
        self.bridge.close()
        self.lost.append(reason)
        self.gone.set()


async def test_two_ends_hear_each_other_and_notice_the_others_end(tmp_path: Path) -> None:
    a = End(tmp_path / "a.sock", tmp_path / "b.sock")
    a.bridge.send(frame(1))  # nobody there yet: dropped, no error
    b = End(tmp_path / "b.sock", tmp_path / "a.sock")
    for value in range(5):
        a.bridge.send(frame(value))
        b.bridge.send(frame(100 + value))
        await asyncio.sleep(0.002)
    await asyncio.wait_for(asyncio.gather(a.joined.wait(), b.joined.wait()), 2)
    assert b.heard == [0, 1, 2, 3, 4]
    assert a.heard == [100, 101, 102, 103, 104]
    b.bridge.close()
    await asyncio.wait_for(a.gone.wait(), 3)
    assert a.lost == ["the peer sends nothing any more"]
    assert not list(tmp_path.iterdir())


async def test_silence_is_not_absence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_module, "KEEPALIVE_S", 0.02)
    monkeypatch.setattr(bridge_module, "GONE_S", 0.1)
    a = End(tmp_path / "a.sock", tmp_path / "b.sock")
    b = End(tmp_path / "b.sock", tmp_path / "a.sock")
    await asyncio.sleep(0.5)
    assert not a.lost
    assert not b.lost
    a.bridge.close()
    b.bridge.close()


async def test_a_peer_that_never_comes_and_a_path_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_module, "KEEPALIVE_S", 0.02)
    monkeypatch.setattr(bridge_module, "COMES_S", 0.1)
    end = End(tmp_path / "a.sock", tmp_path / "b.sock")
    await asyncio.wait_for(end.gone.wait(), 2)
    assert end.lost == ["the peer never came"]
    with pytest.raises(ValueError, match="too long"):
        End(tmp_path / ("x" * 120), tmp_path / "b.sock")
