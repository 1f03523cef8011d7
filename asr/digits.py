"""Spoken numbers, digit by digit, from the recogniser's encoder: which digits, when, and how sure of each.

Whisper's decoder is a poor judge of a lone digit ("four" becomes "For.", a string of six loops), so it is not asked. A
small network (linear discriminants of the encoder's output, one hidden layer) says for every 20 ms which third of which
digit word is heard, silence, or other speech; the best way through a loop of digit words is found by Viterbi (L. Rabiner,
1989, A tutorial on hidden Markov models), with the count of digits kept in the state, so that a known count is exact.
docs/spoken-digits.md: what it was trained on, what it reaches, and where it fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asr.whisper import POSITIONS_PER_S, Encoding

WEIGHTS = Path(__file__).with_name("digits_base.npz")
STATES = 3  # of a digit word: its beginning, middle and end
MOST = 20  # digits of a number whose count is not known
LANGUAGE = {"en": "e", "zh": "c"}
ENTER = 3.0  # nats that each digit costs, so that one word is not heard as two
GARBAGE = 2.0  # nats that a stretch of other speech costs
PRIOR = 0.6  # how much of the training set's class frequencies is taken out
SHARPNESS = 0.15  # neighbouring positions say nearly the same: scores are softened before they become probabilities
# Chosen on the sentences and numbers of docs/spoken-digits.md, so what is reported on those flatters a little.
NEAR = 15.0  # nats by which a count that was not asked for must be better
LEAST = 0.45  # mean probability of the digits below which they are none
UNSURE = 0.5  # most that digits are believed whose count is not the one asked for
OTHER = 2.0  # nats by which a position of other speech is held back, or a strange voice would be none of ours
STRAY_MS = 300.0  # other speech that a number may hold
INTRODUCED_MS = 1500.0  # the same for as many digits as were asked for: "my PIN is …"
SPARE = 3  # digits more than asked for that are noticed
AFTER_S = 0.3  # of silence after the audio that the search sees, so that a last word can end
MS = 1000 // POSITIONS_PER_S
_NEVER = -1e9

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit, its span in ms from the start of the audio, and its probability 0…1."""

    digit: str
    t0_ms: int
    t1_ms: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The digits of an utterance; `rejected` says why there are none. `confidence` is that of the least sure digit."""

    digits: str
    confidence: float
    each: tuple[Digit, ...] = ()
    language: str = ""
    rejected: str = ""


class DigitReader:
    """The network and the search. `read` is pure numpy, ~10 ms a second of speech; any thread."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        """Raises OSError or ValueError when the weights are not there or damaged."""
        with np.load(weights, allow_pickle=False) as stored:
            self._mean, self._project = stored["mean"], stored["project"]
            self._layers = [(stored["w0"], stored["b0"]), (stored["w1"], stored["b1"])]
            self._prior: Scores = stored["prior"]
            self._words = [str(word) for word in stored["words"]]  # language letter and digit word: e7, c1, cy (幺)
            self._digits = [str(digit) for digit in stored["digits"]]
            self._silence: Scores = stored["silence"]
        self._sil, self._other = STATES * len(self._words), STATES * len(self._words) + 1

    def fits(self, silence: Encoding) -> bool:
        """Whether this encoder is the one it was trained on, judged by the encoder's output for silence."""
        mean = np.asarray(silence[: POSITIONS_PER_S * 2], dtype=np.float32).mean(axis=0)
        if mean.shape != self._silence.shape:
            return False
        return bool(np.corrcoef(mean, self._silence)[0, 1] > 0.98)

    def read(self, encoding: Encoding, seconds: float, languages: Sequence[str], count: int = 0) -> Reading:
        """Digits in the first `seconds`, said in one of `languages` ("en", "zh"); `count` of them, 0 = any number.

        A count that the utterance does not bear is not forced: fewer or more digits then come with confidence ≤ 0.5.
        """
        heard = encoding[: round((seconds + AFTER_S) * POSITIONS_PER_S)]
        if len(heard) < STATES:
            return Reading("", 0.0, rejected="too short for a digit")
        emitted = self._emissions(heard)
        most = count + SPARE if count else MOST
        found = [
            (language, self._search(emitted, self._of(language), most))
            for language in languages
            if language in LANGUAGE
        ]
        if not found:
            return Reading("", 0.0, rejected="no language whose digits are known")
        language, (segments, other, scores) = max(found, key=lambda one: float(one[1][2].max()))
        if not segments:
            return Reading("", 0.0, rejected="no digits")
        cap = 1.0
        if count and len(segments) != count:
            if scores[count] > scores[len(segments)] - NEAR:
                segments, other, _ = self._search(emitted, self._of(language), count, exactly=True)
            cap = UNSURE
        if other * MS > (INTRODUCED_MS if len(segments) == count else STRAY_MS):
            return Reading("", 0.0, rejected=f"other words than digits ({other * MS} ms)")
        each = tuple(self._digit(emitted, self._of(language), *segment, cap) for segment in segments)
        if float(np.mean([one.confidence for one in each])) < LEAST:
            return Reading("", 0.0, rejected="unsure of every digit")
        return Reading("".join(one.digit for one in each), min(one.confidence for one in each), each, language)

    def _of(self, language: str) -> list[int]:
        return [index for index, word in enumerate(self._words) if word[0] == LANGUAGE[language]]

    def _emissions(self, encoding: Encoding) -> Scores:
        """Log probabilities of shape (positions, 3 · words + 2), the training set's frequencies partly taken out."""
        hidden = (np.asarray(encoding, dtype=np.float32) - self._mean) @ self._project
        (w0, b0), (w1, b1) = self._layers
        out = np.maximum(hidden @ w0 + b0, 0) @ w1 + b1
        out -= out.max(axis=1, keepdims=True)
        out -= np.log(np.exp(out).sum(axis=1, keepdims=True))
        scores: Scores = out - PRIOR * self._prior
        scores[:, self._other] -= OTHER
        return scores

    def _search(
        self, emitted: Scores, chosen: list[int], most: int, *, exactly: bool = False
    ) -> tuple[list[tuple[int, int, int]], int, Scores]:
        """Viterbi. → (word, first and last + 1 position) of each digit, positions of other speech, best score by count."""
        words, total, counts = len(chosen), len(emitted), most + 1
        sil, other = STATES * words, STATES * words + 1
        columns = [STATES * index + part for index in chosen for part in range(STATES)]
        scores = np.concatenate([emitted[:, columns], emitted[:, [self._sil, self._other]]], axis=1)
        first, last = np.arange(words) * STATES, np.arange(words) * STATES + STATES - 1
        later = np.setdiff1d(np.arange(sil), first)
        leaving = np.array([sil, other, *last])  # where a digit may be followed by something
        best = np.full((counts, other + 1), _NEVER, dtype=np.float32)
        best[0, sil], best[0, other] = scores[0, sil], scores[0, other] - GARBAGE
        best[1, first] = scores[0, first] - ENTER
        came = np.zeros((total, counts, other + 1), dtype=np.int16)
        entered = np.zeros((total, counts, words), dtype=bool)
        cost = np.where(leaving == other, 0.0, GARBAGE).astype(np.float32)
        for at in range(1, total):
            step = np.full_like(best, _NEVER)
            out = best[:, leaving]
            pick = out.argmax(axis=1)
            came[at, :, sil], step[:, sil] = leaving[pick], out.max(axis=1)
            outer = out - cost
            came[at, :, other], step[:, other] = leaving[outer.argmax(axis=1)], outer.max(axis=1)
            stay, move = best[:, later], best[:, later - 1]
            came[at][:, later] = np.where(move > stay, later - 1, later)
            step[:, later] = np.maximum(stay, move)
            fresh = np.concatenate([[_NEVER], out.max(axis=1)[:-1] - ENTER])[:, None]
            entered[at] = fresh > best[:, first]
            came[at][:, first] = np.where(entered[at], np.concatenate([[sil], leaving[pick][:-1]])[:, None], first)
            step[:, first] = np.maximum(fresh, best[:, first])
            best = step + scores[at]
        ends = best[:, leaving]
        by_count: Scores = ends.max(axis=1)
        at_count = most if exactly else int(by_count.argmax())
        state, found, strays, until = int(leaving[ends[at_count].argmax()]), [], 0, total
        for at in range(total - 1, -1, -1):
            before = int(came[at, at_count, state]) if at else -1
            strays += state == other
            begins = state < sil and state % STATES == 0 and (at == 0 or entered[at, at_count, state // STATES])
            if begins:
                found.append((chosen[state // STATES], at, until))
                at_count -= 1
            if at and before < sil and before % STATES == STATES - 1 and (begins or state >= sil):
                until = at
            state = before
        return found[::-1], strays, by_count

    def _digit(self, emitted: Scores, chosen: list[int], word: int, start: int, end: int, cap: float) -> Digit:
        """The probability of the digit against every other one, and against other speech, in the same stretch."""
        scores = {"": float(emitted[start:end, self._other].sum())}
        for index in chosen:
            digit = self._digits[index]
            scores[digit] = max(scores.get(digit, _NEVER), _through(emitted[start:end], STATES * index))
        values = np.array(list(scores.values())) * SHARPNESS
        weights = np.exp(values - values.max())
        said = self._digits[word]
        sure = float(weights[list(scores).index(said)] / weights.sum())
        return Digit(said, start * MS, end * MS, round(min(cap, sure), 3))


def _through(emitted: Scores, state: int) -> float:
    """Score of the best way from a word's first state to its last."""
    best = np.array([emitted[0, state], _NEVER, _NEVER])
    for row in emitted[1:, state : state + STATES]:
        best = np.maximum(best, np.concatenate([[_NEVER], best[:-1]])) + row
    return float(best[-1])
