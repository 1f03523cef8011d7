"""What one leg hears of others: a speaker's buffer frame by frame, and the sum of several."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from media.frames import Samples
from media.peers import FRAME, MOST, START, JitterBuffer, Voices


def frame(value: int) -> Samples:
    return np.full(FRAME, value, np.int16)


def test_it_waits_for_its_target_then_plays_in_order() -> None:
    buffer = JitterBuffer()
    buffer.push(1, 0, frame(10))
    assert buffer.pop() is None
    buffer.push(1, 1, frame(11))
    played = [buffer.pop(), buffer.pop()]
    assert [int(p[-1]) for p in played if p is not None] == [10, 11]


def test_late_and_doubled_frames_are_dropped() -> None:
    buffer = JitterBuffer()
    for sequence in (0, 1, 3, 2, 3, 4):
        buffer.push(1, sequence, frame(sequence))
    assert buffer.late == 2
    played = [buffer.pop() for _ in range(4)]
    assert [int(p[-1]) for p in played if p is not None] == [0, 1, 3, 4]


def test_a_hole_fades_out_and_speech_fades_in_again() -> None:
    buffer = JitterBuffer()
    for sequence in range(2):
        buffer.push(1, sequence, frame(9000))
    first = buffer.pop()
    assert first is not None
    assert np.abs(np.diff(first.astype(int))).max() < 50  # begins without a click, too
    buffer.pop()
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
    assert out[-1] == 2


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


def test_a_frame_that_is_left_out_is_faded_into_the_next() -> None:
    buffer = JitterBuffer()
    for sequence in range(9):  # 180 ms stand in line
        buffer.push(1, sequence, frame(1000 * sequence))
    out = buffer.pop()
    assert buffer.dropped == 1
    assert out is not None
    assert out[-1] == 1000  # the second; the first went into it


def sum_of(voices: Voices) -> list[float]:
    total = voices.pull()
    return [] if total is None else [float(total[0]), float(total[-1])]


def test_speakers_are_summed_beyond_full_scale_and_one_who_leaves_dies_away_alone() -> None:
    voices = Voices()
    voices.choose(frozenset({"a", "b", "c"}))
    for sequence in range(4):
        for name in ("a", "b", "c", "stranger"):
            voices.push(name, 1, sequence, frame(20_000))
    assert sum_of(voices) == [0.0, 60_000.0]  # they fade in together
    assert sum_of(voices) == [60_000.0, 60_000.0]  # what is too loud is bent where prompts are added
    voices.choose(frozenset({"a", "b", "d"}))
    assert sum_of(voices) == [60_000.0, 40_000.0]
    assert sum_of(voices) == [40_000.0, 40_000.0]
    assert sum_of(Voices()) == []
