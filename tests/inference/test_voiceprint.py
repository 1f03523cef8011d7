"""The voice of an utterance as a vector: the same for the same speaker, on the telephone too, and only with a consent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from asr.conditions import by_telephone
from media.frames import SPEECH_RATE, Audio
from prosody.speaker import DIMS, SpeakerEncoder, TooLittleSpeech
from server.inference.voiceprint import Comparing
from session.consent import ConsentError, VoiceprintConsent, issue_voiceprint, require_voiceprint
from tests.speech_data import JFK, SPEECH, cut, load


@pytest.fixture(scope="module")
def encoder() -> SpeakerEncoder:
    return SpeakerEncoder()


def test_one_speaker_is_like_himself_and_unlike_another_over_the_telephone(encoder: SpeakerEncoder) -> None:
    jfk = load(JFK)
    first, second = encoder(cut(jfk, 0, 4000)), encoder(by_telephone(cut(jfk, 5000, 10_000)))
    other = encoder(load(SPEECH / "zh-aishell-0009.flac"))
    assert first.shape == (DIMS,) and np.linalg.norm(first) == pytest.approx(1, abs=1e-4)
    assert first @ second > 0.75 > first @ other


def test_too_little_voice_is_told(encoder: SpeakerEncoder) -> None:
    with pytest.raises(TooLittleSpeech):
        encoder(Audio(np.zeros(SPEECH_RATE * 3, dtype=np.int16), SPEECH_RATE))
    with pytest.raises(TooLittleSpeech):
        encoder(cut(load(JFK), 500, 900))
    with pytest.raises(ValueError, match="16000"):
        encoder(Audio(np.zeros(8000, dtype=np.int16), 8000))


async def test_beside_a_decode_it_is_bytes_or_nothing(encoder: SpeakerEncoder) -> None:
    with ThreadPoolExecutor(1) as thread:
        found = await Comparing(encoder, thread, cut(load(JFK), 0, 3000)).vector()
        assert np.frombuffer(found, dtype="<f4").shape == (DIMS,)
        silence = Comparing(encoder, thread, Audio(np.zeros(SPEECH_RATE, dtype=np.int16), SPEECH_RATE))
        assert await silence.vector() == b""


def test_a_consent_that_was_made_up_is_refused() -> None:
    assert require_voiceprint(issue_voiceprint("row"))
    for wrong in (None, VoiceprintConsent(consent_id="row"), VoiceprintConsent(consent_id="x", seal="y")):
        with pytest.raises(ConsentError):
            require_voiceprint(wrong)
