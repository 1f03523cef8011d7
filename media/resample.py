"""Change of sample rate: streaming with a delay of ~1 ms, or a whole clip at once.

The stream is a polyphase FIR filter of our own: libsoxr's stream works in blocks and hands 8 kHz input back in
bursts of 59 ms (measured, "LQ"), its only immediate mode ("QQ") lets images of the voice through. For whole clips
libsoxr is faster and better.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt
import soxr

from media.frames import Audio, Samples

HALF_TAPS = 12  # zero crossings of the sinc on each side; 24 taps at the lower rate
PASSBAND = 0.92  # of the lower rate's Nyquist frequency; a telephone line carries 0.85 of it
KAISER_BETA = 6.5  # ~65 dB of stop band


class Resampler:
    """Mono 16-bit stream from `source` to `target` Hz; keeps its filter's state between calls.

    Delay: 12 samples of the lower rate (0.75 ms at 16 kHz). Chunks of a whole number of 20 ms at 8, 16, 24 or 48 kHz
    come out with exactly their length at the other rate.
    """

    def __init__(self, source: int, target: int) -> None:
        self.source = source
        self.target = target
        divisor = math.gcd(source, target)
        self._up, self._down = target // divisor, source // divisor
        self._kernel = _kernel(self._up, self._down)
        # History so that the first chunk already comes out whole; it is silence.
        self._held = np.zeros(len(self._kernel) - self._down, dtype=np.float32)

    def push(self, samples: Samples) -> Samples:
        """Samples in, as many as are ready out (possibly none)."""
        if self.source == self.target:
            return samples
        held = np.concatenate([self._held, samples.astype(np.float32)])
        taps = len(self._kernel)
        groups = (len(held) - taps) // self._down + 1 if len(held) >= taps else 0
        if groups <= 0:
            self._held = held
            return np.zeros(0, dtype=np.int16)
        windows = np.lib.stride_tricks.as_strided(
            held, shape=(groups, taps), strides=(self._down * held.itemsize, held.itemsize), writeable=False
        )
        self._held = held[groups * self._down :]
        made = windows @ self._kernel
        return np.clip(np.rint(made), -32768, 32767).astype(np.int16).reshape(-1)


@functools.cache
def _kernel(up: int, down: int) -> npt.NDArray[np.float32]:
    """Shape (taps, up): each group of `down` inputs makes `up` outputs, one per column."""
    slower = max(up, down)
    reach = HALF_TAPS * slower  # in steps of the common multiple of both rates
    steps = np.arange(-reach, reach + 1) / slower
    window = np.kaiser(2 * reach + 1, KAISER_BETA)
    impulse = np.sinc(steps * PASSBAND) * window
    impulse *= up / impulse.sum()
    columns = []
    taps = (2 * reach) // up + down + 1
    for phase in range(up):
        centre = reach + phase * down  # where this output lies, counted from the window's first input
        at = np.arange(taps) * up - centre + reach
        inside = (at >= 0) & (at <= 2 * reach)
        columns.append(np.where(inside, impulse[np.clip(at, 0, 2 * reach)], 0.0))
    return np.stack(columns, axis=1).astype(np.float32)


def convert(audio: Audio, rate: int) -> Audio:
    """A whole clip at another rate."""
    if audio.rate == rate:
        return audio
    return Audio(np.asarray(soxr.resample(audio.samples, audio.rate, rate, quality="MQ"), dtype=np.int16), rate)
