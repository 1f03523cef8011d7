"""How a caller usually sounds, carried from utterance to utterance in a few hundred bytes.

The classifier never sees raw features, only how far an utterance lies from the caller's own mean. With no or few
utterances the mean of all training speakers stands in:  centre = (PRIOR · population + n · caller) / (PRIOR + n).
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np

from prosody.features import Vector

PRIOR = 5.0  # utterances the population mean counts for: one who is angry from the first word must not become the norm
HORIZON = 30  # utterances after which older ones fade, so that a changed handset is forgotten


class _Stored(msgspec.Struct, array_like=True):
    version: str
    count: int
    mean: bytes  # float32 little-endian, (features,)


@dataclass(frozen=True, slots=True)
class Baseline:
    """Running mean of a caller's features. `mean` has shape (features,)."""

    count: int
    mean: Vector

    @classmethod
    def unpack(cls, data: bytes, version: str, features: int) -> Baseline:
        """Stored bytes → baseline; an empty one for none, another version's, or bytes that make no sense."""
        fresh = cls(0, np.zeros(features))
        if not data:
            return fresh
        try:
            stored = msgspec.msgpack.decode(data, type=_Stored)
            mean = np.frombuffer(stored.mean, dtype="<f4").astype(np.float64)
        except (msgspec.DecodeError, ValueError):
            return fresh
        if stored.version != version or stored.count < 0 or mean.shape != (features,) or not np.all(np.isfinite(mean)):
            return fresh
        return cls(stored.count, mean)

    def pack(self, version: str) -> bytes:
        """Bytes for `unpack`, ~250."""
        return msgspec.msgpack.encode(_Stored(version, self.count, self.mean.astype("<f4").tobytes()))

    def centre(self, population: Vector) -> Vector:
        """Where this caller's utterances are expected to lie."""
        return (PRIOR * population + self.count * self.mean) / (PRIOR + self.count)

    def with_utterance(self, values: Vector) -> Baseline:
        """The baseline after one more utterance."""
        weight = 1.0 / min(self.count + 1, HORIZON)
        return Baseline(min(self.count + 1, HORIZON), self.mean + weight * (values - self.mean))
