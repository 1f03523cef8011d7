"""Opus itself, by ctypes: PyAV's decoder has no packet-loss concealment, no FEC and no mono, libopus has all three.

The library is the one PyAV ships (or the system's, where PyAV was built against that).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
from pathlib import Path

import av
import numpy as np

from media.frames import Samples

RTP_CLOCK = 48_000  # Hz; RFC 7587: Opus timestamps always count 48 kHz
MAX_PACKET = 1275 * 3 + 7  # bytes; the longest Opus packet

_VOIP = 2048
_SET_BITRATE, _SET_COMPLEXITY, _SET_INBAND_FEC, _SET_LOSS_PERC, _SET_SIGNAL = 4002, 4010, 4012, 4014, 4024
_SIGNAL_VOICE = 3001


class OpusError(Exception):
    """libopus refused a packet or a setting."""


@functools.cache
def _library() -> ctypes.CDLL:
    site = Path(av.__file__).parent
    shipped = [*site.parent.glob("av.libs/libopus*"), *site.glob(".dylibs/libopus*")]
    name = str(shipped[0]) if shipped else ctypes.util.find_library("opus")
    if name is None:
        raise OpusError("libopus was not found: install the binary wheel of 'av', or the system package libopus0")
    lib = ctypes.CDLL(name)
    lib.opus_decoder_create.restype = ctypes.c_void_p
    lib.opus_decoder_create.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]
    lib.opus_decode.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int, ctypes.c_int,
    ]  # fmt: skip
    lib.opus_decoder_destroy.argtypes = [ctypes.c_void_p]
    lib.opus_encoder_create.restype = ctypes.c_void_p
    lib.opus_encoder_create.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]
    lib.opus_encode.argtypes = [
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int32,
    ]  # fmt: skip
    lib.opus_encoder_destroy.argtypes = [ctypes.c_void_p]
    lib.opus_encoder_ctl.argtypes = [ctypes.c_void_p, ctypes.c_int]
    lib.opus_packet_get_nb_samples.argtypes = [ctypes.c_char_p, ctypes.c_int32, ctypes.c_int32]
    return lib


def duration(payload: bytes) -> int:
    """Length of a packet in RTP clock ticks (48 kHz). Raises OpusError when it is not Opus."""
    samples = int(_library().opus_packet_get_nb_samples(payload, len(payload), RTP_CLOCK)) if payload else -4
    if samples <= 0:
        raise OpusError(f"not an Opus packet ({len(payload)} bytes, code {samples})")
    return samples


class OpusDecoder:
    """Mono decoder at any of Opus's rates (8, 12, 16, 24, 48 kHz)."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        error = ctypes.c_int()
        self._lib = _library()
        self._state = self._lib.opus_decoder_create(rate, 1, ctypes.byref(error))
        if error.value:
            raise OpusError(f"no Opus decoder at {rate} Hz (code {error.value})")

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._lib.opus_decoder_destroy(self._state)

    def decode(self, payload: bytes) -> Samples:
        """One packet → its samples, shape (n,). Raises OpusError on a damaged packet."""
        return self._decode(payload, self.rate * 120 // 1000, fec=False)

    def recover(self, following: bytes, samples: int) -> Samples:
        """The `samples` before `following`, from its in-band FEC; concealed when it carries none."""
        return self._decode(following, samples, fec=True)

    def conceal(self, samples: int) -> Samples:
        """`samples` extrapolated from what was heard, fading with each further call."""
        return self._decode(None, samples, fec=False)

    def _decode(self, payload: bytes | None, samples: int, *, fec: bool) -> Samples:
        pcm = np.empty(samples, dtype=np.int16)
        size = len(payload) if payload else 0
        done = self._lib.opus_decode(self._state, payload, size, pcm.ctypes.data, samples, int(fec))
        if done < 0:
            raise OpusError(f"Opus packet of {size} bytes does not decode (code {done})")
        return pcm[:done]


class OpusEncoder:
    """Mono speech encoder with in-band FEC, so that the far end can mend single losses."""

    def __init__(self, rate: int, bitrate: int, expected_loss_percent: int) -> None:
        error = ctypes.c_int()
        self._lib = _library()
        self._state = self._lib.opus_encoder_create(rate, 1, _VOIP, ctypes.byref(error))
        if error.value:
            raise OpusError(f"no Opus encoder at {rate} Hz (code {error.value})")
        for request, value in (
            (_SET_BITRATE, bitrate),
            (_SET_COMPLEXITY, 5),  # half of the maximum's CPU; the difference is not heard in speech
            (_SET_INBAND_FEC, 1),
            (_SET_LOSS_PERC, expected_loss_percent),
            (_SET_SIGNAL, _SIGNAL_VOICE),
        ):
            code = self._lib.opus_encoder_ctl(self._state, request, ctypes.c_int(value))
            if code:
                raise OpusError(f"Opus encoder refused setting {request}={value} (code {code})")
        self._out = ctypes.create_string_buffer(MAX_PACKET)

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._lib.opus_encoder_destroy(self._state)

    def encode(self, samples: Samples) -> bytes:
        """One frame (2.5…60 ms), shape (n,) → packet. Raises OpusError when n is no Opus frame length."""
        pcm = np.ascontiguousarray(samples, dtype=np.int16)
        size = self._lib.opus_encode(self._state, pcm.ctypes.data, len(pcm), self._out, MAX_PACKET)
        if size < 0:
            raise OpusError(f"Opus cannot encode {len(pcm)} samples (code {size})")
        return self._out.raw[:size]
