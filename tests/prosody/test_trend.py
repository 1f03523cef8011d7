"""The trend: labels that do not flap, frustration that rises with bad events and fades, state that survives a restart."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosody.feeling import LABELS, Label, place
from prosody.fusion import Affect
from prosody.trend import FRUSTRATION_HALF_S, Trend

Event = Callable[[Trend, float], Trend]
BAD: dict[str, Event] = {
    "failed": lambda trend, at: trend.failed(at),
    "repeated": lambda trend, at: trend.repeated(at),
    "passed on": lambda trend, at: trend.passed_on(at),
    "waited": lambda trend, at: trend.waited(60, at),
    "anger": lambda trend, at: trend.heard(said("angry"), at),
    "sarcasm": lambda trend, at: trend.heard(sarcastic(), at),
}
ANY: dict[str, Event] = {
    **BAD,
    "solved": lambda trend, at: trend.solved(at),
    "content": lambda trend, at: trend.heard(said("content"), at),
    "neutral": lambda trend, at: trend.heard(said("neutral"), at),
    "unknown": lambda trend, at: trend.heard(Affect("unknown", 0, 0, 0), at),
}
steps = st.lists(st.tuples(st.sampled_from(sorted(ANY)), st.floats(0, 40)), max_size=30)


def said(label: Label, confidence: float = 0.8) -> Affect:
    rest = (1 - confidence) / (len(LABELS) - 1)
    chances: dict[Label, float] = {name: confidence if name == label else rest for name in LABELS}
    return Affect(label, *place(chances), confidence, chances=chances)


def sarcastic() -> Affect:
    plain = said("neutral")
    return Affect("neutral", plain.arousal, plain.valence, 0.8, [], "sarcasm", plain.chances)


def run(events: list[tuple[str, float]], start: Trend | None = None) -> list[Trend]:
    """States after each (event, seconds since the one before)."""
    trend = start or Trend()
    states = []
    for name, gap in events:
        trend = ANY[name](trend, trend.at + gap)
        states.append(trend)
    return states


@given(
    st.sampled_from(LABELS),
    st.sampled_from(LABELS),
    st.lists(st.tuples(st.floats(0.4, 1), st.floats(0.5, 15)), min_size=2, max_size=60),
)
def test_alternating_labels_change_nothing(one: Label, other: Label, spoken: list[tuple[float, float]]) -> None:
    trend = Trend()
    seen = []
    for i, (confidence, gap) in enumerate(spoken):
        trend = trend.heard(said(one if i % 2 == 0 else other, confidence), trend.at + gap)
        seen.append(trend.label)
    assert seen == [one] * len(spoken)


@given(st.lists(st.sampled_from(LABELS), min_size=1, max_size=60))
def test_a_label_changes_only_to_what_two_utterances_in_a_row_agree_on(labels: list[Label]) -> None:
    trend = Trend()
    before: Label = "unknown"
    for i, label in enumerate(labels):
        trend = trend.heard(said(label), trend.at + 6)
        if before not in ("unknown", trend.label):
            assert trend.label == label == labels[i - 1]
        before = trend.label


def test_a_lasting_change_is_followed_within_three_utterances() -> None:
    trend = Trend()
    for at in range(0, 40, 8):
        trend = trend.heard(said("neutral"), at)
    followed = [(trend := trend.heard(said("angry"), at)).label for at in range(40, 72, 8)]
    assert followed[0] == "neutral"
    assert followed[-1] == "angry"


def test_silence_is_forgotten_and_an_unclear_utterance_changes_no_label() -> None:
    trend = Trend().heard(said("angry"), 0.0).heard(Affect("unknown", 0, 0, 0), 4.0)
    assert trend.label == "angry"
    assert trend.passing(400.0).label == "unknown"


@given(steps, st.integers(0, 30), st.sampled_from(sorted(BAD)))
def test_a_further_bad_event_never_lowers_frustration(events: list[tuple[str, float]], where: int, bad: str) -> None:
    where = min(where, len(events))
    without = run([*events[:where], *events[where:], ("unknown", 5.0)])[-1]
    with_it = run([*events[:where], (bad, 0.0), *events[where:], ("unknown", 5.0)])[-1]
    assert with_it.frustration >= without.frustration - 1e-12


@given(steps)
def test_frustration_stays_between_0_and_1_and_each_bad_event_raises_it(events: list[tuple[str, float]]) -> None:
    trend = Trend()
    for name, gap in events:
        calm = trend.passing(trend.at + gap)
        trend = ANY[name](trend, trend.at + gap)
        assert 0 <= trend.frustration <= 1
        if name in BAD:
            assert trend.frustration >= calm.frustration


@given(steps, st.floats(0, 600))
def test_frustration_fades_by_half_lives(events: list[tuple[str, float]], seconds: float) -> None:
    trend = run([*events, ("failed", 0.0)])[-1]
    later = trend.passing(trend.at + seconds)
    assert later.frustration == pytest.approx(trend.frustration * 0.5 ** (seconds / FRUSTRATION_HALF_S))


def test_two_short_waits_weigh_as_much_as_a_long_one() -> None:
    assert Trend().waited(60, 0).waited(60, 0).frustration == pytest.approx(Trend().waited(120, 0).frustration)
    with pytest.raises(ValueError, match="0 seconds or more"):
        Trend().waited(float("nan"), 0)


def test_what_works_relieves() -> None:
    cross = Trend().failed(0).failed(5).heard(said("angry"), 6)
    assert cross.frustration > 0.4
    assert cross.solved(7).frustration < 0.6 * cross.frustration
    assert cross.evidence() == ["failed step: 2"]


@given(steps)
def test_state_survives_a_restart_in_a_few_hundred_bytes(events: list[tuple[str, float]]) -> None:
    trend = run([*events, ("failed", 1.0)])[-1]
    data = trend.dump()
    assert len(data) < 200
    assert Trend.load(data) == trend
    assert Trend.load(b"") == Trend()


def test_what_is_no_state_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        Trend.load(b"nonsense")
