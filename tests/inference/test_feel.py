"""A voice is told ahead of its words, and words never wait long for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import numpy as np
import pytest

from media.frames import Audio
from prosody.features import Prosody
from prosody.feeling import Feeling
from prosody.model import EmotionModel
from server.inference.voices import Judging
from session import wire

POOLED = np.ones(1024, np.float32)
SPEECH = Audio.silence(1000, 16_000)


class Model:
    """Judges at once what it was given."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, int]] = []

    def listen(self, audio: Audio) -> Prosody:
        return Prosody(np.zeros(63), float(audio.ms))

    def judge(self, _prosody: Prosody, baseline: bytes, pooled: np.ndarray) -> tuple[Feeling, bytes]:
        self.got.append((baseline, len(pooled)))
        return Feeling(0.8, -0.7, "angry", 0.9, {"angry": 1.0}, ["pitch"], "m"), baseline + b"x"


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
async def told() -> AsyncIterator[asyncio.Queue[wire.Felt]]:
    yield asyncio.Queue()


async def test_the_voice_is_told_before_any_words(thread: ThreadPoolExecutor, told: asyncio.Queue[wire.Felt]) -> None:
    model = Model()
    judging = Judging(cast(EmotionModel, model), thread, SPEECH, b"before", told.put)
    await asyncio.get_running_loop().run_in_executor(None, judging.encoded, POOLED)  # as the engine does
    await asyncio.get_running_loop().run_in_executor(None, judging.encoded, POOLED)  # a batch that was repeated
    async with asyncio.timeout(30):
        felt = await told.get()
    assert (felt.emotion.label, felt.baseline, model.got) == ("angry", b"beforex", [(b"before", 1024)])
    assert await judging.words_came() < 100
    assert told.empty()


async def test_words_wait_for_no_other_callers_voice(
    thread: ThreadPoolExecutor, told: asyncio.Queue[wire.Felt]
) -> None:
    others = threading.Event()
    thread.submit(others.wait)
    try:
        judging = Judging(cast(EmotionModel, Model()), thread, SPEECH, b"", told.put)
        judging.encoded(POOLED)
        async with asyncio.timeout(30):
            assert await judging.words_came() >= 140
    finally:
        others.set()
    await asyncio.gather(judging._task, return_exceptions=True)
    assert told.empty()


async def test_a_judge_that_fails_costs_no_words(thread: ThreadPoolExecutor, told: asyncio.Queue[wire.Felt]) -> None:
    judging = Judging(cast(EmotionModel, object()), thread, SPEECH, b"", told.put)
    async with asyncio.timeout(30):
        await judging.words_came()
    assert told.empty()


async def test_nobody_is_told_what_nobody_wants(thread: ThreadPoolExecutor, told: asyncio.Queue[wire.Felt]) -> None:
    judging = Judging(cast(EmotionModel, Model()), thread, SPEECH, b"", told.put)
    judging.stop()
    judging.encoded(POOLED)
    await asyncio.gather(judging._task, return_exceptions=True)
    assert told.empty()
