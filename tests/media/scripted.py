"""The inference worker and the app of the tests: real sockets, scripted answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import soundfile

from media.frames import FRAME_MS, Samples
from session import channel, wire

E = TypeVar("E")

SPEECH = Path(__file__).parents[1] / "data" / "jfk.flac"
CALM = wire.Emotion(arousal=0.1, valence=0.2, label="content", confidence=0.8, model="scripted")


def speech() -> Samples:
    """11 s at 16 kHz; the first voice comes within 0.5 s."""
    samples, _ = soundfile.read(SPEECH, dtype="int16")
    return samples


def tone(ms: int, rate: int = 24_000, hz: int = 300, level: int = 8000) -> Samples:
    return (level * np.sin(2 * np.pi * hz * np.arange(rate * ms // 1000) / rate)).astype(np.int16)


async def until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Wait for something that nobody announces. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Inference:
    """Answers at once unless told otherwise."""

    def __init__(self) -> None:
        self.asked: list[wire.Body] = []
        self.cancelled: list[wire.Body] = []
        self.encode_s = 0.0
        self.decode_s = 0.0
        self.check_s = 0.0
        self.clause_s = 0.0
        self.probability = 0.9
        self.decoded = wire.Decoded(text="and so my fellow Americans", language="en", confidence=0.9)
        self.die_on: type[wire.Command] | None = None
        self._came = asyncio.Event()
        self.clauses: Callable[[str], list[str]] = lambda text: [text]
        self.mute_after: int | None = None
        """So many clauses of each text can be spoken; None: all."""

    def count(self, kind: type[wire.Command], **fields: object) -> int:
        return sum(isinstance(b, kind) and all(getattr(b, k) == v for k, v in fields.items()) for b in self.asked)

    async def wait(self, kind: type[wire.Command], timeout_s: float = 6.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not self.count(kind):
                self._came.clear()
                await self._came.wait()

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        body = request.body
        self.asked.append(body)
        self._came.set()
        if self.die_on is not None and isinstance(body, self.die_on):
            self.die_on = None
            peer.abort()
            return None
        match body:
            case wire.Decode():
                try:
                    await asyncio.sleep(self.encode_s)
                    if body.affect is not None:
                        felt = wire.Felt(emotion=CALM, baseline=body.affect.baseline + b"x")
                        await peer.chunk(request.request_id, felt)
                    await asyncio.sleep(self.decode_s)
                except asyncio.CancelledError:
                    self.cancelled.append(body)
                    raise
                return msgspec.structs.replace(self.decoded, decode_ms=self.decode_s * 1000)
            case wire.SpeechCheck():
                await asyncio.sleep(self.check_s)
                return wire.SpeechChecked(probability=self.probability)
            case wire.Speak():
                for number, clause in enumerate(self.clauses(body.text)):
                    await asyncio.sleep(self.clause_s)
                    if number == self.mute_after:
                        raise ValueError("no engine can speak 'en'")
                    pcm = tone(60 * max(1, len(clause))).tobytes()
                    await peer.chunk(
                        request.request_id, wire.SpeechAudio(pcm=pcm, rate=24_000, text=clause, engine="scripted")
                    )
                return None
        raise ValueError(f"not scripted: {type(body).__name__}")

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        return

    async def on_closed(self, peer: channel.Peer) -> None:
        return


class Told:
    """Collects a leg's events and waits for the one wanted."""

    def __init__(self) -> None:
        self.events: list[wire.LegEvent] = []
        self._changed = asyncio.Event()

    def __call__(self, event: wire.LegEvent) -> None:
        self.events.append(event)
        self._changed.set()

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def wait(self, kind: type[E], count: int = 1, timeout_s: float = 6.0) -> E:
        async with asyncio.timeout(timeout_s):
            while len(self.of(kind)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.of(kind)[count - 1]


class Line:
    """The transport of a leg: a packet in and a packet out every 20 ms."""

    def __init__(self, receive: Callable[[Samples], None], fetch: Callable[[], Samples]) -> None:
        self.say: list[Samples] = []
        self.sent: list[Samples] = []
        self.came: list[Samples] = []
        self.times: list[float] = []
        self._receive = receive
        self._fetch = fetch
        self._task = asyncio.get_running_loop().create_task(self._run())

    def speak(self, samples: Samples) -> None:
        self.say += [samples[at : at + 320] for at in range(0, len(samples) - 319, 320)]

    async def until_said(self) -> None:
        await asyncio.sleep(len(self.say) * FRAME_MS / 1000 + 0.06)
        assert not self.say

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        quiet = np.zeros(320, np.int16)
        while True:
            frame = self.say.pop(0) if self.say else quiet
            self.sent.append(frame)
            self.times.append(loop.time())
            self._receive(frame)
            self.came.append(self._fetch())
            due += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due - loop.time()))

    def close(self) -> None:
        self._task.cancel()
