"""Transfers that a person of the house asks for on their own phone: REFER in, NOTIFYs out (RFC 3515, RFC 5589).

    phone ──REFER──▶ 202, NOTIFY 100 ──TransferAsked──▶ app: does it, or says why not ──TellTransfer──▶ NOTIFY 200 or the failure

Nothing is done here of what is asked for: that is the app's, which knows who may reach whom. Everybody else's REFER,
a customer's above all, is declined.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from session import wire
from session.ids import new_id
from telephony.refer import Dialog, Malformed, dialog_of, read_refer
from telephony.refer_tap import Answer

if TYPE_CHECKING:
    from telephony.sip_leg import SipLeg

log = structlog.get_logger(__name__)

PATIENCE_S = 120.0  # s; agents are rung for 25 and numbers for 30, so whoever says nothing for so long is not there
_WORDS = {
    100: "Trying",
    200: "OK",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    491: "Request Pending",
    503: "Service Unavailable",
    603: "Decline",
}


@dataclass(slots=True)
class Asked:
    """A transfer under way. `event` names its NOTIFYs."""

    transfer_id: str
    event: str
    patience: asyncio.TimerHandle


class Referrals:
    """One per SIP worker. `find(dialog)`: the leg whose call it is, or None."""

    def __init__(self, find: Callable[[Dialog], SipLeg | None], emit: Callable[[wire.LegEvent], None]) -> None:
        self._find = find
        self._emit = emit
        self._asked: dict[str, Asked] = {}
        self._declined: set[str] = set()
        self._before: set[str] = set()

    def take(self, message: str) -> Answer | None:
        """Answer a REFER; None: it belongs to no call of ours."""
        dialog = dialog_of(message)
        leg = self._find(dialog) if dialog is not None else None
        if leg is None:
            return None
        leg_id = leg.leg_id
        if not leg.may_transfer or not leg.up_at:
            if leg_id not in self._declined:
                self._declined.add(leg_id)
                log.warning("sip.transfer_refused", leg=leg_id)
            return Answer(603)
        if leg_id in self._asked:
            return Answer(491)
        try:
            refer = read_refer(message)
        except Malformed as error:
            log.warning("sip.transfer_malformed", leg=leg_id, why=str(error))
            return Answer(400, "Bad Refer-To")
        if refer.attended:
            log.warning("sip.transfer_attended", leg=leg_id, why="phones have one call here; consulting is the desk's")
            return Answer(501, "Attended Transfer Not Offered")
        loop = asyncio.get_running_loop()
        # The first of a call needs no id, and phones of old know none.
        event = f"refer;id={refer.number}" if leg_id in self._before else "refer"
        self._before.add(leg_id)
        asked = Asked(new_id(), event, loop.call_later(PATIENCE_S, self._unheard, leg))
        self._asked[leg_id] = asked
        loop.call_soon(self._begin, leg, asked, refer.to)
        return Answer(202)

    def tell(self, leg: SipLeg, transfer_id: str, code: int) -> None:
        """The last NOTIFY; nothing where this transfer is not waited for."""
        asked = self._asked.get(leg.leg_id)
        if asked is not None and asked.transfer_id == transfer_id:
            self._end(leg, asked, code)

    def forget(self, leg_id: str) -> None:
        """The call is over: nobody waits for anything."""
        if (asked := self._asked.pop(leg_id, None)) is not None:
            asked.patience.cancel()
        self._declined.discard(leg_id)
        self._before.discard(leg_id)

    def _begin(self, leg: SipLeg, asked: Asked, to: str) -> None:
        """After the 202 has left."""
        if self._asked.get(leg.leg_id) is asked:
            leg.notify(asked.event, "active;expires=120", _status_line(100))
            self._emit(wire.TransferAsked(leg_id=leg.leg_id, transfer_id=asked.transfer_id, to=to))

    def _unheard(self, leg: SipLeg) -> None:
        log.error("sip.transfer_unheard", leg=leg.leg_id, after_s=PATIENCE_S)
        self._end(leg, self._asked[leg.leg_id], 503)

    def _end(self, leg: SipLeg, asked: Asked, code: int) -> None:
        asked.patience.cancel()
        del self._asked[leg.leg_id]
        leg.notify(asked.event, "terminated;reason=noresource", _status_line(code))


def _status_line(code: int) -> str:
    return f"SIP/2.0 {code} {_WORDS.get(code, 'Failed')}\r\n"
