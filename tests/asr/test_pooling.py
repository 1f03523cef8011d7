"""What is handed on of the encoder's output."""

from __future__ import annotations

import numpy as np
import pytest

from asr.pooling import pooled


def test_padding_does_not_count() -> None:
    speech = np.random.default_rng(1).normal(2.0, 3.0, (75, 8)).astype(np.float32)
    padded = np.concatenate([speech, np.full((25, 8), 100.0, dtype=np.float32)])
    found = pooled(padded, 1.5)
    assert found.shape == (16,) and found.dtype == np.float32
    np.testing.assert_allclose(found[:8], speech.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found[8:], speech.std(axis=0), rtol=1e-5)


def test_the_shortest_utterance_has_one_position_and_half_precision_is_widened() -> None:
    found = pooled(np.ones((3, 4), dtype=np.float16), 0.001)
    assert found.tolist() == [1.0] * 4 + [0.0] * 4


def test_nothing_cannot_be_pooled() -> None:
    with pytest.raises(ValueError, match="without positions"):
        pooled(np.zeros((0, 4), dtype=np.float32), 1.0)
