"""Keeps the promise to call back: places at the desk, calls when their turn comes, tries again, gives up.

booked ──turn──▶ dialling ──the customer says yes──▶ queued at the old place, offered to the agent kept free ──▶ done
  ▲                 │ nobody answers, or nobody says yes: again, not before …; then failed
  └─────────────────┘            cancelled by staff, by the customer's own call, by their no
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from desk.model import CallBack
from desk.opening import next_open
from dialog import effects as fx
from dialog import events as ev
from server.calls import numbers
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.snapshot import PlaceSnapshot, QueueSnapshot
from server.hub import NoWorker
from session import wire
from session.callbacks import Callback, Callbacks
from session.ids import new_id

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.controller import Controller

log = structlog.get_logger(__name__)

BOOKING_S = 6.0  # s that the database may take
DECLINED = "callback_declined"  # disposition of the greeting flow when the customer wants no call any more


class CallingBack:
    """One per app."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._rows = Callbacks(controller.store)
        self._numbers: dict[str, str] = {}
        """Of those that are open, so that a customer who calls is known without a look into the database."""
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """After a start: places for all that are open. A call that is up goes on; one that is not counts as a try."""
        calls = {c.callback.callback_id for c in self._controller.contacts.values() if c.callback is not None}
        for row in await self._rows.listed():
            self._numbers[row.id] = row.number
            if row.status == "waiting":
                self._place(row)
            elif row.id not in calls:
                await self._again(row, "the app was restarted")

    async def close(self) -> None:
        """The app goes down; rows and calls stay."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ------------------------------------------------------------------ booking and cancelling

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

    # ------------------------------------------------------------------ calling

    def turn(self, action: CallBack) -> None:
        """The desk says whose turn it is."""
        self._spawn(self._dial(action.callback_id))

    async def _dial(self, callback_id: str) -> None:
        row = await self._rows.get(callback_id)
        desk = self._controller.desk
        if row is None or row.status != "waiting":
            desk.do(desk.desk.leave(callback_id, desk.now()))
            return
        now = self._controller.now_ms()
        opens = next_open(now, row.hours, row.timezone)
        if opens > now:
            await self._rows.change(row.id, not_before=opens)
            desk.do(desk.desk.not_reached(row.id, desk.now(), again_ms=desk.now() + opens - now))
            return
        if not await self._rows.change(row.id, status="dialling", attempts=row.attempts + 1):
            return  # cancelled this very moment, which gave its place back
        row = replace(row, status="dialling", attempts=row.attempts + 1)
        try:
            await self._call(row)
        except (NoWorker, LookupError, numbers.NotAllowed) as error:
            log.warning("callback.not_placed", callback=row.id, error=str(error))
            await self._again(row, "the call could not be placed")
        except Exception:  # a promise is not lost over a fault of ours: it is tried again
            log.exception("callback.failed", callback=row.id)
            await self._again(row, "the call could not be placed")

    async def _call(self, row: Callback) -> None:
        """Raises `NoWorker`, LookupError (no flow) or `NotAllowed`."""
        controller = self._controller
        options = controller.around.outgoing
        target = numbers.target(row.number, options)
        worker = controller.hub.pick("sip-out")
        leg_id = new_id()
        contact = await controller.admission.call_out(row, leg_id, worker, place_of(row))
        await self._rows.change(row.id, called_contact_id=contact.contact_id)
        await self._note(row, "dialled", attempt=row.attempts)
        controller.hub.place(worker, leg_id)
        order = wire.DialLeg(
            leg_id=leg_id,
            role="customer",
            target=target,
            display_name=options.caller_id,
            headers=controller.around.identity_headers(),
            hearing=wire.Hearing(speech=True, languages=contact.languages),
            timeout_s=options.callback_ring_s,
        )
        try:
            await controller.hub.command(leg_id, order)
        except COMMAND_ERRORS as error:
            log.warning("callback.dial_failed", callback=row.id, error=type(error).__name__)
            await controller.leg_lost(leg_id, f"dial:{leg_id}")
            controller.hub.forget_leg(leg_id)

    async def ended(self, contact: Contact, reason: str) -> None:
        """A call that we placed is over: the promise is kept, or it is tried again."""
        if contact.callback is None:
            return
        row = await self._rows.get(contact.callback.callback_id)
        if row is None or row.status != "dialling":
            return
        if contact.served:
            await self._over(row, "done", "connected")
        elif contact.ending == DECLINED:
            await self._over(row, "cancelled", "by the customer's no")
        elif contact.queue is not None or contact.waited_since:
            await self._over(row, "failed", "hung up while waiting")
        else:
            await self._again(row, "not confirmed" if contact.up else reason)

    async def _again(self, row: Callback, why: str) -> None:
        if row.attempts > row.retries:
            await self._over(row, "failed", why)
            return
        now = self._controller.now_ms()
        at = next_open(now + row.retry_after_ms, row.hours, row.timezone)
        await self._rows.change(row.id, status="waiting", not_before=at, outcome=why[:64])
        await self._note(row, "not_reached", why=why, attempt=row.attempts, again_at=at)
        desk = self._controller.desk
        if row.id in desk.desk.waiting:
            desk.do(desk.desk.not_reached(row.id, desk.now(), again_ms=desk.now() + at - now))
        else:
            self._place(replace(row, not_before=at))

    async def _over(self, row: Callback, status: str, outcome: str) -> None:
        await self._rows.change(row.id, status=status, outcome=outcome[:64])
        self._numbers.pop(row.id, None)
        desk = self._controller.desk
        desk.do(desk.desk.leave(row.id, desk.now()))
        await self._note(row, status, outcome=outcome)

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


def place_of(row: Callback) -> PlaceSnapshot:
    """What the call to the customer must know of the place it takes over."""
    return PlaceSnapshot(
        callback_id=row.id,
        queue=QueueSnapshot(
            queue=row.queue,
            skills=row.skills,
            priority=row.priority,
            reason=row.reason,
            summary=row.summary,
            facts=row.facts,
            enqueued_at=row.enqueued_at,
            overflow_s=None,
        ),
    )
