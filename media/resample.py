"""Streaming change of sample rate."""

from __future__ import annotations

import numpy as np
import soxr

from media.frames import Audio, Samples


class Resampler:
    """Mono 16-bit stream from `source` to `target` Hz; keeps its filter's state between calls."""

    def __init__(self, source: int, target: int) -> None:
        self.source = source
        self.target = target
        # LQ delays ~1.5 ms and keeps 80 % of the band, which is more than a telephone carries.
        self._stream = None if source == target else soxr.ResampleStream(source, target, 1, dtype="int16", quality="LQ")

    def push(self, samples: Samples) -> Samples:
        """Samples in, as many as are ready out (possibly none)."""
        if self._stream is None:
            return samples
        return np.asarray(self._stream.resample_chunk(samples), dtype=np.int16)


def convert(audio: Audio, rate: int) -> Audio:
    """A whole clip at another rate."""
    if audio.rate == rate:
        return audio
    return Audio(np.asarray(soxr.resample(audio.samples, audio.rate, rate, quality="MQ"), dtype=np.int16), rate)
