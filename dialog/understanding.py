"""What the caller wants: examples in, intents out, with a threshold below which it is `unknown`.

`dialog.classifier` learns from a handful of examples per intent, in any mix of languages. How each example is taken
when it is left out gives two thresholds: one for all intents, and a lower one for `human_request`, since missing
that is worse than asking back.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from threadpoolctl import threadpool_limits

from dialog import classifier, yamlfile
from dialog.classifier import Classifier, Learnt, Recipe
from dialog.embedding import embed_all
from dialog.ports import Embedder, Understood, Vectors

log = structlog.get_logger(__name__)

UNKNOWN = "unknown"
HUMAN = "human_request"
_FALSE_INTENTS = 0.06  # share of out-of-scope examples that may be taken for an intent
_LOST_INTENTS = 0.04  # share of intents' examples that may be lost for it
_LOST_WITHOUT = 0.01  # the same where no out-of-scope examples are given
_FALSE_HUMANS = 0.01  # share of all other examples that may be taken for a request for a person
_QUERY = False
"""E5's prefix for classification is `passage`: on SMP2017, left-out examples are right 93.9 % of the time, not 92.9 %."""
_LEARNT = "learnt-intents.npz"  # beside the vectors
_MATCH_MIN = 0.45  # centred cosine of a menu phrase
_NOT_WORDS = re.compile(r"[^\w]+")


class IntentFile(BaseModel):
    """One file of `flows/intents`."""

    model_config = ConfigDict(extra="forbid")

    format: str = Field(pattern=r"^intent/v1$")
    intent: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    auth_level: int = Field(
        default=0, ge=0, le=3, description="how surely the caller must be known before it is answered, by whatever path"
    )
    examples: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence and what it asks for."""

    text: str
    intent: str


def read_examples(folder: Path) -> list[Example]:
    """All examples of a folder. Raises `yamlfile.FileError`."""
    return [
        Example(text, parsed.intent) for parsed in _read(folder) for texts in parsed.examples.values() for text in texts
    ]


def read_levels(folder: Path) -> dict[str, int]:
    """The level that each private intent of a folder needs. Raises `yamlfile.FileError`."""
    return {parsed.intent: parsed.auth_level for parsed in _read(folder) if parsed.auth_level}


def _read(folder: Path) -> list[IntentFile]:
    files = []
    for path in sorted(folder.glob("*.yaml")):
        document = yamlfile.read(path)
        try:
            files.append(IntentFile.model_validate(document.data))
        except ValidationError as error:
            raise yamlfile.FileError([yamlfile.misshapen(document, item) for item in error.errors()]) from None
    return files


def normal(text: str) -> str:
    """Lower case, punctuation to single spaces, none between Han characters."""
    spaced = _NOT_WORDS.sub(" ", text.lower()).strip()
    return re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", spaced)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`known`: least lead of an intent over `unknown` (its margin, where no examples of `unknown` were given).

    `human`: least probability of a request for a person.
    """

    known: float
    human: float


@dataclass(frozen=True, slots=True)
class _Model:
    classifier: Classifier
    thresholds: Thresholds


def leads(margins: Vectors, classes: Sequence[str]) -> Vectors:
    """How much each class is ahead of `unknown`, [n, c]; the margins themselves where there is no such class."""
    if UNKNOWN not in classes:
        return margins
    own = margins[:, [classes.index(UNKNOWN)]]
    ahead: Vectors = margins - own
    return ahead


def thresholds(fitted: Classifier, labels: Sequence[str]) -> Thresholds:
    """From how each example is taken when it is left out."""
    classes, unseen, named = fitted.classes, fitted.learnt.unseen, np.array(labels)
    ahead = leads(unseen, classes)
    known = np.array([name != UNKNOWN for name in classes])
    best = np.where(known, ahead, -np.inf).max(axis=1)
    outside = named == UNKNOWN
    least = float(np.quantile(best[~outside], _LOST_INTENTS if outside.any() else _LOST_WITHOUT))
    if outside.any():
        least = min(float(np.quantile(best[outside], 1 - _FALSE_INTENTS)), max(least, 0.0))
    human = 1.0
    if HUMAN in classes:
        others = fitted.probabilities(unseen)[named != HUMAN, classes.index(HUMAN)]
        human = min(max(float(np.quantile(others, 1 - _FALSE_HUMANS)), 0.15), 0.5)
    return Thresholds(least, human)


def _fit(texts: Sequence[str], labels: Sequence[str], vectors: Vectors, cache: Path | None) -> _Model:
    key = _key(texts, labels)
    with threadpool_limits(1):  # with two, small matrices cost a multiple of the CPU, most of it spinning
        fitted = Classifier(texts, labels, vectors, kept := _load(cache, key))
    if kept is None:
        _save(cache, key, fitted.learnt)
    return _Model(fitted, thresholds(fitted, labels))


def _key(texts: Sequence[str], labels: Sequence[str]) -> str:
    """What the learnt numbers depend on."""
    parts = (classifier.VERSION, np.__version__, *zip(texts, labels, strict=True))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _load(cache: Path | None, key: str) -> Learnt | None:
    """A restarted app must understand its callers at once."""
    if cache is None:
        return None
    with (
        contextlib.suppress(OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile),
        np.load(cache.with_name(_LEARNT)) as data,
    ):
        if str(data["key"]) == key:
            recipe = Recipe(**{name: float(data[name]) for name in ("width", "wording", "ridge")})
            return Learnt(recipe, data["dual"], data["unseen"], float(data["temperature"]))
    return None


def _save(cache: Path | None, key: str, learnt: Learnt) -> None:
    if cache is None:
        return
    numbers: dict[str, Any] = {**asdict(learnt.recipe), "temperature": learnt.temperature}
    partial = cache.with_name(f"{_LEARNT}.part.npz")
    with contextlib.suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(partial, key=key, dual=learnt.dual, unseen=learnt.unseen, **numbers)
        partial.replace(cache.with_name(_LEARNT))


class IntentClassifier:
    """`Understanding` over an `Embedder`. `fit` must have finished before callers are answered."""

    def __init__(self, embedder: Embedder, *, least: float = 0.0, cache: Path | None = None) -> None:
        self._embedder = embedder
        self._least = least
        self._cache = cache
        self._model: _Model | None = None

    async def fit(self, examples: Sequence[Example]) -> None:
        """Learn. Takes some seconds in a thread, and ~10 ms of inference per text, unless both are in the cache."""
        texts = [normal(example.text) for example in examples]
        vectors = await embed_all(self._embedder, texts, self._cache, query=_QUERY)
        labels = [example.intent for example in examples]
        self._model = await asyncio.to_thread(_fit, texts, labels, vectors, self._cache)
        log.info(
            "understanding.ready",
            examples=len(texts),
            intents=len(self._model.classifier.classes),
            recipe=asdict(self._model.classifier.learnt.recipe),
            threshold=round(self._model.thresholds.known, 3),
            human_threshold=round(self._model.thresholds.human, 3),
        )

    @property
    def ready(self) -> bool:
        """Whether `fit` has finished."""
        return self._model is not None

    async def classify(self, text: str, allowed: Sequence[str] | None = None) -> Understood:
        """As `Understanding.classify`. Raises RuntimeError before `fit`, OSError/TimeoutError without vectors."""
        words = normal(text)
        if not words:
            return Understood(UNKNOWN, 0.0)
        model = self._fitted()
        vectors = await self._embedder.embed([words], _QUERY)
        return _decide(model, model.classifier.margins([words], vectors), self._least, allowed)

    async def match(self, text: str, options: Sequence[Sequence[str]]) -> int | None:
        """As `Understanding.match`."""
        words = normal(text)
        phrases = [(index, normal(phrase)) for index, listed in enumerate(options) for phrase in listed]
        for index, phrase in phrases:
            if words == phrase:
                return index
        if not words or not phrases:
            return None
        model = self._fitted()
        vectors = model.classifier.centred(
            await self._embedder.embed([words, *(phrase for _, phrase in phrases)], _QUERY)
        )
        scores = vectors[1:] @ vectors[0]
        best = int(scores.argmax())
        return phrases[best][0] if scores[best] >= _MATCH_MIN else None

    def _fitted(self) -> _Model:
        if self._model is None:
            raise RuntimeError("understanding is not ready yet")
        return self._model


def _decide(model: _Model, margins: Vectors, least: float, allowed: Sequence[str] | None) -> Understood:
    classes = model.classifier.classes
    shares: NDArray[np.float32] = model.classifier.probabilities(margins)[0]
    ahead = leads(margins, classes)[0]
    order = np.argsort(-margins[0]).tolist()
    ranked = tuple((classes[i], round(float(shares[i]), 4)) for i in order[:4])
    if HUMAN in classes and (allowed is None or HUMAN in allowed):
        human = float(shares[classes.index(HUMAN)])
        if human >= model.thresholds.human:
            return Understood(HUMAN, human, ranked)
    for i in order:
        name, share = classes[i], float(shares[i])
        if name == UNKNOWN or ahead[i] < model.thresholds.known or share < least:
            return Understood(UNKNOWN, share, ranked)
        if allowed is None or name in allowed:
            return Understood(name, share, ranked)
    return Understood(UNKNOWN, 0.0, ranked)
