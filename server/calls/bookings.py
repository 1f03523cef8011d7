"""Promises to call back: booked with a place at the desk, taken back. They are kept by `calling_back.py`."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from desk.opening import next_open
from dialog import effects as fx
from dialog import events as ev
from server.calls import numbers
from session.callbacks import Callback, Callbacks
from session.ids import new_id

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.controller import Controller

log = structlog.get_logger(__name__)

BOOKING_S = 6.0  # s that the database may take
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0  # s until the database is asked again, twice as long each time

T = TypeVar("T")


class Bookings:
    """Those of one app."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._rows = Callbacks(controller.store)
        self._open: dict[str, Callback] = {}
        """As they were booked, so that a customer who calls is known without a look into the database."""
        self._left: dict[str, Callback] = {}
        """Contact of a customer who called before we did → the promise that it took back."""
        self._tasks: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """The app goes down; rows and calls stay."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def book(self, contact: Contact, wanted: fx.BookCallback) -> ev.CallbackResult:
        """Keep it, with the place that was waited for. The same request twice is kept once.

        Where the database does not say in time whether it is kept, the flow is told that it is not, and whatever comes to
        light later is taken back: nobody is called who was told that nobody would call.
        """
        task = asyncio.create_task(self._book(contact, wanted), name=f"booking-{wanted.callback_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.wait_for(asyncio.shield(task), BOOKING_S)
        except (TimeoutError, OSError, SQLAlchemyError) as error:
            log.error("callback.not_kept", contact=contact.contact_id, error=type(error).__name__)
            self._spawn(self._take_back(wanted.callback_id, task))
            why = "it is not known whether it was kept, so it is not"
            return ev.CallbackResult(callback_id=wanted.callback_id, outcome="failed", why=why)

    async def _take_back(self, key: str, booking: asyncio.Task[ev.CallbackResult]) -> None:
        """The booking of this key, if it turns out that there is one."""
        await asyncio.wait([booking])
        known = await self._sure(partial(self._rows.id_of, key))
        if known is not None:
            await self._sure(partial(self.cancel, known, "the customer was told that it failed"))

    async def _book(self, contact: Contact, wanted: fx.BookCallback) -> ev.CallbackResult:

        def refused(why: str) -> ev.CallbackResult:
            return ev.CallbackResult(callback_id=wanted.callback_id, outcome="failed", why=why)

        options = self._controller.around.outgoing
        if self._controller.dialog.engine(options.callback_flow) is None:
            log.error("callback.no_flow", flow=options.callback_flow)
            return refused("no flow greets those who are called back (calls.callback_flow)")
        try:
            numbers.target(wanted.number, options)
            number = numbers.normal(wanted.number, options.region)
        except numbers.NotAllowed as error:
            return refused(str(error))
        if any(numbers.same(number, ours, options.region) for ours in (options.caller_id, contact.run.caller.called)):
            return refused("this is our own number, and would be answered by ourselves")
        known = await self._rows.id_of(wanted.callback_id)
        if known is not None:  # asked for again after a restart
            kept = await self._rows.get(known)
            if kept is None or kept.status in ("cancelled", "failed"):
                return refused("it was taken back meanwhile")
            return ev.CallbackResult(callback_id=wanted.callback_id, outcome="booked")
        if len(self._open) >= options.callbacks_most:
            return refused("too many callbacks wait already (calls.callbacks_most)")
        now = contact.now_ms()
        waited_since = contact.waited_since or self.kept_place(contact, wanted.queue)
        row = Callback(
            id=new_id(),
            key=wanted.callback_id,
            conversation_id=contact.conversation_id,
            contact_id=contact.contact_id,
            number=number,
            called=contact.run.caller.called,
            customer_id=contact.run.customer_id,
            locale=wanted.locale,
            queue=wanted.queue,
            skills=wanted.skills,
            priority=wanted.priority,
            reason=wanted.reason,
            summary=wanted.summary,
            facts=wanted.facts,
            enqueued_at=waited_since if wanted.keep_place and waited_since else now,
            not_before=next_open(wanted.at_ms or now, wanted.hours, wanted.timezone),
            hours=wanted.hours,
            timezone=wanted.timezone,
            retries=wanted.retries,
            retry_after_ms=round(wanted.retry_after_s * 1000),
        )
        earlier = [its.id for its in self._open.values() if its.number == number]
        if await self._rows.book(row):
            for callback_id in earlier:
                await self.cancel(callback_id, "a later booking")
            self._open[row.id] = row
            await self._note(row, "booked", number=numbers.masked(number), queue=row.queue, at=row.not_before)
            self._place(row)
        return ev.CallbackResult(callback_id=wanted.callback_id, outcome="booked")

    async def cancel(self, callback_id: str, by: str) -> bool:
        """Take it back, also while it rings; False when it is over or there is none. `by` is for the record."""
        if not await self._rows.change(callback_id, status="cancelled", outcome=f"by {by}"[:64]):
            return False
        self._open.pop(callback_id, None)
        desk = self._controller.desk
        desk.do(desk.desk.leave(callback_id, desk.now()))
        for contact in list(self._controller.contacts.values()):
            if (
                contact.callback is not None
                and contact.callback.callback_id == callback_id
                and contact.phase != "talking"
            ):
                contact.post(lambda contact=contact: contact.hang_up("cancelled"))  # type: ignore[misc]
        row = await self._rows.get(callback_id)
        if row is not None:
            await self._note(row, "cancelled", by=by)
        return True

    async def listed(self) -> list[Callback]:
        """Those that are open, by their place."""
        return await self._rows.listed()

    def customer_called(self, contact: Contact) -> None:
        """A customer who calls need not be called, and has the place that was theirs.

        Who is on the line with us since we called them does not call: somebody else has the same number.
        """
        number, region = contact.run.caller.number, self._controller.around.outgoing.region
        reached = {
            c.callback.callback_id for c in self._controller.contacts.values() if c.callback is not None and c.up
        }
        for row in list(self._open.values()):
            if number and row.id not in reached and numbers.same(number, row.number, region):
                if row.not_before <= contact.now_ms():
                    self._left[contact.contact_id] = row
                self._spawn(self._sure(partial(self.cancel, row.id, "the customer's own call")))

    def kept_place(self, contact: Contact, queue: str) -> int | None:
        """Since when the customer has waited in this queue for a call that theirs took back, UTC ms."""
        row = self._left.pop(contact.contact_id, None)
        return row.enqueued_at if row is not None and row.queue == queue else None

    # ------------------------------------------------------------------ inside

    def _place(self, row: Callback) -> None:
        desk, now = self._controller.desk, self._controller.now_ms()
        if row.id in desk.desk.waiting:
            return  # a flow that was taken back asks for its booking while all get their places again
        desk.do(
            desk.desk.book(
                row.id,
                row.queue,
                desk.now(),
                skills=row.skills,
                priority=row.priority,
                enqueued_ms=desk.now() - (now - row.enqueued_at),
                not_before_ms=desk.now() + row.not_before - now,
            )
        )

    async def _note(self, row: Callback, what: str, **about: Any) -> None:
        payload = {"callback_id": row.id, **about}
        await self._controller.store.append(
            row.conversation_id, f"callback.{what}", payload, contact_id=row.called_contact_id or row.contact_id
        )

    async def _sure(self, work: Callable[[], Awaitable[T]]) -> T:
        """As soon as the database takes it: nobody else would look at this promise again."""
        for tried in itertools.count():
            try:
                return await work()
            except (OSError, SQLAlchemyError) as error:
                log.error("callback.database", error=type(error).__name__)
                await asyncio.sleep(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**tried))
        raise AssertionError("for ever")

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception:
            log.exception("callback.failed")
