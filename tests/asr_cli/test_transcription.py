"""Recordings of any length are cut at pauses, and times stay right."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from asr import transcription
from asr.engine import TimedWord, Transcript
from asr.transcription import transcribe, utterances
from media.frames import SPEECH_RATE, Audio, concat
from tests.speech_data import JFK, SPEECH, load


def silence(seconds: float) -> Audio:
    return Audio.silence(1000 * seconds, SPEECH_RATE)


def test_words_keep_their_place_in_the_recording() -> None:
    said = load(SPEECH / "en-goforward.flac")
    recording = concat([silence(5), said, silence(10), said, silence(3)])
    seen: list[float] = []

    def hear(audio: Audio) -> Transcript:
        return Transcript("go forward", "en", 0.9, words=(TimedWord("go", 100, 200, 0.9),))

    first, second = transcribe(recording, hear, seen.append)
    assert 4500 <= first.t0_ms <= 6000 and first.t1_ms <= 5000 + said.ms + 300
    distance = 10_000 + said.ms
    assert second.t0_ms - first.t0_ms == pytest.approx(distance, abs=64)  # two of the detector's frames
    assert first.words[0].t0_ms == first.t0_ms + 100 and second.words[0].t1_ms == second.t0_ms + 200
    assert seen == [first.t1_ms / 1000, second.t1_ms / 1000]


def test_sentences_across_a_short_pause_are_heard_together_and_across_a_long_one_apart() -> None:
    said = load(SPEECH / "en-goforward.flac")
    assert len(list(utterances(concat([said, silence(0.8), said])))) == 1
    assert len(list(utterances(concat([said, silence(4), said])))) == 2


def test_what_the_recogniser_rejects_is_left_out() -> None:
    assert transcribe(load(JFK), lambda audio: Transcript("", "en", 0.0, "unsure"), lambda second: None) == []


def test_nobody_speaks() -> None:
    noise = Audio(np.random.default_rng(1).normal(0, 300, 20 * SPEECH_RATE).astype(np.int16), SPEECH_RATE)
    assert list(utterances(noise)) == []
    assert list(utterances(Audio.silence(0, SPEECH_RATE))) == []


@pytest.mark.parametrize("block_s", [40, 600])
def test_speech_without_pauses_is_cut_below_what_whisper_takes(block_s: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcription, "BLOCK_S", block_s)
    samples = load(JFK).samples
    breathless = Audio(np.tile(samples[4_000 : 4_000 + 30_000], 60), SPEECH_RATE)  # 112 s of "and so my fellow"
    found = list(utterances(breathless))
    assert all(end - start <= transcription.LONGEST_S * SPEECH_RATE for start, end in found)
    assert all(first[1] <= second[0] for first, second in pairwise(found))
    covered = sum(end - start for start, end in found) / len(breathless.samples)
    assert covered > 0.9


def test_where_blocks_meet_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    said = load(SPEECH / "en-goforward.flac")
    recording = concat([part for _ in range(6) for part in (silence(2.5), said)])
    whole = list(utterances(recording))
    monkeypatch.setattr(transcription, "BLOCK_S", 8)
    parts = list(utterances(recording))
    assert len(parts) == len(whole) == 6
    assert np.abs(np.array(parts) - np.array(whole)).max() <= 0.1 * SPEECH_RATE


def test_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="hears 16000 Hz, got 8000"):
        list(utterances(Audio.silence(100, 8000)))
