"""The desk at work: runs the pure core against the real clock and hands its actions to the app."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from desk.model import Action, AgentChanged, Announce, CallBack, Moved, Offer, Overflow, Withdraw
from desk.routing import Desk

log = structlog.get_logger(__name__)


class DeskPort(Protocol):
    """What the app does when the desk decides. Must not block: queue the work and return."""

    def offer(self, action: Offer) -> None:
        """Ring the agent."""

    def call_back(self, action: CallBack) -> None:
        """Call the customer; the agent is kept free meanwhile."""

    def withdraw(self, action: Withdraw) -> None:
        """Stop ringing; the contact waits again unless it left."""

    def announce(self, action: Announce) -> None:
        """Tell the caller the position."""

    def overflow(self, action: Overflow) -> None:
        """The contact left the queue: it waited too long, the queue is full or closed."""

    def moved(self, action: Moved) -> None:
        """The contact overflowed into another queue, and waits on there."""

    def agent_changed(self, action: AgentChanged) -> None:
        """Show and store the agent's state."""


def monotonic_ms() -> int:
    """The desk's clock."""
    return time.monotonic_ns() // 1_000_000


class DeskService:
    """One per app. All methods of `desk` go through `do`, which carries out the actions and re-arms the timer."""

    def __init__(self, desk: Desk, port: DeskPort, clock: Callable[[], int] = monotonic_ms) -> None:
        self.desk = desk
        self.now = clock
        self._port = port
        self._timer: asyncio.TimerHandle | None = None

    def do(self, actions: list[Action]) -> None:
        """Carry out what a method of the core returned."""
        for action in actions:
            match action:
                case Offer():
                    log.info("desk.offer", contact=action.contact_id, agent=action.agent_id, why=action.why)
                    self._port.offer(action)
                case CallBack():
                    log.info("desk.call_back", callback=action.callback_id, agent=action.agent_id, why=action.why)
                    self._port.call_back(action)
                case Withdraw():
                    self._port.withdraw(action)
                case Announce():
                    self._port.announce(action)
                case Overflow():
                    self._port.overflow(action)
                case Moved():
                    self._port.moved(action)
                case AgentChanged():
                    self._port.agent_changed(action)
        self._arm()

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        self.close()
        deadline = self.desk.next_deadline()
        if deadline is not None:
            delay = max(0.0, (deadline - self.now()) / 1000)
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.do(self.desk.tick(self.now()))
