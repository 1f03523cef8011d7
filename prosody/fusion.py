"""Voice, words and what went before, in one judgement; where tone and words disagree it says so.

    voice, words → logarithmic opinion pool (Genest & Zidek 1986): p ∝ p_voice^v · p_words^w, v + w = 1 → label or unknown
    kind words + a voice that is not kind + something went wrong → `disagreement` "sarcasm", and the words no longer count

A pool with weights that sum to one is never surer than the surer of the two. Figures: docs/emotion-words.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from prosody.context import LONG_WAIT_S, Context
from prosody.feeling import LABELS, Feeling, Label, place

Disagreement = Literal["", "sarcasm", "tone_worse", "tone_better"]

VOICE_SHARE = 0.6  # of the pool: how a thing is said outweighs polite words, and what is said is often neutral
CONFIDENT = 0.45  # least pooled probability of a label
ALONE = 0.6  # the same from words without a voice
KIND = 0.35  # least probability of "content" by the words that makes them kind
_FLOOR = 0.02  # of a probability, so that neither side can veto
_UPSET: tuple[Label, ...] = ("sad", "anxious", "angry")


@dataclass(frozen=True, slots=True)
class Affect:
    """What an utterance conveyed, everything taken together; scales as in `Feeling`.

    disagreement: "" | "sarcasm" (a candidate: kind words, flat or pressed voice, after a failure) |
    "tone_worse" (the voice is upset, the words are not) | "tone_better" (hard words, kindly said)
    """

    label: Label
    arousal: float
    valence: float
    confidence: float
    evidence: list[str] = field(default_factory=list)
    disagreement: Disagreement = ""
    chances: dict[Label, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sarcasm:
    """Log-odds that kind words are not meant: a start, and what each circumstance adds. Chosen on the dev half of contrast.tsv."""

    start: float = -2.4
    upset: float = 1.3  # × the voice's probability of sad, anxious, angry
    flat: float = 0.5  # × that of neutral
    warm: float = -1.9  # × that of content
    failed: float = 0.4  # × failed steps, at most 3
    asked: float = 1.6  # × times asked before, at most 3
    passed: float = 0.5  # × times passed on, at most 2
    waited: float = 0.5  # × long waits (of LONG_WAIT_S), at most 3
    solved: float = -1.1

    def log_odds(self, voice: Feeling, context: Context) -> float:
        """ln(p / (1 − p)) of sarcasm, given that the words are kind."""
        chances = _spread(voice)
        return (
            self.start
            + self.upset * sum(chances[label] for label in _UPSET)
            + self.flat * chances["neutral"]
            + self.warm * chances["content"]
            + self.failed * min(context.failed_steps, 3)
            + self.asked * min(context.times_asked - 1, 3)
            + self.passed * min(context.handed_over, 2)
            + self.waited * min(context.waited_s / LONG_WAIT_S, 3.0)
            + self.solved * context.solved
        )


SARCASM = Sarcasm()


def fuse(voice: Feeling | None, words: Feeling | None, context: Context, sarcasm: Sarcasm = SARCASM) -> Affect:
    """One judgement of an utterance. `None` or `unknown` for what could not be heard; both such give `unknown`."""
    heard = voice if voice is not None and voice.label != "unknown" else None
    read = words if words is not None and words.chances else None
    disagreement = _disagreement(heard, read, context, sarcasm)
    if heard is None and read is None:
        reasons = [*(voice.evidence if voice else []), *(words.evidence if words else [])]
        return Affect("unknown", 0.0, 0.0, 0.0, reasons or ["nothing was heard that could be judged"])
    if heard is None or read is None:
        chances = _spread(heard or read)
    elif disagreement == "sarcasm":
        chances = _without_kindness(_spread(heard))
    else:
        chances = _pool(_spread(heard), _spread(read))
    arousal, valence = place(chances)
    label, confidence = max(chances.items(), key=lambda pair: pair[1])
    unclear = confidence < (CONFIDENT if heard else ALONE)
    evidence = _evidence(voice, words, context, disagreement, "unknown" if unclear else label)
    if unclear:
        evidence.append(
            "neither voice nor words are clear enough for a label"
            if heard
            else "no voice to go by, and words that say little"
        )
        label = "unknown"
    return Affect(label, arousal, valence, confidence, evidence, disagreement, chances)


def kind(words: Feeling | None) -> bool:
    """Whether the words, read on their own, are kind."""
    return words is not None and words.chances.get("content", 0.0) >= KIND


def _disagreement(voice: Feeling | None, words: Feeling | None, context: Context, sarcasm: Sarcasm) -> Disagreement:
    if voice is None or words is None:
        return ""  # it takes a tone to disagree with the words
    friendly = kind(words)
    if friendly and context.trying and sarcasm.log_odds(voice, context) > 0:
        return "sarcasm"
    if voice.label in _UPSET and (friendly or words.label == "neutral"):
        return "tone_worse"
    if voice.label == "content" and words.label in _UPSET:
        return "tone_better"
    return ""


def _likeliest(feeling: Feeling) -> Label:
    return max(feeling.chances, key=lambda label: feeling.chances[label]) if feeling.chances else feeling.label


def _spread(feeling: Feeling | None) -> dict[Label, float]:
    """Its chances; from label and confidence where there are none; even where there is nothing."""
    if feeling is not None and feeling.chances:
        return {label: feeling.chances.get(label, 0.0) for label in LABELS}
    if feeling is None or feeling.label == "unknown":
        return {label: 1 / len(LABELS) for label in LABELS}
    rest = (1 - feeling.confidence) / (len(LABELS) - 1)
    return {label: feeling.confidence if label == feeling.label else rest for label in LABELS}


def _pool(voice: dict[Label, float], words: dict[Label, float]) -> dict[Label, float]:
    raw = {
        label: math.exp(
            VOICE_SHARE * math.log(max(voice[label], _FLOOR)) + (1 - VOICE_SHARE) * math.log(max(words[label], _FLOOR))
        )
        for label in LABELS
    }
    return _normal(raw)


def _without_kindness(chances: dict[Label, float]) -> dict[Label, float]:
    return _normal({label: chance if label != "content" else 0.0 for label, chance in chances.items()})


def _normal(raw: dict[Label, float]) -> dict[Label, float]:
    total = sum(raw.values())
    return (
        {label: value / total for label, value in raw.items()} if total > 0 else {label: 1 / len(raw) for label in raw}
    )


def _evidence(
    voice: Feeling | None, words: Feeling | None, context: Context, disagreement: Disagreement, label: Label
) -> list[str]:
    """What speaks for the label; what one side alone would have said stands only where nothing or a disagreement is told."""
    lines = list(voice.evidence) if voice else []
    if voice is not None and label not in ("unknown", _likeliest(voice)):
        lines = [line for line in lines if not line.startswith("unsure: ")]
    if words is not None and (disagreement or label == "unknown" or words.label in (label, "unknown")):
        lines += words.evidence
    if disagreement == "sarcasm":
        lines.insert(0, "kind words, but the voice is not, and something went wrong: perhaps sarcasm")
    elif disagreement == "tone_worse":
        lines.insert(0, "the voice is upset, the words are not")
    elif disagreement == "tone_better":
        lines.insert(0, "hard words, said in a friendly voice")
    return lines + context.evidence()
