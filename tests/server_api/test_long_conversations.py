"""Long conversations are read in parts: between two turns of the event loop only so many rows are made."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import insert

from server.desktop.desktop import Desktop
from server.desktop.timeline import SAID, timeline
from server.planes.app import App
from session import parts
from session.consents import Consents
from session.model import EventRow, Utterance, utcnow
from session.policy import EMOTION, POLICIES
from session.queries import Queries
from session.store import Store
from tests.session.rows import call, utterance

LONG = 3 * parts.ROWS_AT_ONCE
FLOWS = Path(__file__).parents[2] / "flows"


class Long:
    """A conversation of many events, and how many of them were made in one turn of the loop at most."""

    def __init__(self, store: Store) -> None:
        self.store, self.at_once = store, 0
        self.conversation = self.contact = ""

    async def fill(self) -> None:
        self.conversation, self.contact, participant, leg = await call(self.store)
        events, utterances = [], []
        for number in range(LONG):
            said = utterance(self.contact, participant, leg, f"word {number}")
            row = {name: getattr(said, name) for name in said.__dataclass_fields__ if name != "utterance_id"}
            row |= {"id": f"u{number}", "t0_ms": number}
            utterances.append(row)
            told = {
                "utterance_id": f"u{number}",
                "role": "customer",
                "text": f"word {number}",
                "emotion": {"label": "sad"},
            }
            events.append(
                {
                    "conversation_id": self.conversation, "contact_id": self.contact, "participant_id": participant,
                    "leg_id": leg, "type": "utterance.final", "payload": told, "at": utcnow(),
                }
            )  # fmt: skip
        async with self.store.writing() as session:
            await session.execute(insert(Utterance), utterances)
            await session.execute(insert(EventRow), events)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Each row has JSON in it, which is read when the row is made."""
        loop, now, going = asyncio.get_running_loop(), 0, True

        def turn() -> None:
            nonlocal now
            now = 0
            if going:
                loop.call_soon(turn)

        def read(text: str) -> Any:
            nonlocal now
            now += '"utterance_id"' in text
            self.at_once = max(self.at_once, now)
            return json.loads(text)

        dialect = cast(Any, self.store.engine.dialect)
        before, dialect._json_deserializer = dialect._json_deserializer, read
        turn()
        try:
            yield
        finally:
            going, dialect._json_deserializer = False, before


@pytest.fixture
async def long(tmp_path: Path) -> AsyncIterator[Long]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/long.db")
    long = Long(store)
    await long.fill()
    yield long
    await store.close()


async def test_whoever_reads_a_long_conversation_lets_the_loop_turn(long: Long, tmp_path: Path) -> None:
    queries, desktop = Queries(long.store), Desktop(long.store, flows=FLOWS, data_dir=tmp_path)
    with long.counting():
        whole = await queries.history(long.conversation)
        assert whole is not None and len(whole.utterances) == LONG
        assert 0 < long.at_once <= parts.ROWS_AT_ONCE, "the history"
        assert len(await queries.events_after(0, conversation_id=long.conversation)) == LONG + 1
        assert long.at_once <= parts.ROWS_AT_ONCE, "events that a page missed"
        assert len(await timeline(queries, long.conversation, for_caller=False) or []) == LONG + 1
        assert long.at_once <= parts.ROWS_AT_ONCE, "the timeline"
        assert "word 0" in (await desktop.wrapups.prefill(long.contact)).summary
        assert long.at_once <= parts.ROWS_AT_ONCE, "the summary"


async def test_a_withdrawal_in_a_long_conversation_lets_the_loop_turn(long: Long) -> None:
    consents = Consents(long.store)
    await consents.record(
        long.conversation, long.contact, purposes=[EMOTION], given=True, wording="v1", policy=POLICIES["eu"]
    )
    with long.counting():
        assert await consents.withdraw(long.conversation, EMOTION, by="caller")
    assert 0 < long.at_once <= parts.ROWS_AT_ONCE
    events = await Queries(long.store).events_after(0, conversation_id=long.conversation)
    assert [event.payload["emotion"] for event in events if event.type == "utterance.final"] == [None] * LONG
    assert events[-1].type == "consent.withdrawn" and events[-1].payload["purged"]["redacted"] == LONG


async def test_a_history_comes_page_by_page_with_the_utterances_of_each(long: Long) -> None:
    queries, seen, words, after = Queries(long.store), [], [], 0
    while True:
        page = await queries.history(long.conversation, after=after, limit=250)
        assert page is not None and len(page.events) <= 250
        assert [one["id"] for one in page.utterances] == [
            event["payload"]["utterance_id"] for event in page.events if event["type"] == "utterance.final"
        ]
        seen += [event["seq"] for event in page.events]
        words += [one["text"] for one in page.utterances]
        if page.next is None:
            break
        after = page.next
    assert seen == sorted(set(seen)) and len(seen) == LONG + 1
    assert words == [f"word {number}" for number in range(LONG)]


async def test_pages_of_the_timeline_meet_without_gap_or_overlap(long: Long) -> None:
    """A contact is on the page of the time at which it began, also where nothing was said in it."""
    store, queries = long.store, Queries(long.store)
    later = await store.add_contact(long.conversation, channel="chat", direction="inbound", initiation_method="inbound")
    await store.append(long.conversation, "message", {"role": "customer", "text": "last"}, contact_id=later)
    pages, before = [], None
    while items := await timeline(queries, long.conversation, for_caller=True, before=before, limit=250):
        pages.append(items)
        before = next(item.seq for item in items if item.seq is not None)
    told = [item for page in reversed(pages) for item in page]
    assert [item.text for item in told if item.seq] == [*(f"word {number}" for number in range(LONG)), "last"]
    assert [item.contact_id for item in told if item.event == "begun"] == [long.contact, later]
    assert [len([item for item in page if item.seq]) for page in pages] == [250, 250, LONG + 1 - 500]


async def test_a_page_that_shows_callers_nothing_is_not_the_end(long: Long) -> None:
    for _ in range(5):
        await long.store.append(long.conversation, "bot.said", {"role": "agent", "text": "for agents"})
    assert "bot.said" in SAID
    items = await timeline(Queries(long.store), long.conversation, for_caller=True, limit=5)
    assert [item.text for item in items or []] == [f"word {number}" for number in range(LONG - 5, LONG)]


async def test_what_the_app_holds_for_good_is_no_garbage_to_look_through() -> None:
    """Of 250 ms for which the reading of 20 000 events held the loop, 200 were the collector's."""

    async def prepare() -> None: ...

    before = gc.get_freeze_count()
    try:
        await App._prepare(cast(App, SimpleNamespace(dialog=SimpleNamespace(prepare=prepare))))
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()
