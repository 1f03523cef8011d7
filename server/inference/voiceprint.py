"""The vector of a voice, found beside the decode of its words, for callers who agreed to be recognised by it."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

import structlog

from media.frames import Audio
from prosody.speaker import SpeakerEncoder, TooLittleSpeech, Vector

log = structlog.get_logger(__name__)

GRACE_S = 2.0  # s that the words wait for the vector: ~0.15 s of work for three seconds of voice, begun with the decode


class Comparing:
    """One utterance's."""

    def __init__(self, encoder: SpeakerEncoder, thread: ThreadPoolExecutor, audio: Audio) -> None:
        self._work = asyncio.get_running_loop().run_in_executor(thread, encoder, audio)

    async def vector(self) -> bytes:
        """Little-endian floats; empty where there was too little voice, or it took too long."""
        try:
            async with asyncio.timeout(GRACE_S):
                return (await self._work).astype("<f4").tobytes()
        except TooLittleSpeech:
            return b""
        except TimeoutError:
            log.info("inference.voiceprint_late")
            return b""

    def stop(self) -> None:
        """Nobody waits for it any more."""
        self._work.cancel()
        self._work.add_done_callback(_seen)


def _seen(work: asyncio.Future[Vector]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        work.exception()
