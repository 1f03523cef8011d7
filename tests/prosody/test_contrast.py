"""The contrast set is what it says, and its benchmark's ways do what their names say."""

from __future__ import annotations

from collections import Counter

from benchmarks.contrast import WAYS, cases, score
from prosody.context import Context
from prosody.feeling import Feeling, nothing

KIND = Feeling(0.4, 0.6, "content", 0.9, {"content": 0.9, "neutral": 0.1})


def test_a_hundred_pairs_of_the_same_words_once_meant_and_once_not() -> None:
    found = cases()
    pairs: dict[str, list[bool]] = {}
    texts: dict[str, set[str]] = {}
    for case in found:
        pairs.setdefault(case.pair, []).append(case.sarcastic)
        texts.setdefault(case.pair, set()).add(f"{case.text} {case.split}")
    assert len(pairs) >= 100
    assert all(sorted(both) == [False, True] for both in pairs.values())
    assert all(len(same) == 1 for same in texts.values())
    assert len({next(iter(same)) for same in texts.values()}) == len(pairs)
    assert min(Counter(case.language for case in found).values()) >= 90
    assert min(Counter(case.split for case in found).values()) >= 90


def test_no_single_field_tells_them_apart() -> None:
    found = cases()
    for rule in (
        lambda case: not case.context.solved,
        lambda case: case.context.failed_steps > 0,
        lambda case: case.context.times_asked > 1,
        lambda case: case.context.waited_s > 150,
        lambda case: case.voice.label in ("angry", "sad", "anxious"),
        lambda case: case.voice.label != "content",
    ):
        right = sum(rule(case) == case.sarcastic for case in found) / len(found)
        assert right < 0.8


def test_scores_are_counted_over_pairs() -> None:
    found = cases()[:20]
    read = {case.text: KIND for case in found}
    same = score(WAYS["text"], found, read)
    assert same["accuracy"]["value"] == same["accuracy"]["low"] == 0.5
    right = score(lambda case, words: case.sarcastic, found, read)
    assert {name: figure["value"] for name, figure in right.items()} == {"accuracy": 1, "precision": 1, "recall": 1}


def test_the_fused_way_is_the_products() -> None:
    case = next(case for case in cases() if case.sarcastic and case.voice.label == "angry")
    assert WAYS["fused"](case, KIND)
    assert Context() != case.context
    assert not WAYS["fused"](case, nothing("no words"))
