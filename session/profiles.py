"""Facts about customers in three layers, each with where it is from, how sure it is, what for and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, select

from session.consent import EmotionConsent
from session.consents import check_standing, history_row
from session.model import utcnow
from session.model_desktop import ProfileFactRow
from session.store import Store

Layer = Literal["attribute", "behaviour", "affect"]
MOOD_LASTS = timedelta(
    hours=4
)  # without leave to keep it: no call is longer, and the end of the conversation deletes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact. `confidence` 0…1; `expires_at` None = as long as its source says so."""

    key: str
    value: Any
    source: str
    confidence: float
    purpose: str
    observed_at: datetime
    expires_at: datetime | None


class Profiles:
    """Stateless; over the database. Expired facts are as good as not there."""

    def __init__(self, store: Store, keep_days: int) -> None:
        self._store = store
        self._keep = timedelta(days=keep_days)

    async def facts(self, customer_id: str, layer: Layer) -> list[Fact]:
        """What is known, by key."""
        query = (
            select(ProfileFactRow)
            .where(ProfileFactRow.customer_id == customer_id, ProfileFactRow.layer == layer)
            .where(ProfileFactRow.expires_at > utcnow())
            .order_by(ProfileFactRow.key)
        )
        async with self._store.reading() as session:
            return [_fact(row) for row in await session.scalars(query)]

    async def put(self, customer_id: str, layer: Layer, facts: Mapping[str, Fact], conversation_id: str) -> None:
        """What a layer is from now on, whole. Raises ValueError for `affect`, which needs a consent."""
        if layer == "affect":
            raise ValueError("facts of the layer affect are written by `felt`, with a consent")
        async with self._store.writing() as session:
            await session.execute(
                delete(ProfileFactRow).where(ProfileFactRow.customer_id == customer_id, ProfileFactRow.layer == layer)
            )
            for key, fact in facts.items():
                session.add(
                    ProfileFactRow(
                        customer_id=customer_id, layer=layer, key=key, value=fact.value, source=fact.source,
                        confidence=fact.confidence, purpose=fact.purpose, conversation_id=conversation_id,
                        observed_at=fact.observed_at, expires_at=fact.expires_at or utcnow() + self._keep,
                    )
                )  # fmt: skip

    async def felt(self, consent: EmotionConsent, customer_id: str, key: str, value: Any, confidence: float) -> None:
        """A fact about how the customer feels. Raises `ConsentError`, and writes nothing, without a standing consent.

        It outlives the conversation only where the customer agreed that what is learnt of their voice is kept.
        """
        async with self._store.writing() as session:
            row = await check_standing(session, consent)
            kept = await history_row(session, consent.conversation_id, customer_id) if consent.keep else None
            there = await session.scalar(
                select(ProfileFactRow).where(
                    ProfileFactRow.customer_id == customer_id, ProfileFactRow.layer == "affect",
                    ProfileFactRow.key == key,
                )
            )  # fmt: skip
            if there is None:
                there = ProfileFactRow(customer_id=customer_id, layer="affect", key=key)
                session.add(there)
            there.value, there.confidence, there.source, there.purpose = value, confidence, "voice and words", "service"
            there.conversation_id, there.consent_id = consent.conversation_id, (kept or row).id
            there.observed_at = utcnow()
            there.expires_at = there.observed_at + (self._keep if kept else MOOD_LASTS)

    async def over(self, conversation_id: str) -> None:
        """A conversation ended: how its customer felt goes, where nobody agreed to keep it."""
        soon = utcnow() + MOOD_LASTS
        async with self._store.writing() as session:
            await session.execute(
                delete(ProfileFactRow).where(
                    ProfileFactRow.layer == "affect", ProfileFactRow.conversation_id == conversation_id,
                    ProfileFactRow.expires_at <= soon,
                )
            )  # fmt: skip

    async def expire(self) -> None:
        """Delete what is over."""
        async with self._store.writing() as session:
            await session.execute(delete(ProfileFactRow).where(ProfileFactRow.expires_at <= utcnow()))


def _fact(row: ProfileFactRow) -> Fact:
    return Fact(
        key=row.key, value=row.value, source=row.source, confidence=row.confidence, purpose=row.purpose,
        observed_at=row.observed_at, expires_at=row.expires_at,
    )  # fmt: skip
