"""The leg worker's way to inference: typed questions over connections that are kept up.

Everything is asked of this machine's inference worker, but decodes, where a pool of other machines is set: each goes to
the one with the fewest under way, and to our own while none of the pool is there. What our own cannot speak, another may.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import msgspec
import structlog

from media.frames import Audio
from session import channel, wire
from session.speech import SayAs, Style, shifted

log = structlog.get_logger(__name__)

CHECK_TIMEOUT_S = 0.08  # a barge-in must be decided within 200 ms of the voice
SPEAK_TIMEOUT_S = 14.0  # per clause, below a flow's patience (15 s); a worker takes its quickest voice long before
SPEAK_DEADLINE_S = 10.0  # s after which a prompt whose inference worker died is given up
AGAIN_S = 0.2  # s between attempts while a restarted inference worker still loads its models


class InferenceClient:
    """Asks the inference worker; requests are stateless, so one that fell with a worker is asked again."""

    def __init__(self, address: str, name: str, pool: Sequence[str] = ()) -> None:
        self._link = channel.Link(address, self, name)
        self._pool = {channel.Link(other, self, name): 0 for other in pool}  # → decodes under way

    async def run(self) -> None:
        """Keep the connections up; until cancelled."""
        await asyncio.gather(self._link.run(), *(link.run() for link in self._pool))

    async def decode(self, body: wire.Decode, felt: Callable[[wire.Felt], None] | None = None) -> wire.Decoded:
        """Speech → text; what the voice conveyed, if asked for with a consent, is given to `felt` ahead of it.

        Raises `Disconnected`, `RemoteError` or `TimeoutError`. `felt` may be called again when a worker died in between.
        """
        give_up = time.monotonic() + body.deadline_ms / 1000
        while True:
            link = self._decoder()
            self._count(link, 1)
            try:
                peer = await link.wait_up(body.deadline_ms / 1000 if body.final else 0.05)
                left = max(0.01, give_up - time.monotonic())
                return await peer.ask(
                    body, wire.Decoded, left, None if felt is None else functools.partial(_felt, felt)
                )
            except (channel.Disconnected, channel.RemoteError) as error:
                if not body.final or not _passing(error) or time.monotonic() + AGAIN_S > give_up:
                    raise
                log.info("inference.asked_again", body="Decode", why=str(error))
            finally:
                self._count(link, -1)
            await asyncio.sleep(AGAIN_S)

    async def speech_check(self, audio: Audio) -> float:
        """Probability 0…1 that somebody speaks. Raises like `decode`, soon."""
        body = wire.SpeechCheck(pcm=audio.tobytes(), rate=audio.rate)
        peer = await self._link.wait_up(0.01)
        return (await peer.ask(body, wire.SpeechChecked, CHECK_TIMEOUT_S)).probability

    async def speak(
        self, text: str, locale: str, voice: str, say_as: Sequence[SayAs] = (), style: Style = "", *, ahead_ms: int = 0
    ) -> AsyncIterator[wire.SpeechAudio]:
        """Text → clauses of speech as they are ready, the first when what is `ahead` has been played. Raises like `decode`.

        What the inference worker leaves unsaid is asked of another machine of the pool once, or of itself when it is back.
        """
        rest, link, others = text, self._link, self._others()
        now = time.monotonic()
        give_up, played_out = now + SPEAK_DEADLINE_S, now + ahead_ms / 1000
        while True:
            try:
                peer = await link.wait_up(max(0.0, give_up - time.monotonic()))
                body = wire.Speak(
                    text=rest,
                    locale=locale,
                    voice=voice,
                    say_as=shifted(say_as, len(text) - len(rest)),
                    style=style,
                    ahead_ms=max(0, round((played_out - time.monotonic()) * 1000)),
                )
                async for clause in peer.stream(body, wire.SpeechAudio, SPEAK_TIMEOUT_S):
                    rest = rest[len(clause.text) :] if rest.startswith(clause.text) else ""
                    now = time.monotonic()
                    give_up = now + SPEAK_DEADLINE_S
                    played_out = max(played_out, now) + len(clause.pcm) / 2 / clause.rate
                    yield clause
                return
            except (channel.Disconnected, channel.RemoteError, TimeoutError) as error:
                if not rest.strip():
                    return
                link = next(others, self._link)
                if link is self._link and (not _passing(error) or time.monotonic() + AGAIN_S > give_up):
                    raise
                log.info("inference.asked_again", body="Speak", why=repr(error))
            if link is self._link:
                await asyncio.sleep(AGAIN_S)

    def _others(self) -> Iterator[channel.Link]:
        """The pool's machines that are there."""
        return (link for link in self._pool if link.peer is not None and not link.peer.closed)

    def _decoder(self) -> channel.Link:
        """Of the pool's machines that are there, the one with the fewest decodes under way; else our own."""
        return min(self._others(), key=lambda link: self._pool[link], default=self._link)

    def _count(self, link: channel.Link, change: int) -> None:
        if link in self._pool:
            self._pool[link] += change

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


def _felt(tell: Callable[[wire.Felt], None], part: msgspec.Raw) -> None:
    try:
        tell(msgspec.msgpack.decode(part, type=wire.Felt))
    except msgspec.MsgspecError as error:  # of another version; words must not be lost over a feeling
        log.warning("inference.bad_part", error=str(error))


def _passing(error: Exception) -> bool:
    """Will it be better soon? A lost connection comes back, and models finish loading; other answers are final."""
    return isinstance(error, channel.Disconnected) or "loading" in str(error)
