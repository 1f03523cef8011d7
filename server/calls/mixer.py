"""Brings the legs of a contact to hear each other as they should: orders the difference to what they were told."""

from __future__ import annotations

import structlog

from server.calls.caller_side import COMMAND_ERRORS
from server.calls.mixing import Mix, Told, orders
from server.hub import Hub
from session import wire

log = structlog.get_logger(__name__)


class NotMixed(Exception):
    """A leg did not take its order. What the others took stands until the next one."""


class Mixer:
    """One contact's."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._told: dict[str, Told | None] = {}

    def unsure(self, leg_id: str) -> None:
        """What this leg was told is not known: it is told again."""
        self._told[leg_id] = None

    def forget(self, leg_id: str) -> None:
        """The leg has ended."""
        self._told.pop(leg_id, None)

    async def order(self, mix: Mix, *, strict: bool = False) -> None:
        """Tell every leg that is to hear or to be heard otherwise. A leg that does not take it is told again next time.

        Raises `NotMixed` where `strict`, with the rest untold.
        """
        for order in orders(self._told, mix):
            body = wire.MixLeg(
                leg_id=order.leg_id,
                hears=sorted(order.hears),
                sends_to=sorted(order.sends_to),
                plays_to=sorted(order.plays_to),
            )
            try:
                await self._hub.command(order.leg_id, body)
            except COMMAND_ERRORS as error:
                log.warning("mixer.command_failed", leg=order.leg_id, error=type(error).__name__)
                self._told[order.leg_id] = None
                if strict:
                    raise NotMixed(order.leg_id) from error
                continue
            if order.leg_id in mix:
                self._told[order.leg_id] = (order.hears, order.sends_to, order.plays_to)
            else:
                self._told.pop(order.leg_id, None)
