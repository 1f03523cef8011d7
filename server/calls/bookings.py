"""Promises to call back: booked with a place at the desk, taken back. They are kept by `calling_back.py`."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

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


class Bookings:
    """Those of one app."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._rows = Callbacks(controller.store)
        self._numbers: dict[str, str] = {}
        """Of those that are open, so that a customer who calls is known without a look into the database."""
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
        for tried in itertools.count():
            try:
                known = await self._rows.id_of(key)
                if known is not None:
                    await self.cancel(known, "the customer was told that it failed")
                return
            except (OSError, SQLAlchemyError) as error:
                log.error("callback.not_taken_back", key=key, error=type(error).__name__)
                await asyncio.sleep(min(60.0, 2.0**tried))

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
        if len(self._numbers) >= options.callbacks_most:
            return refused("too many callbacks wait already (calls.callbacks_most)")
        now = contact.now_ms()
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
            enqueued_at=contact.waited_since if wanted.keep_place and contact.waited_since else now,
            not_before=next_open(wanted.at_ms or now, wanted.hours, wanted.timezone),
            hours=wanted.hours,
            timezone=wanted.timezone,
            retries=wanted.retries,
            retry_after_ms=round(wanted.retry_after_s * 1000),
        )
        earlier = [known for known, its in self._numbers.items() if its == number]
        if await self._rows.book(row):
            for known in earlier:
                await self.cancel(known, "a later booking")
            self._numbers[row.id] = number
            await self._note(row, "booked", number=numbers.masked(number), queue=row.queue, at=row.not_before)
            self._place(row)
        return ev.CallbackResult(callback_id=wanted.callback_id, outcome="booked")

    async def cancel(self, callback_id: str, by: str) -> bool:
        """Take it back, also while it rings; False when it is over or there is none. `by` is for the record."""
        if not await self._rows.change(callback_id, status="cancelled", outcome=f"by {by}"[:64]):
            return False
        self._numbers.pop(callback_id, None)
        desk = self._controller.desk
        desk.do(desk.desk.leave(callback_id, desk.now()))
        row = await self._rows.get(callback_id)
        if row is not None:
            await self._note(row, "cancelled", by=by)
        for contact in list(self._controller.contacts.values()):
            if (
                contact.callback is not None
                and contact.callback.callback_id == callback_id
                and contact.phase != "talking"
            ):
                contact.post(lambda contact=contact: contact.hang_up("cancelled"))  # type: ignore[misc]
        return True

    async def listed(self) -> list[Callback]:
        """Those that are open, by their place."""
        return await self._rows.listed()

    def customer_called(self, number: str) -> None:
        """A customer who calls need not be called."""
        region = self._controller.around.outgoing.region
        for callback_id, known in list(self._numbers.items()):
            if number and numbers.same(number, known, region):
                self._spawn(self.cancel(callback_id, "the customer's own call"))

    # ------------------------------------------------------------------ inside

    def _place(self, row: Callback) -> None:
        desk, now = self._controller.desk, self._controller.now_ms()
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

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception:
            log.exception("callback.failed")
