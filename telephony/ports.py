"""The place where pjmedia's clock thread hands audio to Python and takes it back."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pjsua2 as pj
import structlog

from media.frames import Samples
from telephony.endpoint import CLOCK_RATE, FRAME_MS

log = structlog.get_logger(__name__)

SAMPLES = CLOCK_RATE * FRAME_MS // 1000  # per frame
BYTES = SAMPLES * 2

_begin = ctypes.c_void_p.from_address  # a std::vector's first word points at its memory


def _ignore(_samples: Samples) -> None:
    """Nobody listens."""


def _silence(count: int) -> Samples:
    return np.zeros(count, dtype=np.int16)


class FramePort(pj.AudioMediaPort):  # type: ignore[misc]
    """A 16 kHz mono port of the conference bridge, one 20 ms frame each way per tick.

    Made through `PortPool`. While used, `receive(samples)` gets what the remote side said (int16, shape (320,)) and
    `fetch(n)` returns what it shall hear. Both run on pjmedia's clock thread and must neither block nor raise; a raise
    becomes silence and one log line.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._receive: Callable[[Samples], None] = _ignore
        self._fetch: Callable[[int], Samples] = _silence
        self._failed = False
        self._out = pj.ByteVector(BYTES)
        self._out_at = _begin(int(self._out.this)).value or 0
        self._peer: Any = None
        fmt = pj.MediaFormatAudio()
        fmt.init(pj.PJMEDIA_FORMAT_PCM, CLOCK_RATE, 1, FRAME_MS * 1000, 16)
        self.createPort(name, fmt)

    def use(self, receive: Callable[[Samples], None], fetch: Callable[[int], Samples]) -> None:
        """From now on audio goes to and comes from these."""
        self._receive, self._fetch, self._failed = receive, fetch, False

    def connect(self, media: Any) -> None:
        """Join a call's audio both ways; repeated after every re-INVITE, since each makes a new stream."""
        self._peer = media  # held: the library keeps only a pointer
        media.startTransmit(self)
        self.startTransmit(media)

    def disconnect(self) -> None:
        """Leave the call's audio; harmless when it is gone already."""
        self._receive, self._fetch = _ignore, _silence
        peer, self._peer = self._peer, None
        if peer is not None:
            with contextlib.suppress(pj.Error):
                peer.stopTransmit(self)
            with contextlib.suppress(pj.Error):
                self.stopTransmit(peer)

    def onFrameReceived(self, frame: Any) -> None:
        """What the remote side said (clock thread)."""
        try:
            size = frame.size
            if size < 2 or frame.type != pj.PJMEDIA_FRAME_TYPE_AUDIO:
                self._receive(np.zeros(SAMPLES, dtype=np.int16))
                return
            # Copying the vector's memory is ten times cheaper than bytes(vector), which boxes every byte.
            buffer = frame.buf
            pcm = ctypes.string_at(_begin(int(buffer.this)).value or 0, size)
            self._receive(np.frombuffer(pcm, dtype=np.int16))
        except Exception:
            self._complain()

    def onFrameRequested(self, frame: Any) -> None:
        """What the remote side shall hear (clock thread)."""
        try:
            samples = self._fetch(SAMPLES)
            ctypes.memmove(self._out_at, samples.ctypes.data, BYTES)
        except Exception:
            ctypes.memset(self._out_at, 0, BYTES)
            self._complain()
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        frame.buf = self._out
        frame.size = BYTES

    def _complain(self) -> None:
        if not self._failed:
            self._failed = True
            log.exception("sip.audio_callback_failed")


class PortPool:
    """The process's ports, used again and again: destroying one while the clock thread runs through it is a crash."""

    def __init__(self) -> None:
        self._free: list[FramePort] = []
        self._made = 0

    def take(self, receive: Callable[[Samples], None], fetch: Callable[[int], Samples]) -> FramePort:
        """A port that carries this audio."""
        if self._free:
            port = self._free.pop()
        else:
            self._made += 1
            port = FramePort(f"python-{self._made}")
        port.use(receive, fetch)
        return port

    def give_back(self, port: FramePort) -> None:
        """Disconnect it and keep it for the next call."""
        port.disconnect()
        self._free.append(port)
