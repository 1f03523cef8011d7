"""Consents in the store: the only place that makes a token, the only one that writes what a voice conveyed.

Every write of emotion reads the consent in its own transaction, so that nothing is kept of a caller who has just
withdrawn. A withdrawal deletes, in one transaction, everything that was found: affect rows, `affect` events, moods in
other events, the saved mood of a live contact, and what was learnt of the voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Delete, delete, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from session.consent import AFFECT_KINDS, ConsentError, EmotionConsent, issue, require, without_affect
from session.ids import new_id
from session.model import (
    AffectEvent,
    ConsentRow,
    Contact,
    Conversation,
    EventRow,
    FlowRun,
    Participant,
    Utterance,
    VoiceBaseline,
    utcnow,
)
from session.model_desktop import ProfileFactRow, SuggestionRow
from session.parts import ROWS_AT_ONCE, parts
from session.policy import EMOTION, HISTORY, VOICE_PURPOSES, Policy
from session.store import Store, stored_event
from session.types import NewAffect, StoredEvent


class Consents:
    """Stateless; one or many per store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def record(
        self,
        conversation_id: str,
        contact_id: str,
        *,
        purposes: Sequence[str],
        given: bool,
        wording: str,
        policy: Policy,
    ) -> EmotionConsent | None:
        """Write the caller's answer to a question; the token that stands afterwards, if any.

        A no (or no clear yes) also ends an earlier yes of the same conversation, with all that follows.
        """
        void = policy.void(purposes) if given else {}
        payload = {"purposes": list(purposes), "given": given, "wording": wording, "policy": policy.name}
        rows = [_event(conversation_id, contact_id, "consent", payload | ({"void": void} if void else {}))]
        async with self._store.writing() as session:
            session.add(rows[0])
            for purpose in purposes:
                granted = given and purpose not in void
                if purpose in VOICE_PURPOSES and not granted:
                    rows += await _withdraw(session, conversation_id, purpose, "answer")
                session.add(
                    ConsentRow(
                        id=new_id(),
                        conversation_id=conversation_id,
                        contact_id=contact_id,
                        purpose=purpose,
                        given=granted,
                        policy=policy.name,
                        wording=wording,
                    )
                )
            await session.flush()
        self._show(rows)
        return await self.emotion(conversation_id)

    async def emotion(self, conversation_id: str, customer_id: str = "") -> EmotionConsent | None:
        """The token of a conversation whose caller has agreed and not withdrawn.

        `keep` is set when this conversation, or the verified `customer_id` in an earlier one, agreed to that as well.
        """
        async with self._store.reading() as session:
            row = await _standing(session, conversation_id, EMOTION)
            if row is None:
                return None
            keep = await history_row(session, conversation_id, customer_id) is not None
        return issue(row.id, conversation_id, "cn" if row.policy == "cn" else "eu", keep=keep)

    async def withdraw(self, conversation_id: str, purpose: str, *, by: str) -> bool:
        """End a consent and delete what it allowed. False when there was none. Raises `ConsentError` for others."""
        if purpose not in VOICE_PURPOSES:
            raise ConsentError(f"only {' and '.join(sorted(VOICE_PURPOSES))} can be withdrawn here, not {purpose!r}")
        async with self._store.writing() as session:
            rows = await _withdraw(session, conversation_id, purpose, by)
        self._show(rows)
        return bool(rows)

    async def add_affect(
        self,
        consent: EmotionConsent,
        affect: NewAffect,
        *,
        contact_id: str,
        participant_id: str,
        leg_id: str,
        early: bool = False,
    ) -> StoredEvent | None:
        """Keep and show what an utterance conveyed. Raises `ConsentError`, and writes nothing, without a valid consent.

        One row for each utterance: `early`, from the voice before its words are stored, is a row's beginning (None where
        there is one already); what comes later replaces it, and the event names the one it `revises`.
        """
        fields = asdict(affect)
        async with self._store.writing() as session:
            standing = await check_standing(session, consent)
            await _said_by_customer(session, consent, affect.utterance_id, participant_id)
            kept: AffectEvent | None = await session.scalar(
                select(AffectEvent).where(AffectEvent.utterance_id == affect.utterance_id)
            )
            if early and kept is not None:
                return None
            revises = None if kept is None else kept.event_seq
            payload = {"role": "customer", **fields, "early": early, "revises": revises}
            row = _event(consent.conversation_id, contact_id, "affect", payload)
            row.participant_id, row.leg_id = participant_id, leg_id
            session.add(row)
            await session.flush()
            new = {**fields, "consent_id": standing.id, "event_seq": row.seq}
            if kept is None:
                session.add(AffectEvent(contact_id=contact_id, **new))
            else:
                await session.execute(update(AffectEvent).where(AffectEvent.id == kept.id).values(**new))
        stored = stored_event(row)
        self._store.bus.publish(stored)
        return stored

    async def drop_affect(self, conversation_id: str, utterance_id: str) -> None:
        """What was taken for an utterance held no words: nothing was conveyed by it. Its row and its events go."""
        async with self._store.writing() as session:
            kept: AffectEvent | None = await session.scalar(
                select(AffectEvent)
                .join(Contact, Contact.id == AffectEvent.contact_id)
                .where(AffectEvent.utterance_id == utterance_id, Contact.conversation_id == conversation_id)
            )
            if kept is not None:
                await session.execute(delete(EventRow).where(EventRow.seq == kept.event_seq))
                await session.delete(kept)

    async def baseline(self, consent: EmotionConsent, customer_id: str) -> bytes:
        """What earlier calls of a verified customer taught of their voice; empty without the consents."""
        async with self._store.writing() as session:
            await check_standing(session, consent)
            if await history_row(session, consent.conversation_id, customer_id) is None:
                # Refused in this very call, or withdrawn: what is left of before goes now that we know who calls.
                await session.execute(delete(VoiceBaseline).where(VoiceBaseline.customer_id == customer_id))
                return b""
            row = await session.get(VoiceBaseline, customer_id)
            return b"" if row is None else row.data

    async def forget_refused(self, conversation_id: str, customer_id: str) -> None:
        """A verified customer said no to keeping in this very conversation: what is left of before goes."""
        async with self._store.writing() as session:
            asked = select(ConsentRow.id).where(
                ConsentRow.conversation_id == conversation_id, ConsentRow.purpose == HISTORY
            )
            if (
                await session.scalar(asked.limit(1)) is not None
                and await history_row(session, conversation_id, customer_id) is None
            ):
                await session.execute(delete(VoiceBaseline).where(VoiceBaseline.customer_id == customer_id))

    async def keep_baseline(self, consent: EmotionConsent, customer_id: str, data: bytes) -> None:
        """Keep what this call taught, for later ones. Raises `ConsentError`, and writes nothing, without the consents."""
        async with self._store.writing() as session:
            await check_standing(session, consent)
            history = await history_row(session, consent.conversation_id, customer_id)
            if history is None:
                raise ConsentError("the caller did not agree that anything of their voice is kept for later calls")
            await session.merge(
                VoiceBaseline(customer_id=customer_id, consent_id=history.id, data=data, updated_at=utcnow())
            )

    async def expire(self, days: int) -> int:
        """Delete what is older than `days`, conversation by conversation; how many were purged."""
        before = utcnow() - timedelta(days=days)
        live = select(Contact.conversation_id).where(Contact.ended_at.is_(None))
        async with self._store.reading() as session:
            old = await session.scalars(
                select(ConsentRow.conversation_id)
                .where(ConsentRow.purpose == EMOTION, ConsentRow.given, ConsentRow.ended_at.is_(None))
                .where(ConsentRow.at < before, ConsentRow.conversation_id.not_in(live))
                .distinct()
            )
            conversations = list(old)
        for conversation_id in conversations:
            async with self._store.writing() as session:
                rows = await _withdraw(session, conversation_id, EMOTION, "retention", voices=False)
            self._show(rows)
        async with self._store.writing() as session:
            old_voice = VoiceBaseline.updated_at < before
            given = ConsentRow.id.in_(select(VoiceBaseline.consent_id).where(old_voice))
            await session.execute(update(ConsentRow).where(given).values(ended_at=utcnow(), ended_by="retention"))
            await session.execute(delete(VoiceBaseline).where(old_voice))
        return len(conversations)

    def _show(self, rows: Sequence[EventRow]) -> None:
        for row in rows:
            self._store.bus.publish(stored_event(row))


def _event(conversation_id: str, contact_id: str | None, kind: str, payload: dict[str, Any]) -> EventRow:
    return EventRow(conversation_id=conversation_id, contact_id=contact_id, type=kind, payload=payload, at=utcnow())


async def _standing(session: AsyncSession, conversation_id: str, purpose: str) -> ConsentRow | None:
    found: ConsentRow | None = await session.scalar(
        select(ConsentRow)
        .where(ConsentRow.conversation_id == conversation_id, ConsentRow.purpose == purpose)
        .where(ConsentRow.given, ConsentRow.ended_at.is_(None))
        .order_by(ConsentRow.at.desc())
        .limit(1)
    )
    return found


async def check_standing(session: AsyncSession, consent: EmotionConsent) -> ConsentRow:
    """The row behind a token, locked so that no withdrawal comes in between. Raises `ConsentError`."""
    require(consent)
    row: ConsentRow | None = await session.scalar(
        select(ConsentRow).where(ConsentRow.id == consent.consent_id).with_for_update(read=True)
    )
    if row is None or row.conversation_id != consent.conversation_id or row.purpose != EMOTION or not row.given:
        raise ConsentError("there is no such consent in the store")
    if row.ended_at is not None:
        raise ConsentError(f"the consent was withdrawn (by {row.ended_by}): nothing more is analysed or kept")
    return row


async def _said_by_customer(
    session: AsyncSession, consent: EmotionConsent, utterance_id: str, participant_id: str
) -> None:
    """Raises `ConsentError` when somebody else spoke, or in another conversation."""
    speaker = select(Participant.role, Contact.conversation_id).join(Contact, Contact.id == Participant.contact_id)
    told = (await session.execute(speaker.where(Participant.id == participant_id))).all()
    spoken = select(Utterance.role, Contact.conversation_id).join(Contact, Contact.id == Utterance.contact_id)
    written = (await session.execute(spoken.where(Utterance.id == utterance_id))).all()  # later than an early judgement
    if not told or any(one.conversation_id != consent.conversation_id for one in (*told, *written)):
        raise ConsentError("the consent is not of the conversation in which this was said")
    for one in (*told, *written):
        if one.role != "customer":
            raise ConsentError(f"only the customer's voice is analysed, never the {one.role}'s")


async def history_row(session: AsyncSession, conversation_id: str, customer_id: str) -> ConsentRow | None:
    """The consent to keep what is learnt of a voice: this conversation's last word, else the customer's earlier yes."""
    own: ConsentRow | None = await session.scalar(
        select(ConsentRow)
        .where(ConsentRow.conversation_id == conversation_id, ConsentRow.purpose == HISTORY)
        .order_by(ConsentRow.at.desc())
        .limit(1)
    )
    if own is not None:
        return own if own.given and own.ended_at is None else None
    if not customer_id:
        return None
    earlier: ConsentRow | None = await session.scalar(
        select(ConsentRow)
        .join(VoiceBaseline, VoiceBaseline.consent_id == ConsentRow.id)
        .where(VoiceBaseline.customer_id == customer_id, ConsentRow.ended_at.is_(None))
    )
    return earlier


async def _withdraw(
    session: AsyncSession, conversation_id: str, purpose: str, by: str, *, voices: bool = True
) -> list[EventRow]:
    """End the standing consents of a purpose and purge; the audit event, or nothing when there was no consent.

    Without `voices` the conversation alone: what was kept of the customer's voice has an age of its own.
    """
    purposes = [EMOTION, HISTORY] if purpose == EMOTION and voices else [purpose]
    customer_id = await session.scalar(
        select(Conversation.customer_id).where(
            Conversation.id == conversation_id, Conversation.auth_level >= 2, literal(voices)
        )
    )
    theirs = select(VoiceBaseline.consent_id).where(VoiceBaseline.customer_id == customer_id)
    here = (ConsentRow.conversation_id == conversation_id) & ConsentRow.purpose.in_(purposes)
    ended = list(
        await session.scalars(
            select(ConsentRow)
            .where(here | ConsentRow.id.in_(theirs))  # in an earlier call they agreed that their voice is kept
            .where(ConsentRow.given, ConsentRow.ended_at.is_(None))
            .with_for_update()
        )
    )
    if not ended:
        return []
    for row in ended:
        row.ended_at, row.ended_by = utcnow(), by
    ids = [row.id for row in ended]
    purged = {"baselines": await _delete(session, delete(VoiceBaseline).where(VoiceBaseline.consent_id.in_(ids)))}
    about: ColumnElement[bool] = ProfileFactRow.consent_id.in_(ids)
    if purpose == EMOTION:
        purged |= await _purge(session, conversation_id)
        about |= (ProfileFactRow.conversation_id == conversation_id) | (ProfileFactRow.customer_id == customer_id)
    purged["facts"] = await _delete(session, delete(ProfileFactRow).where(ProfileFactRow.layer == "affect", about))
    payload = {"purposes": sorted({row.purpose for row in ended}), "by": by, "purged": purged}
    audit = _event(conversation_id, None, "consent.withdrawn", payload)
    session.add(audit)
    await session.flush()
    return [audit]


async def _purge(session: AsyncSession, conversation_id: str) -> dict[str, int]:
    contacts = select(Contact.id).where(Contact.conversation_id == conversation_id)
    mine = (EventRow.conversation_id == conversation_id, EventRow.type == "affect")
    purged = {
        "affect_rows": await _delete(session, delete(AffectEvent).where(AffectEvent.contact_id.in_(contacts))),
        "events": await _delete(session, delete(EventRow).where(*mine)),
        "cards": await _delete(
            session,
            delete(SuggestionRow).where(SuggestionRow.contact_id.in_(contacts), SuggestionRow.kind == "comfort"),
        ),
        "redacted": 0,
    }
    others = select(EventRow.seq, EventRow.type, EventRow.payload).where(
        EventRow.conversation_id == conversation_id, EventRow.type.in_(AFFECT_KINDS)
    )
    without = [
        {"seq": seq, "payload": payload}
        async for part in parts(session, others)
        for seq, kind, told in part
        if (payload := without_affect(kind, told)) is not None
    ]
    ended = contacts.where(Contact.ended_at.is_not(None))  # a live contact forgets by itself, and is saved anew
    await session.execute(delete(FlowRun).where(FlowRun.contact_id.in_(ended)))
    for first in range(0, len(without), ROWS_AT_ONCE):
        await session.execute(update(EventRow), without[first : first + ROWS_AT_ONCE])
    return purged | {"redacted": len(without)}


async def _delete(session: AsyncSession, statement: Delete) -> int:
    return cast("CursorResult[Any]", await session.execute(statement)).rowcount
