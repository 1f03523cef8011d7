"""Whisper on CTranslate2, step by step: features, encoder, language, decoder, alignment; many utterances at a time.

Whisper was trained on 30 s, and its encoder costs the same for a word as for half a minute. CTranslate2 takes fewer
frames, but then the decoder, which knows only 30 s, runs on past the end. So the encoder hears the utterance and a little
silence, and the decoder is given more: the rest is the encoder's own output for silence, computed once at the start.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from asr import cuda
from asr.options import AsrOptions
from media.frames import SPEECH_RATE, Audio

FULL_S = 30.0
FRAMES_PER_S = 100  # of features
POSITIONS_PER_S = 50  # of the encoder's output
MOST_TOKENS = 448  # prompt and text that the decoder has places for
LEAST_POSITIONS = 500  # given to the decoder: 10 s; docs/asr.md has the measurements of this and the next
SILENT_POSITIONS = 150  # after the last one heard
GRID_S = 0.5  # windows are whole multiples of it, so that utterances of about one length share a batch

Features = NDArray[np.float32]  # shape (80, frames)
Encoding = NDArray[Any]  # shape (positions, width); float32 on CPU, float16 from a GPU


class ModelError(Exception):
    """The model cannot be loaded; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the decoder wrote: tokens, mean log probability of a token (the end counted), P(no speech), did it end?"""

    ids: tuple[int, ...]
    logprob: float
    no_speech: float
    ended: bool


@dataclass(frozen=True, slots=True)
class Aligned:
    """A word, its span in s from the start of the audio, its mean token probability."""

    text: str
    start_s: float
    end_s: float
    probability: float


class Whisper:
    """A loaded model. Each method blocks; those of the engine (`encode` and after) belong in one thread per replica."""

    def __init__(self, options: AsrOptions, folder: Path) -> None:
        """Raises `ModelError` when the folder holds no usable model or the device is not there."""
        if options.device != "cpu":
            cuda.preload()
        try:
            self._model = WhisperModel(
                str(folder),
                device=options.device,
                device_index=list(options.gpus),
                compute_type=options.compute_type,
                cpu_threads=options.threads,
                num_workers=options.replicas,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(
                f"cannot load the recogniser from {folder} on {options.device} ({options.compute_type}): {error}; "
                "see `warmline models`"
            ) from error
        self._engine: ctranslate2.models.Whisper = self._model.model
        self.languages: list[str] = list(self._model.supported_languages)
        self._tokenizers: dict[str, Tokenizer] = {}
        self.silence: Encoding = np.zeros((0, 0), dtype=np.float32)
        self.silence = self.encode([self.features(Audio.silence(0, SPEECH_RATE), FULL_S)])[0]

    def tokens(self, language: str) -> Tokenizer:
        """The tokenizer set to transcribe `language`."""
        if language not in self._tokenizers:
            self._tokenizers[language] = Tokenizer(
                self._model.hf_tokenizer, self._engine.is_multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]

    def features(self, audio: Audio, window_s: float) -> Features:
        """Log-mel of ≤30 s of 16 kHz audio and silence up to `window_s`. Thread safe; ~3 ms a second of window."""
        samples = np.zeros(round(window_s * SPEECH_RATE), dtype=np.float32)
        samples[: len(audio.samples)] = audio.float32()
        features: Features = self._model.feature_extractor(samples)[:, : round(window_s * FRAMES_PER_S)]
        return np.ascontiguousarray(features, dtype=np.float32)

    def encode(self, features: Sequence[Features]) -> list[Encoding]:
        """Encoder output of each, in one pass. All of one shape; ValueError from numpy otherwise."""
        encoded = self._engine.encode(ctranslate2.StorageView.from_array(np.stack(features)), to_cpu=True)
        return list(np.array(encoded))

    def detect(self, encodings: Sequence[Encoding]) -> list[dict[str, float]]:
        """Probability of every language, for each. What was heard is enough for that: no silence is added."""
        found = self._engine.detect_language(self._joined(encodings, 0, 0))
        return [{token[2:-2]: float(probability) for token, probability in one} for one in found]

    def generate(
        self,
        encodings: Sequence[Encoding],
        prompts: Sequence[Sequence[int]],
        *,
        beam: int,
        longest: int,
        suppress: Sequence[int],
    ) -> list[Hypothesis]:
        """Decode each. The prompts are of one length (CTranslate2 asks for it); `longest` bounds the new tokens."""
        longest = min(longest, MOST_TOKENS - len(prompts[0]))
        results = self._engine.generate(
            self._completed(encodings),
            [list(prompt) for prompt in prompts],
            beam_size=beam,
            return_scores=True,
            return_no_speech_prob=True,
            max_length=len(prompts[0]) + longest,
            suppress_tokens=list(suppress),
        )
        found = []
        for result in results:
            ids = tuple(result.sequences_ids[0])
            # With length penalty 1 the score is the tokens' sum divided by their number; count the end token too.
            logprob = float(result.scores[0]) * len(ids) / (len(ids) + 1) if ids else -10.0
            found.append(Hypothesis(ids, logprob, float(result.no_speech_prob), len(ids) < longest))
        return found

    def align(self, encoding: Encoding, language: str, ids: Sequence[int], seconds: float) -> list[Aligned]:
        """Where each word of `ids` lies in the first `seconds`: dynamic time warping over the attention."""
        found = self._model.find_alignment(
            self.tokens(language), [list(ids)], self._completed([encoding]), math.ceil(seconds * FRAMES_PER_S)
        )
        return [
            Aligned(item["word"], float(item["start"]), float(item["end"]), float(item["probability"]))
            for item in (found[0] if found else [])
        ]

    def _completed(self, encodings: Sequence[Encoding]) -> ctranslate2.StorageView:
        """What the decoder is given: what was heard and as much silence as keeps it from running on."""
        return self._joined(encodings, LEAST_POSITIONS, SILENT_POSITIONS)

    def _joined(self, encodings: Sequence[Encoding], least: int, more: int) -> ctranslate2.StorageView:
        """A batch, each followed by the encoder's output for silence at its places, up to one common length."""
        length = min(len(self.silence), max(least, more + max(len(one) for one in encodings)))
        batch = np.stack([np.concatenate([one, self.silence[len(one) : length]]) for one in encodings])
        return ctranslate2.StorageView.from_array(np.ascontiguousarray(batch))


def window_for(seconds: float, margin_s: float, least_s: float) -> float:
    """The window in s of an utterance: with its margin, on the grid, at least `least_s`, at most 30."""
    return min(FULL_S, max(least_s, math.ceil((seconds + margin_s) / GRID_S) * GRID_S))
