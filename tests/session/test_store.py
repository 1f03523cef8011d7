"""The store on real SQLite files, and on a real PostgreSQL where TEST_POSTGRES_URL names one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.ext.asyncio import create_async_engine

from session.failing import away
from session.ids import new_id
from session.model import Base
from session.queries import Queries
from session.store import Store, StoreAway, StoreError
from session.users import DuplicateUser, UserNotFound, Users
from tests.session.rows import call, elsewhere, utterance


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
    assert history.utterances[0]["text"] == "hello"
    assert history.contacts[0]["ended_at"].tzinfo is not None
    assert history.conversation["status"] == "closed"
    assert "recording_path" not in history.legs[0]
    assert await Queries(store).recording_path(conversation) == "/x.wav"


async def test_what_was_said_is_in_no_error_of_the_database(store: Store) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with store.engine.begin() as connection:
            await connection.execute(text("INSERT INTO nowhere VALUES (:said)"), {"said": "my number is 4711"})
    assert "nowhere" in str(caught.value) and "4711" not in str(caught.value)


async def test_a_statement_that_is_cut_in_its_middle_says_that_the_database_is_away(store: Store, url: str) -> None:
    """As when PostgreSQL is stopped or crashes."""
    if store.engine.dialect.name == "sqlite":
        assert away(OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full")))
        assert not away(IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE constraint failed")))
        return
    other = create_async_engine(url)
    with pytest.raises(DBAPIError) as cut:
        async with store.reading() as session:
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
            async with other.connect() as killer:
                await killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await session.scalar(text("SELECT 1"))
    await other.dispose()
    assert away(cut.value)
    with pytest.raises(DBAPIError) as wrong:
        async with store.reading() as session:
            await session.scalar(text("SELECT nothing"))
    assert not away(wrong.value)


async def test_an_event_is_committed_before_it_is_shown(store: Store, url: str) -> None:
    conversation = await store.create_conversation(language="en")
    subscription = store.bus.subscribe()
    await store.append(conversation, "decision", {"n": 1})
    event = await asyncio.wait_for(subscription.get(), 30)
    assert event is not None
    assert (event.seq,) in await elsewhere(url, "select seq from event")


async def test_a_resent_report_is_written_once_and_shown_once(store: Store) -> None:
    conversation, contact, participant, leg = await call(store)
    subscription = store.bus.subscribe()
    said = utterance(contact, participant, leg)
    assert await store.add_utterance(conversation, said, dedup="w:1") is not None
    assert await store.add_utterance(conversation, said, dedup="w:1") is None
    assert await store.append(conversation, "dtmf", {}, dedup="w:1") is None
    assert (await asyncio.wait_for(subscription.get(), 30)).type == "utterance.final"  # type: ignore[union-attr]
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


async def test_search_finds_what_was_said_and_written(store: Store) -> None:
    conversation, contact, participant, leg = await call(store)
    await store.add_utterance(conversation, utterance(contact, participant, leg, "我要退货 100%"))
    await store.create_conversation(language="en")
    found = await Queries(store).conversations(text="退货 100%")
    assert [row.conversation_id for row in found] == [conversation]
    assert await Queries(store).conversations(text="100_") == []
    typed = await store.create_conversation(language="zh")
    await store.append(typed, "message", {"role": "customer", "text": "Meine Größe: 我要发票"})
    await store.append(typed, "decision", {"text": "no message"})
    assert [row.conversation_id for row in await Queries(store).conversations(text="我要发票")] == [typed]
    assert await Queries(store).conversations(text="no message") == []
    assert await Queries(store).exists(typed)
    assert not await Queries(store).exists("nothing")


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


async def test_the_schema_of_the_migrations_is_that_of_the_model(store: Store) -> None:
    def compare(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

    async with store.engine.connect() as connection:
        assert await connection.run_sync(compare) == []


async def test_opening_again_keeps_everything(store: Store, url: str) -> None:
    conversation = await store.create_conversation(language="en")
    again = await Store.open(url)
    assert await Queries(again).exists(conversation)
    await again.close()


async def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    """Found: everybody on the machine could."""
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    await store.create_conversation(language="en")
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("w.db*")} == {0o600}
    await store.close()


async def test_times_come_back_as_the_moment_they_were(store: Store) -> None:
    conversation = await store.create_conversation(language="en")
    at = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    await store.append(conversation, "decision", {}, at=at)
    event = (await Queries(store).events_after(0, conversation_id=conversation))[-1]
    assert event.at == at
    assert event.at.utcoffset() == timedelta(0)
    with pytest.raises(StatementError, match="zone"):
        await store.append(conversation, "decision", {}, at=datetime(2026, 3, 1))


async def test_an_utterance_that_cannot_be_kept_leaves_no_event(store: Store) -> None:
    conversation, contact, participant, _ = await call(store)
    subscription = store.bus.subscribe()
    with pytest.raises(IntegrityError):
        await store.add_utterance(conversation, utterance(contact, participant, "no such leg"), dedup="w:9")
    assert [e.type for e in await Queries(store).events_after(0)] == ["conversation.started"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(subscription.get(), 0.05)


async def test_watchers_see_events_in_the_order_of_their_numbers(store: Store) -> None:
    conversation = await store.create_conversation(language="en")
    subscription = store.bus.subscribe()
    await asyncio.gather(*(store.append(conversation, "decision", {"n": n}) for n in range(50)))
    seen = [event.seq for _ in range(50) if (event := await subscription.get()) is not None]
    assert seen == sorted(s for s in seen if s is not None)


@pytest.mark.parametrize("bad", ["nonsense", "mysql://x", "sqlite+aiosqlite:////nowhere/at/all/w.db"])
async def test_a_bad_database_address_is_named(bad: str) -> None:
    with pytest.raises(StoreError) as error:
        await Store.open(bad)
    assert "store.url" in str(error.value) or "/nowhere/at/all" in str(error.value)


async def test_a_database_that_may_be_there_in_a_moment_is_told_from_one_that_will_not(tmp_path: Path) -> None:
    file = tmp_path / "w.db"
    url = f"sqlite+aiosqlite:///{file}"
    await (await Store.open(url)).close()
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreAway, match="locked"):
            await Store.open(url, busy_timeout_s=0.0)
        other.execute("ROLLBACK")
    for away_ in ("127.0.0.1:1/w", f"/w?host={tmp_path}"):
        with pytest.raises(StoreAway):
            await Store.open(f"postgresql+asyncpg://warmline@{away_}")
    with contextlib.closing(sqlite3.connect(file)) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    file.with_name("text.db").write_text("this is no database " * 100)
    for name, why in (("w.db", "9999"), ("text.db", "not a database"), ("no/w.db", "No such file")):
        with pytest.raises(StoreError, match=why) as refused:
            await Store.open(f"sqlite+aiosqlite:///{tmp_path}/{name}")
        assert not isinstance(refused.value, StoreAway) and "\n" not in str(refused.value)


async def test_a_login_that_postgresql_refuses_does_not_pass(store: Store, url: str) -> None:
    if store.engine.dialect.name == "postgresql":
        for wrong in (make_url(url).set(username="nobody"), make_url(url).set(database="nowhere")):
            with pytest.raises(StoreError, match="does not exist") as refused:
                await Store.open(wrong.render_as_string(hide_password=False))
            assert not isinstance(refused.value, StoreAway)


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
