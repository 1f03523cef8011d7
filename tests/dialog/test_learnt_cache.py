"""What was learnt of the intents is kept: a restarted app understands at once, and exactly as before."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dialog.classifier import Classifier
from dialog.ports import Vectors
from dialog.understanding import Example, IntentClassifier

EXAMPLES = [
    Example(f"{words} {n}", intent)
    for intent, words in (("balance", "how much money"), ("address", "where are you"), ("unknown", "the weather"))
    for n in ("please", "today", "now", "then", "really", "tell me", "again", "once more")
]


class Embedder:
    async def embed(self, texts: Sequence[str], query: bool = True) -> Vectors:
        rows = [np.random.default_rng(zlib.crc32(text.encode())).normal(size=16) for text in texts]
        return np.asarray(rows, dtype=np.float32)


async def fitted(folder: Path, examples: Sequence[Example]) -> IntentClassifier:
    classifier = IntentClassifier(Embedder(), cache=folder / "vectors-intents.npz")
    await classifier.fit(examples)
    return classifier


async def test_a_second_start_does_not_learn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await fitted(tmp_path, EXAMPLES)
    first = await (await fitted(tmp_path, EXAMPLES)).classify("where are you now")  # vectors from disk, as below
    monkeypatch.setattr(Classifier, "_learn", lambda *_: pytest.fail("learnt again"))
    again = await (await fitted(tmp_path, EXAMPLES)).classify("where are you now")
    assert again == first and again.intent == "address"


async def test_other_examples_are_learnt(tmp_path: Path) -> None:
    await fitted(tmp_path, EXAMPLES)
    moved = [Example(one.text, "order" if one.intent == "address" else one.intent) for one in EXAMPLES]
    assert (await (await fitted(tmp_path, moved)).classify("where are you now")).intent == "order"


async def test_a_broken_file_is_learnt_over(tmp_path: Path) -> None:
    (tmp_path / "learnt-intents.npz").write_bytes(b"PK\x03\x04 cut off")
    assert (await (await fitted(tmp_path, EXAMPLES)).classify("where are you now")).intent == "address"
