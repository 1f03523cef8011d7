"""Voiceprints in the store: kept only under a standing consent of their own, gone as soon as it ends."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from session.consent import ConsentError, VoiceprintConsent, issue_voiceprint, require_voiceprint
from session.model import ConsentRow, EventRow, utcnow
from session.model_verification import VoicePhrase, Voiceprint
from session.policy import VOICEPRINT
from session.store import Store, stored_event


class Voiceprints:
    """Rows of encrypted bytes; who may read them is not known here."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def consent(self, contact_id: str) -> VoiceprintConsent | None:
        """The token of what was agreed to in this contact."""
        async with self._store.reading() as session:
            row = await session.scalar(
                select(ConsentRow)
                .where(ConsentRow.contact_id == contact_id, ConsentRow.purpose == VOICEPRINT)
                .order_by(ConsentRow.at.desc())
                .limit(1)
            )
        return issue_voiceprint(row.id) if row is not None and row.given and row.ended_at is None else None

    async def enrolled(self, customer_id: str) -> VoiceprintConsent | None:
        """The token under which this customer's voiceprint is kept."""
        async with self._store.reading() as session:
            row = await _standing(session, customer_id)
        return issue_voiceprint(row.consent_id) if row is not None else None

    async def data(self, customer_id: str) -> tuple[bytes, str] | None:
        """The sealed voiceprint and its model's name."""
        async with self._store.reading() as session:
            row = await _standing(session, customer_id)
        return (row.data, row.model) if row is not None else None

    async def used(self, customer_id: str) -> None:
        """It recognised its owner: it is kept on."""
        async with self._store.writing() as session:
            row = await session.get(Voiceprint, customer_id)
            if row is not None:
                row.updated_at = utcnow()

    async def keep(self, consent: VoiceprintConsent, customer_id: str, data: bytes, model: str) -> None:
        """Keep (over an older one, whose consent ends). Raises `ConsentError`, and writes nothing, without the consent."""
        require_voiceprint(consent)
        async with self._store.writing() as session:
            row = await session.get(ConsentRow, consent.consent_id, with_for_update=True)
            if row is None or row.purpose != VOICEPRINT or not row.given or row.ended_at is not None:
                raise ConsentError("the customer did not agree to a voiceprint, or has taken it back")
            before = await session.get(Voiceprint, customer_id)
            if before is not None and before.consent_id != consent.consent_id:
                old = await session.get(ConsentRow, before.consent_id)
                if old is not None and old.ended_at is None:
                    old.ended_at, old.ended_by = utcnow(), "new voiceprint"
            await session.merge(
                Voiceprint(
                    customer_id=customer_id,
                    consent_id=consent.consent_id,
                    data=data,
                    model=model,
                    updated_at=utcnow(),
                )
            )
            event = _event(row, "voiceprint.enrolled", {"customer": customer_id, "consent": row.id, "model": model})
            session.add(event)
            await session.flush()
        self._store.bus.publish(stored_event(event))

    async def delete(self, customer_id: str, by: str) -> bool:
        """Delete it and end its consent; False when there was none."""
        async with self._store.writing() as session:
            row = await session.get(Voiceprint, customer_id)
            if row is None:
                return False
            event = await _end(session, row, by)
        if event is not None:
            self._store.bus.publish(stored_event(event))
        return True

    async def expire(self, days: int) -> int:
        """Delete those that recognised nobody for so long; how many."""
        async with self._store.reading() as session:
            old = list(
                await session.scalars(
                    select(Voiceprint.customer_id).where(Voiceprint.updated_at < utcnow() - timedelta(days=days))
                )
            )
        for customer_id in old:
            await self.delete(customer_id, "retention")
        return len(old)

    async def first_asked(self, key: str) -> bool:
        """Note that a phrase is asked; False when it was before."""
        try:
            async with self._store.writing() as session:
                session.add(VoicePhrase(key=key))
        except IntegrityError:
            return False
        return True


async def _standing(session: AsyncSession, customer_id: str) -> Voiceprint | None:
    found: Voiceprint | None = await session.scalar(
        select(Voiceprint)
        .join(ConsentRow, ConsentRow.id == Voiceprint.consent_id)
        .where(Voiceprint.customer_id == customer_id, ConsentRow.given, ConsentRow.ended_at.is_(None))
    )
    return found


async def _end(session: AsyncSession, row: Voiceprint, by: str) -> EventRow | None:
    consent = await session.get(ConsentRow, row.consent_id)
    await session.execute(delete(Voiceprint).where(Voiceprint.customer_id == row.customer_id))
    if consent is None:
        return None
    if consent.ended_at is None:
        consent.ended_at, consent.ended_by = utcnow(), by[:16]
    event = _event(consent, "voiceprint.deleted", {"customer": row.customer_id, "consent": consent.id, "by": by})
    session.add(event)
    await session.flush()
    return event


def _event(consent: ConsentRow, kind: str, payload: dict[str, str]) -> EventRow:
    return EventRow(conversation_id=consent.conversation_id, type=kind, payload=dict(payload), at=utcnow())
