"""The trainer of spoken digits on made-up frames: labels moved to where the words are, and weights that read numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asr.digits import STATES, DigitReader
from asr.whisper import POSITIONS_PER_S
from benchmarks.digits_training.encoding import Encoded
from benchmarks.digits_training.mixing import Span, number, sentence
from benchmarks.digits_training.training import aligned, by_thirds, save, train
from benchmarks.digits_training.vocabulary import CLASSES, DIGITS, INDEX, OTHER, SILENCE
from media.frames import SPEECH_RATE, Audio

WIDTH = 96  # of a made-up encoder
SOUNDS = np.random.default_rng(0).standard_normal((CLASSES, WIDTH)).astype(np.float32)  # one vector for each class
WRONG = 0.1  # s by which the labels of training are too early or too late


def heard(states: list[int], rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.float16]]:
    noise = rng.standard_normal((len(states), WIDTH))
    return (SOUNDS[states] + 0.7 * noise).astype(np.float16)


def spoken(words: list[int], rng: np.random.Generator, wrong_s: float = 0.0) -> tuple[list[int], list[Span]]:
    """Classes of a number, and where its words are said to be."""
    states: list[int] = [SILENCE] * 8
    spans = []
    for word in words:
        start = len(states)
        for part in range(STATES):
            states += [STATES * word + part] * int(rng.integers(4, 8))
        moved = rng.uniform(-1, 1) * wrong_s
        spans.append(Span(word, start / POSITIONS_PER_S + moved, len(states) / POSITIONS_PER_S + moved))
        states += [SILENCE] * int(rng.integers(6, 12))
    return states, spans


def examples(count: int, wrong_s: float) -> list[Encoded]:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(count):
        states, spans = spoken([INDEX[f"e{digit}"] for digit in rng.integers(1, 10, size=4)], rng, wrong_s)
        found.append(Encoded(heard(states, rng), tuple(spans)))
    return [*found, Encoded(heard([OTHER] * 200, rng), None)]


def test_words_are_found_where_they_are() -> None:
    rng = np.random.default_rng(2)
    words = [INDEX["e7"], INDEX["e7"], INDEX["cy"]]
    states, _ = spoken(words, rng)
    states = [state for at, state in enumerate(states) if state != SILENCE or at < 8]  # no pause between the words
    scores = np.full((len(states), CLASSES), -5.0, dtype=np.float32)
    scores[np.arange(len(states)), states] = -0.1
    assert aligned(scores, words).tolist() == states
    swapped = aligned(scores, words[::-1]).tolist()
    assert swapped != states
    assert [
        word for word, before in zip(swapped, [-1, *swapped], strict=False) if word != before and word < SILENCE
    ] == [STATES * word + part for word in words[::-1] for part in range(STATES)]


def test_words_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        aligned(np.zeros((5, CLASSES), dtype=np.float32), [0, 1])


def test_labels_by_thirds() -> None:
    labels = by_thirds(12, [Span(2, 0.04, 0.16), Span(3, 0.18, 0.2)])
    assert labels.tolist() == [SILENCE, SILENCE, 6, 6, 7, 7, 8, 8, SILENCE, 9, 10, 11]
    assert by_thirds(2, None).tolist() == [OTHER, OTHER]


def test_training_moves_wrong_labels_and_reads_numbers(tmp_path: Path) -> None:
    learnt = examples(80, WRONG)
    network = train(learnt, epochs=20)
    save(tmp_path / "weights.npz", network, SOUNDS[SILENCE])
    reader = DigitReader(tmp_path / "weights.npz")
    rng = np.random.default_rng(3)
    right = 0
    for _ in range(10):
        words = [INDEX[f"e{digit}"] for digit in rng.integers(1, 10, size=6)]
        states, _ = spoken(words, rng)
        reading = reader.read(heard(states, rng), len(states) / POSITIONS_PER_S, ["en"])
        right += reading.digits == "".join(DIGITS[word] for word in words)
    assert right >= 9
    assert reader.read(heard([OTHER] * 100, rng), 2.0, ["en"]).digits == ""

    frames = np.concatenate([one.frames for one in learnt])
    truth = np.concatenate([by_thirds(len(one.frames), one.said) for one in examples(80, 0.0)])
    once = np.mean(train(learnt, rounds=1, epochs=20).scores(frames).argmax(axis=1) == truth)
    realigned = np.mean(network.scores(frames).argmax(axis=1) == truth)
    assert realigned > once + 0.05


def test_the_same_examples_give_the_same_weights(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(tmp_path / name, train(examples(40, WRONG), epochs=2), SOUNDS[SILENCE])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_number_by_telephone_says_where_its_digits_are() -> None:
    tone = (8000 * np.sin(np.arange(SPEECH_RATE // 4) * 0.3)).astype(np.int16)
    noise = Audio(np.random.default_rng(4).integers(-500, 500, SPEECH_RATE).astype(np.int16), SPEECH_RATE)
    rng = np.random.default_rng(5)
    for _ in range(5):
        made = number([("e1", Audio(tone, SPEECH_RATE)), ("c2", Audio(tone, SPEECH_RATE))], [noise], rng)
        assert made.said is not None
        assert [span.word for span in made.said] == [INDEX["e1"], INDEX["c2"]]
        sound = made.audio.float32() ** 2
        inside = np.zeros(len(sound), dtype=bool)
        for span in made.said:
            inside[round(span.start_s * SPEECH_RATE) : round(span.end_s * SPEECH_RATE)] = True
        assert sound[inside].mean() > 3 * sound[~inside].mean()
    assert sentence(Audio(np.tile(tone, 40), SPEECH_RATE), rng).audio.ms == pytest.approx(5000, abs=1)
