"""Audio between two legs, wherever they live: one datagram of 20 ms of 16 kHz PCM on a Unix socket per leg.

A datagram is `!II`: the sender's stream number (new with each bridge) and a sequence number; then the PCM. Keep-alives
without PCM tell a peer that is silent from one that is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import random
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np

from media.frames import FRAME_MS, SPEECH_RATE, Samples

HEADER = struct.Struct("!II")  # stream, sequence
FRAME = SPEECH_RATE * FRAME_MS // 1000  # samples
LEAST, START, MOST = 1, 2, 3  # frames kept before playing: 20…60 ms; two busy cores need about 40
ROOM = 12  # frames; a burst beyond it is cut at once
SETTLE = 50  # frames (1 s) over which a standing surplus must last before one frame is skipped
CALM = 500  # frames (10 s) without an underrun before the target shrinks again
FADE_FRAMES = 3  # a hole is filled with the last frame, ever softer, this often
KEEPALIVE_S = 0.25
GONE_S = 1.0  # s without any datagram before the peer counts as gone: four keep-alives
COMES_S = 3.0  # s that a peer may take to come: its order is sent right after ours
SOCKET_BYTES = 128 * 1024  # kernel buffer; ~0.5 s of frames

_FADES = [
    np.linspace(1 - n / FADE_FRAMES, 1 - (n + 1) / FADE_FRAMES, FRAME, dtype=np.float32) for n in range(FADE_FRAMES)
]
_FADE_IN = np.linspace(0.0, 1.0, FRAME, dtype=np.float32)


class JitterBuffer:
    """Frames in by sequence number, one out per 20 ms. Pure; not thread safe.

    It waits for `target` frames, then plays. An underrun raises the target, calm lowers it; frames that pile up after
    a stall are skipped one by one, so no delay stays behind.
    """

    def __init__(self) -> None:
        self.target = START
        self.late = 0
        self.dropped = 0
        self.concealed = 0
        self._frames: deque[Samples] = deque()
        self._stream: int | None = None
        self._next = 0
        self._playing = False
        self._last: Samples | None = None
        self._faded = 0
        self._surplus = ROOM  # smallest depth seen since the last adjustment
        self._watched = 0
        self._calm = 0

    def __len__(self) -> int:
        return len(self._frames)

    def push(self, stream: int, sequence: int, frame: Samples) -> None:
        """A frame came. One that is older than what came already is dropped; a new stream begins anew."""
        if stream != self._stream:
            self._stream = stream
            self._frames.clear()
            self._next = sequence
        if sequence < self._next:
            self.late += 1
            return
        self._next = sequence + 1
        self._frames.append(frame)
        while len(self._frames) > ROOM:
            self._frames.popleft()
            self.dropped += 1

    def pop(self) -> Samples | None:
        """The next 20 ms; None when there is nothing to play."""
        if not self._playing:
            if len(self._frames) < self.target:
                return self._conceal()
            self._playing = True
            self._surplus, self._watched = ROOM, 0
        if not self._frames:
            self._playing = False
            self.target = min(MOST, self.target + 1)
            self._calm = 0
            return self._conceal()
        self._adjust()
        frame = self._frames.popleft()
        if self._faded:
            frame, self._faded = (frame * _FADE_IN).astype(np.int16), 0
        self._last = frame
        return frame

    def _adjust(self) -> None:
        self._calm += 1
        if self._calm >= CALM:
            self._calm, self.target = 0, max(LEAST, self.target - 1)
        self._surplus = min(self._surplus, len(self._frames))
        self._watched += 1
        far = len(self._frames) > 2 * MOST  # more than 120 ms stands in line: do not wait to see whether it lasts
        if far or (self._watched >= SETTLE and self._surplus > self.target):
            self._frames.popleft()
            self.dropped += 1
        if far or self._watched >= SETTLE:
            self._surplus, self._watched = ROOM, 0

    def _conceal(self) -> Samples | None:
        if self._last is None:
            return None
        faded = (self._last * _FADES[self._faded]).astype(np.int16)
        self._faded += 1
        self.concealed += 1
        if self._faded == FADE_FRAMES:
            self._last = None
        return faded


class Bridge:
    """This leg's end of a bridge. `joined` is called when the peer's first datagram comes, `lost` once it is gone.

    Raises OSError when the socket cannot be made, ValueError when its path is too long for the system.
    """

    def __init__(
        self,
        own: Path,
        peer: Path,
        *,
        deliver: Callable[[int, int, Samples], None],
        joined: Callable[[], None],
        lost: Callable[[str], None],
    ) -> None:
        self.sent = 0
        self.unsent = 0
        self._own = own
        self._peer = str(peer)
        self._deliver = deliver
        self._joined = joined
        self._lost = lost
        self._stream = random.getrandbits(32)
        self._sent_at = 0.0
        self._heard_at = 0.0
        self._made_at = time.monotonic()
        self._closed = False
        own.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
        try:
            self._socket.bind(str(own))
        except OSError as error:
            self._socket.close()
            if "too long" in str(error) or error.errno == errno.ENAMETOOLONG:
                raise ValueError(f"{own} is too long for a socket (107 bytes): choose a shorter run_dir") from error
            raise
        own.chmod(0o600)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._read)
        self._timer = self._loop.call_later(KEEPALIVE_S, self._tick)
        self._write()

    def send(self, frame: Samples) -> None:
        """One 20 ms frame to the peer; dropped when the peer is not there or does not read."""
        self._write(frame.tobytes())
        self.sent += 1

    def close(self) -> None:
        """Free the socket. Further calls do nothing."""
        if self._closed:
            return
        self._closed = True
        self._timer.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._own.unlink(missing_ok=True)

    def _write(self, pcm: bytes = b"") -> None:
        self._sent_at = time.monotonic()
        try:
            self._socket.sendto(HEADER.pack(self._stream, self.sent & 0xFFFFFFFF) + pcm, self._peer)
        except OSError:
            self.unsent += 1  # a peer that is not up yet, is gone, or does not read misses it; nothing else to do

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(ROOM):
                data = self._socket.recv(4096)
                if len(data) < HEADER.size:
                    continue
                first, self._heard_at = not self._heard_at, time.monotonic()
                if first:
                    self._joined()
                if len(data) == HEADER.size + 2 * FRAME:
                    stream, sequence = HEADER.unpack_from(data)
                    samples = np.frombuffer(data, dtype="<i2", offset=HEADER.size).astype(np.int16)
                    self._deliver(stream, sequence, samples)

    def _tick(self) -> None:
        now = time.monotonic()
        self._timer = self._loop.call_later(KEEPALIVE_S, self._tick)
        if now - self._sent_at >= KEEPALIVE_S * 0.9:
            self._write()
        if self._heard_at and now - self._heard_at > GONE_S:
            self._lost("the peer sends nothing any more")
        elif not self._heard_at and now - self._made_at > COMES_S:
            self._lost("the peer never came")
