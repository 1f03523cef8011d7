"""What the recognition benchmarks share: the engines side by side, and the sets they hear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from faster_whisper import WhisperModel

from asr.conditions import condition
from asr.engine import Ask, Prepared, Recogniser, Transcript
from asr.evaluation import read_manifest
from asr.files import read
from asr.gate import VoiceGate
from asr.options import AsrOptions
from asr.scheduler import Scheduler
from media.frames import Audio
from server.settings import ROOT

DATA = ROOT.parent / "shared" / "data"
# Recordings that settings of the recogniser were chosen on (all of asr_en_read was listened to as well).
CHOSEN_ON = Path(__file__).with_name("chosen_on.txt")
LONGEST_S = 28.0
PREPARE_THREADS = 2  # as the inference worker has
DEADLINE_MS = 600_000  # nothing is to be lost here


class Engine(Protocol):
    """Something that turns speech into words, for many at a time."""

    async def recognise(self, audio: Audio, language: str) -> str:
        """Words of one utterance."""


class Ours:
    """The product's engine behind the product's scheduler, in this process."""

    def __init__(self, options: AsrOptions, folder: Path) -> None:
        self._recogniser = Recogniser(options, folder, VoiceGate())
        self._recogniser.warm_up()
        self._scheduler: Scheduler[Prepared, Transcript] = Scheduler(self._decode, options)
        self._prepare = ThreadPoolExecutor(PREPARE_THREADS, thread_name_prefix="prepare")
        self.degraded = 0

    async def recognise(self, audio: Audio, language: str) -> str:
        """As a final."""
        ask = Ask(audio, (language,))
        prepared = await asyncio.get_running_loop().run_in_executor(self._prepare, self._recogniser.prepare, ask)
        done = await self._scheduler.submit(prepared, final=True, deadline_ms=DEADLINE_MS)
        self.degraded += done.degraded
        return done.result.text

    def _decode(
        self, batch: Sequence[Prepared], fast: bool, wanted: Sequence[Callable[[], bool]]
    ) -> Sequence[Transcript]:
        return self._recogniser.decode(batch, fast=fast, wanted=wanted)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """While the scheduler works."""
        working = asyncio.create_task(self._scheduler.run(), name="scheduler")
        try:
            yield
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


class Stock:
    """faster-whisper's own `transcribe` with its defaults but for what both are given: language, beam, threads.

    One request at a time, first come first served: `num_workers` is 1, and two at once would only share its cores.
    """

    def __init__(self, options: AsrOptions, folder: Path) -> None:
        self._beam = options.beam
        self._model = WhisperModel(
            str(folder),
            device=options.device,
            compute_type=options.compute_type,
            cpu_threads=options.threads,
            num_workers=1,
            local_files_only=True,
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stock")
        self.transcribe(Audio.silence(1000, 16_000), "en")

    async def recognise(self, audio: Audio, language: str) -> str:
        """Words of one utterance."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.transcribe, audio, language)

    def transcribe(self, audio: Audio, language: str | None) -> str:
        """`language` None lets it detect."""
        segments, _ = self._model.transcribe(audio.float32(), language=language, beam_size=self._beam)
        return " ".join(segment.text.strip() for segment in segments)


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech with its text, from one set under one condition."""

    name: str
    collection: str
    condition: str
    language: str
    text: str
    audio: Audio


def utterances(manifest: Path, conditions: list[str], limit: int) -> list[Utterance]:
    """So many recordings with text of one set, evenly over those no setting was chosen on, each under every condition."""
    collection = manifest.parent.name
    items, _ = read_manifest(manifest, "en")
    seen = set(CHOSEN_ON.read_text().split())
    items = [
        item
        for item in items
        if not item.text.startswith(("(", "[")) and f"{collection}/{item.path.relative_to(manifest.parent)}" not in seen
    ]
    chosen = [items[number * len(items) // limit] for number in range(limit)] if limit < len(items) else items
    found = []
    for item in chosen:
        audio = read(item.path)[0]
        if audio.ms <= LONGEST_S * 1000:
            for name in conditions:
                changed = condition(name, None).apply(audio, item.path.name)
                found.append(Utterance(item.path.name, collection, name, item.language, item.text, changed))
    return found
