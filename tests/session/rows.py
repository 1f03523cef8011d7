"""A call in the store, and what another connection sees of it."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from session.ids import new_id
from session.store import Store
from session.types import NewUtterance


async def elsewhere(url: str, statement: str) -> list[tuple[object, ...]]:
    """What another connection sees, that is: what is committed."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        rows = [tuple(row) for row in await connection.execute(text(statement))]
    await engine.dispose()
    return rows


async def call(store: Store) -> tuple[str, str, str, str]:
    conversation = await store.create_conversation(language="en")
    contact = await store.add_contact(conversation, channel="voice", direction="inbound", initiation_method="inbound")
    participant = await store.add_participant(contact, role="customer")
    leg = new_id()
    await store.add_leg(leg_id=leg, participant_id=participant, transport="sip", remote="sip:a@b", worker_id="w")
    return conversation, contact, participant, leg


def utterance(contact: str, participant: str, leg: str, said: str = "hello", role: str = "customer") -> NewUtterance:
    return NewUtterance(
        utterance_id=new_id(),
        contact_id=contact,
        participant_id=participant,
        leg_id=leg,
        role=role,
        t0_ms=100,
        t1_ms=900,
        text=said,
        language="en",
        confidence=0.9,
        words=[],
        ledger=[{"name": "decode", "ms": 3.0}],
        at=datetime.now(UTC),
    )
