"""What was felt, as plain numbers: the result of judging a voice (`prosody.model`) or words (`prosody.words`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Label = Literal["neutral", "content", "sad", "anxious", "angry", "unknown"]
LABELS: tuple[Label, ...] = ("neutral", "content", "sad", "anxious", "angry")

# Where each label lies on Russell's circumplex (arousal, valence); the data has labels only.
CIRCUMPLEX: dict[Label, tuple[float, float]] = {
    "neutral": (-0.1, 0.1),
    "content": (0.5, 0.7),
    "sad": (-0.6, -0.6),
    "anxious": (0.6, -0.5),
    "angry": (0.8, -0.7),
}


@dataclass(frozen=True, slots=True)
class Feeling:
    """Arousal and valence in −1…1, calibrated confidence of the label in 0…1, evidence in plain words.

    `chances` holds the probability of each of `LABELS`, summing to 1, or nothing where nothing could be judged.
    """

    arousal: float
    valence: float
    label: Label
    confidence: float
    chances: dict[Label, float] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)
    model: str = ""


def nothing(reason: str, model: str = "") -> Feeling:
    """Unknown, for this reason."""
    return Feeling(0.0, 0.0, "unknown", 0.0, {}, [reason], model)


def place(chances: Mapping[Label, float]) -> tuple[float, float]:
    """Expected (arousal, valence), −1…1 each, of probabilities by label: Σ p(label) · CIRCUMPLEX[label]."""
    arousal = sum(chance * CIRCUMPLEX[label][0] for label, chance in chances.items())
    valence = sum(chance * CIRCUMPLEX[label][1] for label, chance in chances.items())
    return arousal, valence
