"""What the caller wants: examples in, intents out, with a threshold below which it is `unknown`.

A linear model over sentence vectors (meaning, across languages) beside character n-grams (exact wording, and
near-misses of the recogniser). Fitted at start in a thread. Cross-validation on the examples gives two thresholds:
one for all intents, and a lower one for `human_request`, since missing that is worse than asking back.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import structlog
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from dialog import yamlfile
from dialog.embedding import embed_all
from dialog.ports import Embedder, Understood, Vectors

log = structlog.get_logger(__name__)

UNKNOWN = "unknown"
HUMAN = "human_request"
_FOLDS = 4
_FALSE_INTENTS = 0.06  # share of out-of-scope examples that may be taken for an intent
_FALSE_HUMANS = 0.01  # share of all other examples that may be taken for a request for a person
_WORDING_WEIGHT = 0.7  # of n-grams against vectors; from 0.4 to 1.0 it hardly matters
_LEARNT = "learnt-intents.npz"  # beside the vectors
_MATCH_MIN = 0.35  # centred cosine of a menu phrase
_NOT_WORDS = re.compile(r"[^\w]+")


class IntentFile(BaseModel):
    """One file of `flows/intents`."""

    model_config = ConfigDict(extra="forbid")

    format: str = Field(pattern=r"^intent/v1$")
    intent: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    examples: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence and what it asks for."""

    text: str
    intent: str


def read_examples(folder: Path) -> list[Example]:
    """All examples of a folder. Raises `yamlfile.FileError`."""
    examples: list[Example] = []
    for path in sorted(folder.glob("*.yaml")):
        document = yamlfile.read(path)
        try:
            parsed = IntentFile.model_validate(document.data)
        except ValidationError as error:
            raise yamlfile.FileError([document.problem(item["loc"], item["msg"]) for item in error.errors()]) from None
        examples += [Example(text, parsed.intent) for texts in parsed.examples.values() for text in texts]
    return examples


def normal(text: str) -> str:
    """Lower case, punctuation to single spaces, none between Han characters."""
    spaced = _NOT_WORDS.sub(" ", text.lower()).strip()
    return re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", spaced)


@dataclass(frozen=True, slots=True)
class _Model:
    centre: Vectors
    wording: Any
    classifier: Any
    intents: tuple[str, ...]
    threshold: float
    human_threshold: float

    def features(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        return _features(vectors, self.centre, self.wording.transform(texts))


def _centred(vectors: Vectors, centre: Vectors) -> Vectors:
    # E5's vectors crowd into a narrow cone (cosines 0.7–1.0); without the mean they spread
    moved = vectors - centre
    norms = np.linalg.norm(moved, axis=1, keepdims=True)
    result: Vectors = (moved / np.maximum(norms, 1e-6)).astype(np.float32)
    return result


def _features(vectors: Vectors, centre: Vectors, grams: Any) -> Vectors:
    # dense: a thousand examples are 20 MB, and one utterance is a row
    return np.hstack([_centred(vectors, centre), grams.toarray().astype(np.float32) * np.float32(_WORDING_WEIGHT)])


def _fit(texts: Sequence[str], labels: Sequence[str], vectors: Vectors, least: float, cache: Path | None) -> _Model:
    centre: Vectors = vectors.mean(axis=0)
    wording = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True, min_df=2)
    features = _features(vectors, centre, wording.fit_transform(texts))
    key = _key(texts, labels, features.shape)
    learnt = _load(cache, key)
    if learnt is None:
        learnt = _learn(features, labels)
        _save(cache, key, learnt)
    classifier, threshold, human_threshold = learnt
    intents = tuple(str(name) for name in classifier.classes_)
    return _Model(centre, wording, classifier, intents, least or threshold, human_threshold)


_Learnt = tuple[Any, float, float]  # classifier, threshold, threshold of a request for a person


def _learn(features: Vectors, labels: Sequence[str]) -> _Learnt:
    classifier = LogisticRegression(C=12.0, max_iter=200, class_weight="balanced")
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=7)
    unseen: NDArray[np.float64] = cross_val_predict(classifier, features, labels, cv=folds, method="predict_proba")
    classifier.fit(features, labels)
    return classifier, *_thresholds(unseen, np.array(labels), tuple(str(name) for name in classifier.classes_))


def _key(texts: Sequence[str], labels: Sequence[str], shape: tuple[int, ...]) -> str:
    """What the learnt numbers depend on."""
    parts = (
        _FOLDS,
        _FALSE_INTENTS,
        _FALSE_HUMANS,
        _WORDING_WEIGHT,
        sklearn.__version__,
        shape,
        *zip(texts, labels, strict=True),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _load(cache: Path | None, key: str) -> _Learnt | None:
    """A restarted app must understand its callers at once, not after half a minute of learning anew."""
    if cache is None:
        return None
    with (
        contextlib.suppress(OSError, ValueError, KeyError, zipfile.BadZipFile),
        np.load(cache.with_name(_LEARNT)) as data,
    ):
        if str(data["key"]) == key:
            classifier = LogisticRegression()
            classifier.coef_, classifier.intercept_ = data["weights"], data["intercept"]
            classifier.classes_, classifier.n_features_in_ = data["intents"], data["weights"].shape[1]
            threshold, human_threshold = data["thresholds"].tolist()
            return classifier, threshold, human_threshold
    return None


def _save(cache: Path | None, key: str, learnt: _Learnt) -> None:
    if cache is None:
        return
    classifier, *thresholds = learnt
    partial = cache.with_name(f"{_LEARNT}.part.npz")
    with contextlib.suppress(OSError):
        np.savez(
            partial, key=key, weights=classifier.coef_, intercept=classifier.intercept_,
            intents=np.array(classifier.classes_, dtype=str), thresholds=np.array(thresholds),
        )  # fmt: skip
        partial.replace(cache.with_name(_LEARNT))


def _thresholds(unseen: NDArray[np.float64], labels: NDArray[Any], intents: tuple[str, ...]) -> tuple[float, float]:
    unknown = intents.index(UNKNOWN)
    known = np.delete(unseen, unknown, axis=1).max(axis=1)
    wrong = known[(labels == UNKNOWN) & (unseen.argmax(axis=1) != unknown)]
    allowed = int(_FALSE_INTENTS * (labels == UNKNOWN).sum())
    threshold = float(np.sort(wrong)[::-1][allowed]) if len(wrong) > allowed else 0.0
    human_threshold = 1.0
    if HUMAN in intents:
        others = np.sort(unseen[labels != HUMAN, intents.index(HUMAN)])[::-1]
        human_threshold = float(others[int(_FALSE_HUMANS * len(others))])
    return min(max(threshold, 0.2), 0.42), min(max(human_threshold, 0.15), 0.5)


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
        vectors = await embed_all(self._embedder, texts, self._cache)
        labels = [example.intent for example in examples]
        self._model = await asyncio.to_thread(_fit, texts, labels, vectors, self._least, self._cache)
        log.info(
            "understanding.ready",
            examples=len(texts),
            intents=len(self._model.intents),
            threshold=round(self._model.threshold, 3),
            human_threshold=round(self._model.human_threshold, 3),
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
        vectors = await self._embedder.embed([words])
        row = model.classifier.predict_proba(model.features([words], vectors))[0]
        ranked = sorted(zip(model.intents, row.tolist(), strict=True), key=lambda pair: -pair[1])
        top = tuple((name, round(share, 4)) for name, share in ranked[:4])
        human = dict(ranked).get(HUMAN, 0.0)
        if human >= model.human_threshold and (allowed is None or HUMAN in allowed):
            return Understood(HUMAN, human, top)
        for name, share in ranked:
            if name == UNKNOWN or (share < model.threshold):
                return Understood(UNKNOWN, share, top)
            if allowed is None or name in allowed:
                return Understood(name, share, top)
        return Understood(UNKNOWN, 0.0, top)

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
        vectors = _centred(await self._embedder.embed([words, *(phrase for _, phrase in phrases)]), model.centre)
        scores = vectors[1:] @ vectors[0]
        best = int(scores.argmax())
        return phrases[best][0] if scores[best] >= _MATCH_MIN else None

    def _fitted(self) -> _Model:
        if self._model is None:
            raise RuntimeError("understanding is not ready yet")
        return self._model
