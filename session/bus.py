"""Events to whoever watches. They are published only after they were committed; a slow watcher never slows anyone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Any

from session.model import utcnow
from session.types import StoredEvent

SUBSCRIBER_BACKLOG = 1000  # events; a page that is that far behind reloads from the history instead


class Subscription:
    """One watcher's bounded queue. `lagged` is set, and nothing more comes, once it overflowed."""

    def __init__(self, wanted: Callable[[StoredEvent], bool]) -> None:
        self.lagged = False
        self._wanted = wanted
        self._queue: asyncio.Queue[StoredEvent | None] = asyncio.Queue(SUBSCRIBER_BACKLOG)

    def offer(self, event: StoredEvent) -> None:
        """Called by the bus."""
        if self.lagged or not self._wanted(event):
            return
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self.lagged = True

    async def get(self) -> StoredEvent | None:
        """The next event; None once the watcher lagged and its backlog is read."""
        if self.lagged and self._queue.empty():
            return None
        return await self._queue.get()


class EventBus:
    """All watchers of one app process."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def subscribe(self, wanted: Callable[[StoredEvent], bool] = lambda _event: True) -> Subscription:
        """Watch from now on; give it back to `unsubscribe`."""
        subscription = Subscription(wanted)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop watching."""
        self._subscriptions.discard(subscription)

    async def follow(self, wanted: Callable[[StoredEvent], bool]) -> AsyncGenerator[StoredEvent | None]:
        """Events for ever, for a watcher within the app; close it. None at first and after each gap: what was before is missed.

        A watcher that lagged gets what it had waiting, then begins again.
        """
        while True:
            subscription = self.subscribe(wanted)
            try:
                yield None
                while (event := await subscription.get()) is not None:
                    yield event
            finally:
                self.unsubscribe(subscription)

    def publish(self, event: StoredEvent) -> None:
        """Show a committed event."""
        for subscription in self._subscriptions:
            subscription.offer(event)

    def publish_live(
        self,
        conversation_id: str,
        kind: str,
        payload: dict[str, Any],
        *,
        contact_id: str | None = None,
        participant_id: str | None = None,
        leg_id: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """Show something that is not kept (partial words)."""
        self.publish(
            StoredEvent(
                seq=None,
                conversation_id=conversation_id,
                contact_id=contact_id,
                participant_id=participant_id,
                leg_id=leg_id,
                type=kind,
                payload=payload,
                at=at or utcnow(),
            )
        )
