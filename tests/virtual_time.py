"""Virtual time for tests of code that waits: a second takes no time, and a busy machine takes no second.

A test marked `virtual_time` runs in a loop whose clock stands still while anything happens and jumps to the next
timer when nothing can; `time.monotonic` tells the same time meanwhile. Sockets are real: what was written to a Unix
socket of this process can be read at once, so an empty selector means that nobody speaks before the next timer.
Threads of the loop's executors are waited for. Other processes live in real time: their tests cannot be marked.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")
THREADS_S = 0.01  # s of real time between looks at threads that work; their end wakes the loop sooner
real_monotonic = time.monotonic


class _Selector(selectors.DefaultSelector):
    """Answers at once: what is ready, or that the time asked for is over."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None or self.threads:
            return super().select(THREADS_S)
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        """Virtual seconds."""
        return self._clock.now

    def run_forever(self) -> None:
        """As ever, with `time.monotonic` in virtual time."""
        time.monotonic = self.time
        try:
            super().run_forever()
        finally:
            time.monotonic = real_monotonic

    def run_in_executor(self, executor: Executor | None, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """As ever; time stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._clock.threads += 1
        future.add_done_callback(lambda _: self._done())
        return future

    def _done(self) -> None:
        self._clock.threads -= 1
