"""Whose pages are open: an agent whose page is gone is offered nothing, and is offline when it stays away."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable

AWAY_S = 5.0  # s; a page that is reloaded is back in three, and its agent goes on being rung
RESTART_S = 15.0  # s; pages that lost a restarted app try again at longer and longer intervals


class OpenPages:
    """Counts each person's live feeds. `changed` is told (user, open) when the first opens, or the last has been gone a while."""

    def __init__(self, changed: Callable[[str, bool], None]) -> None:
        self._changed = changed
        self._open: Counter[str] = Counter()
        self._leaving: dict[str, asyncio.TimerHandle] = {}

    def expect(self, user_ids: Iterable[str]) -> None:
        """The app was restarted: these people's pages were open, and those that do not come back are gone."""
        for user_id in user_ids:
            if user_id not in self._open and user_id not in self._leaving:
                self._leave(user_id, RESTART_S)

    def opened(self, user_id: str) -> None:
        """One more."""
        self._open[user_id] += 1
        leaving = self._leaving.pop(user_id, None)
        if leaving is not None:
            leaving.cancel()
        elif self._open[user_id] == 1:
            self._changed(user_id, True)

    def closed(self, user_id: str) -> None:
        """One less."""
        self._open[user_id] -= 1
        if self._open[user_id] > 0:
            return
        del self._open[user_id]
        self._leave(user_id, AWAY_S)

    def close(self) -> None:
        """The app goes down: nobody is away for that."""
        for leaving in self._leaving.values():
            leaving.cancel()
        self._leaving.clear()

    def _leave(self, user_id: str, after_s: float) -> None:
        self._leaving[user_id] = asyncio.get_running_loop().call_later(after_s, self._gone, user_id)

    def _gone(self, user_id: str) -> None:
        del self._leaving[user_id]
        self._changed(user_id, False)
