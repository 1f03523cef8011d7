"""The store on real SQLite files."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from session.ids import new_id
from session.queries import Queries
from session.store import Store, StoreError
from session.types import NewUtterance
from session.users import DuplicateUser, UserNotFound, Users


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    yield store
    await store.close()


async def call(store: Store) -> tuple[str, str, str, str]:
    conversation = await store.create_conversation(language="en")
    contact = await store.add_contact(conversation, channel="voice", direction="inbound", initiation_method="inbound")
    participant = await store.add_participant(contact, role="customer")
    leg = new_id()
    await store.add_leg(leg_id=leg, participant_id=participant, transport="sip", remote="sip:a@b", worker_id="w")
    return conversation, contact, participant, leg


def utterance(contact: str, participant: str, leg: str, text: str = "hello", emotion: bool = True) -> NewUtterance:
    return NewUtterance(
        utterance_id=new_id(),
        contact_id=contact,
        participant_id=participant,
        leg_id=leg,
        role="customer",
        t0_ms=100,
        t1_ms=900,
        text=text,
        language="en",
        confidence=0.9,
        words=[],
        ledger=[{"name": "decode", "ms": 3.0}],
        emotion={"arousal": 0.5, "valence": -0.5, "label": "angry", "confidence": 0.8} if emotion else None,
        at=datetime.now(UTC),
    )


async def test_history_holds_everything_in_order(store: Store) -> None:
    conversation, contact, participant, leg = await call(store)
    await store.add_utterance(conversation, utterance(contact, participant, leg))
    await store.append(conversation, "decision", {"block": "ask"}, contact_id=contact)
    await store.update_leg(leg, state="ended", recording_path="/x.wav")
    await store.stamp_contact(contact, ended=True, disconnect_party="remote")
    await store.close_conversation(conversation, "closed")
    history = await Queries(store).history(conversation)
    assert history is not None
    assert [e["type"] for e in history.events] == [
        "conversation.started",
        "utterance.final",
        "decision",
        "conversation.ended",
    ]
    assert history.utterances[0]["emotion"]["label"] == "angry"
    assert history.contacts[0]["ended_at"].tzinfo is not None
    assert history.conversation["status"] == "closed"
    assert "recording_path" not in history.legs[0]
    assert await Queries(store).recording_path(conversation) == "/x.wav"


async def test_without_emotion_no_affect_row_is_written(store: Store, tmp_path: Path) -> None:
    conversation, contact, participant, leg = await call(store)
    await store.add_utterance(conversation, utterance(contact, participant, leg, emotion=False))
    rows = sqlite3.connect(tmp_path / "w.db").execute("select count(*) from affect_event").fetchone()
    assert rows == (0,)


async def test_an_event_is_committed_before_it_is_shown(store: Store, tmp_path: Path) -> None:
    conversation = await store.create_conversation(language="en")
    subscription = store.bus.subscribe()
    await store.append(conversation, "decision", {"n": 1})
    event = await asyncio.wait_for(subscription.get(), 1)
    assert event is not None
    rows = sqlite3.connect(tmp_path / "w.db").execute("select seq from event where seq = ?", (event.seq,)).fetchall()
    assert rows == [(event.seq,)]


async def test_a_resent_report_is_written_once_and_shown_once(store: Store) -> None:
    conversation, contact, participant, leg = await call(store)
    subscription = store.bus.subscribe()
    said = utterance(contact, participant, leg)
    assert await store.add_utterance(conversation, said, dedup="w:1") is not None
    assert await store.add_utterance(conversation, said, dedup="w:1") is None
    assert await store.append(conversation, "dtmf", {}, dedup="w:1") is None
    assert (await asyncio.wait_for(subscription.get(), 1)).type == "utterance.final"  # type: ignore[union-attr]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(subscription.get(), 0.05)


async def test_a_slow_watcher_lags_and_nobody_waits(store: Store) -> None:
    conversation = await store.create_conversation(language="en")
    subscription = store.bus.subscribe()
    for n in range(1100):
        store.bus.publish_live(conversation, "utterance.partial", {"n": n})
    assert subscription.lagged
    seen = 0
    while await subscription.get() is not None:
        seen += 1
    assert seen == 1000


async def test_many_writers_at_once_lose_nothing(store: Store) -> None:
    conversation = await store.create_conversation(language="en")
    await asyncio.gather(*(store.append(conversation, "decision", {"n": n}) for n in range(100)))
    events = await Queries(store).events_after(0, conversation_id=conversation)
    assert sorted(e.payload["n"] for e in events[1:]) == list(range(100))
    assert [e.seq for e in events] == sorted(e.seq for e in events if e.seq is not None)


async def test_search_finds_what_was_said(store: Store) -> None:
    conversation, contact, participant, leg = await call(store)
    await store.add_utterance(conversation, utterance(contact, participant, leg, "我要退货 100%"))
    await store.create_conversation(language="en")
    found = await Queries(store).conversations(text="退货 100%")
    assert [row.conversation_id for row in found] == [conversation]
    assert await Queries(store).conversations(text="100_") == []


async def test_runs_of_open_contacts_are_given_back(store: Store) -> None:
    _, contact, _, _ = await call(store)
    _, other, _, _ = await call(store)
    for n, cid in enumerate((contact, other, contact)):
        await store.save_run(cid, flow_id="support", flow_sha="x", state=b"%d" % n)
    await store.stamp_contact(other, ended=True)
    assert [(run.contact_id, run.state) for run in await store.open_runs()] == [(contact, b"2")]


async def test_users(store: Store) -> None:
    users = Users(store)
    amy = await users.add("amy", password_hash="h", roles=["agent"], device="sip", skills=["zh"])
    with pytest.raises(DuplicateUser, match="amy"):
        await users.add("amy", password_hash="h", roles=[])
    await users.set_password(amy.user_id, "h2")
    await users.set_agent(amy.user_id, device="browser")
    changed = await users.get(amy.user_id)
    assert (changed.password_hash, changed.token_epoch, changed.device) == ("h2", 1, "browser")
    await users.set_disabled(amy.user_id, True)
    assert await users.agents() == []
    with pytest.raises(UserNotFound):
        await users.get("nobody")


@pytest.mark.parametrize("url", ["nonsense", "mysql://x", "sqlite+aiosqlite:////nowhere/at/all/w.db"])
async def test_a_bad_database_address_is_named(url: str) -> None:
    with pytest.raises(StoreError) as error:
        await Store.open(url)
    assert "store.url" in str(error.value) or "/nowhere/at/all" in str(error.value)


async def test_a_password_in_the_address_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as error:
        await Store.open(f"sqlite+aiosqlite://user:hunter2@{tmp_path}/none/w.db")
    assert "hunter2" not in str(error.value)


def test_what_was_committed_outlives_kill_9(tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import asyncio
        from session.store import Store
        async def main():
            store = await Store.open("sqlite+aiosqlite:///{tmp_path}/w.db")
            conversation = await store.create_conversation(language="en")
            n = 0
            while True:
                await store.append(conversation, "decision", {{"n": n}})
                print(n, flush=True)
                n += 1
        asyncio.run(main())
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert process.stdout is not None
    last = -1
    for line in process.stdout:
        last = int(line)
        if last >= 20:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    rows = sqlite3.connect(tmp_path / "w.db").execute("select count(*) from event where type = 'decision'").fetchone()
    assert rows[0] >= last + 1


def test_ids_sort_by_time() -> None:
    ids = [new_id() for _ in range(3)]
    assert all(i[14] == "7" and i[19] in "89ab" for i in ids)
    assert len(set(ids)) == 3
    assert ids[0][:8] <= ids[-1][:8]
