"""What the reader learns from: FSDD's digits, digits by our own Kokoro, sentences without digits, and noise.

Each source has a generator of its own, seeded by its name: a source left out changes nothing in the others.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.digits import SPEAKERS, manifest, without_digits
from benchmarks.digits_training.mixing import Clip, Example, number, sentence
from benchmarks.digits_training.vocabulary import SPOKEN, name_of
from media.frames import SPEECH_RATE, Audio
from media.resample import convert
from tests.speech_data import load
from tts.hibari import HibariEngine
from tts.kokoro import KokoroEngine

RECORDED = 170  # numbers of each FSDD speaker
RECORDED_LENGTHS = (1, 1, 1, 2, 3, 4, 4, 5, 6, 8)
SYNTHETIC = {"zh": 36, "en": 14}  # numbers of each synthetic voice; Mandarin is learnt from these alone
SYNTHETIC_LENGTHS = (1, 1, 2, 4, 4, 6, 8)
VOICES = {
    "zh": (
        "zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zf_xiaoyi", "zm_yunjian", "zm_yunxi", "zm_yunxia", "zm_yunyang",
    ),
    "en": (
        "af_alloy", "af_bella", "af_heart", "af_nicole", "am_adam", "am_michael", "bf_emma", "bm_daniel", "bm_george",
    ),
}  # fmt: skip
SPEEDS = (0.9, 1.2)
# The last ones of the shuffled sets of which `benchmarks.digits` takes the first: no sentence is in both.
SENTENCES = {"asr_zh_aishell": ("zh", 50), "ivr_prompts_en_8k": ("en", 80)}
NOISE = "noise_esc10"
TRIM_DB, TRIM_FRAME_S = -38.0, 0.01  # silence about a synthetic word: frames so far below its loudest one
TRIM_BEFORE, TRIM_AFTER = 2, 3  # frames that are kept about what is louder


def examples(data: Path, kokoro: Path, cache: Path, left_out: str) -> Iterator[Example]:
    """All of them but the numbers of the FSDD speaker `left_out` ("" = none).

    `data`: the folder of sets; `kokoro`: `model.onnx` and `voices/`. Raises OSError when a set is not there, ValueError
    when Kokoro lacks all voices of a language, `tts.engine.EngineError` when it cannot speak.
    """
    noises = [load(data / NOISE / row["path"]) for row in manifest(NOISE, data)]
    for name, (language, count) in SENTENCES.items():
        rng = _generator(name)
        for row in without_digits(name, language, data)[-count:]:
            yield sentence(load(data / name / row["path"]), rng)
    for language, voices in VOICES.items():
        for voice in _present(voices, kokoro, cache):
            words = synthetic(voice, language, kokoro, cache)
            yield from numbers(words, SYNTHETIC_LENGTHS, SYNTHETIC[language], noises, _generator(voice))
    rows = manifest("digits_en_8k", data)
    for speaker in SPEAKERS:
        if speaker != left_out:
            clips = [
                (name_of(row["text"], "en"), load(data / "digits_en_8k" / row["path"]))
                for row in rows
                if row["speaker"] == f"fsdd_{speaker}"
            ]
            yield from numbers(clips, RECORDED_LENGTHS, RECORDED, noises, _generator(speaker))


def numbers(
    clips: Sequence[Clip], lengths: Sequence[int], count: int, noises: Sequence[Audio], rng: np.random.Generator
) -> Iterator[Example]:
    """So many numbers of random clips of one voice."""
    for _ in range(count):
        length = lengths[int(rng.integers(len(lengths)))]
        yield number([clips[int(rng.integers(len(clips)))] for _ in range(length)], noises, rng)


def synthetic(voice: str, language: str, kokoro: Path, cache: Path) -> list[Clip]:
    """Every digit word at each of `SPEEDS`, trimmed; from the cache, where one file holds a voice's words at 16 kHz."""
    file = cache / "voices" / f"{voice}.npz"
    wanted = [(name_of(word, language), word, speed) for word in SPOKEN[language] for speed in SPEEDS]
    if not file.is_file():
        english = HibariEngine("heart", 1.0)
        sounds: dict[str, NDArray[np.int16]] = {}
        for speed in SPEEDS:
            engine = KokoroEngine(kokoro, voice, speed, 1, english)
            for name, word, _ in (one for one in wanted if one[2] == speed):
                wave, rate = engine.synthesise(word + ("。" if language == "zh" else "."), language, voice)
                pcm = np.rint(np.clip(wave, -1, 1) * 32767).astype(np.int16)
                sounds[f"{name}@{speed}"] = convert(Audio(pcm, rate), SPEECH_RATE).samples
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        with part.open("wb") as out:
            np.savez_compressed(out, allow_pickle=False, **sounds)
        part.replace(file)
    with np.load(file, allow_pickle=False) as stored:
        return [(name, trimmed(Audio(stored[f"{name}@{speed}"], SPEECH_RATE))) for name, _, speed in wanted]


def trimmed(audio: Audio) -> Audio:
    """Without the silence before and after."""
    size = round(TRIM_FRAME_S * audio.rate)
    frames = audio.float32()[: len(audio.samples) // size * size].reshape(-1, size)
    level = np.sqrt(np.mean(np.square(frames), axis=1) + 1e-12)
    loud = np.flatnonzero(level > level.max() * 10 ** (TRIM_DB / 20))
    return Audio(audio.samples[max(0, loud[0] - TRIM_BEFORE) * size : (loud[-1] + TRIM_AFTER) * size], audio.rate)


def _present(voices: Sequence[str], kokoro: Path, cache: Path) -> list[str]:
    """Those that are installed or cached; what is missing is said, for the weights will be the worse for it."""
    found: list[str] = []
    missing: list[str] = []
    for voice in voices:
        here = (cache / "voices" / f"{voice}.npz").is_file() or (kokoro / "voices" / f"{voice}.bin").is_file()
        (found if here else missing).append(voice)
    if missing:
        print(f"trains without {len(missing)} voices that are not in {kokoro / 'voices'}: {', '.join(missing)}",
              file=sys.stderr)  # fmt: skip
    if not found:
        raise ValueError(f"{kokoro / 'voices'} holds none of {', '.join(voices)}; docs/spoken-digits.md says whence")
    return found


def _generator(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))
