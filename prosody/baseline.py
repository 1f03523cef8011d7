"""How a caller usually sounds, carried from utterance to utterance in about two kilobytes.

The classifier never sees raw numbers, only how far an utterance lies from the caller's own mean. With no or few
utterances the mean of all training speakers stands in. In deviations from that population, in σ within a speaker:

    centre = n · caller / (PRIOR + n),   z = clip(u − centre, ±4)

Features and encoder are counted apart: an utterance may come without what the encoder heard.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np

from prosody.features import Vector

PRIOR = 3.0  # utterances the population counts for: one who is angry from the first word must not become the norm
HORIZON = 30  # utterances after which older ones fade, so that a changed handset is forgotten
CLIP = 4.0  # σ: one odd number cannot decide


class _Stored(msgspec.Struct, array_like=True):
    version: str
    counts: tuple[int, int]
    voice: bytes  # float16 little-endian
    encoder: bytes


@dataclass(frozen=True, slots=True)
class Running:
    """Mean of what was seen of a caller, shape (n,), in σ from the population; fading after `HORIZON`."""

    count: int
    mean: Vector

    def distance(self, values: Vector) -> Vector:
        """`values` (n,) in σ from the population → in σ from where this caller is expected, clipped."""
        return np.clip(values - self.count / (PRIOR + self.count) * self.mean, -CLIP, CLIP)

    def after(self, values: Vector) -> Running:
        """With one more utterance; as far off as 10 σ counts, not further."""
        weight = 1.0 / min(self.count + 1, HORIZON)
        return Running(min(self.count + 1, HORIZON), self.mean + weight * (np.clip(values, -10, 10) - self.mean))


@dataclass(frozen=True, slots=True)
class Baseline:
    """A caller: features of the voice, and what the encoder gave."""

    voice: Running
    encoder: Running

    @classmethod
    def unpack(cls, data: bytes, version: str, voice: int, encoder: int) -> Baseline:
        """Stored bytes → baseline; an empty one for none, another version's, or bytes that make no sense."""
        fresh = cls(Running(0, np.zeros(voice)), Running(0, np.zeros(encoder)))
        if not data:
            return fresh
        try:
            stored = msgspec.msgpack.decode(data, type=_Stored)
            means = [np.frombuffer(part, dtype="<f2").astype(np.float64) for part in (stored.voice, stored.encoder)]
        except (msgspec.DecodeError, ValueError):
            return fresh
        sizes = [len(mean) for mean in means]
        if stored.version != version or min(stored.counts) < 0 or sizes != [voice, encoder]:
            return fresh
        if not all(np.all(np.isfinite(mean)) for mean in means):
            return fresh
        return cls(Running(stored.counts[0], means[0]), Running(stored.counts[1], means[1]))

    def pack(self, version: str) -> bytes:
        """Bytes for `unpack`, ~2.2 KB."""
        counts = (self.voice.count, self.encoder.count)
        means = [part.mean.astype("<f2").tobytes() for part in (self.voice, self.encoder)]
        return msgspec.msgpack.encode(_Stored(version, counts, *means))
