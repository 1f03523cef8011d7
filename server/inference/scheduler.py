"""Which decode is next: finals before partials, the nearest deadline first. Pure but for the futures it resolves.

A job that nobody waits for any more is not begun, and one under way is told so and may stop early (`wanted`).
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class Busy(Exception):
    """Too much is waiting; the request was not taken."""


class Late(Exception):
    """The deadline passed while the request waited."""


@dataclass(order=True, slots=True)
class _Entry(Generic[Job, Result]):
    key: tuple[bool, float, int]
    job: Job = field(compare=False)
    future: asyncio.Future[tuple[Result, float]] = field(compare=False)
    put_at: float = field(compare=False)
    deadline: float = field(compare=False)

    def wanted(self) -> bool:
        """Does somebody still wait for it? Asked from the working thread."""
        return not self.future.done()


class Scheduler(Generic[Job, Result]):
    """Runs jobs one at a time in a thread of its own. A cancelled job that has not begun is never run."""

    def __init__(
        self,
        work: Callable[[Job, Callable[[], bool]], Result],
        limit: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._work = work
        self._limit = limit
        self._clock = clock
        self._waiting: list[_Entry[Job, Result]] = []
        self._more = asyncio.Event()
        self._count = itertools.count()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="decode")

    @property
    def depth(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def submit(self, job: Job, *, final: bool, deadline_ms: int) -> tuple[Result, float]:
        """The result and the ms it waited. Raises `Busy`, `Late`, or what the work raises."""
        if len(self._waiting) >= self._limit:
            self._make_room(final)
        now = self._clock()
        deadline = now + deadline_ms / 1000
        entry: _Entry[Job, Result] = _Entry(
            (not final, deadline, next(self._count)), job, asyncio.get_running_loop().create_future(), now, deadline
        )
        self._waiting.append(entry)
        self._more.set()
        try:
            return await entry.future
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
            raise

    async def run(self) -> None:
        """Work until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                entry = self.take()
                if entry is None:
                    self._more.clear()
                    await self._more.wait()
                    continue
                waited_ms = (self._clock() - entry.put_at) * 1000
                try:
                    result = await loop.run_in_executor(self._thread, self._work, entry.job, entry.wanted)
                except Exception as error:
                    if not entry.future.done():
                        entry.future.set_exception(error)
                else:
                    if not entry.future.done():
                        entry.future.set_result((result, waited_ms))
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def take(self) -> _Entry[Job, Result] | None:
        """Remove and return what is next; what came too late is answered with `Late`."""
        while self._waiting:
            entry = min(self._waiting)
            self._waiting.remove(entry)
            if entry.future.done():
                continue
            if entry.deadline <= self._clock():
                entry.future.set_exception(Late("the deadline passed before the decode could begin"))
                continue
            return entry
        return None

    def _make_room(self, final: bool) -> None:
        partials = [entry for entry in self._waiting if entry.key[0]]
        if not final or not partials:
            raise Busy(f"{len(self._waiting)} decodes are waiting already")
        shed = max(partials)
        self._waiting.remove(shed)
        if not shed.future.done():
            shed.future.set_exception(Busy("shed in favour of a final"))
