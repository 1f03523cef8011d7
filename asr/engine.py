"""One utterance in, words or a reason why there are none out: Whisper on CTranslate2, in a window as short as it bears.

Whisper was trained on 30 s; its encoder costs the same for a word as for half a minute. CTranslate2 accepts fewer
frames, and the utterance + 4.5 s of silence (at least 8 s) keeps the accuracy at a quarter of the cost. A final that
scores poorly is looked at again in the full window. Nothing is conditioned on earlier text, so nothing is carried on.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import ctranslate2
import numpy as np
import opencc
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from asr import cuda
from asr.gate import VoiceGate
from asr.options import AsrOptions
from media.frames import SPEECH_RATE, Audio

FULL_S = 30.0
FRAMES_PER_S = 100
# A sentence in simplified characters before the speech makes Whisper write simplified ones.
SIMPLIFIED = "以下是普通话的句子。"
TOKENS_PER_S = 14  # fast speech is ~8 in English and ~11 in Chinese
FEWEST_TOKENS = 24


class ModelError(Exception):
    """The model cannot be loaded; the text says what to do."""


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word (a character in Chinese), ms from the start of the audio, and its probability 0…1."""

    text: str
    t0_ms: int
    t1_ms: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said. `rejected` says why `text` is empty; `confidence` is the mean token probability, 0…1."""

    text: str
    language: str
    confidence: float
    rejected: str = ""
    window_s: float = 0.0
    words: tuple[TimedWord, ...] = ()


@dataclass(frozen=True, slots=True)
class _Look:
    text: str
    logprob: float
    no_speech: float
    ids: list[int]
    language: str
    encoded: ctranslate2.StorageView


def _always() -> bool:
    return True


class Recogniser:
    """A loaded model. `transcribe` blocks; one call at a time."""

    def __init__(self, options: AsrOptions, folder: Path, gate: VoiceGate) -> None:
        """Raises `ModelError` when the folder holds no usable model or the device is not there."""
        self._options = options
        self._gate = gate
        if options.device != "cpu":
            cuda.preload()
        try:
            self._whisper = WhisperModel(
                str(folder),
                device=options.device,
                compute_type=options.compute_type,
                cpu_threads=options.threads,
                num_workers=1,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(
                f"cannot load the recogniser from {folder} on {options.device} ({options.compute_type}): {error}; "
                "see `warmline models`"
            ) from error
        # The prompt makes Whisper write simplified characters mostly, not always.
        self._simplified = opencc.OpenCC("t2s")
        self.languages: list[str] = list(self._whisper.supported_languages)

    def transcribe(
        self,
        audio: Audio,
        languages: list[str],
        *,
        final: bool = True,
        hint: str = "",
        wanted: Callable[[], bool] = _always,
    ) -> Transcript:
        """Words of ≤30 s of 16 kHz speech in one of `languages`. Raises ValueError naming what is wrong.

        `wanted` is asked between the steps; once it says no, the rest is left out and the result is empty.
        """
        if audio.rate != SPEECH_RATE:
            raise ValueError(f"recognition hears {SPEECH_RATE} Hz, got {audio.rate}")
        if audio.ms > FULL_S * 1000:
            raise ValueError(f"an utterance may last {FULL_S:.0f} s, got {audio.ms / 1000:.1f} s")
        unknown = [language for language in languages if language not in self.languages]
        if unknown or not languages:
            raise ValueError(f"languages {languages} must be among {', '.join(self.languages[:6])}, …")
        options = self._options
        voice = self._gate.measure(audio, options.speech_probability)
        if voice.speech_ms < options.least_speech_ms:
            return Transcript("", languages[0], 0.0, "no human voice")
        window = min(FULL_S, max(options.least_window_s, math.ceil(audio.ms / 1000 + options.margin_s)))
        beam = options.beam if final else 1
        look = self._look(audio, window, languages, beam, hint, wanted)
        if look is not None and final and look.logprob < options.second_look_logprob and window < FULL_S:
            window = FULL_S
            second = self._look(audio, window, languages, beam, hint, wanted)
            look = second and max(look, second, key=lambda found: found.logprob)
        if look is None:
            return Transcript("", languages[0], 0.0, "no longer wanted", window)
        rejected = self._why_not(look, voice.clarity)
        return Transcript(
            "" if rejected else look.text,
            look.language,
            round(math.exp(min(0.0, look.logprob)), 3),
            rejected,
            window,
            self._words(look, audio) if final and options.word_times and not rejected else (),
        )

    def warm_up(self) -> None:
        """Run once, so that the first caller does not pay for lazy initialisation."""
        encoded = self._encode(Audio.silence(1000, SPEECH_RATE), self._options.least_window_s)
        self._language(encoded, ["en", "zh"])
        self._decode(encoded, "en", Audio.silence(1000, SPEECH_RATE), 1, "")

    def _look(
        self, audio: Audio, window_s: float, languages: list[str], beam: int, hint: str, wanted: Callable[[], bool]
    ) -> _Look | None:
        if not wanted():
            return None
        encoded = self._encode(audio, window_s)
        if not wanted():
            return None
        return self._decode(encoded, self._language(encoded, languages), audio, beam, hint)

    def _encode(self, audio: Audio, window_s: float) -> ctranslate2.StorageView:
        samples = np.zeros(int(window_s * SPEECH_RATE), dtype=np.float32)
        samples[: len(audio.samples)] = audio.float32()
        features: NDArray[np.float32] = self._whisper.feature_extractor(samples)[:, : int(window_s * FRAMES_PER_S)]
        batch = np.ascontiguousarray(features[np.newaxis], dtype=np.float32)
        return self._whisper.model.encode(ctranslate2.StorageView.from_array(batch), to_cpu=False)

    def _language(self, encoded: ctranslate2.StorageView, languages: list[str]) -> str:
        if len(languages) == 1:
            return languages[0]
        for token, _ in self._whisper.model.detect_language(encoded)[0]:
            if token[2:-2] in languages:
                return str(token[2:-2])
        return languages[0]

    def _tokens(self, language: str) -> Tokenizer:
        return Tokenizer(
            self._whisper.hf_tokenizer, self._whisper.model.is_multilingual, task="transcribe", language=language
        )

    def _decode(self, encoded: ctranslate2.StorageView, language: str, audio: Audio, beam: int, hint: str) -> _Look:
        tokens = self._tokens(language)
        before = hint or (SIMPLIFIED if language == "zh" else "")
        prompt = [tokens.sot_prev, *tokens.encode(" " + before)[:100]] if before else []
        prompt += [*tokens.sot_sequence, tokens.no_timestamps]
        longest = len(prompt) + FEWEST_TOKENS + int(audio.ms / 1000 * TOKENS_PER_S)
        result = self._whisper.model.generate(
            encoded,
            [prompt],
            beam_size=beam,
            return_scores=True,
            return_no_speech_prob=True,
            max_length=min(448, longest),
            suppress_tokens=[-1, *tokens.non_speech_tokens],
        )[0]
        ids = result.sequences_ids[0]
        # With length_penalty 1 the score is the sum over the tokens divided by their number; count the end token too.
        logprob = result.scores[0] * len(ids) / (len(ids) + 1) if ids else -10.0
        text = self._written(tokens.decode(ids).strip(), language)
        return _Look(text, logprob, result.no_speech_prob, ids, language, encoded)

    def _written(self, text: str, language: str) -> str:
        return str(self._simplified.convert(text)) if language == "zh" else text

    def _words(self, look: _Look, audio: Audio) -> tuple[TimedWord, ...]:
        tokens = self._tokens(look.language)
        aligned = self._whisper.find_alignment(tokens, [look.ids], look.encoded, int(audio.ms / 1000 * FRAMES_PER_S))
        words: list[TimedWord] = []
        for item in aligned[0]:
            text = self._written(item["word"].strip(), look.language)
            if any(letter.isalnum() for letter in text) or not words:
                start, end = round(float(item["start"]) * 1000), round(float(item["end"]) * 1000)
                words.append(TimedWord(text, start, end, round(float(item["probability"]), 3)))
            else:  # punctuation belongs to the word before it, and takes no time
                words[-1] = replace(words[-1], text=words[-1].text + text)
        return tuple(words)

    def _why_not(self, look: _Look, clarity: float) -> str:
        options = self._options
        if not any(letter.isalnum() for letter in look.text):
            return "no words"
        if look.logprob < options.reject_logprob:
            return f"unsure (mean log probability {look.logprob:.2f})"
        if clarity < options.clear_voice and look.logprob < options.unclear_logprob:
            return f"hardly a voice ({clarity:.2f}), and unsure ({look.logprob:.2f})"
        if look.no_speech > 0.6 and look.logprob < options.second_look_logprob:
            return f"probably no speech ({look.no_speech:.2f})"
        if compression(look.text) > options.reject_compression or stutters(look.text):
            return "repetition"
        return ""


def stutters(text: str) -> bool:
    """Eight letters and more, of only one or two kinds: what Whisper makes of a sneeze or a cry."""
    letters = [letter for letter in text.lower() if letter.isalnum()]
    return len(letters) >= 8 and len(set(letters)) <= 2


def compression(text: str) -> float:
    """Bytes of UTF-8 per byte of zlib; repetitive text exceeds 2.4 (OpenAI whisper, `compression_ratio`)."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0
