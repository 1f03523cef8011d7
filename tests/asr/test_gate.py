"""The voice gate: people pass, the rest of the world does not."""

from __future__ import annotations

import numpy as np
import pytest

from asr.conditions import by_telephone
from asr.gate import VoiceGate
from media.frames import SPEECH_RATE, Audio
from tests.speech_data import JFK, ROOT, SPEECH, cut, load


def tone(hertz: float, ms: int = 400, level: float = 0.3) -> Audio:
    wave = np.sin(2 * np.pi * hertz * np.arange(SPEECH_RATE * ms // 1000) / SPEECH_RATE)
    return Audio((level * 32767 * wave).astype(np.int16), SPEECH_RATE)


def noise(level: float, ms: int = 400) -> Audio:
    wave = np.random.default_rng(7).normal(0, level * 32767, SPEECH_RATE * ms // 1000)
    return Audio(np.clip(wave, -32768, 32767).astype(np.int16), SPEECH_RATE)


@pytest.mark.parametrize("line", ["wide", "telephone"])
def test_three_hundred_ms_of_a_voice_are_known(gate: VoiceGate, line: str) -> None:
    speech = load(JFK)
    if line == "telephone":
        speech = by_telephone(speech)
    for start in (1500, 5600, 9000):
        assert gate.probability(cut(speech, start, start + 300)) > 0.6, start


def test_a_hundred_ms_are_enough(gate: VoiceGate) -> None:
    assert gate.probability(cut(load(JFK), 1600, 1700)) > 0.5


@pytest.mark.parametrize(
    "sound",
    [Audio.silence(300, SPEECH_RATE), tone(440), tone(1000, level=0.9), noise(0.01), noise(0.2)],
    ids=["silence", "dial tone", "loud tone", "hiss", "roar"],
)
def test_what_is_no_voice_is_not_taken_for_one(gate: VoiceGate, sound: Audio) -> None:
    assert gate.probability(sound) < 0.35


def test_hold_music_and_rain_are_no_voice(gate: VoiceGate) -> None:
    music = load(ROOT / "flows" / "audio" / "hold.flac")
    rain = load(SPEECH / "noise" / "rain.flac")
    for sound in [cut(music, at, at + 5000) for at in (0, 10_000)] + [rain]:
        assert gate.measure(sound, 0.5).speech_ms < 96


def test_measure_counts_the_speech_in_an_utterance(gate: VoiceGate) -> None:
    speech = load(SPEECH / "en-goforward.flac")
    found = gate.measure(speech, 0.5)
    assert 700 < found.speech_ms < speech.ms
    assert found.clarity > 0.9
    padded = Audio(np.concatenate([speech.samples, np.zeros(SPEECH_RATE * 3, np.int16)]), SPEECH_RATE)
    assert gate.measure(padded, 0.5).speech_ms == pytest.approx(found.speech_ms, abs=130)


def test_nothing_is_no_voice(gate: VoiceGate) -> None:
    empty = Audio(np.zeros(0, np.int16), SPEECH_RATE)
    assert gate.probability(empty) == 0.0
    assert gate.measure(empty, 0.5).speech_ms == 0.0


def test_another_rate_is_refused(gate: VoiceGate) -> None:
    with pytest.raises(ValueError, match="16000 Hz, got 8000"):
        gate.probability(Audio.silence(100, 8000))


def test_audio_is_left_as_it_was(gate: VoiceGate) -> None:
    speech = cut(load(JFK), 1600, 1600 + 320)  # a whole number of frames: nothing is padded
    before = speech.samples.copy()
    gate.probability(speech)
    assert np.array_equal(speech.samples, before)
