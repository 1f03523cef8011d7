"""When each packet's sound is released: early enough to add little delay, late enough to bridge the network's jitter.

Pure: no clock, no sockets, no codec. Times are milliseconds on any monotonic clock; timestamps are RTP ticks (48 kHz).

The fastest packet of the last seconds is the reference. A packet is due `target` after the moment at which it would
have come, had it been as fast; `target` follows the measured jitter. So delay is anchored to the sender's clock: a
lost or late packet delays what follows by at most `grace_ms`, once, and never leaves a standing delay behind.

    sent      0   20   40   60   80
    arrived   0   20   –    61   80          packet 40 is lost
    released  5   25  (65)  65   85          the hole is mended from packet 60's FEC when its grace ends
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

TICKS_PER_MS = 48
MAX_PACKETS = 64  # held at once; more can only be a flood
RESYNC_MS = 500.0  # a longer hole is a new beginning, not something to fill
CONCEAL_KNOWN = 5  # frames extrapolated inside a hole; beyond them silence sounds better than a robot
BACKWARD_RESYNC = 5  # packets in a row from the far past mean that the sender began anew
BURST_MS = 2.0  # packets closer together than this came out of one queue: one event, not several measurements
CONCEAL_BLIND = 3  # frames extrapolated while nothing at all arrives (the sender may simply have paused)


@dataclass(frozen=True, slots=True)
class Release:
    """Sound to hand on now: `ticks` long. `payload` is the packet itself, or for "fec" the packet after the hole."""

    kind: Literal["packet", "fec", "conceal", "silence"]
    ticks: int
    payload: bytes = b""


@dataclass(slots=True)
class JitterCounters:
    """Packets since the start; `mended` counts frames made up for packets that were missing."""

    received: int = 0
    discarded: int = 0
    reordered: int = 0
    mended: int = 0
    resyncs: int = 0


@dataclass(frozen=True, slots=True)
class _Packet:
    seq: int
    timestamp: int
    ticks: int
    payload: bytes


class _Floor:
    """Minimum of the last `seconds` whole-second buckets: follows clock drift and route changes."""

    def __init__(self, seconds: int) -> None:
        self._buckets: deque[tuple[int, float]] = deque(maxlen=seconds)

    def add(self, now_ms: float, value: float) -> float:
        second = int(now_ms // 1000)
        if self._buckets and self._buckets[-1][0] == second:
            self._buckets[-1] = (second, min(self._buckets[-1][1], value))
        else:
            self._buckets.append((second, value))
        return min(low for _, low in self._buckets)


class JitterBuffer:
    """One direction of one Opus stream. `push` what arrives, `pop` when `next_due` says so."""

    def __init__(self, *, min_ms: float = 5.0, max_ms: float = 160.0, grace_ms: float = 20.0) -> None:
        self.counters = JitterCounters()
        self.target_ms = min_ms
        self._min_ms = min_ms
        self._max_ms = max_ms
        self._grace_ms = grace_ms
        self._lateness: deque[float] = deque(maxlen=150)  # 3 s of 20 ms packets
        self._begin_stream()
        self._source: int | None = None

    def _begin_stream(self) -> None:
        self._packets: dict[int, _Packet] = {}
        self._floor = _Floor(8)
        self._floor_ms = 0.0
        self._begun = False
        self._last_seq = 0  # last packet released or given up
        self._next_ts = 0  # where the released sound ends
        self._high_seq = 0
        self._high_ts = 0
        self._frame = 20 * TICKS_PER_MS
        self._made_up = 0  # frames made up since the last real packet
        self._stale = 0  # packets from the far past, in a row
        self._last_arrival = float("-inf")

    def push(self, payload: bytes, *, source: int, seq16: int, ts32: int, ticks: int, now_ms: float) -> None:
        """A packet `ticks` long arrived at `now_ms` from SSRC `source`."""
        self.counters.received += 1
        ahead = _signed(seq16 - self._high_seq, 16)
        seq, timestamp = self._high_seq + ahead, self._high_ts + _signed(ts32 - self._high_ts, 32)
        off_ms = (timestamp - self._high_ts - ahead * self._frame) / TICKS_PER_MS
        jump_ms = ahead * self._frame / TICKS_PER_MS
        if jump_ms < -RESYNC_MS and source == self._source and self._stale < BACKWARD_RESYNC:
            self._stale += 1
            self.counters.discarded += 1
            return
        if not self._begun or source != self._source or abs(jump_ms) > RESYNC_MS or not -100 < off_ms < 5000:
            self._resync(seq16, ts32)
            seq, timestamp = seq16, ts32
            self._source = source
        self._stale = 0
        self._frame = ticks
        self._measure(now_ms, timestamp)
        if seq < self._high_seq:
            self.counters.reordered += 1
        known = seq <= self._last_seq or seq in self._packets
        if known or timestamp < self._next_ts or len(self._packets) >= MAX_PACKETS:
            self.counters.discarded += 1
            if timestamp < self._next_ts and seq == self._last_seq + 1:
                self._last_seq = seq  # its place was filled already: no hole remains
        else:
            self._packets[seq] = _Packet(seq, timestamp, ticks, payload)
        self._high_seq, self._high_ts = max((self._high_seq, self._high_ts), (seq, timestamp))

    def next_due(self) -> float | None:
        """When `pop` will have something, or None while only an arrival can change that."""
        if not self._begun:
            return None
        head = self._head()
        if head is None:
            if self._made_up >= CONCEAL_BLIND:
                return None
            # Counted from the last arrival too: in the burst after a stall every place is overdue, its packet next.
            return max(self._due(self._next_ts), self._last_arrival) + self._grace_ms
        if self._hole_before(head):
            return self._due(self._next_ts) + self._grace_ms
        return self._due(head.timestamp)

    def pop(self, now_ms: float) -> list[Release]:
        """Everything that is due, in order."""
        released: list[Release] = []
        while (due := self.next_due()) is not None and now_ms >= due:
            head = self._head()
            if head is None:
                released.append(self._make_up("conceal", self._frame))
            elif self._hole_before(head):
                released.extend(self._fill(head))
            else:
                released.extend(self._play(head))
        return released

    def _play(self, head: _Packet) -> list[Release]:
        pause = head.timestamp - self._next_ts
        released = []
        if 0 < pause <= RESYNC_MS * TICKS_PER_MS:  # the sender paused (DTX): nothing was lost
            released.append(Release("silence", pause))
        del self._packets[head.seq]
        self._last_seq = head.seq
        self._next_ts = head.timestamp + head.ticks
        self._made_up = 0
        released.append(Release("packet", head.ticks, head.payload))
        return released

    def _fill(self, head: _Packet) -> list[Release]:
        hole = head.timestamp - self._next_ts
        if hole > RESYNC_MS * TICKS_PER_MS:
            self._last_seq, self._next_ts = head.seq - 1, head.timestamp
            return []
        if hole <= self._frame:
            return [self._make_up("fec", hole, head.payload)]
        return [self._make_up("conceal" if self._made_up < CONCEAL_KNOWN else "silence", self._frame)]

    def _make_up(self, kind: Literal["fec", "conceal", "silence"], ticks: int, payload: bytes = b"") -> Release:
        self._next_ts += ticks
        self._made_up += 1
        self.counters.mended += 1
        return Release(kind, ticks, payload)

    def _hole_before(self, head: _Packet) -> bool:
        return head.seq > self._last_seq + 1 and head.timestamp > self._next_ts

    def _head(self) -> _Packet | None:
        while self._packets:
            head = self._packets[min(self._packets)]
            if head.timestamp >= self._next_ts:
                return head
            del self._packets[head.seq]  # its place was filled while it waited behind a hole
            self._last_seq = head.seq
            self.counters.discarded += 1
        return None

    def _due(self, timestamp: int) -> float:
        return self._floor_ms + timestamp / TICKS_PER_MS + self.target_ms

    def _measure(self, now_ms: float, timestamp: int) -> None:
        transit = now_ms - timestamp / TICKS_PER_MS
        self._floor_ms = self._floor.add(now_ms, transit)
        if now_ms - self._last_arrival > BURST_MS:
            self._lateness.append(transit - self._floor_ms)
        self._last_arrival = now_ms
        if self.counters.received % 5 == 0 or transit - self._floor_ms > self.target_ms:
            ordered = sorted(self._lateness)
            usual = ordered[int(0.95 * (len(ordered) - 1))]
            self.target_ms = min(max(usual + 3.0, self._min_ms), self._max_ms)

    def _resync(self, seq: int, timestamp: int) -> None:
        if self._begun:
            self.counters.resyncs += 1
            self.counters.discarded += len(self._packets)
        self._begin_stream()
        self._begun = True
        self._last_seq = seq - 1
        self._next_ts = timestamp
        self._high_seq, self._high_ts = seq, timestamp


def _signed(difference: int, bits: int) -> int:
    """Difference of two counters that wrap at 2**bits, as the nearest signed number."""
    half = 1 << (bits - 1)
    return (difference + half) % (1 << bits) - half
