"""The reader's network: linear discriminants of the encoder's output, one hidden layer; trained in numpy, one thread.

Discriminants: R. A. Fisher, 1936, in C. R. Rao's form for many classes (1948). The layer: cross entropy with smoothed
labels (Szegedy et al., 2016), dropout (Srivastava et al., 2014), AdamW (Loshchilov and Hutter, 2019), cosine rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.digits_training.vocabulary import CLASSES

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]  # shape (positions,): a class each

DISCRIMINANTS = 70
HIDDEN = 128
SHRINK = 0.05  # of the mean variance, added to the scatter within classes
EPOCHS = 6
BATCH = 512
RATE, WARM_UP = 2e-3, 200  # of learning, and the steps until it is reached
DECAY = 1e-4
SMOOTHING = 0.05
JITTER = 0.15  # standard deviation of noise on the discriminants, whose own is 1
DROPOUT = 0.2
UNSEEN = 50  # positions added to each class's count: one that was never heard is not impossible


@dataclass(frozen=True, slots=True)
class Network:
    """The arrays that `DigitReader` loads. `prior` is the log frequency of each class in training."""

    mean: Floats  # (width,)
    project: Floats  # (width, DISCRIMINANTS)
    w0: Floats  # (DISCRIMINANTS, HIDDEN)
    b0: Floats  # (HIDDEN,)
    w1: Floats  # (HIDDEN, CLASSES)
    b1: Floats  # (CLASSES,)
    prior: Floats  # (CLASSES,)

    def scores(self, frames: NDArray[np.float16] | Floats) -> Floats:
        """Log probabilities of shape (positions, CLASSES) of frames of shape (positions, width)."""
        hidden = (frames.astype(np.float32) - self.mean) @ self.project
        return _log_softmax(np.maximum(hidden @ self.w0 + self.b0, 0) @ self.w1 + self.b1)


def fit(frames: NDArray[np.float16] | Floats, labels: Labels, seed: int, epochs: int = EPOCHS) -> Network:
    """The network for labelled frames of shape (n, width ≥ `DISCRIMINANTS`). ValueError when n < `BATCH`."""
    if len(frames) < BATCH:
        raise ValueError(f"{len(frames)} positions are fewer than one batch ({BATCH})")
    mean, project = discriminants(frames, labels)
    spread = (frames.astype(np.float32) - mean) @ project
    scale = spread.std(axis=0) + np.float32(1e-6)
    w0, b0, w1, b1 = _layers(spread / scale, labels, np.random.default_rng(seed), epochs)
    counts = np.bincount(labels, minlength=CLASSES) + UNSEEN
    return Network(mean, project / scale, w0, b0, w1, b1, np.log(counts / counts.sum()).astype(np.float32))


def discriminants(frames: NDArray[np.float16] | Floats, labels: Labels) -> tuple[Floats, Floats]:
    """→ mean (width,), and the directions (width, `DISCRIMINANTS`) in which classes differ most for their own scatter."""
    data = frames.astype(np.float32)
    mean: Floats = data.mean(axis=0, dtype=np.float64).astype(np.float32)
    data -= mean
    width = data.shape[1]
    counts = np.bincount(labels, minlength=CLASSES)
    means = np.stack([data[labels == one].mean(axis=0) if counts[one] else np.zeros(width) for one in range(CLASSES)])
    data -= means[labels].astype(np.float32)
    within = (data.T @ data).astype(np.float64) / len(data)
    within += SHRINK * np.trace(within) / width * np.eye(width)
    weights = np.minimum(counts, 2 * np.median(counts[counts > 0]))  # silence and sentences would outweigh the words
    between = (means.T * weights) @ means / weights.sum()
    whiten = np.linalg.inv(np.linalg.cholesky(within))
    directions = np.linalg.eigh(whiten @ between @ whiten.T)[1][:, ::-1][:, :DISCRIMINANTS]
    return mean, (whiten.T @ directions).astype(np.float32)


def _layers(inputs: Floats, labels: Labels, rng: np.random.Generator, epochs: int) -> Sequence[Floats]:
    """w0, b0, w1, b1 after so many passes over all inputs."""
    width = inputs.shape[1]
    layers: list[Floats] = [
        rng.standard_normal((width, HIDDEN), dtype=np.float32) * np.float32(np.sqrt(2 / width)),
        np.zeros(HIDDEN, np.float32),
        rng.standard_normal((HIDDEN, CLASSES), dtype=np.float32) * np.float32(np.sqrt(1 / HIDDEN)),
        np.zeros(CLASSES, np.float32),
    ]
    first = [np.zeros_like(layer) for layer in layers]  # moments of the gradient
    second = [np.zeros_like(layer) for layer in layers]
    steps = epochs * (len(inputs) // BATCH)
    order = np.concatenate([rng.permutation(len(inputs))[: len(inputs) // BATCH * BATCH] for _ in range(epochs)])
    for step in range(1, steps + 1):
        chosen = order[(step - 1) * BATCH : step * BATCH]
        gradients = _gradients(layers, inputs[chosen], labels[chosen], rng)
        rate = np.float32(RATE * min(1, step / WARM_UP) * 0.5 * (1 + np.cos(np.pi * step / steps)))
        for at, gradient in enumerate(gradients):
            first[at] = np.float32(0.9) * first[at] + np.float32(0.1) * gradient
            second[at] = np.float32(0.999) * second[at] + np.float32(0.001) * gradient * gradient
            deviation = np.sqrt(second[at] / np.float32(1 - 0.999**step)) + np.float32(1e-8)
            move = first[at] / np.float32(1 - 0.9**step) / deviation
            if layers[at].ndim == 2:  # biases do not decay
                move = move + np.float32(DECAY) * layers[at]
            layers[at] = layers[at] - rate * move
    return layers


def _gradients(layers: Sequence[Floats], inputs: Floats, labels: Labels, rng: np.random.Generator) -> list[Floats]:
    """Of the mean cross entropy with smoothed labels, for each of `layers`."""
    w0, b0, w1, b1 = layers
    inputs = inputs + rng.standard_normal(inputs.shape, dtype=np.float32) * np.float32(JITTER)
    active = inputs @ w0 + b0
    kept = (rng.random(active.shape, dtype=np.float32) > DROPOUT) * np.float32(1 / (1 - DROPOUT))
    hidden = np.maximum(active, 0) * kept
    errors = np.exp(_log_softmax(hidden @ w1 + b1))
    errors[np.arange(len(labels)), labels] -= np.float32(1 - SMOOTHING)
    errors -= np.float32(SMOOTHING / CLASSES)
    errors /= np.float32(len(labels))
    back = (errors @ w1.T) * kept * (active > 0)
    return [inputs.T @ back, back.sum(axis=0), hidden.T @ errors, errors.sum(axis=0)]


def _log_softmax(values: Floats) -> Floats:
    values = values - values.max(axis=1, keepdims=True)
    result: Floats = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
    return result
