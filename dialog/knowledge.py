"""Answers from reviewed articles: meaning (vectors) and wording (BM25) together, or nothing when neither is near."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
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
            raise yamlfile.FileError([document.problem(item["loc"], item["msg"]) for item in error.errors()]) from None
        for index, article in enumerate(parsed.articles):
            if article.id in articles:
                raise yamlfile.FileError(
                    [document.problem(("articles", index), f"article {article.id!r} is given twice")]
                )
            articles[article.id] = article
    return list(articles.values())


@dataclass(frozen=True, slots=True)
class _Question:
    article: Article
    words: Counter[str]


class KnowledgeBase:
    """`Knowledge` over an `Embedder`. `index` must have finished before callers are answered."""

    def __init__(
        self, embedder: Embedder, articles: Sequence[Article], *, least: float = 0.5, cache: Path | None = None
    ) -> None:
        self._embedder = embedder
        self._articles = list(articles)
        self._least = least
        self._cache = cache
        self._questions: list[_Question] = []
        self._vectors: Vectors = np.zeros((0, 0), dtype=np.float32)
        self._centre: Vectors = np.zeros(0, dtype=np.float32)
        self._rarity: dict[str, float] = {}
        self._mean_length = 1.0

    async def index(self) -> None:
        """Compute vectors and word statistics of all questions."""
        texts: list[str] = []
        self._questions.clear()
        for article in self._articles:
            for question in (question for listed in article.questions.values() for question in listed):
                texts.append(normal(question))
                self._questions.append(_Question(article, Counter(_terms(question))))
        vectors = await embed_all(self._embedder, texts, self._cache)
        self._centre = vectors.mean(axis=0)
        self._vectors = self._unit(vectors)
        seen = Counter(term for question in self._questions for term in question.words)
        total = len(self._questions)
        self._rarity = {term: math.log(1 + (total - n + 0.5) / (n + 0.5)) for term, n in seen.items()}
        self._mean_length = sum(question.words.total() for question in self._questions) / max(1, total)

    def answers(self, locale: str) -> list[str]:
        """As `Knowledge.answers`, without private ones."""
        return [
            article.answer[served]
            for article in self._articles
            if not article.auth_level and (served := match_locale([*article.answer], locale))
        ]

    async def search(self, text: str, locale: str, level: int = 0) -> Found | None:
        """As `Knowledge.search`. Raises OSError or TimeoutError without vectors."""
        best = await self.rank(text, locale, level)
        return best[0] if best and best[0].score >= self._least else None

    async def rank(self, text: str, locale: str, level: int = 0) -> list[Found]:
        """All articles for callers of this level that have an answer in this locale, best first."""
        words = normal(text)
        if not words or not self._questions:
            return []
        meaning = self._vectors @ self._unit(await self._embedder.embed([words]))[0]
        terms = _terms(words)
        most = sum(self._rarity.get(term, math.log(1 + 2.0 * len(self._questions))) for term in set(terms)) * (_K1 + 1)
        scores: dict[str, tuple[float, Article]] = {}
        for question, near in zip(self._questions, meaning.tolist(), strict=True):
            if question.article.auth_level > level:
                continue
            wording = self._bm25(question, terms) / most if most else 0.0
            score = _MEANING_WEIGHT * max(0.0, near) + (1 - _MEANING_WEIGHT) * min(1.0, 2 * wording)
            if score > scores.get(question.article.id, (-1.0, question.article))[0]:
                scores[question.article.id] = (score, question.article)
        found = []
        for score, article in sorted(scores.values(), key=lambda pair: -pair[0]):
            served = match_locale([*article.answer], locale)
            if served:
                found.append(Found(article.id, article.version, article.answer[served], round(score, 4)))
        return found

    def _bm25(self, question: _Question, terms: Sequence[str]) -> float:
        length = _K1 * (1 - _B + _B * question.words.total() / self._mean_length)
        return sum(
            self._rarity[term] * question.words[term] * (_K1 + 1) / (question.words[term] + length)
            for term in set(terms)
            if term in question.words
        )

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
