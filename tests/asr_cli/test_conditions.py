"""Speech made worse on purpose: the same way every time, by as much as was asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr.conditions import ConditionError, by_telephone, condition, with_noise
from media.frames import SPEECH_RATE, Audio
from tests.speech_data import JFK, SPEECH, load

NOISE = SPEECH / "noise"


def power(samples: np.ndarray) -> float:
    return float(np.mean(np.square(samples.astype(float))))


def test_the_telephone_takes_what_lies_above_4_khz_and_keeps_the_length() -> None:
    dice = np.random.default_rng(1)
    heard = by_telephone(Audio(dice.normal(0, 3000, SPEECH_RATE).astype(np.int16), SPEECH_RATE))
    spectrum = np.abs(np.fft.rfft(heard.samples.astype(float))) ** 2
    assert len(heard.samples) == SPEECH_RATE
    assert spectrum[4200:].sum() < 0.01 * spectrum[300:3400].sum()


@pytest.mark.parametrize("snr_db", [-5, 0, 10, 20])
def test_the_ratio_is_what_was_asked(snr_db: int) -> None:
    speech = load(JFK)
    noise = np.random.default_rng(1).normal(0, 1, len(speech.samples)).astype(np.float32)
    mixed = with_noise(speech, noise, snr_db).samples.astype(float)
    clean = speech.samples.astype(float)
    gain = float(mixed @ clean / (clean @ clean))  # 1, or less where the sum would have clipped
    rest = mixed - gain * clean
    assert 10 * np.log10(power(gain * clean) / power(rest)) == pytest.approx(snr_db, abs=0.3)
    assert gain <= 1.01


def test_an_utterance_meets_the_same_noise_every_time_and_another_one_another() -> None:
    audio = load(SPEECH / "en-goforward.flac")
    under = condition("noise10db", NOISE)
    first, again, other = (under.apply(audio, key).samples for key in ("a.flac", "a.flac", "b.flac"))
    assert (first == again).all()
    assert (first != other).any()
    assert (condition("noise10db", NOISE).apply(audio, "a.flac").samples == first).all()


def test_conditions_are_joined_in_their_order() -> None:
    audio = load(SPEECH / "en-goforward.flac")
    joined = condition("noise10db+g711", NOISE).apply(audio, "a")
    apart = by_telephone(condition("noise10db", NOISE).apply(audio, "a"))
    assert (joined.samples == apart.samples).all()
    assert condition("clean", None).apply(audio, "a") is audio


def test_silence_stays_silence() -> None:
    assert not condition("noise10db", NOISE).apply(Audio.silence(500, SPEECH_RATE), "a").samples.any()


@pytest.mark.parametrize("name", ["hall", "noise", "noise99999db", "", "g711+", "noise10", "clean,g711"])
def test_an_unknown_condition_is_named(name: str) -> None:
    with pytest.raises(ConditionError, match="there is no condition"):
        condition(name, NOISE)


def test_noise_needs_a_folder_with_sound(tmp_path: Path) -> None:
    with pytest.raises(ConditionError, match="noise10db needs --noise FOLDER"):
        condition("noise10db", None)
    with pytest.raises(ConditionError, match="is not a folder"):
        condition("noise10db", tmp_path / "gone")
    soundfile.write(tmp_path / "zeros.wav", np.zeros(1000), 16000)
    with pytest.raises(ConditionError, match="holds no audio file with any sound"):
        condition("noise10db", tmp_path)
    (tmp_path / "letter.wav").write_text("Dear Sir")
    with pytest.raises(ConditionError, match=r"letter\.wav is not an audio file"):
        condition("noise10db", tmp_path)
