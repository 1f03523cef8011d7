"""Train the voice model: `python -m prosody.train --data DIR --out FILE [--test DIR]`. The same data gives the same file.

`DIR` holds `manifest.tsv` with columns path, label, speaker. Prints the figures of docs/prosody-model.md: unweighted
average recall (UAR) over leave-one-speaker-out folds with a 95 % interval by bootstrap over speakers, and, with
`--test`, the same for another corpus that the weights never see.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from sklearn.linear_model import LogisticRegression

from media.frames import SPEECH_RATE
from prosody.augment import variants
from prosody.baseline import Baseline
from prosody.features import NAMES, Vector, extract
from prosody.feeling import LABELS
from prosody.model import Weights

Words = npt.NDArray[np.str_]

SEED = 20
MIN_VOICED_MS = 300
STRENGTH = 0.01  # C of the logistic regression: strong shrinkage, since 51 features meet some 240 utterances
KINDS = 4  # variants per utterance, in the order of `augment.variants`: clean, G.711, G.711 + noise, noise
CONTEXTS = (0, 1, 3, 8)  # earlier utterances of the speaker that a training example's baseline has seen
RELABEL = {"happy": "content", "calm": "neutral", "neutral": "neutral", "sad": "sad", "angry": "angry"}


@dataclass(frozen=True, slots=True)
class Corpus:
    """Features of every utterance in every variant. Shapes: values (n, KINDS, features); labels, speakers (n,)."""

    values: Vector
    labels: Words
    speakers: Words

    def where(self, mask: npt.NDArray[np.bool_]) -> Corpus:
        """The part that `mask` picks."""
        return Corpus(self.values[mask], self.labels[mask], self.speakers[mask])


def load(folder: Path, seed: int = SEED, speakers: tuple[str, ...] = ()) -> Corpus:
    """Read a corpus, or only some `speakers` of it.

    Utterances without enough voiced speech in any variant and labels not in `RELABEL` are left out.
    """
    rng = np.random.default_rng(seed)
    values, labels, names = [], [], []
    with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        if row["label"] not in RELABEL or (speakers and row["speaker"] not in speakers):
            continue
        wave, rate = soundfile.read(folder / row["path"], dtype="float32")
        if rate != SPEECH_RATE:
            wave = soxr.resample(wave, rate, SPEECH_RATE)
        found = [extract(variant, MIN_VOICED_MS) for variant in variants(wave, rng)]
        if any(prosody.reason for prosody in found):
            continue
        values.append([prosody.values for prosody in found])
        labels.append(RELABEL[row["label"]])
        names.append(row["speaker"])
    return Corpus(np.array(values), np.array(labels), np.array(names))


def fit(corpus: Corpus, version: str, seed: int = SEED) -> Weights:
    """Weights from a corpus. Each example is seen in every variant with baselines of 0 to 8 earlier utterances."""
    rng = np.random.default_rng(seed)
    flat = corpus.values.reshape(-1, len(NAMES))
    mean = flat.mean(axis=0)
    centred = [part - part.mean(axis=0) for part in _by_speaker(corpus)]
    spread = np.maximum(np.concatenate(centred).std(axis=0), 1e-6)
    labels = tuple(label for label in LABELS if label in set(corpus.labels.tolist()))
    blank = np.zeros((len(labels), len(NAMES)))
    weights = Weights(version, labels, mean, spread, blank, np.zeros(len(labels)), 1.0)
    examples, targets = [], []
    for index, kind, baseline in _contexts(corpus, rng):
        examples.append(weights.distance(corpus.values[index, kind], baseline))
        targets.append(labels.index(str(corpus.labels[index])))
    regression = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=2000)
    regression.fit(np.array(examples), np.array(targets))
    return replace(weights, coef=regression.coef_, intercept=regression.intercept_)


def _by_speaker(corpus: Corpus) -> Iterator[Vector]:
    for speaker in np.unique(corpus.speakers):
        yield corpus.values[corpus.speakers == speaker].reshape(-1, len(NAMES))


def _contexts(corpus: Corpus, rng: np.random.Generator) -> Iterator[tuple[int, int, Baseline]]:
    """(utterance, variant, baseline from other utterances of the same speaker in the same variant)."""
    for index in range(len(corpus.labels)):
        others = np.flatnonzero(corpus.speakers == corpus.speakers[index])
        others = others[others != index]
        for kind in range(KINDS):
            for size in CONTEXTS:
                seen = rng.choice(others, size=min(size, len(others)), replace=False)
                centre = corpus.values[seen, kind].mean(axis=0) if len(seen) else np.zeros(len(NAMES))
                yield index, kind, Baseline(len(seen), centre)


def chances(weights: Weights, corpus: Corpus, kind: int, context: int, seed: int = SEED) -> Vector:
    """Probabilities (n, labels) with a baseline of `context` random other utterances of each speaker."""
    rng = np.random.default_rng(seed)
    rows = []
    for index in range(len(corpus.labels)):
        others = np.flatnonzero(corpus.speakers == corpus.speakers[index])
        others = others[others != index]
        seen = rng.choice(others, size=min(context, len(others)), replace=False)
        centre = corpus.values[seen, kind].mean(axis=0) if len(seen) else np.zeros(len(NAMES))
        rows.append(weights.probabilities(corpus.values[index, kind], Baseline(len(seen), centre)))
    return np.array(rows)


def folds(corpus: Corpus) -> Iterator[tuple[Weights, Corpus]]:
    """Leave-one-speaker-out: (weights of the others, the one left out)."""
    for speaker in np.unique(corpus.speakers):
        yield (
            fit(corpus.where(corpus.speakers != speaker), f"without-{speaker}"),
            corpus.where(corpus.speakers == speaker),
        )


def uar(truth: Words, guess: Words) -> float:
    """Mean of the recalls of the labels that occur; chance is 1 / labels."""
    return float(np.mean([np.mean(guess[truth == label] == label) for label in np.unique(truth)]))


def interval(truth: Words, guess: Words, speakers: Words, rounds: int = 1000) -> tuple[float, float]:
    """95 % interval of the UAR, resampling speakers: utterances of one speaker are not independent."""
    rng = np.random.default_rng(SEED)
    groups = [np.flatnonzero(speakers == speaker) for speaker in np.unique(speakers)]
    scores = []
    for _ in range(rounds):
        index = np.concatenate([groups[i] for i in rng.integers(len(groups), size=len(groups))])
        scores.append(uar(truth[index], guess[index]))
    low, high = np.percentile(scores, [2.5, 97.5])
    return float(low), float(high)


def temperature(probabilities: Vector, truth: Vector) -> float:
    """Temperature that makes held-out probabilities (n, labels) most likely for `truth` (n,) of label indices."""
    logits = np.log(np.maximum(probabilities, 1e-12))

    def loss(value: float) -> float:
        scaled = logits / value
        scaled -= np.log(np.exp(scaled - scaled.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)) + scaled.max(
            axis=1, keepdims=True
        )
        return -float(scaled[np.arange(len(truth)), truth.astype(int)].mean())

    return _least(loss, np.exp(np.linspace(np.log(0.2), np.log(5.0), 200)))


def _least(loss: Callable[[float], float], values: Vector) -> float:
    return float(min((float(value) for value in values), key=loss))


def report(title: str, truth: Words, probabilities: Vector, labels: tuple[str, ...], speakers: Words) -> None:
    """Print one line of figures: UAR, interval, recalls, mean confidence against accuracy."""
    guess = np.array(labels)[probabilities.argmax(axis=1)]
    low, high = interval(truth, guess, speakers)
    recalls = ", ".join(f"{label} {np.mean(guess[truth == label] == label):.2f}" for label in labels)
    sure = probabilities.max(axis=1)
    print(  # noqa: T201 - a training program talks to its terminal
        f"{title}: UAR {uar(truth, guess):.3f} [{low:.3f}, {high:.3f}] ({recalls}); "
        f"accuracy {np.mean(guess == truth):.3f}, mean confidence {sure.mean():.3f}",
        flush=True,
    )


def main(arguments: list[str]) -> int:
    """Entry of `python -m prosody.train`."""
    parser = argparse.ArgumentParser(prog="prosody.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="corpus to train on")
    parser.add_argument("--out", type=Path, required=True, help="weights file to write (.npz)")
    parser.add_argument("--test", type=Path, help="another corpus, for evaluation only")
    parser.add_argument("--version", default="emodb-lr-1", help="name kept in the weights and beside every result")
    chosen = parser.parse_args(arguments)

    corpus = load(chosen.data)
    weights = fit(corpus, chosen.version)
    held = list(folds(corpus))
    truth = np.concatenate([part.labels for _, part in held])
    speakers = np.concatenate([part.speakers for _, part in held])
    outs = {
        (kind, context): np.concatenate([chances(fold, part, kind, context) for fold, part in held])
        for kind in range(KINDS)
        for context in (0, 8)
    }
    pooled = np.concatenate([outs[kind, context] for kind in (0, 1, 2) for context in (0, 8)])
    indices = np.array([weights.labels.index(str(label)) for label in truth])
    weights = replace(weights, temperature=temperature(pooled, np.tile(indices, 6)))
    weights.save(chosen.out)
    print(f"{len(corpus.labels)} utterances; temperature {weights.temperature:.2f}")  # noqa: T201
    for (kind, context), out in outs.items():
        tempered = out ** (1 / weights.temperature)
        name = ("clean", "G.711", "G.711 + noise", "noise")[kind]
        shown = tempered / tempered.sum(axis=1, keepdims=True)
        report(f"held-out speakers, {name}, baseline of {context}", truth, shown, weights.labels, speakers)
    if chosen.test:
        other = load(chosen.test)
        for kind, name in ((0, "clean"), (1, "G.711")):
            for context in (0, 3, 8):
                out = chances(weights, other, kind, context)
                report(
                    f"{chosen.test.name}, {name}, baseline of {context}",
                    other.labels,
                    out,
                    weights.labels,
                    other.speakers,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
