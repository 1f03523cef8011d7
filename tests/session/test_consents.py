"""Consents on the database: no token, no row; a withdrawal leaves nothing behind."""

from __future__ import annotations

import ast
import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text, update
from sqlalchemy.ext.asyncio import create_async_engine

from session.consent import MOOD_REASON, MOOD_REASON_ZH, ConsentError, EmotionConsent, issue, require, without_affect
from session.consents import Consents
from session.ids import new_id
from session.model import ConsentRow, VoiceBaseline, utcnow
from session.policy import POLICIES, PolicyName
from session.queries import Queries
from session.store import Store
from session.types import NewAffect, StoredEvent
from tests.session.rows import call, elsewhere, utterance

ROOT = Path(__file__).parents[2]
ASKED = "May we analyse your tone of voice?"


def affect(utterance_id: str) -> NewAffect:
    return NewAffect(
        utterance_id=utterance_id, arousal=0.7, valence=-0.6, label="angry", confidence=0.8,
        evidence=["pitch 2.1 σ above this caller's own start"], frustration=0.4, trend="angry", disagreement="", model="m",
    )  # fmt: skip


class Calling:
    """A call whose customer has said one thing."""

    def __init__(self, store: Store, ids: tuple[str, str, str, str], said: str) -> None:
        self.consents = Consents(store)
        self.store = store
        self.conversation, self.contact, self.participant, self.leg = ids
        self.said = said

    async def answer(
        self, given: bool = True, purposes: tuple[str, ...] = ("emotion",), policy: PolicyName = "eu"
    ) -> EmotionConsent | None:
        return await self.consents.record(
            self.conversation, self.contact, purposes=purposes, given=given, wording=ASKED, policy=POLICIES[policy]
        )

    async def token(self) -> EmotionConsent:
        found = await self.answer()
        assert found is not None
        return found

    async def keep(self, token: EmotionConsent, said: str = "", *, early: bool = False) -> StoredEvent | None:
        return await self.consents.add_affect(
            token,
            affect(said or self.said),
            contact_id=self.contact,
            participant_id=self.participant,
            leg_id=self.leg,
            early=early,
        )


async def calling(store: Store, role: str = "customer") -> Calling:
    ids = await call(store)
    said = utterance(*ids[1:], role=role)
    await store.add_utterance(ids[0], said)
    return Calling(store, ids, said.utterance_id)


async def rows(url: str, table: str = "affect_event") -> int:
    (counted,) = (await elsewhere(url, f"select count(*) from {table}"))[0]  # noqa: S608
    assert isinstance(counted, int)
    return counted


# ------------------------------------------------------------------ no consent, no row


async def test_with_consent_an_affect_row_and_its_event_are_written(store: Store, url: str) -> None:
    c = await calling(store)
    token = await c.token()
    await c.keep(token)
    assert await elsewhere(url, "select consent_id, label from affect_event") == [(token.consent_id, "angry")]
    history = await Queries(store).history(c.conversation)
    assert history is not None
    assert history.utterances[0]["emotion"]["frustration"] == 0.4
    event = history.events[-1]
    assert (event["type"], event["payload"]["utterance_id"], event["leg_id"]) == ("affect", c.said, c.leg)


async def test_a_voice_is_kept_before_its_words_and_then_revised(store: Store, url: str) -> None:
    c = await calling(store)
    token = await c.token()
    first = await c.keep(token, "u-late", early=True)  # no such utterance is stored yet
    assert first is not None
    assert (first.payload["early"], first.payload["revises"]) == (True, None)
    await store.add_utterance(
        c.conversation, replace(utterance(c.contact, c.participant, c.leg), utterance_id="u-late")
    )
    again = await c.consents.add_affect(
        token, replace(affect("u-late"), label="neutral"), contact_id=c.contact, participant_id=c.participant, leg_id=c.leg
    )  # fmt: skip
    assert again is not None
    assert (again.payload["early"], again.payload["revises"]) == (False, first.seq)
    assert await elsewhere(url, "select utterance_id, label, event_seq from affect_event") == [
        ("u-late", "neutral", again.seq)
    ]
    assert await c.keep(token, "u-late", early=True) is None  # told once more after a restart: the words stand
    assert await elsewhere(url, "select label from affect_event") == [("neutral",)]
    assert await rows(url, "event where type = 'affect'") == 2


async def test_what_held_no_words_conveyed_nothing(store: Store, url: str) -> None:
    one, other = await calling(store), await calling(store)
    await one.keep(await one.token(), "u-noise", early=True)
    await one.consents.drop_affect(other.conversation, "u-noise")
    assert await rows(url) == 1
    await one.consents.drop_affect(one.conversation, "u-noise")
    assert (await rows(url), await rows(url, "event where type = 'affect'")) == (0, 0)


@pytest.mark.parametrize("early", [True, False])
async def test_a_voice_is_of_a_customer_of_the_conversation(store: Store, url: str, early: bool) -> None:
    c, other = await calling(store), await calling(store)
    token = await c.token()
    agent = await store.add_participant(c.contact, role="agent")
    for participant, why in ((agent, "never the agent's"), (other.participant, "not of the"), ("nobody", "not of the")):
        with pytest.raises(ConsentError, match=why):
            await c.consents.add_affect(
                token, affect("u-x"), contact_id=c.contact, participant_id=participant, leg_id=c.leg, early=early
            )
    assert await rows(url) == 0


@pytest.mark.parametrize("by", ["caller", "agent"])
async def test_a_withdrawal_between_the_voice_and_its_words_deletes_both(store: Store, url: str, by: str) -> None:
    c = await calling(store)
    token = await c.token()
    await c.keep(token, early=True)
    assert await c.consents.withdraw(c.conversation, "emotion", by=by)
    with pytest.raises(ConsentError, match="withdrawn"):
        await c.keep(token)
    with pytest.raises(ConsentError, match="withdrawn"):
        await c.keep(token, "u-next", early=True)
    assert (await rows(url), await rows(url, "event where type = 'affect'")) == (0, 0)


async def test_an_utterance_alone_writes_no_affect_row(store: Store, url: str) -> None:
    await calling(store)
    assert await rows(url) == 0


async def test_a_token_that_no_row_stands_for_writes_nothing(store: Store, url: str) -> None:
    c = await calling(store)
    made_up = issue(new_id(), c.conversation, "eu", keep=False)
    with pytest.raises(ConsentError, match="no such consent"):
        await c.keep(made_up)
    assert (await rows(url), await rows(url, "event where type = 'affect'")) == (0, 0)


async def test_a_token_typed_together_is_none(store: Store, url: str) -> None:
    c = await calling(store)
    genuine = await c.token()
    for wrong in (
        EmotionConsent(consent_id=genuine.consent_id, conversation_id=c.conversation, policy="eu"),
        msgspec.structs.replace(genuine, conversation_id="another"),
        msgspec.structs.replace(genuine, keep=True),
    ):
        with pytest.raises(ConsentError, match="no consent token"):
            await c.keep(wrong)
    with pytest.raises(ConsentError, match="none came"):
        require(None)
    assert await rows(url) == 0


async def test_the_consent_of_one_conversation_is_none_for_another(store: Store, url: str) -> None:
    one, other = await calling(store), await calling(store)
    with pytest.raises(ConsentError, match="not of the conversation"):
        await one.keep(await one.token(), said=other.said)
    assert await rows(url) == 0


async def test_the_agents_voice_is_never_kept(store: Store, url: str) -> None:
    c = await calling(store, role="agent")
    with pytest.raises(ConsentError, match="never the agent's"):
        await c.keep(await c.token())
    assert await rows(url) == 0


@pytest.mark.parametrize("policy", ["eu", "cn", "off"])
async def test_a_no_makes_no_token(store: Store, policy: PolicyName) -> None:
    c = await calling(store)
    assert await c.answer(False, policy=policy) is None
    assert await c.consents.emotion(c.conversation) is None


async def test_under_off_a_yes_changes_nothing(store: Store, url: str) -> None:
    c = await calling(store)
    assert await c.answer(policy="off") is None
    assert await rows(url, "consent where given") == 0


async def test_in_china_a_yes_to_two_things_is_no_separate_consent(store: Store) -> None:
    c = await calling(store)
    assert await c.answer(purposes=("recording", "emotion"), policy="cn") is None
    event = (await Queries(store).events_after(0, conversation_id=c.conversation))[-1]
    assert "question of its own" in event.payload["void"]["emotion"]
    token = await c.answer(policy="cn")
    assert token is not None
    assert token.policy == "cn"


async def test_the_answer_is_kept_with_its_wording(store: Store, url: str) -> None:
    c = await calling(store)
    await c.answer(purposes=("recording", "emotion"))
    kept = await elsewhere(url, "select purpose, given, policy, wording from consent order by purpose")
    assert [(p, bool(g), *more) for p, g, *more in kept] == [
        ("emotion", True, "eu", ASKED), ("recording", True, "eu", ASKED)
    ]  # fmt: skip


def test_only_the_store_makes_tokens() -> None:
    makers = set()
    for path in (p for room in ("session", "media", "asr", "prosody", "dialog", "desk", "server", "telephony") for p in (ROOT / room).rglob("*.py")):  # fmt: skip
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in ("issue", "EmotionConsent"):  # fmt: skip
                makers.add(path.relative_to(ROOT).as_posix())
    assert makers == {"session/consent.py", "session/consents.py"}


# ------------------------------------------------------------------ withdrawal


async def test_withdrawal_deletes_all_that_was_found_and_says_so(store: Store, url: str) -> None:
    c = await calling(store)
    token = await c.token()
    await c.keep(token)
    await store.append(c.conversation, "decision", {"block": "ask", "exit": "on_emotion", "why": "angry"})
    await store.append(c.conversation, "decision", {"block": "b", "exit": "cross", "why": "emotion.label == 'angry'"})
    await store.append(c.conversation, "queue.entered", {"queue": "support", "facts": {"mood": "angry", "intent": "x"}})
    subscription = store.bus.subscribe()
    assert await c.consents.withdraw(c.conversation, "emotion", by="caller")
    audit = await asyncio.wait_for(subscription.get(), 30)
    assert audit is not None
    assert audit.type == "consent.withdrawn"
    assert (audit.payload["by"], audit.payload["purposes"]) == ("caller", ["emotion"])
    assert audit.payload["purged"] == {
        "baselines": 0,
        "affect_rows": 1,
        "events": 1,
        "cards": 0,
        "facts": 0,
        "redacted": 3,
    }
    assert await rows(url) == 0
    written = json.dumps([[str(v) for v in row] for row in await elsewhere(url, "select type, payload from event")])
    assert "angry" not in written
    assert "intent" in written
    assert await c.consents.emotion(c.conversation) is None
    assert not await c.consents.withdraw(c.conversation, "emotion", by="caller")


async def test_after_the_withdrawal_the_old_token_writes_nothing(store: Store, url: str) -> None:
    c = await calling(store)
    token = await c.token()
    await c.consents.withdraw(c.conversation, "emotion", by="agent")
    with pytest.raises(ConsentError, match="withdrawn"):
        await c.keep(token)
    with pytest.raises(ConsentError, match="withdrawn"):
        await c.consents.keep_baseline(token, "100", b"x")
    assert (await rows(url), await rows(url, "voice_baseline")) == (0, 0)


async def test_a_later_no_is_a_withdrawal(store: Store, url: str) -> None:
    c = await calling(store)
    await c.keep(await c.token())
    assert await c.answer(False) is None
    assert await rows(url) == 0


async def test_writing_and_withdrawing_at_once_leaves_nothing(store: Store, url: str) -> None:
    c = await calling(store)
    token = await c.token()
    more = [utterance(c.contact, c.participant, c.leg) for _ in range(10)]
    for one in more:
        await store.add_utterance(c.conversation, one)
    await asyncio.gather(
        *(c.keep(token, one.utterance_id) for one in more[:5]),
        c.consents.withdraw(c.conversation, "emotion", by="caller"),
        *(c.keep(token, one.utterance_id) for one in more[5:]),
        return_exceptions=True,
    )
    assert await rows(url) == 0


async def test_the_saved_state_of_an_ended_contact_goes_too(store: Store, url: str) -> None:
    c = await calling(store)
    await c.token()
    await store.save_run(c.contact, flow_id="f", flow_sha="s", state=b'{"feeling": "angry"}')
    await store.stamp_contact(c.contact, ended=True)
    await c.consents.withdraw(c.conversation, "emotion", by="caller")
    assert await rows(url, "flow_run") == 0


async def test_a_recording_is_not_withdrawn_here(store: Store) -> None:
    c = await calling(store)
    with pytest.raises(ConsentError, match="recording"):
        await c.consents.withdraw(c.conversation, "recording", by="caller")


async def test_what_is_old_is_deleted(store: Store, url: str) -> None:
    c = await calling(store)
    await c.keep(await c.token())
    assert await c.consents.expire(30) == 0
    async with store.writing() as session:
        await session.execute(update(ConsentRow).values(at=utcnow() - timedelta(days=31)))
    assert await c.consents.expire(30) == 0  # still talking
    await store.stamp_contact(c.contact, ended=True)
    assert await c.consents.expire(30) == 1
    assert await rows(url) == 0
    assert await elsewhere(url, "select ended_by from consent") == [("retention",)]


# ------------------------------------------------------------------ what is kept over calls


async def test_a_voice_is_kept_over_calls_only_after_a_question_of_its_own(store: Store, url: str) -> None:
    c = await calling(store)
    token = await c.answer(purposes=("emotion", "emotion_history"))
    assert token is not None
    assert not token.keep
    with pytest.raises(ConsentError, match="later calls"):
        await c.consents.keep_baseline(token, "100", b"first")
    token = await c.answer(purposes=("emotion_history",))
    assert token is not None
    assert token.keep
    await c.consents.keep_baseline(token, "100", b"first")
    assert await rows(url, "voice_baseline") == 1


async def earlier(store: Store) -> Calling:
    """A call in which customer 100 agreed, and left a baseline."""
    c = await calling(store)
    await c.answer()
    token = await c.answer(purposes=("emotion_history",))
    assert token is not None
    await c.consents.keep_baseline(token, "100", b"first")
    return c


async def test_a_later_call_of_the_same_customer_begins_with_it(store: Store, url: str) -> None:
    await earlier(store)
    later = await calling(store)
    assert not (await later.token()).keep
    token = await later.consents.emotion(later.conversation, "100")
    assert token is not None
    assert token.keep
    assert await later.consents.baseline(token, "100") == b"first"
    assert await later.consents.baseline(token, "200") == b""
    await later.consents.keep_baseline(token, "100", b"second")
    assert await later.consents.baseline(token, "100") == b"second"


async def test_a_no_in_a_later_call_deletes_what_was_kept(store: Store, url: str) -> None:
    await earlier(store)
    later = await calling(store)
    await later.answer(False, purposes=("emotion_history",))
    assert await later.consents.baseline(await later.token(), "100") == b""
    assert await rows(url, "voice_baseline") == 0


@pytest.mark.parametrize("purpose", ["emotion", "emotion_history"])
async def test_withdrawing_deletes_what_was_kept(store: Store, url: str, purpose: str) -> None:
    c = await earlier(store)
    await c.keep(await c.token())
    assert await c.consents.withdraw(c.conversation, purpose, by="caller")
    assert await rows(url, "voice_baseline") == 0
    assert await rows(url) == (0 if purpose == "emotion" else 1)


async def test_withdrawing_in_a_later_call_deletes_what_an_earlier_one_left(store: Store, url: str) -> None:
    await earlier(store)
    later = await calling(store)
    await later.token()
    await store.set_conversation(later.conversation, auth_level=2, customer_id="100")
    await later.consents.withdraw(later.conversation, "emotion", by="caller")
    assert await rows(url, "voice_baseline") == 0


async def test_a_customer_who_was_only_claimed_is_not_deleted(store: Store, url: str) -> None:
    await earlier(store)
    other = await calling(store)
    await other.token()
    await store.set_conversation(other.conversation, auth_level=0, customer_id="100")
    await other.consents.withdraw(other.conversation, "emotion", by="caller")
    assert await rows(url, "voice_baseline") == 1


async def test_an_old_conversation_takes_no_younger_voice_along(store: Store, url: str) -> None:
    """What is kept of a voice has an age of its own: that of the last call that added to it."""
    c = await earlier(store)
    await store.set_conversation(c.conversation, auth_level=2, customer_id="100")
    await store.stamp_contact(c.contact, ended=True)
    async with store.writing() as session:
        await session.execute(update(ConsentRow).values(at=utcnow() - timedelta(days=31)))
    assert await c.consents.expire(30) == 1
    assert await rows(url, "voice_baseline") == 1
    later = await calling(store)
    await later.token()
    token = await later.consents.emotion(later.conversation, "100")
    assert token is not None
    assert token.keep


async def test_old_voices_are_deleted(store: Store, url: str) -> None:
    c = await earlier(store)
    async with store.writing() as session:
        await session.execute(update(VoiceBaseline).values(updated_at=utcnow() - timedelta(days=31)))
    await c.consents.expire(30)
    assert await rows(url, "voice_baseline") == 0
    ended = "select ended_by from consent where purpose = 'emotion_history'"
    assert await elsewhere(url, ended) == [("retention",)]


# ------------------------------------------------------------------ pure parts


@pytest.mark.parametrize("kind", ["bot.said", "queue.entered", "decision", "utterance.final"])
def test_what_says_nothing_of_emotion_stays(kind: str) -> None:
    payload: dict[str, Any] = {"text": "x", "exit": "next", "why": "said", "facts": {"intent": "x"}, "emotion": None}
    assert without_affect(kind, payload) is None


@pytest.mark.parametrize("reason", [MOOD_REASON, MOOD_REASON_ZH, "emotion.label == 'angry'"])
@pytest.mark.parametrize("kind", ["queue.entered", "queue.offered"])
def test_why_somebody_was_handed_over_may_be_a_mood(kind: str, reason: str) -> None:
    assert without_affect(kind, {"reason": reason, "facts": {"intent": "x"}}) == {
        "reason": "",
        "facts": {"intent": "x"},
    }


# ------------------------------------------------------------------ databases of before


OLD = (
    "insert into conversation values (:n, null, '', 'open', 'en', 0, '{}', :at, null)",
    "insert into contact (id, conversation_id, channel, direction, initiation_method, initiated_at) "
    "values (:n, :n, 'voice', 'inbound', 'inbound', :at)",
    "insert into participant (id, contact_id, role, name, joined_at) values (:n, :n, 'customer', '', :at)",
    "insert into leg (id, participant_id, transport, remote, worker_id, state, started_at) "
    "values (:n, :n, 'sip', '', '', 'up', :at)",
    "insert into utterance values (:n, :n, :n, :n, 'customer', 0, 1, 'hi', 'en', 1, '[]', '[]', :at)",
)


async def test_older_affect_rows_get_their_consent_and_those_without_one_go(tmp_path: Path) -> None:
    def to(revision: str, connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(ROOT / "session" / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    url = f"sqlite+aiosqlite:///{tmp_path}/old.db"
    engine = create_async_engine(url)
    now = "2026-01-01 00:00:00.000000"
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: to("0001", c))
        for name, given in (("yes", "true"), ("no", "false")):
            for statement in OLD:
                await connection.execute(text(statement).bindparams(n=name, at=now))
            row = "insert into affect_event (utterance_id, arousal, valence, label, confidence, evidence, model) values (:n, 0, 0, :label, 1, '[]', '')"
            for label in ("angry", "sad"):  # twice told; the later one stands
                await connection.execute(text(row).bindparams(n=name, label=label))
            payload = f'{{"purposes": ["emotion"], "given": {given}, "wording": "May we?"}}'
            await connection.execute(
                text("insert into event (conversation_id, type, payload, at) values (:n, 'consent', :p, :a)"),
                {"n": name, "p": payload, "a": now},
            )
    await engine.dispose()
    store = await Store.open(url)
    assert await elsewhere(url, "select utterance_id, contact_id, label from affect_event") == [("yes", "yes", "sad")]
    assert await elsewhere(url, "select consent.conversation_id, wording from consent join affect_event on consent_id = consent.id") == [("yes", "May we?")]  # fmt: skip
    assert await Consents(store).withdraw("yes", "emotion", by="caller")
    await store.close()
