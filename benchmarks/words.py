"""Emotion read off text: `python -m benchmarks.words --data DIR [--chosen-on] [--vectors FILE] [--json FILE]`.

GoEmotions' dev split, SMP2020's usual_eval and Chinese reviews (polarity), none of which anything was chosen on.
`--chosen-on` scores SMP2020's virus_train instead, on which the training's settings were picked.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from prosody.feeling import LABELS, Label
from prosody.train_words import Vectors, goemotions
from prosody.words import Language, WordsModel, plain

SMP: dict[str, Label] = {"happy": "content", "angry": "angry", "sad": "sad", "fear": "anxious", "neutral": "neutral"}
_REVIEWS = 700  # of each kind
_REQUESTS = 300
_RESAMPLES = 1000


def smp(path: Path) -> list[tuple[str, Label]]:
    """(plain text, label), surprise left out."""
    pairs = ((plain(text)[:200], SMP.get(emotion)) for text, emotion in _rows(path))
    return [(text, label) for text, label in pairs if label is not None and text]


def score(
    model: WordsModel, language: Language, samples: Sequence[tuple[str, Label]], vectors: Vectors
) -> dict[str, Any]:
    """UAR of the likeliest label with a 95 % interval (bootstrap), recalls, and how `unknown` trades coverage for it."""
    felt = [
        model.judge(text, language, vector)
        for (text, _), vector in zip(samples, vectors.of([text for text, _ in samples]), strict=True)
    ]
    truth = np.array([LABELS.index(label) for _, label in samples])
    best = np.array([LABELS.index(max(f.chances, key=lambda label: f.chances[label])) for f in felt])
    known = np.array([f.label != "unknown" for f in felt])
    draw = np.random.default_rng(1)
    drawn = [draw.integers(0, len(truth), len(truth)) for _ in range(_RESAMPLES)]
    bounds = np.percentile([_uar(truth[d], best[d]) for d in drawn], [2.5, 97.5])
    return {
        "sentences": len(samples),
        "uar": _uar(truth, best),
        "interval": bounds.tolist(),
        "recall": {name: float(np.mean(best[truth == i] == i)) for i, name in enumerate(LABELS) if (truth == i).any()},
        "known": float(known.mean()),
        "uar_of_known": _uar(truth[known], best[known]),
        "calibration_error": _calibration(np.array([f.confidence for f in felt]), best == truth),
    }


def polarity(model: WordsModel, path: Path, vectors: Vectors) -> dict[str, Any]:
    """How often the sign of valence, against the middle of all reviews, agrees with good or bad; and the area under the curve."""
    rows = [row for row in _rows(path) if plain(row[0])]
    chosen = random.Random(4).sample(rows, _REVIEWS)
    texts = [plain(row[0])[:200] for row in chosen]
    valence = np.array([model.judge(t, "zh", v).valence for t, v in zip(texts, vectors.of(texts), strict=True)])
    good = np.array([row[1] == "1" for row in chosen])
    ranks = valence.argsort().argsort()
    area = (ranks[good].sum() - good.sum() * (good.sum() - 1) / 2) / (good.sum() * (~good).sum())
    return {
        "sentences": len(chosen),
        "auc": float(area),
        "balanced_accuracy": _uar(good.astype(int), (valence > 0).astype(int)),
    }


def requests(model: WordsModel, path: Path, vectors: Vectors) -> dict[str, Any]:
    """What callers' requests, nearly all without feeling, are taken for."""
    texts = random.Random(1).sample(sorted({plain(row[0]) for row in _rows(path)}), _REQUESTS)
    labels = [model.judge(text, "en", vector).label for text, vector in zip(texts, vectors.of(texts), strict=True)]
    return {"sentences": len(texts), "label": {name: labels.count(name) / len(labels) for name in (*LABELS, "unknown")}}


def _uar(truth: np.ndarray, guess: np.ndarray) -> float:
    return float(np.mean([np.mean(guess[truth == c] == c) for c in np.unique(truth)])) if len(truth) else 0.0


def _calibration(confidence: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error over ten bins: Σ share · |mean confidence − share right| (Guo et al. 2017)."""
    bins = np.minimum((confidence * 10).astype(int), 9)
    return float(
        sum((bins == b).mean() * abs(confidence[bins == b].mean() - right[bins == b].mean()) for b in np.unique(bins))
    )


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def main(argv: Sequence[str] | None = None) -> int:
    """Entry of the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.words", description="Score the words model.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the text sets")
    parser.add_argument("--weights", type=Path, help="weights file, by default the one that ships")
    parser.add_argument("--vectors", type=Path, help="file to keep sentence vectors in between runs (.npz)")
    parser.add_argument("--chosen-on", action="store_true", help="score what settings were picked on instead")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    args = parser.parse_args(argv)
    model, vectors = WordsModel.load(args.weights), Vectors(args.vectors)
    figures: dict[str, Any] = {}
    zh = args.data / "emotion_text_zh_smp2020"
    if args.chosen_on:
        picked = random.Random(4).sample(_rows(zh / "virus_train.tsv"), 1500)
        pairs = [(plain(text)[:200], SMP[emotion]) for text, emotion in picked if emotion in SMP and plain(text)]
        figures["SMP2020 virus_train (1500 drawn)"] = score(model, "zh", pairs, vectors)
    else:
        en = args.data / "emotion_text_en_goemotions" / "dev.tsv"
        figures["GoEmotions dev"] = score(model, "en", goemotions(en), vectors)
        figures["SMP2020 usual_eval"] = score(model, "zh", smp(zh / "usual_eval.tsv"), vectors)
        for name in ("hotel", "shopping", "waimai"):
            figures[f"reviews {name}"] = polarity(model, args.data / "sentiment_zh_reviews" / f"{name}.tsv", vectors)
        banking = args.data / "intent_en_banking77" / "train.tsv"
        figures["BANKING77 requests"] = requests(model, banking, vectors)
    for name, found in figures.items():
        sys.stdout.write(f"{name}\n" + "".join(f"  {key}: {_shown(value)}\n" for key, value in found.items()))
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name} {share:.2f}" for name, share in value.items())
    if isinstance(value, list):
        return "–".join(f"{item:.3f}" for item in value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
