"""So many of a kind in a while, and not more: logins, calls, messages."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

MAX_KEYS = 10_000  # keys remembered; beyond that the one unused for longest is forgotten


class Throttle:
    """At most `limit` per key within any `window_s` seconds of `clock`."""

    def __init__(self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._window_s = window_s
        self._clock = clock
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Count one. 0.0 when it may go on; else the seconds to wait, and nothing is counted."""
        now = self._clock()
        taken = self._taken.setdefault(key, deque())
        self._taken.move_to_end(key)
        while taken and now - taken[0] >= self._window_s:
            taken.popleft()
        if len(taken) >= self._limit:
            return max(1.0, self._window_s - (now - taken[0]))
        taken.append(now)
        if len(self._taken) > MAX_KEYS:
            self._taken.popitem(last=False)
        return 0.0

    def give_back(self, key: str) -> None:
        """The last one counted for `key` was not what is limited."""
        if taken := self._taken.get(key):
            taken.pop()

    def forget(self, key: str) -> None:
        """Begin anew for `key`."""
        self._taken.pop(key, None)
