"""Audio between two legs, wherever they live: one datagram of 20 ms of 16 kHz PCM on a Unix socket per leg.

The receiving side keeps 1–3 frames; what comes late is dropped, what is missing is faded out. Keep-alives without
audio tell a peer that is silent from one that is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np

from media.frames import FRAME_MS, SPEECH_RATE, Samples

HEADER = struct.Struct("!I")  # sequence number
FRAME = SPEECH_RATE * FRAME_MS // 1000  # samples
TARGET = 2  # frames kept before playing: 40 ms covers two processes' scheduling on a busy machine
MOST = 6  # frames; more than this is standing delay, and is cut back to TARGET
KEEPALIVE_S = 0.5
GONE_S = 2.0  # s without any datagram before the peer counts as gone: four keep-alives


class JitterBuffer:
    """Frames in by sequence number, one out per 20 ms. Pure; not thread safe."""

    def __init__(self) -> None:
        self._frames: deque[Samples] = deque()
        self._next = 0
        self._playing = False
        self._last: Samples | None = None
        self.late = 0
        self.dropped = 0
        self.concealed = 0

    def push(self, sequence: int, frame: Samples) -> None:
        """A frame came; one that is older than what was pushed already is dropped."""
        if sequence < self._next and self._next - sequence < 1000:
            self.late += 1
            return
        self._next = sequence + 1
        self._frames.append(frame)
        if len(self._frames) > MOST:
            while len(self._frames) > TARGET:
                self._frames.popleft()
                self.dropped += 1

    def pop(self) -> Samples | None:
        """The next 20 ms; None when there is nothing to play."""
        if not self._playing:
            if len(self._frames) < TARGET:
                return None
            self._playing = True
        if self._frames:
            self._last = self._frames.popleft()
            return self._last
        self._playing = False
        if self._last is None:
            return None
        faded = (self._last * np.linspace(1.0, 0.0, len(self._last))).astype(np.int16)
        self._last = None
        self.concealed += 1
        return faded


class Bridge:
    """This leg's end of a bridge. `lost` is called once when the peer is gone."""

    def __init__(
        self, own: Path, peer: Path, deliver: Callable[[int, Samples], None], lost: Callable[[], None]
    ) -> None:
        self._own = own
        self._peer = str(peer)
        self._deliver = deliver
        self._lost = lost
        self._sequence = 0
        self._sent_at = 0.0
        self._heard_at = time.monotonic()
        self._told = False
        own.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(own))
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._read)
        self._timer = self._loop.call_later(KEEPALIVE_S, self._tick)

    def send(self, frame: Samples) -> None:
        """One 20 ms frame to the peer; dropped when the peer is not there or does not read."""
        self._write(HEADER.pack(self._sequence) + frame.tobytes())
        self._sequence += 1

    def close(self) -> None:
        """Free the socket."""
        self._timer.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._own.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        self._sent_at = time.monotonic()
        # A peer that is not up yet, is gone, or has a full buffer misses this frame; that is all there is to do.
        with contextlib.suppress(OSError):
            self._socket.sendto(data, self._peer)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(10):
                data = self._socket.recv(4096)
                self._heard_at = time.monotonic()
                if len(data) == HEADER.size + 2 * FRAME:
                    samples = np.frombuffer(data, dtype="<i2", offset=HEADER.size).astype(np.int16)
                    self._deliver(HEADER.unpack_from(data)[0], samples)

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._sent_at >= KEEPALIVE_S:
            self._write(HEADER.pack(self._sequence))
        if now - self._heard_at > GONE_S and not self._told:
            self._told = True
            self._lost()
        self._timer = self._loop.call_later(KEEPALIVE_S, self._tick)
