"""The ports of verification in the database: they outlive the call, the app and the machine it runs on.

Every count is one transaction that reads the row for update, so that calls which guess at once count one after another.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from dialog.verification.codes import HOUR_MS, CodeRules, Sender, new_code, totp_step
from dialog.verification.hashing import fits, hash_secret
from dialog.verification.lockout import FORGET_MS, LockPolicy, Tries
from dialog.verification.memory import fresh, likeness, mean
from dialog.verification.ports import CustomerDirectory, Progress, Sent, Ticket, Voice
from dialog.verification.vault import Vault
from session.consent import VoiceprintConsent
from session.model_verification import VerifyCode, VerifyProgress, VerifyTotp, VerifyTries
from session.store import Store
from session.voiceprints import Voiceprints

VOICE_MODEL = "ge2e-1"
"""Name of the network whose vectors are kept: others cannot be compared with them."""


class StoredAttempts:
    """`Attempts`."""

    def __init__(self, store: Store, policy: LockPolicy | None = None) -> None:
        self._store = store
        self._policy = policy or LockPolicy()

    async def locked_ms(self, keys: Sequence[str], now_ms: int) -> int:
        """The longest wait among the keys."""
        async with self._store.reading() as session:
            until = await session.scalars(select(VerifyTries.locked_until).where(VerifyTries.key.in_(list(keys))))
            return max([0, *(each - now_ms for each in until)])

    async def take(self, keys: Sequence[str], now_ms: int) -> Ticket:
        """Count for every key, or for none when one is locked."""
        policy = self._policy
        async with self._store.writing() as session:
            rows = await self._rows(session, keys)
            tries = {key: Tries(row.wrong, row.locked_until, row.last) for key, row in rows.items()}
            if wait := max([0, *(one.wait_ms(now_ms) for one in tries.values())]):
                return Ticket(tuple(keys), wait_ms=wait)
            locked = [key for key, one in tries.items() if one.take(policy.limit(key), policy.lockout_s, now_ms)]
            for key, one in tries.items():
                rows[key].wrong, rows[key].locked_until, rows[key].last = one.wrong, one.locked_until, one.last
            old = VerifyTries.last < now_ms - FORGET_MS
            await session.execute(delete(VerifyTries).where(old, VerifyTries.locked_until < now_ms))
        return Ticket(tuple(keys), locks=tuple(locked))

    async def passed(self, ticket: Ticket, wrong_before: int = 0) -> None:
        """This try and the same call's wrong ones before it do not count."""
        async with self._store.writing() as session:
            for key, row in (await self._rows(session, ticket.keys)).items():
                tries = Tries(row.wrong, row.locked_until, row.last)
                tries.give_back(1 + wrong_before, key in ticket.locks)
                row.wrong, row.locked_until = tries.wrong, tries.locked_until

    async def unlock(self, keys: Sequence[str]) -> int:
        """Forget these; how many were known."""
        async with self._store.writing() as session:
            return await _count(session, delete(VerifyTries).where(VerifyTries.key.in_(list(keys))))

    async def _rows(self, session: AsyncSession, keys: Sequence[str]) -> dict[str, VerifyTries]:
        """Locked for this transaction, always in the same order; made where they are missing."""
        insert = (postgresql if self._store.engine.dialect.name == "postgresql" else sqlite).insert
        for key in sorted(set(keys)):
            values = {"key": key, "wrong": 0, "locked_until": 0, "last": 0}
            await session.execute(insert(VerifyTries).values(values).on_conflict_do_nothing())
        rows = await session.scalars(
            select(VerifyTries).where(VerifyTries.key.in_(list(keys))).order_by(VerifyTries.key).with_for_update()
        )
        return {row.key: row for row in rows}


class StoredCodes:
    """`Codes`, and enrolment of authenticator apps."""

    def __init__(
        self, store: Store, vault: Vault, customers: CustomerDirectory, sender: Sender, rules: CodeRules
    ) -> None:
        self._store = store
        self._vault = vault
        self._customers = customers
        self._sender = sender
        self._rules = rules

    async def enrol_totp(self, customer_id: str, secret: str) -> None:
        """Keep an app's secret (over an older one)."""
        sealed = self._vault.seal(secret.encode(), f"totp:{customer_id}")
        async with self._store.writing() as session:
            await session.merge(VerifyTotp(customer_id=customer_id, secret=sealed, last_step=0))

    async def delete_totp(self, customer_id: str) -> bool:
        """The app counts no longer; False when there was none."""
        async with self._store.writing() as session:
            return await _count(session, delete(VerifyTotp).where(VerifyTotp.customer_id == customer_id)) > 0

    async def check_totp(self, customer_id: str, code: str, now_ms: int) -> bool:
        """Right for now, and newer than the last that was used. Raises `VaultError`."""
        async with self._store.reading() as session:
            row = await session.get(VerifyTotp, customer_id)
        secret = self._vault.open(row.secret, f"totp:{customer_id}").decode() if row is not None else ""
        step = totp_step(secret, code, now_ms)
        if step is None:
            return False
        async with self._store.writing() as session:
            newer = (VerifyTotp.customer_id == customer_id) & (VerifyTotp.last_step < step)
            return await _count(session, update(VerifyTotp).where(newer).values(last_step=step)) == 1

    async def send(self, call_id: str, customer_id: str, by: str, locale: str, now_ms: int) -> Sent:
        """Make one and send it; the row is there before the message is, so that a restart sends no second one."""
        code = new_code(self._rules.digits)
        hashed = await asyncio.to_thread(hash_secret, code)
        customer = await self._customers.find(customer_no=customer_id)
        to = customer.reach.get(by, "") if customer is not None else ""
        async with self._store.writing() as session:
            if await session.get(VerifyCode, call_id) is not None:
                return "sent"
            await session.execute(delete(VerifyCode).where(VerifyCode.sent_at < now_ms - HOUR_MS))
            mine = select(func.count()).where(VerifyCode.customer_id == customer_id)
            if (await session.scalar(mine) or 0) >= self._rules.per_hour:
                return "limited"
            session.add(
                VerifyCode(
                    call_id=call_id, customer_id=customer_id, code_hash=hashed, sent_at=now_ms, tries=0, used=not to
                )
            )
        if not to:
            return "sent"
        try:
            await self._sender.send(call_id, to=to, by=by, code=code, locale=locale, valid_s=self._rules.valid_s)
        except OSError:
            async with self._store.writing() as session:
                await session.execute(delete(VerifyCode).where(VerifyCode.call_id == call_id))
            return "failed"
        return "sent"

    async def check_sent(self, customer_id: str, code: str, now_ms: int) -> bool:
        """The newest one; the try counts before it is looked at, and only one answer can use it up."""
        async with self._store.writing() as session:
            row = await session.scalar(
                select(VerifyCode)
                .where(VerifyCode.customer_id == customer_id)
                .order_by(VerifyCode.sent_at.desc())
                .limit(1)
                .with_for_update()
            )
            if row is not None and (
                row.used or row.tries >= self._rules.tries or now_ms - row.sent_at > self._rules.valid_s * 1000
            ):
                row = None
            if row is not None:
                row.tries += 1
        right = await fits(row.code_hash if row is not None else "", code)
        if row is None or not right:
            return False
        async with self._store.writing() as session:
            unused = (VerifyCode.call_id == row.call_id) & VerifyCode.used.is_(False)
            return await _count(session, update(VerifyCode).where(unused).values(used=True)) == 1


class StoredProgress:
    """`ProgressKeeper`."""

    def __init__(self, store: Store, minutes: float) -> None:
        self._store = store
        self._keep_ms = round(minutes * 60_000)

    async def save(self, number: str, progress: Progress, now_ms: int) -> None:
        """Keep."""
        async with self._store.writing() as session:
            await session.execute(delete(VerifyProgress).where(VerifyProgress.at < now_ms - self._keep_ms))
            await session.merge(
                VerifyProgress(
                    number=number,
                    customer_id=progress.customer_id,
                    proven=list(progress.proven),
                    wrong=progress.wrong,
                    at=now_ms,
                )
            )

    async def load(self, number: str, now_ms: int) -> Progress | None:
        """If young enough."""
        async with self._store.reading() as session:
            row = await session.get(VerifyProgress, number)
        if row is None or now_ms - row.at > self._keep_ms:
            return None
        return Progress(row.customer_id, tuple(row.proven), row.wrong)

    async def forget(self, number: str) -> None:
        """It is over."""
        async with self._store.writing() as session:
            await session.execute(delete(VerifyProgress).where(VerifyProgress.number == number))


class StoredVoices:
    """`Voices`: vectors, encrypted, under a consent."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._rows = Voiceprints(store)
        self._vault = vault

    async def consent(self, contact_id: str) -> VoiceprintConsent | None:
        """What was agreed to in this contact."""
        return await self._rows.consent(contact_id)

    async def enrolled(self, customer_id: str) -> VoiceprintConsent | None:
        """The consent under which a voiceprint is kept."""
        return await self._rows.enrolled(customer_id)

    async def compare(self, customer_id: str, voice: Voice) -> float:
        """Cosine to the voiceprint. Raises `VaultError`."""
        found = await self._rows.data(customer_id)
        if found is None or found[1] != VOICE_MODEL:
            return -1.0
        template = np.frombuffer(self._vault.open(found[0], f"voice:{customer_id}"), dtype="<f4")
        return likeness(template, voice)

    async def enrol(self, consent: VoiceprintConsent, customer_id: str, voices: Sequence[Voice]) -> None:
        """Keep the mean of these. Raises `ConsentError`."""
        sealed = self._vault.seal(mean(voices).astype("<f4").tobytes(), f"voice:{customer_id}")
        await self._rows.keep(consent, customer_id, sealed, VOICE_MODEL)

    async def delete(self, customer_id: str, by: str) -> bool:
        """Delete it and end its consent."""
        return await self._rows.delete(customer_id, by)

    async def fresh_phrase(self, customer_id: str, count: int) -> str:
        """Never one that was asked before."""
        while True:
            phrase = fresh(set(), count)
            key = hashlib.blake2b(f"{customer_id}:{phrase}".encode(), digest_size=16, person=b"wl-phrase").hexdigest()
            if await self._rows.first_asked(key):
                return phrase


async def _count(session: AsyncSession, statement: Any) -> int:
    return cast("CursorResult[Any]", await session.execute(statement)).rowcount
