"""A prompt whose voice is too slow: who hears nothing for long hears the quickest one, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from server.inference.speaking import Making, clauses
from session import wire
from session.speech import SayAs
from tts.engine import EngineError
from tts.options import TtsOptions
from tts.speaker import Clause, Speaker, SpeechError
from tts.style import NORMAL, Manner

pytestmark = pytest.mark.virtual_time
TEXT = "Hello there, dear caller. Your order is A47 and comes tomorrow at noon. Anything else?"


class Voice:
    """0.1 s of sound a character."""

    version = "1"

    def __init__(self, name: str) -> None:
        self.name = name
        self.said: list[str] = []
        self.broken = False

    def why_missing(self) -> str:
        return ""

    def voice(self, wanted: str) -> str:
        return ""

    def synthesise(self, text: str, language: str, voice: str, manner: Manner = NORMAL) -> tuple[np.ndarray, int]:
        if self.broken:
            raise EngineError("broken")
        self.said.append(text)
        return (0.3 * np.sin(np.arange(2400 * len(text)) / 20)).astype(np.float32), 24_000


class Threads:
    """Works like a thread pool: `takes` says how long each piece of work takes (s)."""

    def __init__(self, *takes: float) -> None:
        self.takes = list(takes)
        self.dropped = 0

    def __call__(self, work: Callable[[], Clause | None]) -> asyncio.Future[Clause | None]:
        task = asyncio.create_task(self._run(work, self.takes.pop(0) if self.takes else 0.0))
        task.add_done_callback(lambda done: setattr(self, "dropped", self.dropped + done.cancelled()))
        return task

    async def _run(self, work: Callable[[], Clause | None], s: float) -> Clause | None:
        await asyncio.sleep(s)
        return work()


class World:
    def __init__(self, tmp_path: Path) -> None:
        self.slow, self.quick = Voice("hibari"), Voice("espeak")
        engines = {"hibari": self.slow, "kokoro": Voice("kokoro"), "espeak": self.quick}
        self.speaker = Speaker(TtsOptions(), tmp_path / "models", engines=engines)

    async def speak(self, make: Making, hurry: Making, **more: object) -> list[tuple[float, str, str]]:
        """When each clause was there (s), who spoke it, and its words."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        body = wire.Speak(
            **{"text": TEXT, "locale": "en", "say_as": [SayAs(start=41, end=44, kind="characters")]} | more
        )  # type: ignore[arg-type]
        return [
            (round(loop.time() - begun, 1), clause.engine, clause.text)
            async for clause in clauses(self.speaker, body, make, hurry, 6.0)
        ]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_voice_that_is_quick_enough_says_all(world: World) -> None:
    said = await world.speak(Threads(5.0, 5.0), Threads())
    assert {engine for _, engine, _ in said} == {"hibari"}
    assert "".join(text for *_, text in said) == TEXT


async def test_after_six_seconds_of_silence_the_quickest_voice_speaks(world: World) -> None:
    make = Threads(60.0)
    said = await world.speak(make, Threads())
    assert said[0][:2] == (6.0, "espeak")
    assert {engine for _, engine, _ in said} == {"espeak"}
    assert "".join(text for *_, text in said) == TEXT
    assert make.dropped == 1


async def test_in_the_middle_it_takes_over_what_is_left_with_how_it_is_read(world: World) -> None:
    said = await world.speak(Threads(0.0, 60.0), Threads())
    assert said[0][1] == "hibari"
    assert {engine for _, engine, _ in said[1:]} == {"espeak"}
    heard_s = len(world.slow.said[0]) / 10  # silence begins when what was said has been heard
    assert said[1][0] == pytest.approx(heard_s + 6, abs=0.5)
    assert "".join(text for *_, text in said) == TEXT
    assert any("four seven" in text for text in world.quick.said)


async def test_nobody_waits_in_silence_while_another_prompt_is_heard(world: World) -> None:
    said = await world.speak(Threads(15.0), Threads(), ahead_ms=10_000)
    assert said[0][:2] == (15.0, "hibari")
    said = await world.speak(Threads(17.0), Threads(), ahead_ms=10_000, text="Something else.")
    assert said[0][:2] == (16.0, "espeak")


async def test_where_no_voice_is_quicker_the_slow_one_is_waited_for(world: World) -> None:
    world.quick.broken = True
    said = await world.speak(Threads(9.0), Threads())
    assert said[0][:2] == (9.0, "hibari")
    assert "".join(text for *_, text in said) == TEXT


async def test_none_that_can_speak_is_an_error(world: World) -> None:
    for voice in world.speaker._engines.values():
        voice.broken = True  # type: ignore[attr-defined]
    with pytest.raises(SpeechError, match="broken"):
        await world.speak(Threads(9.0), Threads())
