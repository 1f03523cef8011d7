"""Contract of the jitter buffer, in virtual time: what one loss, reordering, jitter, a pause or a flood may cost."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.webrtc.jitter import MAX_PACKETS, JitterBuffer, Release

TICKS = 960


@dataclass(frozen=True)
class Out:
    at: float
    release: Release

    @property
    def number(self) -> int:
        return int(self.release.payload)

    @property
    def delay(self) -> float:
        """ms from the moment the packet was sent."""
        return self.at - 20.0 * self.number


def run(
    arrivals: list[tuple[float, int]], *, seq0: int = 65_530, ts0: int = 2**32 - 4000, until: float = 60_000
) -> tuple[JitterBuffer, list[Out]]:
    """`arrivals`: (ms, packet number); numbers are sent every 20 ms. Counters wrap early on purpose."""
    buffer = JitterBuffer()
    out: list[Out] = []

    def wake(limit: float) -> None:
        while (due := buffer.next_due()) is not None and due <= limit:
            released = buffer.pop(due)
            assert released, "next_due promised something"
            out.extend(Out(due, one) for one in released)

    for now, number in sorted(arrivals):
        wake(now)
        buffer.push(
            str(number).encode(),
            source=7,
            seq16=(seq0 + number) % 65_536,
            ts32=(ts0 + number * TICKS) % 2**32,
            ticks=TICKS,
            now_ms=now,
        )
        out.extend(Out(now, one) for one in buffer.pop(now))
    wake(until)
    return buffer, out


def played(out: list[Out]) -> list[int]:
    return [one.number for one in out if one.release.kind == "packet"]


def test_a_steady_stream_costs_five_milliseconds() -> None:
    _, out = run([(20.0 * n, n) for n in range(200)])
    packets = [one for one in out if one.release.kind == "packet"]
    assert [one.number for one in packets] == list(range(200))
    assert max(one.delay for one in packets) == pytest.approx(5.0)


def test_one_lost_packet_adds_no_standing_delay() -> None:
    buffer, out = run([(20.0 * n, n) for n in range(200) if n != 50])
    assert [one.release.kind for one in out[48:53]] == ["packet", "packet", "fec", "packet", "packet"]
    assert out[50].number == 51, "FEC comes from the packet after the hole"
    assert out[51].delay <= 25.0 + 1e-6, "the next packet waits for the grace at most"
    assert all(one.delay == pytest.approx(5.0) for one in out[52:200] if one.release.kind == "packet")
    assert buffer.counters.discarded == 0


def test_many_losses_keep_the_timeline_whole() -> None:
    rng = random.Random(1)
    kept = [n for n in range(1000) if n % 100 == 0 or rng.random() > 0.1]
    _, out = run([(20.0 * n, n) for n in kept if n != 999] + [(20.0 * 999, 999)])
    upto = next(i for i, one in enumerate(out) if one.release.kind == "packet" and one.number == 999)
    assert sum(one.release.ticks for one in out[: upto + 1]) == 1000 * TICKS
    assert out[upto].delay == pytest.approx(5.0, abs=20.1)


def test_neighbours_that_swap_places_are_put_right() -> None:
    arrivals = [(20.0 * n, n) for n in range(100)]
    arrivals[40], arrivals[41] = (20.0 * 41 + 1, 40), (20.0 * 41, 41)
    buffer, out = run(arrivals)
    assert played(out) == list(range(100))
    assert buffer.counters.reordered == 1
    assert buffer.counters.discarded == 0


def test_a_packet_after_its_place_was_filled_is_discarded_and_counted() -> None:
    arrivals = [(20.0 * n, n) for n in range(100) if n != 40] + [(20.0 * 40 + 60, 40)]
    buffer, out = run(arrivals)
    assert 40 not in played(out)
    assert buffer.counters.discarded == 1
    assert [one for one in out if one.release.kind == "packet"][-1].delay <= 25


def test_duplicates_are_discarded() -> None:
    buffer, out = run([(20.0 * n + extra, n) for n in range(50) for extra in (0.0, 3.0)])
    assert played(out) == list(range(50))
    assert buffer.counters.discarded == 50


def test_the_target_follows_jitter_up_and_down() -> None:
    rng = random.Random(2)
    rough = [(20.0 * n + rng.uniform(0, 60), n) for n in range(400)]
    smooth = [(20.0 * n, n) for n in range(400, 1200)]
    buffer, out = run(rough + smooth)
    packets = [one for one in out if one.release.kind == "packet"]
    steady = [one for one in packets if 100 <= one.number < 400]
    assert len(steady) >= 0.98 * 300, "jitter that repeats is bridged, not heard"
    assert 40 <= max(one.delay for one in steady) <= 85
    assert packets[-1].delay == pytest.approx(5.0), "and forgotten when it is over"
    assert buffer.counters.discarded <= 8


def test_a_network_that_stalls_delivers_late_speech_at_once_and_keeps_no_delay() -> None:
    stalled = [(max(20.0 * n, 1400.0 if 50 <= n < 70 else 0.0), n) for n in range(200)]
    _, out = run(stalled)
    packets = [one for one in out if one.release.kind == "packet"]
    assert set(range(50, 53)) == set(range(200)) - {one.number for one in packets}, "only what was bridged blindly"
    assert all(one.delay <= 10 for one in packets if one.number >= 75)


def test_a_route_that_becomes_slower_is_followed_within_seconds() -> None:
    arrivals = [(20.0 * n + (80.0 if n >= 200 else 0.0), n) for n in range(1000)]
    _, out = run(arrivals)
    packets = [one for one in out if one.release.kind == "packet"]
    assert packets[-1].delay == pytest.approx(85.0), "80 ms of network and 5 of ours"
    assert len(packets) >= 990


def test_a_sender_that_pauses_is_not_lossy() -> None:
    """DTX: sequence numbers go on, timestamps jump."""
    buffer = JitterBuffer()
    out: list[Release] = []
    for number, stamp in enumerate([0, 1, 2, 22, 23]):
        now = 20.0 * stamp
        while (due := buffer.next_due()) is not None and due <= now:
            out += buffer.pop(due)
        buffer.push(b"%d" % number, source=1, seq16=number, ts32=stamp * TICKS, ticks=TICKS, now_ms=now)
    out += buffer.pop(10_000)
    assert [one.payload for one in out if one.kind == "packet"] == [b"0", b"1", b"2", b"3", b"4"]
    upto = max(i for i, one in enumerate(out) if one.kind == "packet")
    assert sum(one.ticks for one in out[: upto + 1]) == 24 * TICKS


def test_a_new_source_begins_anew() -> None:
    buffer = JitterBuffer()
    first = [(1, 100, 5000), (1, 101, 5960), (2, 40_000, 9), (2, 40_001, 969)]
    out: list[Release] = []
    for now, (source, seq, stamp) in enumerate(first):
        buffer.push(b"%d" % seq, source=source, seq16=seq, ts32=stamp, ticks=TICKS, now_ms=20.0 * now)
        out += buffer.pop(20.0 * now + 10)
    assert [one.payload for one in out if one.kind == "packet"] == [b"100", b"101", b"40000", b"40001"]
    assert buffer.counters.resyncs == 1


def test_a_sender_that_restarts_its_numbers_is_followed() -> None:
    buffer = JitterBuffer()
    out: list[Release] = []
    for step, seq in enumerate([*range(500, 520), *range(20)]):
        buffer.push(b"%d" % seq, source=1, seq16=seq, ts32=seq * TICKS, ticks=TICKS, now_ms=20.0 * step)
        out += buffer.pop(20.0 * step + 10)
    assert out[-1].payload == b"19"
    assert buffer.counters.discarded == 5, "a few are doubted first: one stray old packet must not reset the stream"


def test_a_flood_is_bounded() -> None:
    buffer = JitterBuffer()
    for seq in range(1, 20):
        buffer.push(b"x", source=1, seq16=seq + 1, ts32=seq * TICKS, ticks=TICKS, now_ms=0.0)
    for seq in range(5000):
        buffer.push(b"x", source=1, seq16=seq % 65_536, ts32=seq, ticks=TICKS, now_ms=0.0)
        assert len(buffer._packets) <= MAX_PACKETS


def test_nothing_is_made_up_for_long_when_nothing_comes() -> None:
    buffer, out = run([(20.0 * n, n) for n in range(10)])
    assert [one.release.kind for one in out[10:]] == ["conceal"] * 3
    assert buffer.next_due() is None, "no timer runs while nothing arrives"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 400), st.booleans()), min_size=5, max_size=120), st.integers(0, 65_535))
def test_whatever_arrives_sound_never_overlaps_nor_goes_back(net: list[tuple[float, bool]], seq0: int) -> None:
    arrivals = [(20.0 * n + late, n) for n, (late, lost) in enumerate(net) if not lost or n == 0]
    buffer, out = run(arrivals, seq0=seq0)
    numbers = played(out)
    assert numbers == sorted(set(numbers)), "in order, none twice"
    total = buffer.counters.received
    assert len(numbers) + buffer.counters.discarded == total, "every packet was played or counted as discarded"
    assert all(b.at >= a.at for a, b in itertools.pairwise(out))
