"""The weights file: two linear judges of a voice, one with the recogniser's encoder and one without, and a gate.

    u = (values − mean) / spread,   z = u − caller's centre,   p = softmax((coef · z + intercept) / (temperature · caution))

The gate is a logistic regression on u that tells voices from music and noise.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prosody.baseline import CLIP, Baseline
from prosody.features import NAMES, Vector

FORMAT = 2  # of the weights file; raise when features or their meaning change
ENCODED = 1024  # numbers of `asr.pooling` for Whisper base
_TRAIN = "train it anew with `warmline prosody train`"


@dataclass(frozen=True, slots=True)
class Head:
    """A linear judge. Shapes: coef (labels, n), intercept (labels,)."""

    coef: Vector
    intercept: Vector
    temperature: float = 1.0

    def chances(self, z: Vector, caution: float = 1.0) -> Vector:
        """Probabilities (…, labels) of deviations `z` (…, n); `caution` above 1 brings them closer together."""
        logits = (z @ self.coef.T + self.intercept) / (self.temperature * caution)
        grown = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return np.asarray(grown / grown.sum(axis=-1, keepdims=True))


@dataclass(frozen=True, slots=True)
class Weights:
    """What training writes. Shapes: mean, spread (features + encoder,); gate (features + 1,), the last its intercept.

    `licence` says what may be done with the file, in a sentence.
    """

    version: str
    licence: str
    labels: tuple[str, ...]
    mean: Vector
    spread: Vector
    voice: Head
    fused: Head
    gate: Vector

    def standard(self, values: Vector, encoded: Vector | None) -> tuple[Vector, Vector | None]:
        """Features and encoder in σ from the population."""
        n = len(NAMES)
        heard = None if encoded is None else (encoded - self.mean[n:]) / self.spread[n:]
        return (values - self.mean[:n]) / self.spread[:n], heard

    def chances(self, voice: Vector, encoder: Vector | None, known: Baseline, caution: float = 1.0) -> Vector:
        """Probability of each label (labels,), from `standard` numbers and the caller's baseline."""
        z = known.voice.distance(voice)
        if encoder is None:
            return self.voice.chances(z, caution)
        return self.fused.chances(np.concatenate([z, known.encoder.distance(encoder)]), caution)

    def voiced(self, voice: Vector) -> float:
        """Probability 0…1 that these `standard` features (features,) are a voice's, not music's or noise's."""
        return float(1 / (1 + np.exp(-(np.clip(voice, -CLIP, CLIP) @ self.gate[:-1] + self.gate[-1]))))

    def save(self, path: Path) -> None:
        """Write as .npz without pickled objects; the same weights give the same bytes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            path,
            format=np.array(FORMAT),
            version=np.array(self.version),
            licence=np.array(self.licence),
            features=np.array(NAMES),
            labels=np.array(self.labels),
            temperatures=np.array([self.voice.temperature, self.fused.temperature]),
            mean=self.mean.astype(np.float32),
            spread=self.spread.astype(np.float32),
            voice_coef=self.voice.coef.astype(np.float16),
            voice_intercept=self.voice.intercept.astype(np.float32),
            fused_coef=self.fused.coef.astype(np.float16),
            fused_intercept=self.fused.intercept.astype(np.float32),
            gate=self.gate.astype(np.float32),
        )

    @classmethod
    def read(cls, path: Path) -> Weights:
        """Weights from a file. Raises ValueError naming what does not fit, FileNotFoundError when there is none."""
        if path.exists() and not zipfile.is_zipfile(path):
            raise ValueError(f"{path} is not a weights file: {_TRAIN}")
        try:
            with np.load(path, allow_pickle=False) as file:
                data = {name: file[name] for name in file.files}
        except (zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"{path} is damaged ({error}): {_TRAIN}") from error
        if "format" in data and int(data["format"]) != FORMAT:
            raise ValueError(f"{path} has weights format {int(data['format'])}, this program reads {FORMAT}: {_TRAIN}")
        needed = "format version licence features labels temperatures mean spread gate"
        parts = "voice_coef voice_intercept fused_coef fused_intercept"
        missing = {*needed.split(), *parts.split()} - set(data)
        if missing:
            raise ValueError(f"{path} lacks {', '.join(sorted(missing))}: {_TRAIN}")
        n, labels = len(NAMES), len(data["labels"])
        shapes: dict[str, tuple[int, ...]] = {"mean": (n + ENCODED,), "spread": (n + ENCODED,), "gate": (n + 1,)}
        shapes |= {"voice_coef": (labels, n), "fused_coef": (labels, n + ENCODED)}
        wrong = [name for name, shape in shapes.items() if data[name].shape != shape]
        if wrong or tuple(data["features"].tolist()) != NAMES:
            raise ValueError(
                f"{path} was made for other features ({', '.join(wrong) or 'their names differ'}): {_TRAIN}"
            )
        numbers = {name: data[name].astype(np.float64) for name in data if data[name].dtype.kind == "f"}
        voice, fused = (float(value) for value in numbers["temperatures"])
        return cls(
            str(data["version"]),
            str(data["licence"]),
            tuple(data["labels"].tolist()),
            numbers["mean"],
            numbers["spread"],
            Head(numbers["voice_coef"], numbers["voice_intercept"], voice),
            Head(numbers["fused_coef"], numbers["fused_intercept"], fused),
            numbers["gate"],
        )
