"""What the encoder heard of a whole utterance, in one short vector: for those who judge the voice, not the words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asr.whisper import POSITIONS_PER_S, Encoding


def pooled(encoding: Encoding, seconds: float) -> NDArray[np.float32]:
    """Mean and deviation over time of the encoder's output, shape (2 · width,): all means, then all deviations.

    `encoding` has shape (positions, width), 50 positions a second; only those of the first `seconds` count, because what
    follows is padding. Raises ValueError when there is no position at all.
    """
    heard = np.asarray(encoding, dtype=np.float32)[: max(1, round(seconds * POSITIONS_PER_S))]
    if not len(heard):
        raise ValueError("an encoding without positions cannot be pooled")
    return np.concatenate([heard.mean(axis=0), heard.std(axis=0)])
