"""The same speech under worse conditions: the telephone line, and noise at a given level. Deterministic."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from asr.files import AudioFileError, read
from media.frames import SPEECH_RATE, Audio
from media.resample import convert

LINE_RATE = 8000  # Hz of G.711
SEED = 1
LARGEST_SNR_DB = 60
_NOISE = re.compile(r"noise(-?\d{1,2})db")

Change = Callable[[Audio, str], Audio]


class ConditionError(Exception):
    """There is no such condition, or what it needs is missing; the text names it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`apply(audio, key)`: the audio under this condition; `key` names the utterance, and so chooses its noise."""

    name: str
    changes: tuple[Change, ...]

    def apply(self, audio: Audio, key: str) -> Audio:
        """16 kHz in, 16 kHz out, of the same length."""
        for change in self.changes:
            audio = change(audio, key)
        return audio


def condition(name: str, noise: Path | None) -> Condition:
    """`clean`, `g711`, `noise10db`, or several in their order joined by `+`: `noise10db+g711`.

    `noise`: folder of audio files to take noise from. Raises `ConditionError`.
    """
    changes: list[Change] = []
    for part in name.split("+"):
        if part == "clean":
            continue
        if part == "g711":
            changes.append(lambda audio, _key: by_telephone(audio))
        elif (found := _NOISE.fullmatch(part)) and abs(snr := int(found[1])) <= LARGEST_SNR_DB:
            if noise is None:
                raise ConditionError(f"condition {part} needs --noise FOLDER with recordings of noise")
            changes.append(_Noise(noise, snr))
        else:
            raise ConditionError(
                f"there is no condition {part!r}; there are clean, g711, noise10db (any level in dB), "
                "and several joined by +"
            )
    return Condition(name, tuple(changes))


def by_telephone(audio: Audio) -> Audio:
    """After G.711 µ-law at 8 kHz, at 16 kHz again."""
    line = io.BytesIO()
    soundfile.write(line, convert(audio, LINE_RATE).samples, LINE_RATE, format="WAV", subtype="ULAW")
    line.seek(0)
    samples, rate = soundfile.read(line, dtype="int16")
    heard = convert(Audio(samples, rate), SPEECH_RATE).samples[: len(audio.samples)]
    return Audio(np.pad(heard, (0, len(audio.samples) - len(heard))), SPEECH_RATE)


def with_noise(audio: Audio, noise: NDArray[np.float32], snr_db: float) -> Audio:
    """Speech plus as much of `noise` (shape (n,) of the same length, any level) as gives this ratio of mean powers.

    Both are made quieter together when the sum would clip.
    """
    speech = audio.samples.astype(np.float32)
    powers = float(np.mean(np.square(speech))), float(np.mean(np.square(noise)))
    if min(powers) <= 0:
        return audio
    mixed = speech + noise * np.sqrt(powers[0] / powers[1] / 10 ** (snr_db / 10))
    mixed *= min(1.0, 32767 / float(np.abs(mixed).max()))
    return Audio(np.rint(mixed).astype(np.int16), audio.rate)


class _Noise:
    """One noise recording per utterance, chosen and cut by the utterance's name."""

    def __init__(self, folder: Path, snr_db: int) -> None:
        self._snr_db = snr_db
        self._sources: list[tuple[str, NDArray[np.float32]]] = []
        if not folder.is_dir():
            raise ConditionError(f"--noise {folder} is not a folder")
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in {".wav", ".flac", ".ogg", ".mp3", ".opus", ".m4a"}:
                try:
                    samples = read(path)[0].samples.astype(np.float32)
                except AudioFileError as error:
                    raise ConditionError(f"noise: {error}") from error
                if samples.any():
                    self._sources.append((str(path.relative_to(folder)), samples))
        if not self._sources:
            raise ConditionError(f"--noise {folder} holds no audio file with any sound in it")

    def __call__(self, audio: Audio, key: str) -> Audio:
        """Add it."""
        dice = random.Random(f"{SEED}/{self._snr_db}/{key}")
        _, source = dice.choice(self._sources)
        start = dice.randrange(len(source))
        wanted = np.take(source, range(start, start + len(audio.samples)), mode="wrap")
        return with_noise(audio, wanted, self._snr_db)
