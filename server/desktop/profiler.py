"""Keeps what is known of verified customers up to date while they talk: how they deal with us, how they feel."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import aclosing

import structlog

from dialog.guard import PRIVATE_LEVEL
from server.desktop.customers import Customers
from session.consent import ConsentError
from session.consents import Consents
from session.model import Conversation
from session.store import Store
from session.types import StoredEvent

log = structlog.get_logger(__name__)

KINDS = frozenset({"verify", "affect", "contact.ended", "contact.wrapup", "decision", "conversation.ended"})
MOST_WAITING = 500
MOST_KNOWN = 5000  # conversations whose customer is remembered


class Profiler:
    """One per app; a task of its own, which reads the bus and never waits in it."""

    def __init__(self, store: Store, customers: Customers) -> None:
        self._store = store
        self._customers = customers
        self._consents = Consents(store)
        self._waiting: OrderedDict[tuple[str, str], StoredEvent] = OrderedDict()
        self._known: OrderedDict[str, str] = OrderedDict()
        self._work = asyncio.Event()

    async def run(self) -> None:
        """Watch for ever."""
        worker = asyncio.create_task(self._follow(), name="profiler")
        try:
            async with aclosing(self._store.bus.follow(_wanted)) as events:
                async for event in events:
                    if event is not None:
                        self.note(event)
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    def note(self, event: StoredEvent) -> None:
        """Have it looked at; of several of a kind in one conversation the last."""
        self._waiting[event.conversation_id, event.type] = event
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        self._work.set()

    async def _follow(self) -> None:
        while True:
            while not self._waiting:
                self._work.clear()
                await self._work.wait()
            _, event = self._waiting.popitem(last=False)
            try:
                await self.take(event)
            except Exception as error:  # a profile that is not up to date harms nobody; the next event mends it
                log.error("profiler.trouble", type=event.type, error=type(error).__name__)

    async def take(self, event: StoredEvent) -> None:
        """Act on one event."""
        if event.type == "conversation.ended":
            self._known.pop(event.conversation_id, None)
            await self._customers.profiles.over(event.conversation_id)
            return
        customer_id = await self._customer(event)
        if not customer_id:
            return
        if event.type == "affect":
            await self._felt(event, customer_id)
        else:
            await self._customers.refresh(customer_id, event.conversation_id)
        self._store.bus.publish_live(
            event.conversation_id, "customer.profile", {"customer_id": customer_id}, contact_id=event.contact_id
        )

    async def _felt(self, event: StoredEvent, customer_id: str) -> None:
        consent = await self._consents.emotion(event.conversation_id, customer_id)
        if consent is None:
            return
        payload = event.payload
        value = {"mood": payload.get("trend", ""), "frustration": payload.get("frustration", 0.0)}
        before = next((f.value for f in await self._customers.profiles.facts(customer_id, "affect")), None)
        last = float(before.get("frustration", 0.0)) if isinstance(before, dict) else 0.0
        moved = float(value["frustration"]) - last
        value["direction"] = "rising" if moved > 0.05 else "falling" if moved < -0.05 else "steady"
        try:
            await self._customers.profiles.felt(
                consent, customer_id, "mood_trend", value, float(payload.get("confidence", 0.0))
            )
        except ConsentError:
            log.info("profiler.not_kept", conversation=event.conversation_id)

    async def _customer(self, event: StoredEvent) -> str:
        """Who it is, where they proved it."""
        if event.type == "verify":
            if event.payload.get("result") != "passed" or int(event.payload.get("level", 0)) < PRIVATE_LEVEL:
                return ""
            self._known[event.conversation_id] = str(event.payload.get("customer", ""))
        if event.conversation_id not in self._known:
            async with self._store.reading() as session:
                row = await session.get(Conversation, event.conversation_id)
            proven = row is not None and row.auth_level >= PRIVATE_LEVEL and row.customer_id
            self._known[event.conversation_id] = str(row.customer_id) if row is not None and proven else ""
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return self._known[event.conversation_id]


def _wanted(event: StoredEvent) -> bool:
    if event.type == "affect":
        return not event.payload.get("early")
    if event.type == "decision":
        return event.payload.get("type") == "understand"
    return event.type in KINDS
