"""What verification remembers in the database: over calls and restarts, encrypted, and right when many calls come at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pyotp
import pytest
from sqlalchemy import text

from dialog.verification.codes import CodeRules, WebhookSender
from dialog.verification.lockout import LockPolicy, customer_key, number_key
from dialog.verification.ports import Customer, Progress
from dialog.verification.stored import StoredAttempts, StoredCodes, StoredProgress, StoredVoices
from dialog.verification.vault import Vault, VaultError, open_vault
from session.consent import ConsentError, VoiceprintConsent, issue_voiceprint
from session.consents import Consents
from session.policy import POLICIES
from session.store import Store
from session.voiceprints import Voiceprints

NOW = 1_700_000_000_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    yield store
    await store.close()


class One:
    async def find(self, *, phone: str = "", customer_no: str = "") -> Customer | None:
        return Customer("7", reach={"sms": "+1"}) if customer_no == "7" else None


async def rows(store: Store, table: str) -> str:
    async with store.reading() as session:
        return repr((await session.execute(text(f"SELECT * FROM {table}"))).fetchall())  # noqa: S608


async def consented(store: Store) -> VoiceprintConsent:
    conversation = await store.create_conversation(language="en")
    contact = await store.add_contact(conversation, channel="voice", direction="inbound", initiation_method="inbound")
    await Consents(store).record(
        conversation, contact, purposes=["voiceprint"], given=True, wording="May we?", policy=POLICIES["eu"]
    )
    found = await Voiceprints(store).consent(contact)
    assert found is not None
    return found


def voice(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=256).astype(np.float32)
    return vector / np.linalg.norm(vector)


async def test_twenty_guesses_at_once_are_three(store: Store) -> None:
    attempts = StoredAttempts(store, LockPolicy(3, 6, 10))
    keys = [customer_key("7"), number_key("4930")]
    taken = await asyncio.gather(*(attempts.take(keys, NOW) for _ in range(20)))
    assert sum(not ticket.wait_ms for ticket in taken) == 3
    again = StoredAttempts(store, LockPolicy(3, 6, 10))
    assert await again.locked_ms(keys, NOW) == 10_000
    assert await again.locked_ms(keys[1:], NOW) == 0
    for _ in range(3):
        await again.take(keys, NOW + 10_000)
    assert await again.locked_ms(keys[:1], NOW + 10_000) == 20_000
    assert await again.locked_ms(keys[1:], NOW + 10_000) == 10_000
    assert await again.unlock(keys) == 2
    ticket = await again.take(keys, NOW + 10_000)
    await again.passed(ticket)
    assert "7" not in (await rows(store, "verify_tries")).replace("17000000", "").split("customer:")[0]


async def test_a_code_is_hashed_sent_once_and_used_once_even_by_two_at_once(store: Store) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(202)

    sender = WebhookSender("http://codes.test/send", "t0ken", 1, httpx.MockTransport(answer))
    codes = StoredCodes(store, Vault(bytes(32)), One(), sender, CodeRules())
    assert await codes.send("c:who:1", "7", "sms", "en", NOW) == "sent"
    assert await codes.send("c:who:1", "7", "sms", "en", NOW) == "sent"
    assert await codes.send("x", "8", "sms", "en", NOW) == "sent"
    (request,) = asked
    assert request.headers["Idempotency-Key"] == "c:who:1" and request.headers["Authorization"] == "Bearer t0ken"
    body = __import__("json").loads(request.content)
    assert body["to"] == "+1" and len(body["code"]) == 6
    assert body["code"] not in await rows(store, "verify_code")
    used = await asyncio.gather(*(codes.check_sent("7", body["code"], NOW) for _ in range(3)))
    assert sorted(used) == [False, False, True]


@pytest.mark.parametrize("fault", ["status", "refused", "unset"])
async def test_a_webhook_that_fails_leaves_no_code_and_says_nothing_secret(store: Store, fault: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if fault == "refused":
            raise httpx.ConnectError("secret", request=request)
        return httpx.Response(500)

    url = "" if fault == "unset" else "http://codes.test"
    codes = StoredCodes(
        store, Vault(bytes(32)), One(), WebhookSender(url, "", 1, httpx.MockTransport(answer)), CodeRules()
    )
    assert await codes.send("a", "7", "sms", "en", NOW) == "failed"
    assert await rows(store, "verify_code") == "[]"


async def test_an_app_secret_is_encrypted_and_each_code_counts_once(store: Store) -> None:
    codes = StoredCodes(store, Vault(bytes(32)), One(), WebhookSender("", "", 1), CodeRules())
    secret = pyotp.random_base32()
    await codes.enrol_totp("7", secret)
    assert secret not in await rows(store, "verify_totp")
    code = pyotp.TOTP(secret).at(NOW // 1000)
    used = await asyncio.gather(*(codes.check_totp("7", code, NOW) for _ in range(3)))
    assert sorted(used) == [False, False, True]
    assert not await codes.check_totp("8", code, NOW)
    other = StoredCodes(store, Vault(b"1" * 32), One(), WebhookSender("", "", 1), CodeRules())
    with pytest.raises(VaultError, match="another key"):
        await other.check_totp("7", code, NOW)
    assert await codes.delete_totp("7") and not await codes.delete_totp("7")


async def test_progress_outlives_the_app_for_minutes(store: Store) -> None:
    key = number_key("4930")
    await StoredProgress(store, 5).save(key, Progress("7", ("birth_date",), 1), NOW)
    assert await StoredProgress(store, 5).load(key, NOW + 300_000) == Progress("7", ("birth_date",), 1)
    assert await StoredProgress(store, 5).load(key, NOW + 300_001) is None
    await StoredProgress(store, 5).forget(key)
    assert await StoredProgress(store, 5).load(key, NOW) is None


async def test_a_voiceprint_needs_its_consent_is_encrypted_and_goes_with_it(store: Store) -> None:
    voices = StoredVoices(store, Vault(bytes(32)))
    with pytest.raises(ConsentError):
        await voices.enrol(VoiceprintConsent(consent_id="made up"), "7", [voice(1)])
    with pytest.raises(ConsentError):
        await voices.enrol(issue_voiceprint("no such row"), "7", [voice(1)])
    consent = await consented(store)
    await voices.enrol(consent, "7", [voice(1), voice(1)])
    assert await voices.enrolled("7") == consent
    assert await voices.compare("7", voice(1)) > 0.99 and await voices.compare("7", voice(2)) < 0.5
    assert await voices.compare("8", voice(1)) == -1
    async with store.reading() as session:
        stored = bytes((await session.execute(text("SELECT data FROM voiceprint"))).scalar_one())
    assert voice(1).astype("<f4").tobytes()[:16] not in stored
    assert consent.consent_id in await rows(store, "voiceprint")
    assert await voices.delete("7", "customer") and not await voices.delete("7", "customer")
    assert await voices.enrolled("7") is None
    with pytest.raises(ConsentError, match="taken it back"):
        await voices.enrol(consent, "7", [voice(1)])
    kinds = await rows(store, "event")
    assert "voiceprint.enrolled" in kinds and "voiceprint.deleted" in kinds


async def test_a_row_moved_to_another_customer_does_not_open(store: Store) -> None:
    voices = StoredVoices(store, Vault(bytes(32)))
    await voices.enrol(await consented(store), "7", [voice(1)])
    async with store.writing() as session:
        await session.execute(text("UPDATE voiceprint SET customer_id = '8'"))
    with pytest.raises(VaultError):
        await voices.compare("8", voice(1))


async def test_old_voiceprints_go_and_a_question_with_others_grants_none(store: Store) -> None:
    voices = StoredVoices(store, Vault(bytes(32)))
    await voices.enrol(await consented(store), "7", [voice(1)])
    assert await Voiceprints(store).expire(30) == 0
    async with store.writing() as session:
        await session.execute(text("UPDATE voiceprint SET updated_at = '2020-01-01 00:00:00+00:00'"))
    assert await Voiceprints(store).expire(30) == 1
    assert await voices.enrolled("7") is None
    for policy in POLICIES.values():
        assert "voiceprint" in policy.void(["voiceprint", "recording"]) and "voiceprint" not in policy.void(
            ["voiceprint"]
        )


def test_the_key_is_made_once_for_the_owner_only(tmp_path: Path) -> None:
    sealed = open_vault("", tmp_path).seal(b"x", "a")
    assert open_vault("", tmp_path).open(sealed, "a") == b"x"
    assert (tmp_path / "verification.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(VaultError):
        open_vault("", tmp_path).open(sealed, "b")
    with pytest.raises(VaultError, match="base64"):
        open_vault("not base64!", None)
    with pytest.raises(VaultError, match="32"):
        open_vault("AAAA", None)


async def test_phrases_are_not_repeated_over_calls(store: Store) -> None:
    voices = StoredVoices(store, Vault(bytes(32)))
    phrases = [await voices.fresh_phrase("7", 6) for _ in range(30)]
    assert len(set(phrases)) == 30 and all(len(phrase) == 6 for phrase in phrases)
    assert phrases[0] not in await rows(store, "voice_phrase")
