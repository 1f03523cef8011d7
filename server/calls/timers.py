"""Named timers of one contact."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """Starting one of a name that runs replaces it."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.TimerHandle] = {}

    def start(self, name: str, ms: int, act: Callable[[], None]) -> None:
        """Call `act` in `ms`."""
        self.stop(name)
        self._running[name] = asyncio.get_running_loop().call_later(ms / 1000, act)

    def stop(self, name: str) -> bool:
        """Forget it; was there one?"""
        timer = self._running.pop(name, None)
        if timer is not None:
            timer.cancel()
        return timer is not None

    def close(self, keep: frozenset[str] = frozenset()) -> None:
        """Forget all but `keep`."""
        for name in self._running.keys() - keep:
            self.stop(name)
