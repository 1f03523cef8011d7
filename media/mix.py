"""Audio between legs, wherever they live: one datagram of 20 ms of 16 kHz PCM from each speaker to each listener.

Every listener has one Unix socket per speaker it hears, so that a speaker who floods, or a listener who does not read,
costs nobody else anything: the kernel queues about ten datagrams per socket, and what finds no room is dropped.

A datagram is `!II`: the speaker's stream number (new with each process's leg) and a sequence number; then the PCM.
Keep-alives without PCM tell a speaker who is silent from one who is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import random
import socket
import struct
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from media.frames import Samples
from media.peers import FRAME, Voices
from session import wire

HEADER = struct.Struct("!II")  # stream, sequence
KEEPALIVE_S = 0.25
GONE_S = 1.0  # s without any datagram before a speaker counts as gone: four keep-alives
COMES_S = 3.0  # s that a speaker may take to come: their order is sent right after ours
SOCKET_BYTES = 64 * 1024  # kernel buffer; ~0.25 s of frames
BURST = 24  # datagrams read before others have their turn
MOST_PEERS = 31  # legs beside this one; each costs a frame's time, and nobody understands that many at once


def socket_path(folder: Path, listener: str, speaker: str) -> Path:
    """Where `listener` takes what `speaker` says. Short, since a socket's path has 107 bytes."""
    return folder / (hashlib.blake2b(f"{listener} {speaker}".encode(), digest_size=8).hexdigest() + ".sock")


@dataclass(slots=True)
class _Ear:
    """A listener's end for one speaker."""

    socket: socket.socket
    path: Path
    since: float
    heard_at: float = 0.0
    here: bool = False
    missed: bool = False
    """It was told that they never came."""


@dataclass(slots=True)
class _Mouth:
    """A speaker's end for one listener."""

    socket: socket.socket
    path: str
    sent_at: float = 0.0
    unsent: int = 0


class Mix:
    """One leg's part in a mix: whom it hears and who gets what it says. Used in the event loop; `pull` in any thread.

    `told(peer, heard, reason)` says who is really heard: from the first datagram on, until none comes any more.
    """

    def __init__(
        self,
        leg_id: str,
        folder: Path,
        *,
        told: Callable[[str, bool, wire.PeerReason], None],
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._leg_id = leg_id
        self._folder = folder
        self._told = told
        self._clock = clock or time.monotonic
        self._loop = asyncio.get_running_loop()
        self._voices = Voices()
        self._ears: dict[str, _Ear] = {}
        self._mouths: dict[str, _Mouth] = {}
        self._stream = random.getrandbits(32)
        self._sequence = 0
        self._timer: asyncio.TimerHandle | None = None
        self.pull = self._voices.pull

    @property
    def hears(self) -> list[str]:
        """Whom this leg was told to hear."""
        return sorted(self._ears)

    @property
    def sends_to(self) -> list[str]:
        """Who was chosen to hear this leg."""
        return sorted(self._mouths)

    @property
    def listened_to(self) -> bool:
        """Does anything that is sent go to somebody? May be asked in any thread."""
        return bool(self._mouths)

    @property
    def accompanied(self) -> bool:
        """Is anybody really heard?"""
        return any(ear.here for ear in self._ears.values())

    def order(self, hears: Collection[str], sends_to: Collection[str]) -> None:
        """Hear exactly these, and speak to exactly those; what does not change goes on without a gap.

        Raises ValueError for oneself, too many, or a folder with too long a path; OSError when a socket cannot be made.
        Then nothing has changed.
        """
        wanted, listeners = frozenset(hears), frozenset(sends_to)
        if self._leg_id in wanted | listeners:
            raise ValueError(f"leg {self._leg_id} cannot be mixed with itself")
        if len(wanted) > MOST_PEERS or len(listeners) > MOST_PEERS:
            raise ValueError(f"a leg is mixed with at most {MOST_PEERS} others")
        made: dict[str, _Ear] = {}
        try:
            for peer in wanted - self._ears.keys():
                made[peer] = self._open(peer)
        except (OSError, ValueError):
            for ear in made.values():
                self._shut(ear)
            raise
        for peer in self._ears.keys() - wanted:
            self._leave(peer, "ordered")
        self._ears |= made
        self._voices.choose(wanted)
        for peer in self._mouths.keys() - listeners:
            self._mouths.pop(peer).socket.close()
        for peer in listeners - self._mouths.keys():
            self._mouths[peer] = _Mouth(_datagrams(), str(socket_path(self._folder, peer, self._leg_id)))
            self._write(self._mouths[peer], b"")
        if self._timer is None and (self._ears or self._mouths):
            self._timer = self._loop.call_later(KEEPALIVE_S, self._on_timer)

    def send(self, frame: Samples) -> None:
        """One 20 ms frame to every listener; whoever is not there or does not read misses it."""
        if not self._mouths:
            return
        pcm = frame.tobytes()
        for mouth in self._mouths.values():
            self._write(mouth, pcm)
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF

    def tick(self) -> None:
        """Keep-alives out; who came to nothing, or is gone, is told."""
        now = self._clock()
        for mouth in self._mouths.values():
            if now - mouth.sent_at >= KEEPALIVE_S * 0.9:
                self._write(mouth, b"")
        for peer, ear in list(self._ears.items()):
            self._read(peer)  # after a stall of this process their datagrams wait here
            if ear.here and now - ear.heard_at > GONE_S:
                ear.here = False
                self._told(peer, False, "gone")
            elif not ear.heard_at and not ear.missed and now - ear.since > COMES_S:
                ear.missed = True
                self._told(peer, False, "never_came")

    def close(self) -> None:
        """The leg has ended: all sockets are freed. Further calls do nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for peer in list(self._ears):
            self._leave(peer, "leg_ended")
        self._voices.choose(frozenset())
        for mouth in self._mouths.values():
            mouth.socket.close()
        self._mouths.clear()

    # ------------------------------------------------------------------ inside

    def _on_timer(self) -> None:
        self._timer = self._loop.call_later(KEEPALIVE_S, self._on_timer) if self._ears or self._mouths else None
        self.tick()

    def _open(self, peer: str) -> _Ear:
        path = socket_path(self._folder, self._leg_id, peer)
        path.unlink(missing_ok=True)
        made = _datagrams()
        try:
            made.bind(str(path))
            path.chmod(0o600)
        except OSError as error:
            made.close()
            if "too long" in str(error) or error.errno == errno.ENAMETOOLONG:
                raise ValueError(f"{path} is too long for a socket (107 bytes): choose a shorter run_dir") from error
            raise
        self._loop.add_reader(made.fileno(), self._read, peer)
        return _Ear(made, path, since=self._clock())

    def _shut(self, ear: _Ear) -> None:
        self._loop.remove_reader(ear.socket.fileno())
        ear.socket.close()
        ear.path.unlink(missing_ok=True)

    def _leave(self, peer: str, reason: wire.PeerReason) -> None:
        ear = self._ears.pop(peer)
        self._shut(ear)
        if ear.here:
            self._told(peer, False, reason)

    def _write(self, mouth: _Mouth, pcm: bytes) -> None:
        mouth.sent_at = self._clock()
        try:
            mouth.socket.sendto(HEADER.pack(self._stream, self._sequence) + pcm, mouth.path)
        except OSError:
            mouth.unsent += 1  # a listener that is not up yet, is gone, or does not read misses it; nothing else to do

    def _read(self, peer: str) -> None:
        ear = self._ears.get(peer)
        if ear is None:
            return
        with contextlib.suppress(BlockingIOError):
            for _ in range(BURST):
                data = ear.socket.recv(4096)
                if len(data) < HEADER.size:
                    continue
                ear.heard_at = self._clock()
                if not ear.here:
                    ear.here = True
                    self._told(peer, True, "")
                if len(data) == HEADER.size + 2 * FRAME:
                    stream, sequence = HEADER.unpack_from(data)
                    samples = np.frombuffer(data, dtype="<i2", offset=HEADER.size)
                    self._voices.push(peer, stream, sequence, samples)


def _datagrams() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
    return made
