"""What voices convey, judged beside the decodes of their words and told ahead of them.

    audio ──▶ features, in a thread of their own ─┐
    audio ──▶ encoder (of the decode) ────────────┴─▶ judged ──▶ `Felt`         words ──▶ `Decoded`

The encoder has run long before the decoder is through, so the voice is usually told first. Words wait for it a moment
at most.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import structlog
from numpy.typing import NDArray

from media.frames import Audio
from prosody.feeling import Feeling
from prosody.model import EmotionModel
from session import wire

log = structlog.get_logger(__name__)

GRACE_S = 0.15  # s that words wait for what the voice conveyed; features take ~25 ms and begin before the decode

Tell = Callable[[wire.Felt], Awaitable[None]]


class Judging:
    """One utterance's voice. Begins when made (in the event loop); end it with `words_came` or `stop`."""

    def __init__(
        self, model: EmotionModel, thread: ThreadPoolExecutor, audio: Audio, baseline: bytes, tell: Tell
    ) -> None:
        self._model = model
        self._thread = thread
        self._loop = asyncio.get_running_loop()
        self._encoded: asyncio.Future[NDArray[np.float32]] = self._loop.create_future()
        self._task = asyncio.create_task(self._judge(audio, baseline, tell), name="judging")
        self._task.add_done_callback(_seen)

    def encoded(self, pooled: NDArray[np.float32]) -> None:
        """What the encoder heard (`asr.pooling`); from the engine's thread."""
        self._loop.call_soon_threadsafe(self._take, pooled)

    async def words_came(self) -> float:
        """Wait for what is still missing, `GRACE_S` at most; ms that were waited. After it nothing more is told."""
        came_at = time.perf_counter()
        done, _ = await asyncio.wait({self._task}, timeout=GRACE_S)
        if not done:  # other calls' voices wait for the same thread
            log.info("inference.emotion_late")
            self.stop()
        return round((time.perf_counter() - came_at) * 1000, 1)

    def stop(self) -> None:
        """Nobody wants it any more."""
        self._task.cancel()

    def _take(self, pooled: NDArray[np.float32]) -> None:
        if not self._encoded.done():
            self._encoded.set_result(pooled)

    async def _judge(self, audio: Audio, baseline: bytes, tell: Tell) -> None:
        model, loop = self._model, self._loop
        prosody = await loop.run_in_executor(self._thread, model.listen, audio)
        pooled = await self._encoded
        felt, after = await loop.run_in_executor(self._thread, model.judge, prosody, baseline, pooled)
        await tell(wire.Felt(emotion=_emotion(felt), baseline=after))


def _seen(task: asyncio.Task[None]) -> None:
    """Words must not be lost over a feeling: what went wrong is logged."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("inference.emotion_failed", error=repr(error))


def _emotion(felt: Feeling) -> wire.Emotion:
    return wire.Emotion(
        arousal=round(felt.arousal, 3),
        valence=round(felt.valence, 3),
        label=felt.label,
        confidence=round(felt.confidence, 3),
        chances={label: round(chance, 3) for label, chance in felt.chances.items()},
        evidence=list(felt.evidence),
        model=felt.model,
    )
