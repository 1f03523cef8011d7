"""Recorded turns for the benchmarks of endpointing and partials: one file, one turn, with where its sentences end."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asr.conditions import by_telephone
from asr.engine import Ask, Recogniser
from asr.evaluation import read_manifest
from asr.files import read
from asr.gate import VoiceGate
from asr.options import AsrOptions
from benchmarks.speech import DATA
from media.frames import SPEECH_RATE, Audio
from server import models
from server.settings import load

SEED = 3
LONGEST_S = 28.0
AFTER_MS = 2000  # of the line's own quiet after every turn: longer than any policy waits
LINE_DB = -66.0  # dBFS of that quiet
ZH_CLIPS = 60
PROMPTS = 60
DIGIT_TURNS = 40
GAPS_MS = (250, 700)  # between dictated digits
CACHE = Path(os.environ.get("WARMLINE_DECODES", "/tmp/warmline-decodes"))  # noqa: S108 - a cache that may be lost


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of one speaker. `half`: `fit` or `report`; `sample` of a set is in one of them only."""

    name: str
    kind: str
    half: str
    language: str
    text: str
    audio: Audio
    expects: str = "sentence"
    digit_count: int = 0

    @property
    def languages(self) -> tuple[str, ...]:
        """Its own, as a flow in that language would ask for."""
        return (self.language,)


def turns(data: Path = DATA) -> Iterator[Turn]:
    """Everything there is: readers, presenters, prompts, Mandarin, dictated digits. Halves by file name (digits: speaker)."""
    yield from _files("read", data / "asr_en_read", ())
    yield from _files("long", data / "asr_special", ("azure/", "dograh/", "english", "hotwords", "chinese"))
    yield from _files("mandarin", data / "asr_zh_aishell", (), ZH_CLIPS)
    yield from _files("prompts", data / "ivr_prompts_en_8k", (), PROMPTS, sentences=2)
    yield from _digits(data / "digits_en_8k")


def _files(kind: str, folder: Path, within: tuple[str, ...], limit: int = 0, sentences: int = 0) -> Iterator[Turn]:
    items, _ = read_manifest(folder / "manifest.tsv", "en")
    found = 0
    for item in items:
        name = str(item.path.relative_to(folder))
        if within and not name.startswith(within):
            continue
        if item.language not in ("en", "zh") or (sentences and len(ends(item.text)) < sentences):
            continue
        if "..." in item.text or name.startswith("silence"):
            continue
        audio = read(item.path)[0]
        if audio.ms > LONGEST_S * 1000:
            continue
        found += 1
        if limit and found > limit:
            return
        yield Turn(name, kind, _half(name), item.language, item.text, _padded(audio))


def _half(name: str) -> str:
    return "fit" if hashlib.sha256(name.encode()).digest()[0] % 2 else "report"


def _digits(folder: Path) -> Iterator[Turn]:
    dice = np.random.default_rng(SEED)
    speakers = sorted(path.name for path in folder.iterdir() if path.is_dir())
    for number in range(DIGIT_TURNS):
        speaker = speakers[number % len(speakers)]
        count = int(dice.integers(4, 9))
        digits = dice.integers(0, 10, count)
        parts: list[np.ndarray] = [_quiet(dice, 500)]
        for digit in digits:
            parts.append(read(folder / speaker / f"{digit}_{int(dice.integers(0, 25))}.flac")[0].samples)
            parts.append(_quiet(dice, int(dice.integers(*GAPS_MS))))
        text = " ".join(str(digit) for digit in digits)
        audio = Audio(np.concatenate(parts[:-1]), SPEECH_RATE)
        half = "fit" if speakers.index(speaker) % 2 else "report"
        known = count if number // len(speakers) % 2 else 0
        kind = "digits, length known" if known else "digits, any length"
        yield Turn(f"{speaker}-{number}", kind, half, "en", text, _padded(audio), "digits", known)


def _quiet(dice: np.random.Generator, ms: int) -> np.ndarray:
    return (dice.standard_normal(SPEECH_RATE * ms // 1000) * 32768 * 10 ** (LINE_DB / 20)).astype(np.int16)


def _padded(audio: Audio) -> Audio:
    dice = np.random.default_rng(SEED)
    return Audio(np.concatenate([_quiet(dice, 300), audio.samples, _quiet(dice, AFTER_MS)]), SPEECH_RATE)


def ends(text: str) -> list[int]:
    """Places in `text` after which a sentence has ended, the last one included."""
    found = [
        at + 1
        for at, letter in enumerate(text)
        if letter in ".?!。？！;；" and text[at + 1 : at + 2] in ("", " ", *'”"')
    ]
    found += [at + 1 for at, letter in enumerate(text) if letter in "。？！；" and at + 1 not in found]
    return sorted(set(found) | {len(text)})


def line(turn: Turn, condition: str) -> Audio:
    """As recorded (`wide`) or after G.711 at 8 kHz (`telephone`)."""
    return by_telephone(turn.audio) if condition == "telephone" else turn.audio


@dataclass(frozen=True, slots=True)
class Words:
    """What a decode said, and the CPU ms it took of one core (all its threads together)."""

    text: str
    normalised: str
    cpu_ms: float
    wall_ms: float


class Decodes:
    """The product's recogniser, every answer kept on disk so that nothing is decoded twice."""

    def __init__(self, folder: Path = CACHE) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._recogniser: Recogniser | None = None
        self.made = 0

    def __call__(
        self, audio: Audio, languages: Sequence[str], *, final: bool, expects: str = "sentence", digit_count: int = 0
    ) -> Words:
        """Words of this audio."""
        digits = expects == "digits"
        about = f"{','.join(languages)}/{final}/{digits}/{digit_count}/".encode()
        path = self._folder / f"{hashlib.sha256(about + audio.tobytes()).hexdigest()[:24]}.json"
        if path.exists():
            return Words(**json.loads(path.read_text()))
        if self._recogniser is None:
            options = AsrOptions()
            folder = models.resolve(options.model, load().models_dir)
            self._recogniser = Recogniser(options, folder, VoiceGate())
            self._recogniser.warm_up()
        ask = Ask(audio, tuple(languages), final=final, grammar="digits" if digits else "", digit_count=digit_count)
        cpu, wall = time.process_time(), time.perf_counter()
        heard = self._recogniser.transcribe(ask)
        words = Words(
            heard.text,
            heard.normalised,
            round((time.process_time() - cpu) * 1000, 1),
            round((time.perf_counter() - wall) * 1000, 1),
        )
        path.write_text(json.dumps({name: getattr(words, name) for name in Words.__slots__}, ensure_ascii=False))
        self.made += 1
        return words
