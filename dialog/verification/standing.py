"""Where a verification stands, outside the block: who is asked, who must wait, what a dropped call leaves, codes and phrases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dialog.effects import Perform
from dialog.verification.factors import Asked, Factor
from dialog.verification.factors.voice import PHRASE_MS
from dialog.verification.lockout import number_key
from dialog.verification.plan import lock_keys
from dialog.verification.ports import Customer, Progress

if TYPE_CHECKING:
    from dialog.turn import Turn

SEND_MS = 8000  # a code that was not sent by then is not waited for


async def find(turn: Turn, *, phone: str = "", customer_no: str = "") -> Customer | None:
    """In the directory; the block is left where that cannot be reached."""
    try:
        return await turn.ports.customers.find(phone=phone, customer_no=customer_no)
    except (OSError, TimeoutError):
        turn.leave("unavailable", "the customer directory cannot be reached")
        return None


async def asked_of(turn: Turn, factors: Sequence[Factor]) -> Asked | None:
    """Who is asked; None when the directory cannot be reached, and the block is left."""
    state = turn.state
    customer = await find(turn, customer_no=state.claimed)
    if turn.target is not None:
        return None
    known = None
    if state.caller.number and any(factor.type == "known_number" for factor in factors):
        known = await find(turn, phone=state.caller.number)
        if turn.target is not None:
            return None
    private = state.private
    return Asked(
        customer_id=state.claimed,
        customer=customer,
        ports=turn.ports.verification,
        options=turn.options.verification,
        known_number=known is not None and known.customer_id == state.claimed,
        locale=state.locale,
        now_ms=turn.now_ms,
        phrase=private.phrase if turn.now_ms <= private.phrase_until_ms else "",
    )


async def locked(turn: Turn) -> bool:
    """Customer or number must wait; the block is left then."""
    if await turn.ports.attempts.locked_ms(lock_keys(turn.state), turn.now_ms):
        await forget(turn)
        turn.leave("locked", "too many wrong answers before")
        return True
    return False


async def keep(turn: Turn) -> None:
    """For the case that the call drops now."""
    state = turn.state
    if state.caller.number and turn.options.verification.resume_min and (state.proven or state.memo.get("wrong")):
        progress = Progress(state.claimed, tuple(state.proven), state.memo.get("wrong", 0))
        await turn.ports.verification.progress.save(number_key(state.caller.number), progress, turn.now_ms)


async def forget(turn: Turn) -> None:
    """It came to an end: nothing is taken up by a next call."""
    if turn.state.caller.number:
        await turn.ports.verification.progress.forget(number_key(turn.state.caller.number))


def send_code(turn: Turn, factor: Factor) -> None:
    """Have a code sent; the same one is asked for again after a restart."""
    state = turn.state
    call_id = f"{turn.visit_id}:code{state.memo.get('resent', 0)}"
    state.memo["sent"] = call_id
    request = {
        "customer": state.claimed,
        "by": getattr(factor, "by", "sms"),
        "locale": state.locale,
        "at_ms": turn.now_ms,
    }
    turn.effects.append(Perform(call_id=call_id, kind="code", block=state.block, request=request, timeout_ms=SEND_MS))


async def new_phrase(turn: Turn, factor: Factor) -> None:
    """Another row of digits to say."""
    private = turn.state.private
    private.phrase = await turn.ports.verification.voices.fresh_phrase(turn.state.claimed, factor.digit_count())
    private.phrase_until_ms = turn.now_ms + PHRASE_MS
