"""Voice, words and what went before, together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosody.context import Context, Said, claims, same_question, times_asked
from prosody.feeling import LABELS, Feeling, Label, nothing, place
from prosody.fusion import ALONE, CONFIDENT, fuse


def felt(label: Label, confidence: float = 0.8, evidence: str = "") -> Feeling:
    rest = (1 - confidence) / (len(LABELS) - 1)
    chances: dict[Label, float] = {name: confidence if name == label else rest for name in LABELS}
    return Feeling(*place(chances), label, confidence, chances, [evidence] if evidence else [])


FAILED = Context(times_asked=3, failed_steps=2)


@pytest.mark.parametrize("voice", ["neutral", "angry", "sad"])
def test_kind_words_in_a_flat_or_pressed_voice_after_failures_are_perhaps_sarcasm(voice: Label) -> None:
    affect = fuse(felt(voice), felt("content"), FAILED)
    assert affect.disagreement == "sarcasm"
    assert affect.label != "content"
    assert affect.valence < 0.15
    assert "perhaps sarcasm" in affect.evidence[0]
    assert "after 2 failed steps" in affect.evidence
    assert "asked 3 times" in affect.evidence


def test_the_same_words_are_meant_when_kindly_said_or_nothing_went_wrong() -> None:
    assert fuse(felt("content"), felt("content"), Context(failed_steps=1, solved=True)).disagreement == ""
    assert fuse(felt("neutral"), felt("content"), Context(solved=True)).disagreement == ""
    assert fuse(felt("angry"), felt("content"), Context()).disagreement == "tone_worse"


def test_without_a_tone_nothing_can_disagree() -> None:
    for voice in (None, nothing("too short")):
        assert fuse(voice, felt("content"), FAILED).disagreement == ""


def test_hard_words_kindly_said_are_told() -> None:
    assert fuse(felt("content"), felt("angry"), Context()).disagreement == "tone_better"


def test_an_unknown_voice_and_weak_words_are_unknown_and_say_why() -> None:
    weak = fuse(nothing("the utterance is too short"), felt("angry", ALONE - 0.05), Context())
    assert weak.label == "unknown"
    assert "the utterance is too short" in weak.evidence
    assert fuse(nothing("too short"), felt("angry", ALONE + 0.05), Context()).label == "angry"
    assert fuse(None, None, FAILED).label == "unknown"
    assert fuse(None, nothing("no words"), FAILED).evidence == ["no words"]


def test_evidence_does_not_speak_for_another_label_than_the_one_that_is_told() -> None:
    words = felt("angry", 0.6, "the words sound angry")
    calm = fuse(felt("neutral", 0.8, "pitch 1.2 σ below most speakers"), words, Context())
    assert (calm.label, calm.disagreement, calm.evidence) == ("neutral", "", ["pitch 1.2 σ below most speakers"])
    assert "the words sound angry" in fuse(felt("angry"), words, Context()).evidence
    assert "the words sound angry" in fuse(felt("content"), words, Context()).evidence  # told as a disagreement


def test_a_guess_of_the_voice_is_evidence_only_for_what_it_guessed() -> None:
    chances: dict[Label, float] = {"angry": 0.4, "sad": 0.3, "neutral": 0.1, "content": 0.1, "anxious": 0.1}
    unsure = Feeling(0.0, 0.0, "unknown", 0.4, chances, ["unsure: angry at 40% is the likeliest", "30 % faster"])
    glad = fuse(unsure, felt("content", 0.9, "the words sound content"), Context())
    assert (glad.label, glad.evidence) == ("content", ["30 % faster", "the words sound content"])
    cross = fuse(unsure, felt("angry", 0.9), Context())
    assert (cross.label, cross.evidence[0]) == ("angry", "unsure: angry at 40% is the likeliest")
    assert "unsure: angry at 40% is the likeliest" in fuse(unsure, None, Context()).evidence


def test_agreement_keeps_the_label_and_a_known_voice_needs_no_words() -> None:
    assert fuse(felt("angry"), felt("angry"), Context()).label == "angry"
    assert fuse(felt("sad"), None, Context()).label == "sad"
    no_chances = Feeling(0.6, -0.5, "anxious", 0.7)
    assert fuse(no_chances, None, Context()).chances["anxious"] == pytest.approx(0.7)


label = st.sampled_from(LABELS)
confidence = st.floats(0.3, 1.0)


@given(
    label, confidence, label, confidence, st.builds(Context, st.integers(1, 5), st.floats(0, 4000), st.integers(0, 5))
)
def test_the_pool_is_never_surer_than_the_surer_and_stays_in_bounds(
    heard: Label, sure: float, read: Label, certain: float, context: Context
) -> None:
    affect = fuse(felt(heard, sure), felt(read, certain), context)
    assert sum(affect.chances.values()) == pytest.approx(1)
    assert -1 <= affect.valence <= 1
    assert -1 <= affect.arousal <= 1
    if affect.disagreement != "sarcasm":
        assert affect.confidence <= max(sure, certain, 0.25) + 0.05  # the floor of a chance costs a little
    if affect.label != "unknown":
        assert affect.confidence >= CONFIDENT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This is the third time I'm asking", (3, 0.0)),
        ("I already told you that", (2, 0.0)),
        ("I've been on hold for forty-five minutes", (1, 2700.0)),
        ("waiting an hour and a half", (1, 3600.0)),
        ("这是我第三次打电话了", (3, 0.0)),
        ("我已经跟你们说过了", (2, 0.0)),
        ("我都等了半个多小时了", (1, 1800.0)),
        ("等了二十分钟", (1, 1200.0)),
        ("my number is three four five", (1, 0.0)),
        ("请等一下", (1, 0.0)),
    ],
)
def test_what_callers_say_of_times_and_waits(text: str, expected: tuple[int, float]) -> None:
    assert claims(text) == expected


def test_what_is_told_never_lowers_what_is_known() -> None:
    context = Context(times_asked=4, waited_s=100).told("for the second time, I have waited ten minutes")
    assert (context.times_asked, context.waited_s) == (4, 600.0)
    assert not Context().trying
    assert Context(waited_s=200).trying


def _unit(*values: float) -> np.ndarray:
    vector = np.zeros(384, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def test_the_same_question_is_counted_and_courtesies_are_not() -> None:
    asked = Said("where is my parcel", _unit(1, 0))
    near, far = _unit(1, 0.1), _unit(1, 1)
    assert times_asked("where is the parcel of mine", near, [asked, asked]) == 3
    assert times_asked("what are your opening hours", far, [asked]) == 1
    assert times_asked("yes please", _unit(1), [Said("yes please", _unit(1))]) == 1
    assert times_asked("谢谢您，好的", _unit(1), [Said("谢谢您，好的", _unit(1))]) == 1
    assert times_asked("我的快递到哪里了", far, [Said("我的快递到哪里了？", _unit(1))]) == 2
    assert not same_question("one two three four", _unit(1), Said("1 2 3 4", _unit(1)))
