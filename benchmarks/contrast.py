"""Sincere or sarcastic? `python -m benchmarks.contrast [--half test|dev] [--fit] [--json FILE]`.

Each of the pairs in `prosody/contrast.tsv` has the same words twice, once meant and once not. Side by side: a list of
kind words ("keywords"), the words model alone ("text"), the voice alone, what happened before alone ("context"), and the
product's `fuse`. Words alone must call both of a pair alike, so they are right for half of each: that is the point.

`--fit` prints the log-odds that the dev half suggests for `fusion.SARCASM`; the test half is only reported on. The
circumstances are written, not recorded, and the voice is drawn from the detector's own errors: docs/emotion-words.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sklearn.linear_model import LogisticRegression

import prosody
from prosody.context import LONG_WAIT_S, Context
from prosody.feeling import LABELS, Feeling, Label, nothing
from prosody.fusion import fuse, kind
from prosody.train_words import Vectors
from prosody.words import Language, WordsModel, plain

PAIRS = Path(prosody.__file__).parent / "contrast.tsv"
BITTER = re.compile(
    r"just (great|fantastic|perfect)|for nothing|another transfer|so easy|time in the world|only took|really on top|couldn't be"
    r"|又转|真有你们的|可真|真会|佩服|厉害|说得真好听|总算"
)
_RESAMPLES = 2000
_UPSET = ("sad", "anxious", "angry")

Expected = Literal["sincere", "sarcastic"]


@dataclass(frozen=True, slots=True)
class Case:
    """A row of contrast.tsv."""

    ref: str
    language: Language
    text: str
    voice: Feeling
    context: Context
    sarcastic: bool
    split: str

    @property
    def pair(self) -> str:
        return self.ref.rsplit("-", 1)[0]


def cases(path: Path = PAIRS) -> list[Case]:
    """All rows."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_case(row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def _case(row: dict[str, str]) -> Case:
    return Case(
        row["id"],
        "zh" if row["language"] == "zh" else "en",
        row["text"],
        _voice(row["voice"], float(row["arousal"]), float(row["valence"]), float(row["confidence"])),
        Context(
            times_asked=int(row["times_asked"]),
            waited_s=float(row["waited_s"]),
            failed_steps=int(row["failed_steps"]),
            handed_over=int(row["handed_over"]),
            solved=row["solved"] == "1",
        ),
        row["expected"] == "sarcastic",
        row["split"],
    )


def _voice(label: str, arousal: float, valence: float, confidence: float) -> Feeling:
    known: Label | None = next((name for name in LABELS if name == label), None)
    return Feeling(arousal, valence, known, confidence) if known else nothing("the voice could not be judged")


Judge = Callable[[Case, Feeling], bool]


def _keywords(case: Case, words: Feeling) -> bool:
    return bool(BITTER.search(case.text.lower()))


def _text(case: Case, words: Feeling) -> bool:
    return not kind(words)


def _voice_only(case: Case, words: Feeling) -> bool:
    return case.voice.label in _UPSET


def _context_only(case: Case, words: Feeling) -> bool:
    return case.context.trying and not case.context.solved


def _fused(case: Case, words: Feeling) -> bool:
    return fuse(case.voice, words, case.context).disagreement == "sarcasm"


WAYS: dict[str, Judge] = {
    "keywords": _keywords,
    "text": _text,
    "voice": _voice_only,
    "context": _context_only,
    "fused": _fused,
}


def score(judge: Judge, chosen: Sequence[Case], read: dict[str, Feeling]) -> dict[str, Any]:
    """Accuracy, precision and recall of "sarcastic", 95 % intervals by bootstrap over pairs."""
    pairs = list(dict.fromkeys(case.pair for case in chosen))
    said = np.array([judge(case, read[case.text]) for case in chosen])
    truth = np.array([case.sarcastic for case in chosen])
    place = {pair: np.array([i for i, case in enumerate(chosen) if case.pair == pair]) for pair in pairs}
    draw = np.random.default_rng(1)
    drawn = [
        np.concatenate([place[pairs[i]] for i in draw.integers(0, len(pairs), len(pairs))]) for _ in range(_RESAMPLES)
    ]
    figures: dict[str, Any] = {}
    for name, measure in (("accuracy", _accuracy), ("precision", _precision), ("recall", _recall)):
        spread = [measure(truth[d], said[d]) for d in drawn]
        low, high = np.nanpercentile(spread, [2.5, 97.5]) if not np.isnan(spread).all() else (math.nan, math.nan)
        figures[name] = {"value": measure(truth, said), "low": float(low), "high": float(high)}
    return figures


def _accuracy(truth: np.ndarray, said: np.ndarray) -> float:
    return float(np.mean(truth == said))


def _precision(truth: np.ndarray, said: np.ndarray) -> float:
    return float(np.mean(truth[said])) if said.any() else math.nan


def _recall(truth: np.ndarray, said: np.ndarray) -> float:
    return float(np.mean(said[truth])) if truth.any() else math.nan


def fitted(chosen: Sequence[Case]) -> dict[str, float]:
    """Log-odds for `fusion.Sarcasm`: logistic regression on the cases whose voice is known."""
    rows, truth = [], []
    for case in chosen:
        if case.voice.label == "unknown":
            continue
        rest = (1 - case.voice.confidence) / (len(LABELS) - 1)
        chance = {name: case.voice.confidence if name == case.voice.label else rest for name in LABELS}
        known = case.context
        rows.append(
            [
                sum(chance[name] for name in LABELS if name in _UPSET),
                chance["neutral"],
                chance["content"],
                min(known.failed_steps, 3),
                min(known.times_asked - 1, 3),
                min(known.handed_over, 2),
                min(known.waited_s / LONG_WAIT_S, 3.0),
                float(known.solved),
            ]
        )
        truth.append(case.sarcastic)
    model = LogisticRegression(C=1.0, max_iter=1000).fit(rows, truth)
    names = ("upset", "flat", "warm", "failed", "asked", "passed", "waited", "solved")
    found = dict(zip(names, model.coef_[0].tolist(), strict=True))
    return {"start": float(model.intercept_[0]), **found}


def main(argv: Sequence[str] | None = None) -> int:
    """Entry of the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contrast", description="Sincere or sarcastic?")
    parser.add_argument("--half", choices=("test", "dev"), default="test")
    parser.add_argument("--fit", action="store_true", help="print what the dev half suggests for fusion.SARCASM")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    args = parser.parse_args(argv)
    everything = cases()
    if args.fit:
        for name, value in fitted([case for case in everything if case.split == "dev"]).items():
            sys.stdout.write(f"{name}: {value:.2f}\n")
        return 0
    chosen = [case for case in everything if case.split == args.half]
    model = WordsModel.load()
    texts = list(dict.fromkeys((case.text, case.language) for case in chosen))
    vectors = Vectors(None).of([plain(text) for text, _ in texts])
    read = {text: model.judge(text, language, v) for (text, language), v in zip(texts, vectors, strict=True)}
    figures: dict[str, Any] = {"half": args.half, "pairs": len(chosen) // 2}
    figures["read as kind"] = float(np.mean([kind(felt) for felt in read.values()]))
    for language in ("both", "en", "zh"):
        part = [case for case in chosen if language in ("both", case.language)]
        figures[language] = {name: score(judge, part, read) for name, judge in WAYS.items()}
    _show(figures)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def _show(figures: dict[str, Any]) -> None:
    kindly = figures["read as kind"]
    sys.stdout.write(f"{figures['half']} half, {figures['pairs']} pairs; words read as kind: {kindly:.2f}\n")
    for language in ("both", "en", "zh"):
        sys.stdout.write(f"{language:9}{'accuracy':>20}{'precision':>20}{'recall':>20}\n")
        for name, found in figures[language].items():
            cells = (f"{c['value']:.2f} [{c['low']:.2f}–{c['high']:.2f}]" for c in found.values())
            sys.stdout.write(f"  {name:7}" + "".join(f"{cell:>20}" for cell in cells) + "\n")


if __name__ == "__main__":
    sys.exit(main())
