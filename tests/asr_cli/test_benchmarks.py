"""The benchmarks measure what they say: so many at once, everything heard once, every word counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest
from rich.progress import Progress

from benchmarks import asr as bench
from benchmarks import invention
from benchmarks.speech import Utterance
from media.frames import SPEECH_RATE, Audio
from session import wire
from tests.speech_data import JFK, load


class Parrot:
    """Knows every text; remembers how many it was asked at once."""

    def __init__(self, texts: dict[int, str]) -> None:
        self.texts, self.now, self.most, self.heard = texts, 0, 0, []

    async def recognise(self, audio: Audio, language: str) -> str:
        self.now += 1
        self.most = max(self.most, self.now)
        self.heard.append(len(audio.samples))
        await asyncio.sleep(0)
        self.now -= 1
        return self.texts[len(audio.samples)]


def said(count: int) -> list[Utterance]:
    parts = [("AISHELL, Mandarin", "zh", "你好"), ("read English", "en", "good morning")]
    return [
        Utterance(
            f"{n}", parts[n % 2][0], "clean", parts[n % 2][1], parts[n % 2][2], Audio.silence(1000 + n, SPEECH_RATE)
        )
        for n in range(count)
    ]


async def test_each_engine_hears_everything_once_with_so_many_at_once() -> None:
    utterances = said(12)
    texts = {len(item.audio.samples): item.text for item in utterances}
    wrong = {length: text.replace("morning", "evening") for length, text in texts.items()}
    engines = {"ours": Parrot(texts), "stock": Parrot(wrong)}
    for at_once in (1, 3):
        with Progress(disable=True) as progress:
            answers, spent = await bench.measure(engines, utterances, [at_once], progress)
        assert {name: engine.most for name, engine in engines.items()} == {"ours": at_once, "stock": at_once}
        assert all(sorted(engine.heard) == sorted(texts) for engine in engines.values())
        found = bench.report(answers, spent)
        assert found["levels"][str(at_once)]["ours"]["wer_en"] == 0
        assert found["levels"][str(at_once)]["stock"]["wer_en"] == 50
        assert found["levels"][str(at_once)]["stock"]["cer_zh"] == 0
        assert found["accuracy"]["AISHELL, Mandarin, clean"]["ours"] == {"wer_en": None, "cer_zh": 0}
        for engine in engines.values():
            engine.heard.clear()


class Chatterbox:
    """An inference worker that invents: two words for every partial, one for every final."""

    async def decode(self, body: wire.Decode, felt: Callable[[wire.Felt], None] | None = None) -> wire.Decoded:
        return wire.Decoded(text="thanks" if body.final else "thank you", language="en", confidence=0.9)


async def test_words_of_finals_and_of_partials_are_counted() -> None:
    chain = invention.Chain(Chatterbox())  # type: ignore[arg-type]
    finals, shown = await chain.hear(load(JFK))
    assert finals and set(finals) == {"thanks"}
    assert shown == 2 * len(finals)  # each utterance showed two words before its final took one back
    assert await chain.hear(Audio.silence(3000, SPEECH_RATE)) == ([], 0)


def test_rates_are_words_per_hour() -> None:
    pieces = [
        invention.Invented("moh", "a", "as recorded", 1800.0, ["thank you", "谢谢"], 5, "la la la"),
        invention.Invented("moh", "b", "as recorded", 1800.0, [], 0, ""),
    ]
    found = invention.per_hour(pieces)
    assert found["words_per_hour"] == {"ours": 4, "ours_shown": 5, "stock": 3}
    assert found["pieces_with_words"] == {"ours": 1, "stock": 1}


@pytest.mark.parametrize("kind", ["line hiss", "breathing"])
def test_made_sounds_are_the_same_every_time_and_as_loud_as_named(kind: str) -> None:
    once, again = list(invention.made()), list(invention.made())
    for first, second in zip(once, again, strict=True):
        assert (first.audio.samples == second.audio.samples).all()
        if first.kind == kind and first.name.endswith("dBFS"):
            rms = np.sqrt(np.mean(np.square(first.audio.samples.astype(float))))
            assert 20 * np.log10(rms / 32768) == pytest.approx(float(first.name.split()[0]), abs=0.5)
