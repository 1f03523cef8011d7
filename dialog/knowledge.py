"""Answers from reviewed articles: meaning (vectors) and wording (BM25) together, or nothing when neither is near."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dialog import yamlfile
from dialog.embedding import embed_all
from dialog.ports import Embedder, Found, Vectors
from dialog.text import match_locale
from dialog.understanding import normal

_MEANING_WEIGHT = 0.75  # the rest is wording, which helps with names and rare words
_K1, _B = 1.2, 0.6  # BM25's usual saturation; questions are short, so length counts a little less
_LATIN = re.compile(r"[a-z0-9']+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_STOP = frozenset(
    {"a", "an", "the", "i", "you", "my", "your", "is", "are", "do", "does", "can", "to", "of", "in", "on", "for", "it", "me", "we", "what", "how", "and", "or", "be", "if"}
)  # fmt: skip


class Article(BaseModel):
    """One article; `answer` is what is spoken."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: int = Field(ge=1, description="raised with every change of the answer; cited with it")
    auth_level: int = Field(
        default=0,
        ge=0,
        le=3,
        description="how surely the caller must be known before it is told; below it is not searched",
    )
    questions: dict[str, list[str]] = Field(min_length=1, description="ways to ask, by locale")
    answer: dict[str, str] = Field(min_length=1, description="one or two short sentences by locale")


class KnowledgeFile(BaseModel):
    """One file of `flows/knowledge`."""

    model_config = ConfigDict(extra="forbid")

    format: str = Field(pattern=r"^knowledge/v1$")
    articles: list[Article]


def read_articles(folder: Path) -> list[Article]:
    """All articles of a folder. Raises `yamlfile.FileError`, also for an id given twice."""
    articles: dict[str, Article] = {}
    for path in sorted(folder.glob("*.yaml")):
        document = yamlfile.read(path)
        try:
            parsed = KnowledgeFile.model_validate(document.data)
        except ValidationError as error:
            raise yamlfile.FileError([yamlfile.misshapen(document, item) for item in error.errors()]) from None
        for index, article in enumerate(parsed.articles):
            if article.id in articles:
                raise yamlfile.FileError(
                    [document.problem(("articles", index), f"article {article.id!r} is given twice")]
                )
            articles[article.id] = article
    return list(articles.values())


@dataclass(frozen=True, slots=True)
class _Postings:
    """Which questions hold a term, [n], and what it adds to the wording of each, [n]."""

    questions: NDArray[np.intp]
    weights: NDArray[np.float64]


class KnowledgeBase:
    """`Knowledge` over an `Embedder`. `index` must have finished before callers are answered."""

    def __init__(
        self, embedder: Embedder, articles: Sequence[Article], *, least: float, cache: Path | None = None
    ) -> None:
        self._embedder = embedder
        self._articles = list(articles)
        self._least = least
        self._cache = cache
        self._asked: list[Article] = []
        self._starts: list[int] = []
        self._vectors: Vectors = np.zeros((0, 0), dtype=np.float32)
        self._centre: Vectors = np.zeros(0, dtype=np.float32)
        self._rarity: dict[str, float] = {}
        self._postings: dict[str, _Postings] = {}

    async def index(self) -> None:
        """Compute vectors and word statistics of all questions."""
        texts: list[str] = []
        questions: list[Counter[str]] = []
        asked: list[Article] = []
        starts: list[int] = []
        for article in self._articles:
            listed = [question for some in article.questions.values() for question in some]
            if listed:
                asked.append(article)
                starts.append(len(texts))
            texts += [normal(question) for question in listed]
            questions += [Counter(_terms(question)) for question in listed]
        if texts:
            vectors = await embed_all(self._embedder, texts, self._cache)
            self._centre = vectors.mean(axis=0)
            self._vectors = self._unit(vectors)
        self._weigh(questions)
        self._asked, self._starts = asked, starts

    def _weigh(self, questions: Sequence[Counter[str]]) -> None:
        """What each term adds to each question that holds it: BM25 without the words that are asked."""
        seen = Counter(term for words in questions for term in words)
        total = len(questions)
        self._rarity = {term: math.log(1 + (total - n + 0.5) / (n + 0.5)) for term, n in seen.items()}
        mean = sum(words.total() for words in questions) / max(1, total)
        found: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for index, words in enumerate(questions):
            length = _K1 * (1 - _B + _B * words.total() / mean) if mean else _K1
            for term, times in words.items():
                found[term].append((index, self._rarity[term] * times * (_K1 + 1) / (times + length)))
        self._postings = {
            term: _Postings(np.array([at for at, _ in listed]), np.array([weight for _, weight in listed]))
            for term, listed in found.items()
        }

    def answers(self, locale: str) -> list[str]:
        """As `Knowledge.answers`, without private ones."""
        return [
            article.answer[served]
            for article in self._articles
            if not article.auth_level and (served := match_locale([*article.answer], locale))
        ]

    async def search(self, text: str, locale: str, level: int = 0) -> Found | None:
        """As `Knowledge.search`. Raises OSError or TimeoutError without vectors."""
        best = next(await self._best_first(text, locale, level), None)
        return best if best and best.score >= self._least else None

    async def rank(self, text: str, locale: str, level: int = 0) -> list[Found]:
        """All articles for callers of this level that have an answer in this locale, best first."""
        return list(await self._best_first(text, locale, level))

    async def _best_first(self, text: str, locale: str, level: int) -> Iterator[Found]:
        words = normal(text)
        if not words or not self._asked:
            return iter(())
        meaning = self._vectors @ self._unit(await self._embedder.embed([words]))[0]
        scores = _MEANING_WEIGHT * np.maximum(0.0, meaning.astype(np.float64))
        scores += (1 - _MEANING_WEIGHT) * np.minimum(1.0, 2 * self._wording(words))
        of_articles = np.maximum.reduceat(scores, self._starts)
        return self._told(of_articles, locale, level)

    def _told(self, scores: NDArray[np.float64], locale: str, level: int) -> Iterator[Found]:
        for index in np.argsort(-scores, kind="stable").tolist():
            article = self._asked[index]
            if article.auth_level <= level and (served := match_locale([*article.answer], locale)):
                yield Found(article.id, article.version, article.answer[served], round(float(scores[index]), 4))

    def _wording(self, words: str) -> NDArray[np.float64]:
        """How much of the asked words' weight each question has, [questions]: 0 to 1."""
        terms = sorted(set(_terms(words)))
        found = np.zeros(len(self._vectors))
        if not terms:
            return found
        rarest = math.log(1 + 2.0 * len(found))
        for term in terms:
            if term in self._postings:
                held = self._postings[term]
                found[held.questions] += held.weights
        most = sum(self._rarity.get(term, rarest) for term in terms) * (_K1 + 1)
        return found / most

    def _unit(self, vectors: Vectors) -> Vectors:
        moved = vectors - self._centre
        norms = np.linalg.norm(moved, axis=1, keepdims=True)
        result: Vectors = (moved / np.maximum(norms, 1e-6)).astype(np.float32)
        return result


def _terms(text: str) -> list[str]:
    """Latin words (plural s off) without the commonest, and pairs of Han characters."""
    low = text.lower()
    words = [word.rstrip("s") if len(word) > 3 else word for word in _LATIN.findall(low) if word not in _STOP]
    pairs = [run[i : i + 2] for run in _HAN.findall(low) for i in range(max(1, len(run) - 1))]
    return words + pairs
