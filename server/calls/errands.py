"""Things that a flow has done outside while its caller is heard on: actions, bookings. Tasks of the contact."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from dialog import effects as fx
from dialog import events as ev
from server.calls.bookings import BOOKING_S

if TYPE_CHECKING:
    from server.calls.contact import Contact

log = structlog.get_logger(__name__)

SLACK_S = 2.0  # beyond an errand's own limit: then it is given up here, and the flow is told
INSPECT_S = 30.0  # s that analysers of a picture may take; the flow gives up at about that time, too


class Errands:
    """One contact's. Each errand ends with an event for the flow, posted to the contact's mailbox."""

    def __init__(self, contact: Contact) -> None:
        self._contact = contact
        self._tasks: set[asyncio.Task[None]] = set()

    def perform(self, work: fx.Perform) -> None:
        """Do something outside. Not cancelled when the caller hangs up: it may change the world, and must be whole."""
        failed = ev.Performed(call_id=work.call_id, outcome="timeout", why="no answer in time")
        performer = self._contact.engine.ports.performer
        self._go(lambda: performer.perform(work), failed, work.timeout_ms / 1000 + SLACK_S)

    def inspect(self, work: fx.Inspect) -> None:
        """Have a picture looked at."""
        failed = ev.Inspected(request_id=work.request_id, accepted=False, why="it could not be looked at")
        inspector = self._contact.engine.ports.inspector
        self._go(lambda: inspector.inspect(work), failed, INSPECT_S)

    def think(self, work: fx.Think) -> None:
        """Ask how the talk goes on."""
        failed = ev.Thought(request_id=work.request_id, move="give_up")
        thinker = self._contact.engine.ports.thinker
        self._go(lambda: thinker.think(work), failed, work.timeout_ms / 1000 + SLACK_S)

    def book(self, work: fx.BookCallback) -> None:
        """Keep a callback. Whoever keeps it knows its own limit, and what to take back once the flow was told of a failure."""
        failed = ev.CallbackResult(callback_id=work.callback_id, outcome="failed", why="it could not be kept")
        book = self._contact.around.book_callback
        self._go(lambda: book(self._contact, work), failed, BOOKING_S + SLACK_S)

    def close(self) -> None:
        """The app goes down: a restarted one asks for the same again."""
        for task in self._tasks:
            task.cancel()

    def _go(self, work: Callable[[], Awaitable[ev.AnyFlowEvent]], failed: ev.AnyFlowEvent, limit_s: float) -> None:
        task = asyncio.create_task(self._run(work, failed, limit_s), name=f"errand-{self._contact.contact_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(
        self, work: Callable[[], Awaitable[ev.AnyFlowEvent]], failed: ev.AnyFlowEvent, limit_s: float
    ) -> None:
        contact = self._contact
        try:
            result = await asyncio.wait_for(work(), limit_s)
        except Exception as error:
            log.error("errand.failed", contact=contact.contact_id, error=type(error).__name__)
            result = failed
        if contact.phase != "ended":
            contact.post(lambda: contact.step(result))
