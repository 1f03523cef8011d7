"""How right judgements are: unweighted average recall with intervals over speakers, confusions, calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from prosody.corpus import Names
from prosody.features import Vector

SEED = 20
BINS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """Held-out judgements: truth (n,), probabilities (n, labels) in the order of `labels`, speakers (n,)."""

    truth: Names
    chances: Vector
    labels: tuple[str, ...]
    speakers: Names

    @property
    def guess(self) -> Names:
        """The likeliest label of each, however unsure."""
        return np.asarray(np.array(self.labels)[self.chances.argmax(axis=1)])


def uar(truth: Names, guess: Names) -> float:
    """Mean of the recalls of the labels that occur in `truth`; chance is 1 / labels."""
    return float(np.mean([np.mean(guess[truth == label] == label) for label in np.unique(truth)]))


def interval(truth: Names, guess: Names, speakers: Names, rounds: int = 1000) -> tuple[float, float]:
    """95 % interval of the UAR by bootstrap over speakers: utterances of one speaker are not independent.

    Where speakers are not known, or there is one, over utterances: then it is too narrow.
    """
    rng = np.random.default_rng(SEED)
    names = np.unique(speakers)
    parts = [np.flatnonzero(speakers == name) for name in names] if len(names) > 1 else [[i] for i in range(len(truth))]
    scores = []
    for _ in range(rounds):
        index = np.concatenate([parts[i] for i in rng.integers(len(parts), size=len(parts))])
        scores.append(uar(truth[index], guess[index]))
    low, high = np.percentile(scores, [2.5, 97.5])
    return float(low), float(high)


def gain_interval(truth: Names, ours: Names, theirs: Names, speakers: Names, rounds: int = 1000) -> tuple[float, float]:
    """95 % interval of the difference of two UARs on the same utterances, by the same bootstrap."""
    rng = np.random.default_rng(SEED)
    parts = [np.flatnonzero(speakers == name) for name in np.unique(speakers)]
    scores = []
    for _ in range(rounds):
        index = np.concatenate([parts[i] for i in rng.integers(len(parts), size=len(parts))])
        scores.append(uar(truth[index], ours[index]) - uar(truth[index], theirs[index]))
    low, high = np.percentile(scores, [2.5, 97.5])
    return float(low), float(high)


def recalls(truth: Names, guess: Names) -> dict[str, float]:
    """Recall of each label that occurs."""
    return {str(label): round(float(np.mean(guess[truth == label] == label)), 4) for label in np.unique(truth)}


def confusion(truth: Names, guess: Names) -> dict[str, dict[str, int]]:
    """How often each label (outer) was heard as which (inner)."""
    heard = sorted(set(guess.tolist()) | set(truth.tolist()))
    return {
        str(label): {name: int(np.sum(guess[truth == label] == name)) for name in heard} for label in np.unique(truth)
    }


def reliability(judged: Judged) -> tuple[list[dict[str, float]], float]:
    """Bins of confidence with their mean confidence and accuracy, and the expected calibration error."""
    sure, right = judged.chances.max(axis=1), judged.guess == judged.truth
    bins, error = [], 0.0
    where = np.minimum((sure * BINS).astype(int), BINS - 1)
    for index in range(BINS):
        inside = where == index
        if inside.any():
            confidence, accuracy = float(sure[inside].mean()), float(right[inside].mean())
            bins.append({"confidence": round(confidence, 4), "accuracy": round(accuracy, 4), "n": int(inside.sum())})
            error += abs(confidence - accuracy) * float(inside.mean())
    return bins, round(error, 4)


def summary(judged: Judged, said: npt.NDArray[np.bool_] | None = None) -> dict[str, Any]:
    """Everything above as plain data. `said` (n,) marks what the product would have said rather than `unknown`."""
    truth, guess = judged.truth, judged.guess
    low, high = interval(truth, guess, judged.speakers)
    bins, error = reliability(judged)
    report: dict[str, Any] = {
        "uar": round(uar(truth, guess), 4),
        "uar_95": [round(low, 4), round(high, 4)],
        "recall": recalls(truth, guess),
        "confusion": confusion(truth, guess),
        "calibration_error": error,
        "reliability": bins,
        "n": len(truth),
        "speakers": len(np.unique(judged.speakers)),
    }
    if said is not None:
        report["unknown"] = round(float(np.mean(~said)), 4)
        report["uar_of_what_was_said"] = round(uar(truth[said], guess[said]), 4) if said.any() else None
    return report
