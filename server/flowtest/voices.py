"""What is said in a test as sound: recorded files, or synthesised words, the way they come over a telephone line."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import soundfile

from asr.conditions import by_telephone
from asr.files import AudioFileError, read
from media.frames import SPEECH_RATE, Audio, concat
from media.resample import convert
from tts.speaker import Speaker, SpeechError

LINE_NOISE = 8.0  # amplitude of a quiet line's noise, of 32768; digital silence is on no telephone line
BEFORE_MS, AFTER_MS = 400, 2600  # around an utterance; the second is longer than any endpoint


class VoiceError(Exception):
    """Something cannot be said; the text names it."""


class Voices:
    """Synthesised once, kept in the speaker's cache."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def say(self, words: str, locale: str) -> Audio:
        """Words at 16 kHz. Raises `VoiceError`."""
        try:
            self._speaker.prefetch(words, locale)
            pieces = [convert(clause.audio, SPEECH_RATE) for clause in self._speaker.speak(words, locale)]
        except SpeechError as error:
            raise VoiceError(str(error)) from error
        return concat(pieces) if pieces else Audio(np.zeros(0, dtype=np.int16), SPEECH_RATE)

    def of(self, words: str, locale: str, file: Path | None) -> Audio:
        """The recording, or the words in a voice. Raises `VoiceError`."""
        if file is None:
            return self.say(words, locale)
        try:
            return convert(read(file)[0], SPEECH_RATE)
        except AudioFileError as error:
            raise VoiceError(str(error)) from error

    def write(self, words: str, locale: str, file: Path | None, folder: Path) -> Path:
        """The same as a WAV file. Raises `VoiceError`."""
        path = folder / f"{hashlib.sha256(f'{locale}|{words}|{file}'.encode()).hexdigest()[:16]}.wav"
        if not path.exists():
            soundfile.write(path, self.of(words, locale, file).samples, SPEECH_RATE, subtype="PCM_16")
        return path


def on_the_line(speech: Audio) -> Audio:
    """With silence around it, a quiet line's noise, and through G.711."""
    before, after = (np.zeros(SPEECH_RATE * ms // 1000, dtype=np.int16) for ms in (BEFORE_MS, AFTER_MS))
    samples = np.concatenate([before, speech.samples, after]).astype(np.float32)
    noise = np.random.default_rng(len(samples)).normal(0.0, LINE_NOISE, len(samples))
    heard = np.clip(samples + noise, -32768, 32767).astype(np.int16)
    return by_telephone(Audio(heard, SPEECH_RATE))
