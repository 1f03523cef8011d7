"""Asks a contact's actor for something and waits for what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from server.api.ports import NotNow, Turned

if TYPE_CHECKING:
    from server.calls.contact import Contact

T = TypeVar("T")
PATIENCE_S = 12.0  # s; an order to a worker may take five, and two may be needed
TELLING = (NotNow, Turned, LookupError, ValueError)
"""What is said to whoever asked; anything else is a fault of ours, which the actor deals with."""


async def asked(contact: Contact, work: Callable[[], Awaitable[T]]) -> T:
    """Do `work` in the contact's actor. Raises what it raises, and `NotNow` when the contact ends before it is done."""
    if contact.phase == "ended":
        raise NotNow("this contact is over")
    done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    async def run() -> None:
        try:
            result = await work()
        except TELLING as error:
            if not done.done():
                done.set_exception(error)
            return
        except Exception:
            if not done.done():
                done.set_exception(NotNow("something broke here; the server's log says what"))
            raise
        if not done.done():
            done.set_result(result)

    contact.post(run)
    over = asyncio.create_task(contact.over.wait())
    waited: list[asyncio.Future[Any]] = [done, over]
    try:
        await asyncio.wait(waited, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        over.cancel()
    if done.done():
        return done.result()
    done.cancel()
    raise NotNow("this contact is over" if contact.over.is_set() else "the call is busy; try again")
