"""What the knowledge base ranks by: the formula written out, one question after the other."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np

from dialog.knowledge import Article, KnowledgeBase
from dialog.ports import Vectors

ASKED = {
    "returns": ["how do I return my order", "send the order back", "can I give back what I bought", "怎么退货"],
    "hours": ["when do you open", "opening hours", "几点开门"],
    "nothing": [],
    "secret": ["order order order", "what is in my order"],
}
ARTICLES = [
    Article(
        id=name,
        version=1,
        auth_level=2 if name == "secret" else 0,
        questions={"en": texts},
        answer={"en": name} if name != "hours" else {"en": name, "zh-CN": "九点"},
    )
    for name, texts in ASKED.items()
]
K1, B = 1.2, 0.6
STOP = {"how", "do", "i", "my", "the", "can", "what", "you", "is", "in"}


class Hashed:
    """A vector per text, always the same."""

    async def embed(self, texts: Sequence[str], query: bool = True) -> Vectors:
        rows = [np.random.default_rng(zlib.crc32(text.encode())).normal(size=16) for text in texts]
        return np.asarray(rows, dtype=np.float32)


def terms(text: str) -> list[str]:
    """The words of these few sentences as the base counts them."""
    if text.isascii():
        return [word.rstrip("s") if len(word) > 3 else word for word in text.lower().split() if word not in STOP]
    return [text[i : i + 2] for i in range(len(text) - 1)]


async def by_the_formula(text: str, level: int) -> dict[str, float]:
    """Article → score."""
    pairs = [(article, question) for article in ARTICLES for question in article.questions["en"]]
    counts = [Counter(terms(question)) for _, question in pairs]
    vectors = await Hashed().embed([question.lower() for _, question in pairs])
    centre = vectors.mean(axis=0)
    asked = (await Hashed().embed([text]))[0] - centre
    mean = sum(words.total() for words in counts) / len(counts)
    weight = {}
    for term in set(terms(text)):
        holding = sum(term in words for words in counts)
        rarity = math.log(1 + (len(counts) - holding + 0.5) / (holding + 0.5))
        weight[term] = rarity if holding else math.log(1 + 2 * len(counts))
    best: dict[str, float] = {}
    for (article, _), words, vector in zip(pairs, counts, vectors - centre, strict=True):
        wording = sum(
            weight[term] * words[term] * (K1 + 1) / (words[term] + K1 * (1 - B + B * words.total() / mean))
            for term in weight
            if term in words
        )
        wording /= (sum(weight.values()) * (K1 + 1)) or 1
        near = max(0.0, float(asked @ vector / np.linalg.norm(asked) / np.linalg.norm(vector)))
        if article.auth_level <= level:
            best[article.id] = max(best.get(article.id, 0.0), 0.75 * near + 0.25 * min(1.0, 2 * wording))
    return best


async def test_the_ranking_is_the_formula() -> None:
    base = KnowledgeBase(Hashed(), ARTICLES, least=0.2)
    await base.index()
    for text in ("return the order", "opening hours", "order order", "怎么退货", "unheard of", "how do i"):
        for level in (0, 2):
            want = await by_the_formula(text, level)
            found = await base.rank(text, "en", level)
            assert [one.article for one in found] == sorted(want, key=lambda name: -want[name])
            assert np.allclose([one.score for one in found], [want[one.article] for one in found], atol=1e-4)
            first = await base.search(text, "en", level)
            assert first == (found[0] if found[0].score >= 0.2 else None)


async def test_what_cannot_be_said_is_not_found() -> None:
    base = KnowledgeBase(Hashed(), [ARTICLES[2]], least=0.5)
    assert await base.rank("order", "en") == []
    await base.index()
    assert await base.rank("order", "en") == []
    whole = KnowledgeBase(Hashed(), ARTICLES, least=0.5)
    await whole.index()
    assert await whole.rank(" ... ", "en") == []
