"""How alike two texts are worded: tf-idf of letters and words. To the bit as scikit-learn's, at a tenth of its cost.

Its vectoriser checks its settings and its input at every call, which for one sentence takes longer than the counting.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

_RUN = re.compile(r"[\u3400-\u9fff]+|[^\s\u3400-\u9fff]+")
_SHARE = np.sqrt(0.5)  # of each of two vocabularies: a text has five times as many letter grams as words


def letters(text: str) -> list[str]:
    """Characters 2–5 of Latin words with their ends, and Han characters alone and in pairs."""
    grams: list[str] = []
    for run in _RUN.findall(text):
        if "\u3400" <= run[0] <= "\u9fff":
            grams += [*run, *(run[i : i + 2] for i in range(len(run) - 1))]
        else:
            word = f" {run} "
            grams += [word[i : i + n] for n in range(2, 6) for i in range(max(1, len(word) - n + 1))]
    return grams


def words(text: str) -> list[str]:
    """Latin words and pairs of Han characters, alone and with the one before."""
    units: list[str] = []
    for run in _RUN.findall(text):
        if "\u3400" <= run[0] <= "\u9fff":
            units += [run[i : i + 2] for i in range(max(1, len(run) - 1))]
        else:
            units.append(run)
    return units + [f"{one} {two}" for one, two in itertools.pairwise(units)]


class Vocabulary:
    """Terms of one kind and how rare they are."""

    def __init__(self, terms_of: Callable[[str], Iterable[str]], texts: Iterable[str]) -> None:
        self._terms_of = terms_of
        counts = [set(terms_of(text)) for text in texts]
        held = Counter(term for terms in counts for term in terms)
        self._column = {term: column for column, term in enumerate(sorted(held))}
        holding = np.array([held[term] for term in self._column], dtype=np.float32) + np.float32(1)
        self._rarity: NDArray[np.float32] = np.log(np.float32(len(counts) + 1) / holding) + np.float32(1)

    def __len__(self) -> int:
        return len(self._column)

    def weigh(self, text: str) -> tuple[list[int], NDArray[np.float64]]:
        """Columns in order, and (1 + log count) · rarity in each, together of length 1."""
        column = self._column
        found = Counter(column[term] for term in self._terms_of(text) if term in column)
        columns = sorted(found)
        weights = np.log(np.array([found[at] for at in columns], dtype=np.float32)) + np.float32(1)
        weights *= self._rarity[columns]
        length = 0.0
        for square in (weights * weights).tolist():  # one after the other, as the other implementation adds
            length += square
        if length:
            weights = (weights / np.sqrt(length)).astype(np.float32)
        return columns, weights * _SHARE


class Wording:
    """Tf-idf of letters and words, as one kernel."""

    def __init__(self, texts: Sequence[str]) -> None:
        known = [*texts, "a 一"]
        self._letters, self._words = Vocabulary(letters, known), Vocabulary(words, known)

    def transform(self, texts: Sequence[str]) -> Any:
        """Sparse [n, features] with rows of length 1 (0 for what was never seen)."""
        indices: list[int] = []
        data: list[NDArray[np.float64]] = [np.zeros(0)]
        ends = [0]
        for text in texts:
            small, weights = self._letters.weigh(text)
            large, more = self._words.weigh(text)
            indices += [*small, *(len(self._letters) + at for at in large)]
            data += [weights, more]
            ends.append(len(indices))
        shape = (len(texts), len(self._letters) + len(self._words))
        return scipy.sparse.csr_matrix(
            (np.concatenate(data), np.array(indices, np.int32), np.array(ends, np.int32)), shape
        )
