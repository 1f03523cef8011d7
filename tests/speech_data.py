"""Recorded speech and noise that several rooms' tests hear, the telephone line, and the folder of models."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import soundfile

from media.frames import SPEECH_RATE, Audio
from media.resample import convert
from server import models

ROOT = Path(__file__).parents[1]
SPEECH = ROOT / "tests" / "data" / "speech"
SHARED = ROOT.parent / "shared" / "data"
JFK = ROOT / "tests" / "data" / "jfk.flac"


def load(path: Path) -> Audio:
    """A file as 16 kHz mono."""
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    return convert(Audio(np.ascontiguousarray(samples[:, 0]), rate), SPEECH_RATE)


def cut(audio: Audio, from_ms: int, to_ms: int) -> Audio:
    """A stretch of it."""
    return Audio(audio.samples[from_ms * audio.rate // 1000 : to_ms * audio.rate // 1000], audio.rate)


def models_folder(*names: str) -> Path:
    """Where `make test` has put the models; those named are put there if they are not."""
    folder = Path(os.environ.get("WARMLINE_MODELS") or ROOT / "var" / "models")
    if names:
        models.install(folder, list(names))
    return folder
