"""Which class a text belongs to, learnt from examples: kernel least squares, chosen and checked on examples left out.

The kernel says how alike two texts are: by meaning (a Gaussian of the distance between centred sentence vectors) and
by wording (n-grams of letters and words, tf-idf). One ridge regression on ±1 per class over that kernel has a closed
form, and so have the scores that each example would get had it been left out (Rifkin & Lippert, "Notes on regularized
least squares", 2007): α / diag(K + λI)⁻¹. Those scores choose kernel and ridge, calibrate probabilities and set
thresholds, so nothing is ever judged by a model that knows it, and a flow's thousand examples are learnt in seconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from dialog.wording import Wording

Floats = NDArray[np.float32]

VERSION = 1
"""Raised with every change of what is learnt from the same examples."""

_WIDTHS = (1.0, 2.0, 3.0)  # γ of exp(γ (cos − 1)) for vectors without their mean
_WORDINGS = (0.05, 0.2, 0.5)  # weight of wording beside meaning, whose kernel is 1 for equal texts
_RIDGES = (0.05, 0.15, 0.4)
_TRIED_ON = 2500  # examples on which kernel and ridge are chosen; the whole set is learnt once
_TEMPERATURES = np.geomspace(0.03, 1.0, 24)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What cross-validation chose."""

    width: float
    wording: float
    ridge: float


def _left_out(kernel: Floats, targets: Floats, ridge: float) -> tuple[Floats, Floats]:
    """Dual weights [n, c], and the scores of each example by the others [n, c]."""
    matrix = kernel.copy()
    matrix[np.diag_indices_from(matrix)] += np.float32(ridge)
    factor, failed = lapack.spotrf(matrix, lower=1, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError("the kernel is singular")
    inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    _mirror(inverse)
    dual = inverse @ targets
    return dual, targets - dual / np.diagonal(inverse)[:, None]


def _mirror(matrix: Floats) -> None:
    """Copy the lower triangle to the upper, in place and in blocks: the matrix of 15 000 examples is 900 MB."""
    size = 1024
    for start in range(0, len(matrix), size):
        rows = slice(start, start + size)
        block = matrix[rows, rows]
        matrix[rows, rows] = np.tril(block) + np.tril(block, -1).T
        matrix[rows, start + size :] = matrix[start + size :, rows].T


@dataclass(frozen=True, slots=True)
class Learnt:
    """What learning found; with the examples it makes a `Classifier` again at once."""

    recipe: Recipe
    dual: Floats
    unseen: Floats
    """Scores of each example by the others, [n, c]."""
    temperature: float


class Classifier:
    """Scores texts against `classes`. Texts are given as `dialog.understanding.normal` leaves them."""

    def __init__(
        self, texts: Sequence[str], labels: Sequence[str], vectors: Floats, learnt: Learnt | None = None
    ) -> None:
        """Learn from the examples, or take up what was learnt from the same ones. Takes about n³ / 2·10¹⁰ s.

        `vectors`: [n, dims]. Raises ValueError for fewer than two classes.
        """
        self.classes = tuple(sorted(set(labels)))
        if len(self.classes) < 2:
            raise ValueError("examples of at least two intents are needed")
        self._centre: Floats = vectors.mean(axis=0)
        self._vectors = self.centred(vectors)
        self._wording = Wording(texts)
        grams = self._wording.transform(texts)
        self._grams = grams.T.tocsr()
        self.learnt = learnt or self._learn(labels, grams)

    def margins(self, texts: Sequence[str], vectors: Floats) -> Floats:
        """Scores [n, c]: about 1 for the class of a text like the examples, -1 for the others."""
        recipe = self.learnt.recipe
        kernel = _meaning(self.centred(vectors) @ self._vectors.T, recipe)
        kernel += np.float32(recipe.wording) * (self._wording.transform(texts) @ self._grams).toarray()
        margins: Floats = kernel @ self.learnt.dual
        return margins

    def probabilities(self, margins: Floats) -> Floats:
        """Margins [n, c] to probabilities that are right for texts not learnt."""
        return _softmax(margins / np.float32(self.learnt.temperature))

    def centred(self, vectors: Floats) -> Floats:
        """Vectors [n, dims] without the examples' mean, of length 1: E5's crowd into a narrow cone (cosines 0.7–1.0)."""
        return unit(vectors - self._centre)

    def _learn(self, labels: Sequence[str], grams: Any) -> Learnt:
        truth = np.array([self.classes.index(label) for label in labels])
        targets = (2 * np.eye(len(self.classes)) - 1).astype(np.float32)[truth]
        recipe = self._choose(truth, targets, grams)
        kernel = _meaning(self._vectors @ self._vectors.T, recipe)
        _add_wording(kernel, grams, self._grams, recipe.wording)
        dual, unseen = _left_out(kernel, targets, recipe.ridge)
        return Learnt(recipe, dual, unseen, _temperature(unseen, truth))

    def _choose(self, truth: NDArray[Any], targets: Floats, grams: Any) -> Recipe:
        """The kernel and ridge with the fewest errors among examples left out; of equals the one that fits best."""
        some = np.random.default_rng(5).permutation(len(truth))[:_TRIED_ON]
        cosines = self._vectors[some] @ self._vectors[some].T
        wording = (grams[some] @ grams[some].T).toarray()
        tried = [Recipe(*values) for values in itertools.product(_WIDTHS, _WORDINGS, _RIDGES)]

        def worth(recipe: Recipe) -> tuple[float, float]:
            kernel = _meaning(cosines, recipe) + np.float32(recipe.wording) * wording
            _, unseen = _left_out(kernel, targets[some], recipe.ridge)
            right = float((unseen.argmax(axis=1) == truth[some]).mean())
            return right, -float(((unseen - targets[some]) ** 2).mean())

        return max(tried, key=worth)


def unit(vectors: Floats) -> Floats:
    """Rows of length 1 (0 stays 0)."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    result: Floats = (vectors / np.maximum(norms, 1e-6)).astype(np.float32)
    return result


def _meaning(cosines: Floats, recipe: Recipe) -> Floats:
    kernel: Floats = np.exp(np.float32(recipe.width) * (cosines - 1))
    return kernel


def _add_wording(kernel: Floats, grams: Any, transposed: Any, weight: float) -> None:
    for start in range(0, kernel.shape[0], 1024):
        rows = slice(start, start + 1024)
        kernel[rows] += np.float32(weight) * (grams[rows] @ transposed).toarray()


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: Floats = raised / raised.sum(axis=1, keepdims=True)
    return result


def _temperature(unseen: Floats, truth: NDArray[Any]) -> float:
    """The one at which the left-out examples' own classes are likeliest."""

    def surprise(temperature: float) -> float:
        own = _softmax(unseen / np.float32(temperature))[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(own, 1e-9)).mean())

    return float(min(_TEMPERATURES, key=surprise))
