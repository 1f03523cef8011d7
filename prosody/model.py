"""What a voice conveys: `EmotionModel.analyse` turns an utterance into arousal, valence, a label and the reasons.

    16 kHz → features ┐
    encoder's output  ┴→ minus the caller's own baseline → linear judge → calibrated probabilities → label

`listen` needs no recogniser and may run beside it; `judge` takes what the encoder gave (`asr.pooling`), or does without.
The label is `unknown`, with the reason as evidence, for silence, noise, music, tones, short or clipped speech, and
whenever no label is likely enough. How the weights came about, and how little to trust them on strangers:
docs/prosody.md.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from media.frames import SPEECH_RATE, Audio
from prosody.baseline import Baseline
from prosody.features import NAMES, Prosody, Vector, extract
from prosody.feeling import LABELS, Feeling, Label, nothing, place
from prosody.heads import ENCODED, Weights
from prosody.options import ProsodyOptions

FOLDER = Path(__file__).parent / "weights"
DEFAULT_WEIGHTS = FOLDER / "voice.npz"
NAMED = {"research-nc": FOLDER / "research-nc.npz"}  # chosen by name in `prosody.weights`, never by default
MAX_S = 12.0  # only the last seconds of a long utterance are analysed: bounded time, and the mood it ended in
OWN_START = 2  # utterances from which on a caller is compared with themselves

# Features a person can follow: what is compared, and whether to say percent of the caller's usual value.
_PLAIN: dict[str, str] = {
    "f0_median": "pitch",
    "f0_std": "pitch range",
    "energy_std": "swings of loudness",
    "alpha_mean": "softness of the voice",
    "hnr_mean": "clearness of the voice",
    "pause_share": "share of pauses",
}
_RATE = "syllable_rate"
_LEAST_SIGMA = 1.0
_LEAST_PERCENT = 15.0


def weights_file(name: str) -> Path:
    """The file that `prosody.weights` means: empty = the default, a name of `NAMED`, or a path."""
    return NAMED.get(name, Path(name)) if name else DEFAULT_WEIGHTS


class EmotionModel:
    """Loaded weights. Immutable after loading: any thread."""

    def __init__(self, weights: Weights, options: ProsodyOptions) -> None:
        self._weights = weights
        self._options = options

    @classmethod
    def load(cls, path: Path | None = None, options: ProsodyOptions | None = None) -> EmotionModel:
        """Model from a weights file, `options.weights`, or the ones that come with the product. Raises as `Weights.read`."""
        options = options or ProsodyOptions()
        model = cls(Weights.read(path or weights_file(options.weights)), options)
        # librosa compiles its pitch tracker at the first call (seconds); better now than in the first caller's turn.
        time = np.arange(SPEECH_RATE) / SPEECH_RATE
        phase = 2 * np.pi * np.cumsum(150 + 20 * np.sin(6 * time)) / SPEECH_RATE
        wave = 3000 * (np.sin(np.outer(np.arange(1, 12), phase)) / np.arange(1, 12)[:, None]).sum(axis=0)
        model.analyse(Audio(wave.astype(np.int16), SPEECH_RATE), b"", np.zeros(ENCODED, dtype=np.float32))
        return model

    @property
    def version(self) -> str:
        """Name of the weights, kept beside every result."""
        return self._weights.version

    def listen(self, audio: Audio) -> Prosody:
        """Features of one utterance at any rate; no encoder needed, any thread. ~9 ms of CPU a second of speech."""
        wave = audio.float32()
        if audio.rate != SPEECH_RATE:
            wave = soxr.resample(wave, audio.rate, SPEECH_RATE)
        return extract(wave[-int(MAX_S * SPEECH_RATE) :], self._options.min_voiced_ms)

    def judge(
        self, prosody: Prosody, baseline: bytes = b"", pooled: npt.NDArray[np.float32] | None = None
    ) -> tuple[Feeling, bytes]:
        """Emotion of one utterance, and the baseline to hand in with the same caller's next one (≤ 4 KiB).

        `pooled` is what the recogniser's encoder heard of it (`asr.pooling`, shape (1024,)); without it, or with that of
        another encoder, the answer is weaker and its `model` ends in `-voice`. An utterance that cannot be judged leaves
        the baseline as it was.
        """
        weights, options = self._weights, self._options
        if prosody.reason:
            return nothing(prosody.reason, weights.version), baseline
        fits = pooled is not None and pooled.shape == (ENCODED,) and bool(np.all(np.isfinite(pooled)))
        voice, encoder = weights.standard(
            prosody.values, pooled.astype(np.float64) if fits and pooled is not None else None
        )
        version = weights.version if fits else f"{weights.version}-voice"
        if weights.voiced(voice) < options.min_voice:
            return nothing("sounds like music or noise, not like a voice", version), baseline
        known = Baseline.unpack(baseline, weights.version, len(NAMES), ENCODED)
        found = weights.chances(voice, encoder, known, options.caution)
        best = int(np.argmax(found))
        confidence = float(found[best])
        chances: dict[Label, float] = {label: 0.0 for label in LABELS}
        chances.update({LABELS[LABELS.index(name)]: float(p) for name, p in zip(weights.labels, found, strict=True)})
        arousal, valence = place(chances)
        evidence = self._evidence(voice, known)
        label: Label = LABELS[LABELS.index(weights.labels[best])]
        if confidence < options.min_confidence:
            evidence.insert(0, f"unsure: {weights.labels[best]} at {confidence:.0%} is the likeliest")
            label = "unknown"
        result = Feeling(arousal, valence, label, confidence, chances, evidence, version)
        after = Baseline(known.voice.after(voice), known.encoder if encoder is None else known.encoder.after(encoder))
        return result, after.pack(weights.version)

    def analyse(
        self, audio: Audio, baseline: bytes = b"", pooled: npt.NDArray[np.float32] | None = None
    ) -> tuple[Feeling, bytes]:
        """`listen` and `judge` in one."""
        return self.judge(self.listen(audio), baseline, pooled)

    def _evidence(self, voice: Vector, known: Baseline) -> list[str]:
        """The three clearest differences from the caller's own start, or from most speakers before there is one."""
        own = known.voice.count >= OWN_START
        than = "this caller's own start" if own else "most speakers"
        usual = known.voice.mean if own else np.zeros(len(NAMES))
        found = []
        for name, words in _PLAIN.items():
            sigma = float((voice - usual)[NAMES.index(name)])
            if abs(sigma) >= _LEAST_SIGMA:
                found.append((abs(sigma), f"{words} {abs(sigma):.1f} σ {'above' if sigma > 0 else 'below'} {than}"))
        at = NAMES.index(_RATE)
        mean, spread = self._weights.mean[at], self._weights.spread[at]
        usually = max(0.5, mean + spread * usual[at])
        percent = 100 * ((mean + spread * voice[at]) / usually - 1)
        if abs(percent) >= _LEAST_PERCENT:
            sigma = abs(float((voice - usual)[at]))
            found.append((sigma, f"{abs(percent):.0f} % {'faster' if percent > 0 else 'slower'} than {than}"))
        return [words for _, words in sorted(found, reverse=True)[:3]]
