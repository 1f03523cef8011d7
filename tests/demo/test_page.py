"""The page of a conversation, made from events and a recording."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from server.demo.page import WIDTH, page, peaks

RATE = 16_000


def event(second: int, kind: str, **payload: Any) -> dict[str, Any]:
    return {"at": f"2026-01-01T10:00:{second:02d}.000000+00:00", "type": kind, "payload": payload}


def words(second: int, text: str) -> dict[str, Any]:
    return event(
        second, "utterance.final", role="customer", text=text, t0_ms=0, t1_ms=second * 1000, utterance_id=f"u{second}"
    )


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two seconds: the caller speaks in the first, the other side in the last."""
    stereo = np.zeros((2 * RATE, 2), np.int16)
    stereo[:RATE, 0], stereo[RATE:, 1] = 16_384, -8_192
    path = tmp_path / "r.wav"
    soundfile.write(path, stereo, RATE, subtype="PCM_16")
    return path


def test_peaks_are_per_channel_and_in_time(recording: Path) -> None:
    found, length = peaks(recording, 4)
    assert length == 2.0
    np.testing.assert_allclose(found, [[0.5, 0.5, 0, 0], [0, 0, 0.25, 0.25]])


def test_the_page_shows_words_feelings_and_stages(recording: Path) -> None:
    glad = {"label": "happy", "confidence": 0.75, "valence": 1.0, "arousal": 0.5}
    stages = [{"name": "endpointing", "ms": 500.0}, {"name": "decode", "ms": 123.0}]
    html = page(
        [
            words(1, "Hours"),
            event(1, "affect", utterance_id="u1", **glad),
            event(2, "turn.ledger", stages=stages, total_ms=623.0),
            event(3, "bot.said", text="We open at nine.", outcome="done"),
        ],
        recording,
        "A call · 一次通话",
    )
    for text in ("Hours", "We open at nine.", "happy 75 %", "623 ms", "endpointing", "一次通话", "对话", "情绪"):
        assert text in html, text
    # The curve: pleasant lies above the middle line at y = 60, at the end of what was said.
    assert re.search(r'<circle cx="(\d+)" cy="10"', html)
    starts = [float(x) for x in re.findall(r"M([\d.]+) ", html)]
    assert starts and max(starts) < WIDTH
    assert html.count('<path d="M') == 2


def test_what_was_said_cannot_write_html() -> None:
    html = page([words(1, "<script>alert(1)</script>")], None, "t")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_refused_recording_and_an_empty_conversation_still_make_a_page() -> None:
    html = page([], None, "t")
    assert "<audio" not in html
    assert "no consent" in html


def test_nothing_comes_from_elsewhere(recording: Path) -> None:
    html = page([words(1, "Hours")], recording, "t")
    assert not re.search(r"https?://", html)
    assert "<link" not in html and "@import" not in html
