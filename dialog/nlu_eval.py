"""How well intents are understood: learnt from one file, measured on another. `warmline nlu eval` prints it."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dialog.classifier import Classifier
from dialog.ports import Vectors
from dialog.understanding import UNKNOWN, Example, leads, normal, thresholds

OUTSIDE = frozenset({"oos", "out_of_scope", "out-of-scope", UNKNOWN})
"""Labels of what belongs to no intent."""
_RESAMPLES = 2000
_CONFUSIONS = 20

Embed = Callable[[Sequence[str]], Vectors]


class TableError(ValueError):
    """A file that is no table of texts and intents; names file and line."""


def read_table(path: Path) -> list[Example]:
    """Texts and intents of a TSV: columns `text` and `intent`, else the first two; labels in `OUTSIDE` are one.

    Raises `TableError`.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: cannot be read: {error}") from None
    head = [name.strip().lower() for name in rows[0]] if rows else []
    named = "text" in head
    text, label = (head.index("text") if named else 0), (head.index("intent") if named and "intent" in head else 1)
    examples = []
    for number, row in enumerate(rows[1:] if named else rows, 2 if named else 1):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(text, label) or not row[label].strip():
            raise TableError(f"{path}:{number}: a line is a text, a tab and an intent")
        intent = row[label].strip()
        examples.append(Example(row[text], UNKNOWN if intent.lower() in OUTSIDE else intent))
    if not examples:
        raise TableError(f"{path}: holds no examples")
    return examples


@dataclass(frozen=True, slots=True)
class Judged:
    """One test text: what it is, what it was taken for were there nothing else, and how far ahead that was."""

    text: str
    intent: str
    taken: str
    lead: float


def learn(examples: Sequence[Example], embed: Embed) -> tuple[Classifier, float]:
    """The model, and the least lead at which an intent is believed. Raises ValueError for fewer than two intents."""
    texts, labels = [normal(one.text) for one in examples], [one.intent for one in examples]
    model = Classifier(texts, labels, embed(texts))
    return model, thresholds(model, labels).known


def judge(model: Classifier, examples: Sequence[Example], embed: Embed) -> tuple[list[Judged], list[float]]:
    """Each text by itself, as a caller's, and the ms that it took from words to intent."""
    known = np.array([name != UNKNOWN for name in model.classes])
    judged, took = [], []
    for one in examples:
        began = time.perf_counter()
        text = normal(one.text)
        ahead = leads(model.margins([text], embed([text])), model.classes)[0]
        best = int(np.where(known, ahead, -np.inf).argmax())
        took.append((time.perf_counter() - began) * 1000)
        judged.append(Judged(one.text, one.intent, model.classes[best], float(ahead[best])))
    return judged, took


def report(judged: Sequence[Judged], took: Sequence[float], least: float, *, scope: bool) -> dict[str, Any]:
    """The figures. `scope`: out-of-scope texts matter here, so `accuracy` counts a text below `least` as wrong."""
    inside = [one for one in judged if one.intent != UNKNOWN]
    outside = [one for one in judged if one.intent == UNKNOWN]
    plain = np.array([one.taken == one.intent for one in inside])
    held = np.array([one.taken == one.intent and one.lead >= least for one in inside])
    counted = held if scope else plain
    taken = [one.taken if one.lead >= least or not scope else UNKNOWN for one in inside]
    pairs = list(zip((one.intent for one in inside), taken, strict=True))
    figures: dict[str, Any] = {
        "accuracy": _share(counted),
        "accuracy_95": _interval(counted),
        "accuracy_without_threshold": _share(plain),
        "accuracy_at_threshold": _share(held),
        "macro_f1": _macro_f1(pairs),
        "oos_recall": None,
        "threshold": round(least, 4),
        "tests": len(inside),
        "oos_tests": len(outside),
        "intents": len({one.intent for one in inside}),
        "ms_per_utterance": round(float(np.mean(took)), 2) if took else None,
        "ms_p95": round(float(np.quantile(took, 0.95)), 2) if took else None,
        "confusion": [
            {"intent": intent, "taken": other, "count": count}
            for (intent, other), count in Counter(pair for pair in pairs if pair[0] != pair[1]).most_common(_CONFUSIONS)
        ],
    }
    if outside:
        refused = np.array([one.lead < least for one in outside])
        figures |= {"oos_recall": _share(refused), "oos_recall_95": _interval(refused)}
    return figures


def _share(hits: NDArray[np.bool_]) -> float | None:
    return round(float(hits.mean()), 4) if len(hits) else None


def _interval(hits: NDArray[np.bool_]) -> list[float] | None:
    """95 % by bootstrap over texts."""
    if not len(hits):
        return None
    shares = np.random.default_rng(11).binomial(len(hits), hits.mean(), _RESAMPLES) / len(hits)
    return [round(float(edge), 4) for edge in np.quantile(shares, (0.025, 0.975))]


def _macro_f1(pairs: Sequence[tuple[str, str]]) -> float | None:
    if not pairs:
        return None
    right = Counter(intent for intent, taken in pairs if intent == taken)
    is_, said = Counter(intent for intent, _ in pairs), Counter(taken for _, taken in pairs)
    return round(float(np.mean([2 * right[name] / (is_[name] + said[name]) for name in is_])), 4)
