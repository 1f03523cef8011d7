"""What a voice conveys: `EmotionModel.analyse` turns an utterance into arousal, valence, a label and the reasons.

    16 kHz → features → minus the caller's own baseline → logistic regression → calibrated probabilities → label

The label is `unknown`, with the reason as evidence, for silence, noise, tones, short speech, and whenever no label is
likely enough. How the weights came about, and how little to trust them on strangers: docs/prosody-model.md.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from media.frames import SPEECH_RATE, Audio
from prosody.baseline import Baseline
from prosody.features import NAMES, Prosody, Vector, extract
from prosody.feeling import LABELS, Feeling, Label, nothing, place
from prosody.options import ProsodyOptions

FORMAT = 1  # of the weights file; raise when features or their meaning change
DEFAULT_WEIGHTS = Path(__file__).parent / "weights" / "voice.npz"
MAX_S = 12.0  # only the last seconds of a long utterance are analysed: bounded time, and the mood it ended in

# Features a person can follow, with the words for more and for less of them.
_PLAIN: dict[str, tuple[str, str]] = {
    "f0_median": ("pitch", "pitch"),
    "f0_std": ("pitch range", "pitch range"),
    "energy_std": ("loudness swings", "loudness swings"),
    "alpha_mean": ("softness of the voice", "softness of the voice"),
    "hnr_mean": ("clearness of the voice", "clearness of the voice"),
    "syllable_rate": ("speaking rate", "speaking rate"),
    "pause_share": ("share of pauses", "share of pauses"),
}


EmotionResult = Feeling


@dataclass(frozen=True, slots=True)
class Weights:
    """What `prosody.train` writes. Shapes: mean, spread (features,); coef (labels, features); intercept (labels,)."""

    version: str
    labels: tuple[str, ...]
    mean: Vector  # of all training speakers
    spread: Vector  # deviation within a speaker
    coef: Vector
    intercept: Vector
    temperature: float

    def probabilities(self, values: Vector, baseline: Baseline, caution: float = 1.0) -> Vector:
        """Probability of each label, shape (labels,); `caution` above 1 brings them closer together."""
        z = self.distance(values, baseline)
        logits = (self.coef @ z + self.intercept) / (self.temperature * caution)
        grown = np.exp(logits - logits.max())
        return np.asarray(grown / grown.sum())

    def distance(self, values: Vector, baseline: Baseline) -> Vector:
        """Deviations from the caller's baseline in σ, clipped so that one odd feature cannot decide."""
        return np.clip((values - baseline.centre(self.mean)) / self.spread, -4.0, 4.0)

    def save(self, path: Path) -> None:
        """Write as .npz without pickled objects."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            path,
            format=np.array(FORMAT),
            version=np.array(self.version),
            features=np.array(NAMES),
            labels=np.array(self.labels),
            temperature=np.array(self.temperature),
            mean=self.mean.astype(np.float32),
            spread=self.spread.astype(np.float32),
            coef=self.coef.astype(np.float32),
            intercept=self.intercept.astype(np.float32),
        )

    @classmethod
    def read(cls, path: Path) -> Weights:
        """Weights from a file. Raises ValueError naming what does not fit, FileNotFoundError when there is none."""
        if path.exists() and not zipfile.is_zipfile(path):
            raise ValueError(f"{path} is not a weights file: train one with python -m prosody.train")
        with np.load(path, allow_pickle=False) as file:
            data = {name: file[name] for name in file.files}
        missing = {
            "format",
            "version",
            "features",
            "labels",
            "temperature",
            "mean",
            "spread",
            "coef",
            "intercept",
        } - set(data)
        if missing:
            raise ValueError(f"{path} lacks {', '.join(sorted(missing))}: train it anew with python -m prosody.train")
        if int(data["format"]) != FORMAT or tuple(data["features"].tolist()) != NAMES:
            raise ValueError(
                f"{path} has weights format {int(data['format'])}, this program reads format {FORMAT} with its own features: "
                "train it anew with python -m prosody.train"
            )
        labels = tuple(str(label) for label in data["labels"].tolist())
        if not set(labels) <= set(LABELS) or data["coef"].shape != (len(labels), len(NAMES)):
            raise ValueError(f"{path}: labels {labels} with weights of shape {data['coef'].shape} do not fit")
        as64 = {name: data[name].astype(np.float64) for name in ("mean", "spread", "coef", "intercept")}
        return cls(version=str(data["version"]), labels=labels, temperature=float(data["temperature"]), **as64)


class EmotionModel:
    """Stateless between calls; the caller keeps the baseline. May be shared by threads."""

    def __init__(self, weights: Weights, options: ProsodyOptions) -> None:
        self._weights = weights
        self._options = options

    @classmethod
    def load(cls, path: Path | None = None, options: ProsodyOptions | None = None) -> EmotionModel:
        """Model from a weights file, `options.weights`, or the ones that come with the product. Raises as `Weights.read`."""
        options = options or ProsodyOptions()
        model = cls(Weights.read(path or (Path(options.weights) if options.weights else DEFAULT_WEIGHTS)), options)
        # librosa compiles its pitch tracker at the first call (seconds); better now than in the first caller's turn.
        noise = np.random.default_rng(0).integers(-1000, 1000, SPEECH_RATE).astype(np.int16)
        model.analyse(Audio(noise, SPEECH_RATE))
        return model

    @property
    def version(self) -> str:
        """Name of the weights, kept beside every result."""
        return self._weights.version

    def listen(self, audio: Audio) -> Prosody:
        """Features of one utterance at any rate; no encoder needed, any thread. ~25 ms of CPU for 3 s of speech."""
        wave = audio.float32()
        if audio.rate != SPEECH_RATE:
            wave = soxr.resample(wave, audio.rate, SPEECH_RATE)
        return extract(wave[-int(MAX_S * SPEECH_RATE) :], self._options.min_voiced_ms)

    def judge(
        self, prosody: Prosody, baseline: bytes = b"", pooled: npt.NDArray[np.float32] | None = None
    ) -> tuple[Feeling, bytes]:
        """Emotion of one utterance, and the baseline to hand in with the same caller's next one (≤ 4 KiB).

        `pooled` is what the recogniser's encoder heard of it (`asr.pooling`, shape (1024,)); without it the answer is
        weaker. An utterance that cannot be judged leaves the baseline as it was.
        """
        weights = self._weights
        if prosody.reason:
            return nothing(prosody.reason, weights.version), baseline
        known = Baseline.unpack(baseline, weights.version, len(NAMES))
        found = weights.probabilities(prosody.values, known, self._options.caution)
        best = int(np.argmax(found))
        confidence = float(found[best])
        chances: dict[Label, float] = {label: 0.0 for label in LABELS}
        chances.update({LABELS[LABELS.index(name)]: float(p) for name, p in zip(weights.labels, found, strict=True)})
        arousal, valence = place(chances)
        evidence = self._evidence(prosody.values, known)
        label: Label = LABELS[LABELS.index(weights.labels[best])]
        if confidence < self._options.min_confidence:
            evidence.insert(0, f"unsure: {weights.labels[best]} at {confidence:.0%} is the likeliest")
            label = "unknown"
        result = Feeling(arousal, valence, label, confidence, chances, evidence, weights.version)
        return result, known.with_utterance(prosody.values).pack(weights.version)

    def analyse(
        self, audio: Audio, baseline: bytes = b"", pooled: npt.NDArray[np.float32] | None = None
    ) -> tuple[Feeling, bytes]:
        """`listen` and `judge` in one."""
        return self.judge(self.listen(audio), baseline, pooled)

    def _evidence(self, values: Vector, baseline: Baseline) -> list[str]:
        own = baseline.count >= 2
        than = "this caller's own start" if own else "most speakers"
        z = (values - (baseline.mean if own else self._weights.mean)) / self._weights.spread
        found = []
        for name, (more, less) in _PLAIN.items():
            sigma = float(z[NAMES.index(name)])
            if abs(sigma) >= 1.0:
                side = f"{more} {sigma:.1f} σ above" if sigma > 0 else f"{less} {-sigma:.1f} σ below"
                found.append((abs(sigma), f"{side} {than}"))
        return [words for _, words in sorted(found, reverse=True)[:3]]
