"""The leg worker's way to the inference worker: typed questions over a connection that is kept up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

import msgspec
import structlog

from media.frames import Audio
from session import channel, wire

log = structlog.get_logger(__name__)

FEEL_TIMEOUT_S = 3.0  # emotion that late is of no use to the turn
CHECK_TIMEOUT_S = 0.08  # a barge-in must be decided within 200 ms of the voice
SPEAK_TIMEOUT_S = 20.0  # per clause; Kokoro needs 0.75 of the clause's length on two idle cores
RETURN_S = 3.0  # how long a request waits for a restarted inference worker

T = TypeVar("T")


class InferenceClient:
    """Asks the inference worker; requests are stateless, so one that fell with a worker is asked again."""

    def __init__(self, address: str, name: str) -> None:
        self._link = channel.Link(address, self, name)

    async def run(self) -> None:
        """Keep the connection up; until cancelled."""
        await self._link.run()

    async def decode(
        self, audio: Audio, *, languages: list[str], final: bool, hint: str, deadline_ms: int
    ) -> wire.Decoded:
        """Speech → text. Raises `Disconnected`, `RemoteError` or `TimeoutError`."""
        body = wire.Decode(
            pcm=audio.tobytes(), rate=audio.rate, languages=languages, final=final, hint=hint, deadline_ms=deadline_ms
        )
        return await self._ask(body, wire.Decoded, deadline_ms / 1000, retry=final)

    async def feel(self, audio: Audio, baseline: bytes) -> wire.Felt:
        """Speech → emotion. Raises like `decode`."""
        body = wire.Feel(pcm=audio.tobytes(), rate=audio.rate, baseline=baseline)
        return await self._ask(body, wire.Felt, FEEL_TIMEOUT_S, retry=False)

    async def speech_check(self, audio: Audio) -> float:
        """Probability 0…1 that somebody speaks. Raises like `decode`, soon."""
        body = wire.SpeechCheck(pcm=audio.tobytes(), rate=audio.rate)
        peer = await self._link.wait_up(0.01)
        return (await peer.ask(body, wire.SpeechChecked, CHECK_TIMEOUT_S)).probability

    async def speak(self, text: str, locale: str, voice: str) -> AsyncIterator[wire.SpeechAudio]:
        """Text → clauses of speech as they are ready. Raises like `decode`; asked again if nothing had come yet."""
        body = wire.Speak(text=text, locale=locale, voice=voice)
        for attempt in (1, 2):
            peer = await self._link.wait_up(RETURN_S)
            got = False
            try:
                async for clause in peer.stream(body, wire.SpeechAudio, SPEAK_TIMEOUT_S):
                    got = True
                    yield clause
                return
            except channel.Disconnected:
                if got or attempt == 2:
                    raise
                log.info("inference.asked_again", body="Speak")

    async def _ask(self, body: wire.InferenceCommand, result: type[T], timeout_s: float, *, retry: bool) -> T:
        peer = await self._link.wait_up(RETURN_S if retry else 0.05)
        try:
            return await peer.ask(body, result, timeout_s)
        except channel.Disconnected:
            if not retry:
                raise
            log.info("inference.asked_again", body=type(body).__name__)
            peer = await self._link.wait_up(RETURN_S)
            return await peer.ask(body, result, timeout_s)

    # ------------------------------------------------------------------ channel.Handler

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        """The inference worker asks nothing."""
        raise ValueError(f"a leg worker answers no {type(request.body).__name__} to inference")

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        """It tells nothing either."""
        log.warning("inference.unexpected", message=type(message).__name__)

    async def on_closed(self, peer: channel.Peer) -> None:
        """The link reconnects by itself."""
        log.warning("inference.gone")
