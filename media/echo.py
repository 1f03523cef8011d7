"""Is what comes in only our own prompt coming back? By level: an echo is never louder than what was sent, less its loss.

A line (or a telephone on loudspeaker behind its own canceller) returns at most `LOSS_DB` less than what it was sent within
`LATE_MS`; what is that quiet while we speak is no caller. Somebody who speaks 27 dB below the prompt is not heard over it.

Recogniser and network hear more than levels: the prompt's soft echo in the 300 ms before a noise makes them find speech
and words ("thank you for …") in a barking dog. So what is only echo reaches them `SOFTER` as loud, as line cancellers do.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from media.frames import FRAME_MS, Samples
from media.vad import level_db

LOSS_DB = 30.0  # dB an echo loses at least; G.168's cancellers reach more
MARGIN_DB = 3.0  # dB over the loudest echo that a voice must have
SOFTER = 0.1  # −20 dB: below what anybody, or any network, hears under a voice
LATE_MS = 400  # ms an echo takes at most, jitter buffers on both ways included


class EchoGuard:
    """One leg's. `sent` may be called from another thread than `is_echo`."""

    def __init__(self) -> None:
        self._sent: deque[float] = deque([-100.0], maxlen=LATE_MS // FRAME_MS)

    def sent(self, block: Samples) -> None:
        """20 ms that go out."""
        self._sent.append(level_db(block))

    def is_echo(self, frame: Samples) -> bool:
        """Is this inbound frame no louder than an echo of what was sent lately?"""
        loudest = max(self._sent.copy())
        return level_db(frame) < loudest - LOSS_DB + MARGIN_DB


def softened(frame: Samples) -> Samples:
    """A frame that is only echo, as the recogniser is to hear it."""
    return (frame * np.float32(SOFTER)).astype(np.int16)
