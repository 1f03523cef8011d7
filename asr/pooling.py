"""What the encoder heard of a whole utterance, in one short vector: for those who judge the voice, not the words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asr.options import AsrOptions
from asr.whisper import FULL_S, POSITIONS_PER_S, Encoding, Whisper, window_for
from media.frames import SPEECH_RATE, Audio


def pooled(encoding: Encoding, seconds: float) -> NDArray[np.float32]:
    """Mean and deviation over time of the encoder's output, shape (2 · width,): all means, then all deviations.

    `encoding` has shape (positions, width), 50 positions a second; only those of the first `seconds` count, because what
    follows is padding. Raises ValueError when there is no position at all.
    """
    heard = np.asarray(encoding, dtype=np.float32)[: max(1, round(seconds * POSITIONS_PER_S))]
    if not len(heard):
        raise ValueError("an encoding without positions cannot be pooled")
    return np.concatenate([heard.mean(axis=0), heard.std(axis=0)])


class Encoder:
    """The recogniser's encoder alone, as a decode runs it: for corpora and files, where nobody asks for the words."""

    def __init__(self, options: AsrOptions, whisper: Whisper) -> None:
        self._options = options
        self._whisper = whisper

    def __call__(self, audio: Audio) -> NDArray[np.float32]:
        """What a decode of `audio` (16 kHz; its last 30 s) hands on. Raises ValueError for another rate."""
        if audio.rate != SPEECH_RATE:
            raise ValueError(f"recognition hears {SPEECH_RATE} Hz, got {audio.rate}")
        audio = Audio(audio.samples[-int(FULL_S * SPEECH_RATE) :], audio.rate)
        seconds = audio.ms / 1000
        window = window_for(seconds, self._options.margin_s, self._options.least_window_s)
        return pooled(self._whisper.encode([self._whisper.features(audio, window)])[0], seconds)
