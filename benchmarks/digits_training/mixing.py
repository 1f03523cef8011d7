"""Numbers and sentences as a telephone would bring them, made of single recordings; deterministic by the generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asr.conditions import LINE_RATE, by_telephone, with_noise
from benchmarks.digits_training.vocabulary import INDEX
from media.frames import SPEECH_RATE, Audio
from media.resample import convert

LONGEST_S = 28.0  # of a number; the encoder hears 30 s
SENTENCE_S = 5.0  # of a sentence are enough as other speech
SPEED = (0.87, 1.15)
LEAD_S, TAIL_S = (0.1, 0.6), (0.1, 0.6)  # silence before and after
CLOSE_GAP_S, WIDE_GAP_S = (-0.03, 0.08), (0.08, 0.5)  # between digits, either as often; run together, or dictated
PEAK = (0.25, 0.5)  # of each digit, of full scale
LEVEL_DB = (-22.0, 3.0)  # of the whole number
SENTENCE_DB = (-12.0, 3.0)
NOISY = 0.5  # of the numbers are in noise, at
SNR_DB = (8.0, 30.0)
HISS_DB = (-80.0, -55.0)  # white noise of the others, of full scale
MU_LAW = 0.7  # of all pass G.711 µ-law; the rest only 8 kHz

Clip = tuple[str, Audio]  # a word's name (`vocabulary.WORDS`) and its 16 kHz recording


@dataclass(frozen=True, slots=True)
class Span:
    """A word (its place in `vocabulary.WORDS`) and its span in s."""

    word: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Example:
    """16 kHz audio, and the digits in it; None = speech without digits."""

    audio: Audio
    said: tuple[Span, ...] | None


def number(clips: Sequence[Clip], noises: Sequence[Audio], rng: np.random.Generator) -> Example:
    """The clips one after the other at one speed, in noise or hiss, by telephone. ≥ 1 noise recording."""
    rate = round(SPEECH_RATE / rng.uniform(*SPEED))
    sound = np.zeros(int(LONGEST_S + 1) * SPEECH_RATE, dtype=np.float32)
    said: list[Span] = []
    at = round(rng.uniform(*LEAD_S) * SPEECH_RATE)
    for name, clip in clips:
        if said:
            at += round(rng.uniform(*(CLOSE_GAP_S if rng.random() < 0.5 else WIDE_GAP_S)) * SPEECH_RATE)
        samples = convert(clip, rate).float32()
        if at + len(samples) > LONGEST_S * SPEECH_RATE:
            break
        peak = max(float(np.abs(samples).max()), 1e-6)
        sound[at : at + len(samples)] += samples * (rng.uniform(*PEAK) / peak)
        said.append(Span(INDEX[name], at / SPEECH_RATE, (at + len(samples)) / SPEECH_RATE))
        at += len(samples)
    sound = sound[: at + round(rng.uniform(*TAIL_S) * SPEECH_RATE)] * _gain(rng.uniform(*LEVEL_DB))
    if rng.random() < NOISY:
        noise = noises[int(rng.integers(len(noises)))].samples.astype(np.float32)
        start = int(rng.integers(len(noise)))
        wanted = np.take(noise, np.arange(start, start + len(sound)), mode="wrap")
        audio = with_noise(_audio(sound), wanted, rng.uniform(*SNR_DB))
    else:
        hiss = rng.standard_normal(len(sound), dtype=np.float32) * _gain(rng.uniform(*HISS_DB))
        audio = _audio(sound + hiss)
    return Example(_line(audio, rng), tuple(said))


def sentence(audio: Audio, rng: np.random.Generator) -> Example:
    """The first seconds of a recording that holds no digits, at some level, by telephone."""
    samples = audio.float32()[: round(SENTENCE_S * SPEECH_RATE)]
    return Example(_line(_audio(samples * _gain(rng.uniform(*SENTENCE_DB))), rng), None)


def _gain(db: float) -> np.float32:
    return np.float32(10 ** (db / 20))


def _audio(samples: NDArray[np.float32]) -> Audio:
    return Audio(np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16), SPEECH_RATE)


def _line(audio: Audio, rng: np.random.Generator) -> Audio:
    if rng.random() < MU_LAW:
        return by_telephone(audio)
    return convert(convert(audio, LINE_RATE), SPEECH_RATE)
