"""Labels for every 20 ms, the network learnt from them, labels moved to where that network hears the words, once more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

from asr.digits import STATES
from asr.whisper import POSITIONS_PER_S
from benchmarks.digits_training.encoding import Encoded
from benchmarks.digits_training.mixing import Span
from benchmarks.digits_training.network import EPOCHS, Floats, Labels, Network, fit
from benchmarks.digits_training.vocabulary import DIGITS, OTHER, SILENCE, WORDS

ROUNDS = 2  # of training: by the recordings' own ends, then realigned
PRIOR = 0.5  # how much of the class frequencies is taken out before labels are moved
QUIET = 1.0  # nats by which silence must be likelier in a sentence to be labelled so
_NEVER = -1e9


def train(
    examples: Sequence[Encoded],
    *,
    rounds: int = ROUNDS,
    epochs: int = EPOCHS,
    report: Callable[[str], None] = lambda _text: None,
) -> Network:
    """The network for these examples; the same from the same examples on the same machine. Raises ValueError."""
    if not examples:
        raise ValueError("nothing to learn from")
    frames = np.concatenate([one.frames for one in examples])
    labels = [by_thirds(len(one.frames), one.said) for one in examples]
    # One thread: sums come in one order, and matrices so small are not multiplied faster by several.
    with threadpool_limits(1):
        network = fit(frames, np.concatenate(labels), 0, epochs)
        for number in range(1, rounds):
            moved = [relabelled(network, one) for one in examples]
            share = np.mean(np.concatenate(moved) != np.concatenate(labels))
            report(f"round {number} of {rounds} done; realigned: {share:.0%} of {len(frames)} labels changed")
            labels = moved
            network = fit(frames, np.concatenate(labels), number, epochs)
    return network


def by_thirds(positions: int, said: Sequence[Span] | None) -> Labels:
    """Labels of an example by its words' spans: beginning, middle and end of each alike long; silence between."""
    if said is None:
        return np.full(positions, OTHER, dtype=np.int64)
    labels = np.full(positions, SILENCE, dtype=np.int64)
    for span in said:
        start = round(span.start_s * POSITIONS_PER_S)
        end = min(positions, max(round(span.end_s * POSITIONS_PER_S), start + STATES))
        if end - start >= STATES:
            labels[start:end] = STATES * span.word + np.arange(end - start) * STATES // (end - start)
    return labels


def relabelled(network: Network, example: Encoded) -> Labels:
    """Labels where `network` hears the words that were said; in a sentence, its pauses."""
    scores = network.scores(example.frames) - np.float32(PRIOR) * network.prior
    if example.said is None:
        return np.where(scores[:, SILENCE] > scores[:, OTHER] + QUIET, SILENCE, OTHER)
    return aligned(scores, [span.word for span in example.said])


def aligned(scores: Floats, words: Sequence[int]) -> Labels:
    """The likeliest labels that say `words` in their order, silence before, between and after at will.

    `scores`: log likelihoods of shape (positions, classes). Viterbi (Rabiner, 1989). ValueError when there are fewer
    positions than the words have states.
    """
    states = [SILENCE]
    for word in words:
        states += [STATES * word + part for part in range(STATES)] + [SILENCE]
    if len(scores) < STATES * len(words):
        raise ValueError(f"{len(words)} words do not fit into {len(scores)} positions")
    chain = np.array(states)
    skippable = np.flatnonzero(chain == SILENCE)[1:-1] + 1  # states that may follow the one before the silence
    likely = scores[:, chain]
    best = np.full(len(chain), _NEVER, dtype=np.float32)
    best[:2] = likely[0, :2]
    steps: NDArray[np.int8] = np.zeros(likely.shape, dtype=np.int8)  # states that were advanced to get here
    for at in range(1, len(likely)):
        ways = np.full((3, len(chain)), _NEVER, dtype=np.float32)
        ways[0] = best
        ways[1, 1:] = best[:-1]
        ways[2, skippable] = best[skippable - 2]
        steps[at] = ways.argmax(axis=0)
        best = ways.max(axis=0) + likely[at]
    state = len(chain) - 1
    if words and best[state - 1] > best[state]:
        state -= 1
    path = np.empty(len(likely), dtype=np.int64)
    for at in range(len(likely) - 1, -1, -1):
        path[at] = chain[state]
        state -= int(steps[at, state])
    return path


def save(file: Path, network: Network, silence: Floats) -> None:
    """As `DigitReader` loads it; `silence` of shape (width,) is what the encoder makes of silence. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        np.savez_compressed(
            out,
            mean=network.mean,
            project=network.project,
            w0=network.w0,
            b0=network.b0,
            w1=network.w1,
            b1=network.b1,
            prior=network.prior,
            words=np.array(WORDS),
            digits=np.array(DIGITS),
            silence=silence,
        )
