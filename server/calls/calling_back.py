"""Keeps the promise to call back: calls when their turn comes, tries again, gives up.

booked ──turn──▶ dialling ──the customer says yes──▶ queued at the old place, offered to the agent kept free ──▶ done
  ▲                 │ nobody answers, or nobody says yes: again, not before …; then failed
  └─────────────────┘            cancelled by staff, by the customer's own call, by their no
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from desk.model import CallBack
from desk.opening import next_open
from server.calls import numbers
from server.calls.bookings import Bookings
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.snapshot import PlaceSnapshot, QueueSnapshot
from server.hub import NoWorker
from session import wire
from session.callbacks import Callback
from session.ids import new_id

if TYPE_CHECKING:
    from server.calls.contact import Contact

log = structlog.get_logger(__name__)

DECLINED = "callback_declined"  # disposition of the greeting flow when the customer wants no call any more


class CallingBack(Bookings):
    """One per app."""

    async def start(self) -> None:
        """After a start: places for all that are open. A call that is up goes on; one that is not counts as a try."""
        calls = {c.callback.callback_id for c in self._controller.contacts.values() if c.callback is not None}
        for row in await self._rows.listed():
            self._numbers[row.id] = row.number
            if row.status == "waiting":
                self._place(row)
            elif row.id not in calls:
                await self._again(row, "the app was restarted")

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
