"""Keeps the promise to call back: calls when their turn comes, tries again, gives up.

booked ──turn──▶ dialling ──the customer says yes──▶ queued at the old place, offered to the agent kept free ──▶ done
  ▲                 │ nobody answers, or nobody says yes: again, not before …; then failed
  └─────────────────┘            cancelled by staff, by the customer's own call, by their no
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
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

PLACED = "outside"  # callbacks are counted with the other calls that we place (calls.per_hour)
OURS = frozenset({"worker_lost", "drained"})  # why a call that was up ends without anybody's hanging up: we cut it off
DECLINED = "callback_declined"  # disposition of the greeting flow when the customer wants no call any more


class CallingBack(Bookings):
    """One per app."""

    async def start(self) -> None:
        """After a start: places for all that are open. A call that is up goes on; one that is not is tried again."""
        calls = {c.callback.callback_id for c in self._controller.contacts.values() if c.callback is not None}
        for row in await self._rows.listed(limit=None):
            self._open[row.id] = row
            if row.status == "waiting":
                self._place(row)
            elif row.id not in calls:
                await self._cut_off(row)

    async def _cut_off(self, row: Callback) -> None:
        """The app was killed while it called. Whether the phone rang is not known: the last try is made once more."""
        if row.called_contact_id is not None and await self._rows.talked(row.called_contact_id):
            await self._over(row, "done", "connected")
        else:
            await self._again(_once_more(row), "the app was restarted")

    def turn(self, action: CallBack) -> None:
        """The desk says whose turn it is."""
        self._spawn(self._dial(action.callback_id))

    async def _dial(self, callback_id: str) -> None:
        controller = self._controller
        row = await self._sure(partial(self._rows.get, callback_id))
        desk = controller.desk
        if row is None or row.status != "waiting":
            desk.do(desk.desk.leave(callback_id, desk.now()))
            return
        now = controller.now_ms()
        if controller.draining:  # the next app calls
            desk.do(desk.desk.not_reached(row.id, desk.now(), again_ms=desk.now() + row.retry_after_ms))
            return
        opens = next_open(now, row.hours, row.timezone)
        if opens <= now and (wait_s := controller.around.placed.take(PLACED)):
            opens = next_open(now + round(wait_s * 1000), row.hours, row.timezone)
        if opens > now:
            await self._sure(partial(self._rows.change, row.id, not_before=opens))
            desk.do(desk.desk.not_reached(row.id, desk.now(), again_ms=desk.now() + opens - now))
            return
        if not await self._sure(partial(self._rows.change, row.id, status="dialling", attempts=row.attempts + 1)):
            return  # cancelled this very moment, which gave its place back
        row = replace(row, status="dialling", attempts=row.attempts + 1)
        try:
            await self._call(row)
        except NoWorker as error:  # nobody's phone rang
            log.warning("callback.not_placed", callback=row.id, error=str(error))
            controller.around.placed.give_back(PLACED)
            await self._again(replace(row, attempts=row.attempts - 1), "no line was free")
        except numbers.NotAllowed as error:
            log.warning("callback.not_placed", callback=row.id, error=str(error))
            await self._over(row, "failed", "the number may not be called any more")
        except LookupError as error:
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
        if not await self._rows.change(row.id, called_contact_id=contact.contact_id):
            await controller.leg_lost(leg_id, f"cancelled:{leg_id}")  # taken back meanwhile: nobody is rung
            return
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

    def ended(self, contact: Contact, reason: str) -> None:
        """A contact is over. If it is a call that we placed: the promise is kept, or it is tried again."""
        self._left.pop(contact.contact_id, None)
        if contact.callback is None:
            return
        if contact.served:
            over = ("done", "connected")
        elif contact.ending == DECLINED:
            over = ("cancelled", "by the customer's no")
        elif reason == "hangup" and (contact.queue is not None or contact.waited_since):
            over = ("failed", "hung up while waiting")
        else:
            over = ("", "not confirmed" if contact.up and reason == "hangup" else reason)
        self._spawn(self._ended(contact.callback.callback_id, *over, ours=contact.up and reason in OURS))

    async def _ended(self, callback_id: str, status: str, outcome: str, *, ours: bool) -> None:
        row = await self._sure(partial(self._rows.get, callback_id))
        if row is None or row.status != "dialling":
            return
        if status:
            await self._over(row, status, outcome)
        else:
            await self._again(_once_more(row) if ours else row, outcome)

    async def _again(self, row: Callback, why: str) -> None:
        if row.attempts > row.retries:
            await self._over(row, "failed", why)
            return
        now = self._controller.now_ms()
        at = next_open(now + row.retry_after_ms, row.hours, row.timezone)
        again = partial(
            self._rows.change, row.id, status="waiting", attempts=row.attempts, not_before=at, outcome=why[:64]
        )
        if not await self._sure(again):
            return  # cancelled this very moment
        desk = self._controller.desk
        if row.id in desk.desk.waiting:
            desk.do(desk.desk.not_reached(row.id, desk.now(), again_ms=desk.now() + at - now))
        else:
            self._place(replace(row, not_before=at))
        await self._note(row, "not_reached", why=why, attempt=row.attempts, again_at=at)

    async def _over(self, row: Callback, status: str, outcome: str) -> None:
        await self._sure(partial(self._rows.change, row.id, status=status, outcome=outcome[:64]))
        self._open.pop(row.id, None)
        desk = self._controller.desk
        desk.do(desk.desk.leave(row.id, desk.now()))
        await self._note(row, status, outcome=outcome)


def _once_more(row: Callback) -> Callback:
    """A try that we cut off counts as one, but never as the last."""
    return replace(row, attempts=min(row.attempts, row.retries))


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
