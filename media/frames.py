"""Audio whose rate travels with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

SPEECH_RATE = 16_000  # Hz; everything that listens (voice activity, recogniser, emotion) works at this rate
FRAME_MS = 20  # ms; RTP's usual packet time for G.711, G.722 and Opus


@dataclass(frozen=True, slots=True)
class Audio:
    """Mono 16-bit PCM, shape (n,), at `rate` Hz."""

    samples: Samples
    rate: int

    def __post_init__(self) -> None:
        if self.samples.dtype != np.int16 or self.samples.ndim != 1:
            raise ValueError(f"audio must be int16 of shape (n,), got {self.samples.dtype} {self.samples.shape}")
        if not 4_000 <= self.rate <= 192_000:
            raise ValueError(f"audio rate {self.rate} Hz is outside 4000…192000")

    @property
    def ms(self) -> float:
        """Duration in milliseconds."""
        return 1000.0 * len(self.samples) / self.rate

    def tobytes(self) -> bytes:
        """Little-endian PCM, as on the wire."""
        return self.samples.astype("<i2", copy=False).tobytes()

    @classmethod
    def frombytes(cls, pcm: bytes | memoryview, rate: int) -> Audio:
        """PCM bytes → audio. Raises ValueError when the length is odd."""
        if len(pcm) % 2:
            raise ValueError(f"PCM of {len(pcm)} bytes is not a whole number of 16-bit samples")
        return cls(np.frombuffer(pcm, dtype="<i2").astype(np.int16, copy=False), rate)

    @classmethod
    def silence(cls, ms: float, rate: int) -> Audio:
        """`ms` of zeros."""
        return cls(np.zeros(round(rate * ms / 1000), dtype=np.int16), rate)

    def float32(self) -> npt.NDArray[np.float32]:
        """Samples in −1…1."""
        return self.samples.astype(np.float32) / 32768.0


def concat(parts: list[Audio]) -> Audio:
    """Join parts of one rate. Raises ValueError on none or mixed rates."""
    if not parts:
        raise ValueError("nothing to join")
    rates = {part.rate for part in parts}
    if len(rates) > 1:
        raise ValueError(f"cannot join audio of rates {sorted(rates)}")
    return Audio(np.concatenate([part.samples for part in parts]), parts[0].rate)
