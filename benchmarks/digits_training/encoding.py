"""Whisper's encoder over examples, one thread, each encoded once: the cache is keyed by what is heard and who hears."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asr.digits import AFTER_S
from asr.options import AsrOptions
from asr.whisper import POSITIONS_PER_S, Whisper, window_for
from benchmarks.digits_training.mixing import Example, Span

Frames = NDArray[np.float16]  # shape (positions, width): 20 ms each


@dataclass(frozen=True, slots=True)
class Encoded:
    """An example as the network sees it; `said` as in `Example`."""

    frames: Frames
    said: tuple[Span, ...] | None


class Encoder:
    """Whisper base as the product runs it (int8), and the folder of what it has encoded."""

    def __init__(self, model: Path, cache: Path) -> None:
        """Raises `asr.whisper.ModelError`."""
        self._options = AsrOptions(threads=1)
        self._whisper = Whisper(self._options, model)
        self._cache = cache / "encodings"
        self._cache.mkdir(parents=True, exist_ok=True)
        # Another model or another CPU's arithmetic encodes silence differently, and so has other keys.
        self._who = self._whisper.silence.tobytes()

    def silence(self) -> NDArray[np.float32]:
        """Mean of 2 s of encoded silence, shape (width,), by which `DigitReader.fits` knows the encoder."""
        mean: NDArray[np.float32] = np.asarray(self._whisper.silence[: 2 * POSITIONS_PER_S], np.float32).mean(axis=0)
        return mean

    def encode(self, example: Example) -> Encoded:
        """What the reader would see: the utterance and `AFTER_S` of the silence after it."""
        audio = example.audio
        file = self._cache / f"{hashlib.sha256(self._who + audio.tobytes()).hexdigest()[:32]}.npy"
        if file.is_file():
            return Encoded(np.load(file), example.said)
        seconds = len(audio.samples) / audio.rate
        window = window_for(seconds, self._options.margin_s, self._options.least_window_s)
        encoding = self._whisper.encode([self._whisper.features(audio, window)])[0]
        frames: Frames = encoding[: round((seconds + AFTER_S) * POSITIONS_PER_S)].astype(np.float16)
        part = file.with_suffix(".part")
        with part.open("wb") as out:
            np.save(out, frames)
        part.replace(file)  # a killed run leaves no half file behind
        return Encoded(frames, example.said)
