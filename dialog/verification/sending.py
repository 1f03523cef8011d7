"""Sends one-time codes for a run: the one kind of `Perform` that is verification's own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dialog.effects import Perform
from dialog.events import Performed
from dialog.verification.ports import Codes

if TYPE_CHECKING:
    from dialog.ports import Performer


class CodePerformer:
    """`Performer` that sends codes, and leaves the rest to another."""

    def __init__(self, inner: Performer, codes: Codes) -> None:
        self._inner = inner
        self._codes = codes

    async def perform(self, work: Perform) -> Performed:
        """The outcome is `sent`, `limited` or `failed`. Raises nothing but CancelledError."""
        if work.kind != "code":
            return await self._inner.perform(work)
        began = time.perf_counter()
        request = work.request
        try:
            outcome = await self._codes.send(
                work.call_id, request["customer"], request["by"], request["locale"], request["at_ms"]
            )
        except Exception as error:  # whatever the database or the directory raises; a caller waits
            return Performed(call_id=work.call_id, outcome="failed", why=type(error).__name__)
        return Performed(call_id=work.call_id, outcome=outcome, ms=round((time.perf_counter() - began) * 1000, 1))
