"""Which decodes are next, of all calls: pure but for the futures it resolves and the threads it hands batches to.

    submit ──▶ waiting ──take──▶ batch ──▶ an engine thread ──▶ results
               │  finals before partials, the nearest deadline first
               │  a newer partial of a stream replaces its waiting older one, a final ends them
               └─ nobody waits any more: removed; deadline passed: `Late`; no room: `Busy`

An idle engine takes what is there at once; while it is busy requests gather and go together. Overload is told by the
backlog, the finals that wait times what one has lately cost: above `shed_backlog_ms` partials are refused, above
`degrade_backlog_ms` finals are decoded by the faster policy, until it has fallen to half.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from asr import metrics
from asr.options import AsrOptions

Job = TypeVar("Job")
Result = TypeVar("Result")
Wanted = Callable[[], bool]  # does somebody still wait for it?
# A batch, whether the faster policy is to be used, and `Wanted` of each → a result of each. In an engine's thread.
Work = Callable[[Sequence[Job], bool, Sequence[Wanted]], Sequence[Result]]

COST_START_S = 0.3  # of one final, until the first has been measured
COST_WEIGHT = 0.2  # of the newest measurement
DUE_S = 0.25  # s before a deadline from which giving up counts as missing it: the asker's clock began before ours


class Busy(Exception):
    """Too much is waiting; the request was not taken, or given up for a final."""


class Late(Exception):
    """The deadline passed while the request waited."""


class Replaced(Exception):
    """A newer request of the same stream took its place."""


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """A result, ms it waited, ms its batch took, and whether the faster policy made it."""

    result: Result
    queue_ms: float
    work_ms: float
    degraded: bool


@dataclass(order=True, slots=True)
class _Entry(Generic[Job, Result]):
    key: tuple[bool, float, int]
    job: Job = field(compare=False)
    stream: str = field(compare=False)
    future: asyncio.Future[Done[Result]] = field(compare=False)
    put_at: float = field(compare=False)

    @property
    def final(self) -> bool:
        return not self.key[0]

    @property
    def deadline(self) -> float:
        return self.key[1]

    def wanted(self) -> bool:
        """Does somebody still wait for it? Asked from the engine's thread."""
        return not self.future.done()

    def refuse(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Scheduler(Generic[Job, Result]):
    """Runs batches, one in each of `options.engines` threads. Used in one event loop."""

    def __init__(
        self, work: Work[Job, Result], options: AsrOptions, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._work = work
        self._options = options
        self._clock = clock
        self._waiting: list[_Entry[Job, Result]] = []
        self._more = asyncio.Condition()
        self._count = itertools.count()
        self._cost_s = COST_START_S
        self._degraded = False
        self._threads = ThreadPoolExecutor(options.engines, thread_name_prefix="decode")

    @property
    def depth(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def backlog_s(self) -> float:
        """s that the waiting finals will take all engines."""
        finals = sum(entry.final for entry in self._waiting)
        return finals * self._cost_s / self._options.engines

    async def submit(self, job: Job, *, final: bool, deadline_ms: int, stream: str = "") -> Done[Result]:
        """Its result. Raises `Busy`, `Late`, `Replaced`, or what the work raises."""
        now = self._clock()
        if stream:
            self._replace(stream)
        if not final and self.backlog_s * 1000 > self._options.shed_backlog_ms:
            metrics.SHED_PARTIALS.inc()
            raise Busy("finals are waiting; partials are not taken")
        if len(self._waiting) >= self._options.queue:
            self._make_room(final)
        entry: _Entry[Job, Result] = _Entry(
            (not final, now + deadline_ms / 1000, next(self._count)),
            job,
            stream,
            asyncio.get_running_loop().create_future(),
            now,
        )
        self._waiting.append(entry)
        self._measure()
        async with self._more:
            self._more.notify()
        try:
            return await entry.future
        except asyncio.CancelledError:
            if self._clock() >= entry.deadline - DUE_S:  # whoever asked gave up when it was due: it came too late
                metrics.DEADLINE_MISSES.labels(_kind(final)).inc()
            raise
        finally:  # cancelled: what has not begun never does
            if entry in self._waiting:
                self._waiting.remove(entry)
                self._measure()

    async def run(self) -> None:
        """Work until cancelled."""
        engines = [asyncio.create_task(self._engine(), name=f"decode-{n}") for n in range(self._options.engines)]
        try:
            await asyncio.gather(*engines)
        finally:
            for engine in engines:
                engine.cancel()
            self._threads.shutdown(wait=False, cancel_futures=True)

    def take(self) -> list[_Entry[Job, Result]]:
        """Remove and return the next batch, of one kind; what came too late is answered with `Late`."""
        now = self._clock()
        batch: list[_Entry[Job, Result]] = []
        for entry in sorted(self._waiting):
            if batch and (entry.final != batch[0].final or len(batch) >= self._options.batch):
                break
            self._waiting.remove(entry)
            if entry.deadline <= now:
                metrics.DEADLINE_MISSES.labels(_kind(entry.final)).inc()
                entry.refuse(Late("the deadline passed before the decode could begin"))
            elif entry.wanted():
                batch.append(entry)
        self._measure()
        return batch

    async def _engine(self) -> None:
        while True:
            fast = self._overloaded()
            batch = self.take()
            if batch:
                await self._run(batch, fast=fast and batch[0].final)
                continue
            async with self._more:
                await self._more.wait_for(lambda: bool(self._waiting))

    async def _run(self, batch: list[_Entry[Job, Result]], *, fast: bool) -> None:
        started = self._clock()
        kind = _kind(batch[0].final)
        metrics.BATCH_SIZE.observe(len(batch))
        try:
            results = await asyncio.get_running_loop().run_in_executor(
                self._threads,
                self._work,
                [entry.job for entry in batch],
                fast,
                [entry.wanted for entry in batch],
            )
        except Exception as error:  # whatever the engine raises belongs to the one who asked
            if len(batch) == 1:
                batch[0].refuse(error)
            else:
                for entry in batch:
                    await self._run([entry], fast=fast)
            return
        work_s = self._clock() - started
        if batch[0].final:
            self._cost_s += COST_WEIGHT * (work_s / len(batch) - self._cost_s)
        metrics.DECODE_SECONDS.labels(kind).observe(work_s)
        for entry, result in zip(batch, results, strict=True):
            metrics.QUEUE_SECONDS.labels(kind).observe(started - entry.put_at)
            if fast:
                metrics.DEGRADED_FINALS.inc()
            if not entry.future.done():
                entry.future.set_result(Done(result, (started - entry.put_at) * 1000, work_s * 1000, fast))

    def _overloaded(self) -> bool:
        limit = self._options.degrade_backlog_ms / (2 if self._degraded else 1)
        self._degraded = self.backlog_s * 1000 > limit
        return self._degraded

    def _replace(self, stream: str) -> None:
        for entry in [entry for entry in self._waiting if entry.stream == stream and not entry.final]:
            self._waiting.remove(entry)
            entry.refuse(Replaced("a newer request of this utterance took its place"))

    def _make_room(self, final: bool) -> None:
        partials = [entry for entry in self._waiting if not entry.final]
        if not final or not partials:
            raise Busy(f"{len(self._waiting)} decodes are waiting already")
        shed = max(partials)
        self._waiting.remove(shed)
        metrics.SHED_PARTIALS.inc()
        shed.refuse(Busy("shed in favour of a final"))

    def _measure(self) -> None:
        finals = sum(entry.final for entry in self._waiting)
        metrics.QUEUE_DEPTH.labels("final").set(finals)
        metrics.QUEUE_DEPTH.labels("partial").set(len(self._waiting) - finals)


def _kind(final: bool) -> str:
    return "final" if final else "partial"
