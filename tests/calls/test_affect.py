"""What a caller conveys over a conversation: pure, fed with times."""

from __future__ import annotations

import msgspec
import numpy as np

from prosody.trend import Trend
from server.calls.affect import Mood, MoodSnapshot
from session import wire

ANGRY = wire.Emotion(
    arousal=0.7, valence=-0.6, label="angry", confidence=0.8, model="v",
    chances={"angry": 0.8, "neutral": 0.1, "sad": 0.05, "anxious": 0.05}, evidence=["pitch 2.1 σ above"],
)  # fmt: skip
CALM = wire.Emotion(
    arousal=-0.1, valence=0.1, label="neutral", confidence=0.8, chances={"neutral": 0.8, "content": 0.2}, model="v"
)


def said(emotion: wire.Emotion | None, text: str = "where is my parcel now", n: int = 1) -> wire.UtteranceFinal:
    return wire.UtteranceFinal(
        leg_id="l", utterance_id=f"u{n}", t0_ms=0, t1_ms=900, text=text, language="en", confidence=0.9, emotion=emotion
    )


def vector(seed: int) -> np.ndarray:
    found = np.random.default_rng(seed).normal(size=384).astype(np.float32)
    return np.asarray(found / np.linalg.norm(found))


def test_one_angry_word_after_calm_ones_is_told_but_does_not_turn_the_mood() -> None:
    mood = Mood(None)
    for n in range(3):
        mood.heard(said(CALM, n=n), None, n * 5.0)
    kept, feeling = mood.heard(said(ANGRY), None, 20.0)
    assert (kept.label, kept.trend, feeling.label) == ("angry", "neutral", "neutral")
    assert "pitch 2.1 σ above" in kept.evidence
    assert 0 < kept.frustration < 0.5
    for n in range(3):
        kept, feeling = mood.heard(said(ANGRY), None, 25.0 + 5 * n)
    assert (kept.trend, feeling.label) == ("angry", "angry")
    assert feeling.turns >= 2


def test_two_angry_sentences_from_the_start_are_two_turns() -> None:
    mood = Mood(None)
    turns = [mood.heard(said(ANGRY), None, 5.0 * n)[1] for n in range(2)]
    assert [(one.label, one.turns) for one in turns] == [("angry", 1), ("angry", 2)]


def test_asking_the_same_again_and_failing_adds_to_frustration_and_evidence() -> None:
    mood = Mood(None)
    mood.heard(said(CALM), vector(1), 0.0)
    calm = mood.trend.frustration
    mood.left("no_match", 1.0)
    mood.left("next", 1.0)
    kept, _ = mood.heard(said(CALM), vector(1), 5.0)
    assert kept.frustration > calm
    assert "asked 2 times" in kept.evidence
    assert "after 1 failed step" in kept.evidence


def test_what_worked_is_a_relief() -> None:
    mood = Mood(None)
    mood.left("gap", 0.0)
    before = mood.trend.frustration
    mood.left("answered", 1.0)
    assert mood.trend.frustration < before
    assert mood.context.failed_steps == 0


def test_waiting_and_being_passed_on_counts() -> None:
    mood = Mood(None)
    mood.waited(240.0, 240.0)
    mood.passed_on(240.0)
    kept, _ = mood.heard(said(CALM), None, 245.0)
    assert {"waited 4 minutes", "passed on 1 time"} <= set(kept.evidence)


def test_the_mood_of_before_a_restart_goes_on_in_a_few_hundred_bytes() -> None:
    mood = Mood(None)
    for n in range(20):
        mood.heard(said(ANGRY, n=n), vector(n), 5.0 * n)
    mood.left("gap", 100.0)
    saved = msgspec.json.encode(mood.snapshot())
    assert len(saved) < 400
    again = Mood(None)
    again.restore(msgspec.json.decode(saved, type=MoodSnapshot))
    assert (again.trend, again.context) == (Trend.load(mood.trend.dump()), mood.context)
    assert again.feeling() == mood.feeling()
    assert b"parcel" not in saved


def test_without_a_voice_and_without_words_nothing_is_known() -> None:
    kept, feeling = Mood(None).heard(said(None), None, 0.0)
    assert (kept.label, feeling.label, feeling.turns) == ("unknown", "unknown", 0)
    assert kept.evidence
