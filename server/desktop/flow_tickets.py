"""Tickets for flows: `dialog.ticketing.Tickets` over the desk's. Whose a ticket is, the record of the contact says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dialog.guard import PRIVATE_LEVEL
from dialog.ticketing import NewTicket
from server.desktop.summary import masked
from server.desktop.tickets import UNSOLVED, Ticket, TicketDesk
from session.model import Contact, EventRow
from session.store import Store


class FlowTickets:
    """What steps of workflows ask for."""

    def __init__(self, store: Store, desk: TicketDesk) -> None:
        self._store = store
        self._desk = desk

    async def open(self, key: str, contact_id: str, wanted: NewTicket) -> dict[str, Any]:
        """As `Tickets.open`."""
        level, customer_id = await self._verified(contact_id)
        async with self._store.reading() as session:
            contact = await session.get(Contact, contact_id)
            said = await _last_words(session, contact) if contact is not None and not wanted.title else ""
        ticket = await self._desk.create(
            replace(wanted, title=masked(wanted.title or said), text=masked(wanted.text)),
            by="bot",
            key=key,
            customer_id=customer_id if level >= PRIVATE_LEVEL else None,
            conversation_id=contact.conversation_id if contact else None,
            contact_id=contact_id if contact else None,
        )
        return self._told(ticket, wanted.language)

    async def withdraw(self, key: str) -> None:
        """As `Tickets.withdraw`."""
        found = await self._desk.by_key(key)
        if found is not None and found.status != "closed":
            await self._desk.change(found.number, {"status": "closed"}, by="bot", note="taken back by its workflow")

    async def progress(self, contact_id: str, language: str) -> dict[str, Any]:
        """As `Tickets.progress`."""
        level, customer_id = await self._verified(contact_id)
        if level < PRIVATE_LEVEL or not customer_id:
            return {"found": False}
        rows = await self._desk.of_customer(customer_id)
        unsolved = [ticket for ticket in rows if ticket.status in UNSOLVED]
        newest = next(iter(unsolved or rows), None)
        if newest is None:
            return {"found": False}
        words = self._desk.catalogue.status_words(newest.status, language)
        more = {"title": newest.title, "state": words, "open": len(unsolved)}
        return {"found": True, **self._told(newest, language), **more}

    def _told(self, ticket: Ticket, language: str) -> dict[str, Any]:
        department, due = self._desk.words(ticket, language)
        return {
            "ticket_no": str(ticket.number), "category": ticket.category, "department": department, "due": due,
        }  # fmt: skip

    async def _verified(self, contact_id: str) -> tuple[int, str]:
        """How surely this very contact's caller is known, and as whom: what it proved, not what it says."""
        async with self._store.reading() as session:
            contact = await session.get(Contact, contact_id)
            if contact is None:
                return 0, ""
            proofs = await session.scalars(
                select(EventRow)
                .where(EventRow.conversation_id == contact.conversation_id, EventRow.type == "verify")
                .order_by(EventRow.seq.desc())
            )
            for proof in proofs:
                if proof.contact_id == contact_id and proof.payload.get("result") == "passed":
                    return int(proof.payload.get("level", 0)), str(proof.payload.get("customer", ""))
        return 0, ""


async def _last_words(session: AsyncSession, contact: Contact) -> str:
    """What the customer said or wrote last, if it may be read."""
    spoken = select(EventRow).where(
        EventRow.conversation_id == contact.conversation_id, EventRow.type.in_(("utterance.final", "message"))
    )
    for row in await session.scalars(spoken.order_by(EventRow.seq.desc()).limit(20)):
        text = str(row.payload.get("text", ""))
        if row.contact_id == contact.id and row.payload.get("role") == "customer" and text and "[hidden]" not in text:
            return text
    return ""
