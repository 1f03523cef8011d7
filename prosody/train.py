"""From a corpus to weights: two linear judges, their temperatures, and the gate against music and noise.

The same numbers give the same weights. Every utterance is seen in each of its four variants, with a baseline of 0 to 8
other utterances of its speaker, drawn at random: what the judge learns is how far a voice has moved from its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from prosody.baseline import CLIP, Running
from prosody.corpus import Corpus
from prosody.features import NAMES, Vector
from prosody.feeling import LABELS
from prosody.heads import Head, Weights

SEED = 20
CONTEXTS = (0, 1, 3, 8)  # earlier utterances of the speaker that a training example's baseline has seen
VOICE_C = 0.02  # strength of the regressions (smaller = more shrinkage); docs/prosody.md says on what it was chosen
FUSED_C = 0.01
FEATURE_GAIN = (
    2.0  # the 63 features count for more than each of the encoder's 1024 numbers, most of which are about words
)
ENCODER_GAIN = 0.5
GATE_C = 0.1
OWN = 8  # utterances of the baseline that figures are given for
_N = len(NAMES)

Split = Sequence[tuple[npt.NDArray[np.bool_], Weights]]  # who is held out, and the weights of the others


def fit(corpus: Corpus, version: str, licence: str, gate: Vector | None = None, seed: int = SEED) -> Weights:
    """Weights from a corpus as training hears it. `gate` comes from `fit_gate`; without one everything is a voice."""
    rng = np.random.default_rng(seed)
    flat = corpus.values.reshape(-1, corpus.values.shape[2])
    mean = np.nanmean(flat, axis=0)
    spread = np.maximum(_within(corpus), 1e-6)
    labels = tuple(label for label in LABELS if label in set(corpus.labels.tolist()))
    standard = replace_values(corpus, (corpus.values - mean) / spread)
    z, truth = [], []
    for kind in range(corpus.values.shape[1]):
        for context in rng.permuted(np.array(CONTEXTS)):
            found = distances(standard, kind, int(context), rng)
            there = ~np.isnan(found[:, 0])
            z.append(found[there])
            truth.append(corpus.labels[there])
    # Each utterance and variant counts once, with one of its baselines: a quarter of the work for the same figures.
    keep = rng.random(sum(len(part) for part in z)) < 1 / len(CONTEXTS) if len(corpus.labels) > 500 else slice(None)
    examples, answers = np.concatenate(z)[keep], np.concatenate(truth)[keep]
    voice = _regression(examples[:, :_N], answers, labels, VOICE_C)
    fused = _regression(examples, answers, labels, FUSED_C)
    always = np.append(np.zeros(_N), 10.0)
    return Weights(version, licence, labels, mean, spread, voice, fused, always if gate is None else gate)


def replace_values(corpus: Corpus, values: Vector) -> Corpus:
    """The corpus with other numbers."""
    return replace(corpus, values=values)


def _within(corpus: Corpus) -> Vector:
    """Deviation within a speaker and variant, shape (features + encoder,)."""
    parts = []
    for speaker in np.unique(corpus.speakers):
        part = corpus.values[corpus.speakers == speaker]
        parts.append((part - np.nanmean(part, axis=0, keepdims=True)).reshape(-1, part.shape[2]))
    return np.asarray(np.nanstd(np.concatenate(parts), axis=0))


def _regression(z: Vector, truth: npt.NDArray[np.str_], labels: Sequence[str], strength: float) -> Head:
    regression = LogisticRegression(C=strength, class_weight="balanced", max_iter=200, tol=1e-3)
    regression.fit(z, [labels.index(str(label)) for label in truth])
    coef, intercept = regression.coef_, regression.intercept_
    if len(labels) == 2:  # scikit-learn gives one row for two classes
        coef, intercept = np.stack([-coef[0], coef[0]]) / 2, np.array([-intercept[0], intercept[0]]) / 2
    return Head(coef, intercept)


def distances(standard: Corpus, kind: int, context: int, rng: np.random.Generator) -> Vector:
    """Deviations z (n, features + encoder) of one condition, each from `context` random other utterances of its speaker.

    `standard` holds σ from the population. An utterance whose speaker is not known has no baseline.
    """
    values = standard.values[:, kind]
    out = np.full(values.shape, np.nan)
    for index in range(len(values)):
        if np.isnan(values[index, 0]):
            continue
        seen = np.zeros(0, dtype=int)
        if context and standard.speakers[index]:
            others = np.flatnonzero((standard.speakers == standard.speakers[index]) & ~np.isnan(values[:, 0]))
            others = others[others != index]
            seen = rng.choice(others, size=min(context, len(others)), replace=False)
        own = np.clip(values[seen], -10, 10).mean(axis=0) if len(seen) else np.zeros(values.shape[1])
        out[index] = Running(len(seen), own).distance(values[index])
    return out


def chances(
    weights: Weights, corpus: Corpus, kind: int, context: int, *, fused: bool = True, seed: int = SEED
) -> Vector:
    """Probabilities (n, labels) with baselines of `context` random other utterances of each speaker; NaN where unheard."""
    standard = replace_values(corpus, (corpus.values - weights.mean) / weights.spread)
    z = distances(standard, kind, context, np.random.default_rng(seed))
    return weights.fused.chances(z) if fused else weights.voice.chances(z[:, :_N])


def groups(speakers: npt.NDArray[np.str_], count: int, seed: int = SEED) -> Iterator[npt.NDArray[np.bool_]]:
    """`count` folds as masks of what is held out: no speaker is in two, and every one is in one."""
    names = np.random.default_rng(seed).permutation(np.unique(speakers))
    for fold in range(min(count, len(names))):
        yield np.isin(speakers, names[fold::count])


def temperature(probabilities: Vector, truth: npt.NDArray[np.int_]) -> float:
    """Temperature that makes held-out probabilities (n, labels) most likely for `truth` (n,) of label indices.

    Guo et al. 2017, On calibration of modern neural networks.
    """
    logits = np.log(np.maximum(probabilities, 1e-12))

    def loss(value: float) -> float:
        scaled = logits / value
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        scaled = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return -float(scaled[np.arange(len(truth)), truth].mean())

    return float(min(np.exp(np.linspace(np.log(0.2), np.log(5.0), 200)), key=loss))


def folded(corpus: Corpus, count: int, seed: int = SEED) -> Split:
    """For each of `count` folds: who is held out, and the weights of the others."""
    return [(held, fit(corpus.where(~held), "fold", "", seed=seed)) for held in groups(corpus.speakers, count, seed)]


def held_out(
    corpus: Corpus,
    parts: Split,
    labels: Sequence[str],
    kind: int,
    context: int,
    *,
    fused: bool = True,
) -> Vector:
    """Probabilities (n, labels) of every utterance by the weights that never heard its speaker; NaN where unheard."""
    out = np.zeros((len(corpus.labels), len(labels)))
    for held, weights in parts:
        columns = [labels.index(label) for label in weights.labels]
        found = np.zeros((int(held.sum()), len(labels)))
        found[:, columns] = chances(weights, corpus.where(held), kind, context, fused=fused)
        out[held] = found
    return out


def calibrated(weights: Weights, corpus: Corpus, parts: Split) -> Weights:
    """The weights with temperatures from speakers held out (`folded`), over all variants, with and without a baseline."""
    known = np.array([weights.labels.index(str(label)) for label in corpus.labels])
    found: list[float] = []
    for fused in (False, True):
        outs, truth = [], []
        for kind in range(corpus.values.shape[1]):
            for context in (0, OWN):
                out = held_out(corpus, parts, weights.labels, kind, context, fused=fused)
                there = ~np.isnan(out[:, 0])
                outs.append(out[there])
                truth.append(known[there])
        found.append(temperature(np.concatenate(outs), np.concatenate(truth)))
    return replace(
        weights,
        voice=replace(weights.voice, temperature=found[0]),
        fused=replace(weights.fused, temperature=found[1]),
    )


def fit_gate(weights: Weights, voices: Vector, others: Vector) -> Weights:
    """The weights with a gate, from features (n, features) of voices and of what is none."""
    both = np.concatenate([voices, others])
    u = np.clip((both - weights.mean[:_N]) / weights.spread[:_N], -CLIP, CLIP)
    answers = np.concatenate([np.ones(len(voices)), np.zeros(len(others))])
    regression = LogisticRegression(C=GATE_C, class_weight="balanced", max_iter=500).fit(u, answers)
    return replace(weights, gate=np.append(regression.coef_[0], regression.intercept_[0]))
