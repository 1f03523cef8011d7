"""Cards: after each words of the customer, with their source, none below the threshold, kind words with consent only."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from sqlalchemy import select

from dialog.knowledge import Article, KnowledgeBase
from dialog.library import FlowFolder
from dialog.ports import Understood, Vectors
from dialog.yamlfile import FileError
from server.desktop.advice import Assist, Calm, read_assist
from server.desktop.assist import MOST_DESKS, MOST_WAITING, Assistant
from server.desktop.desktop import Desktop
from server.desktop.knowledge import KnowledgeDesk
from server.desktop.suggestions import Suggestions, distance
from server.desktop.talk import TalkReader
from session.consents import Consents
from session.model import utcnow
from session.model_desktop import SuggestionRow
from session.policy import POLICIES
from session.store import Store
from session.types import NewAffect, StoredEvent
from tests.session.rows import call, utterance

FLOWS = Path(__file__).parents[2] / "flows"
ARTICLES = [
    Article(
        id="return_policy",
        version=2,
        questions={"en": ["how can I return goods", "sending shoes back"], "zh-CN": ["怎么退货", "鞋子能退吗"]},
        answer={"en": "You have thirty days.", "zh-CN": "三十天内可以退货。"},
    ),
    Article(
        id="balance",
        version=1,
        auth_level=2,
        questions={"en": ["what is my account balance"]},
        answer={"en": "Look at the account page."},
    ),
    Article(id="parking", version=1, questions={"en": ["where can I park"]}, answer={"en": "Behind the shop."}),
]


class Bags:
    """Vectors that count words: the same words, the same direction."""

    async def embed(self, texts: Sequence[str], query: bool = True) -> Vectors:
        rows = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.split() if text.isascii() else text:
                row[zlib.crc32(word.encode()) % 64] += 1
        found: Vectors = rows / np.maximum(1e-6, np.linalg.norm(rows, axis=1, keepdims=True))
        return found


class Intents:
    """Understands a few sentences."""

    async def classify(self, text: str, allowed: Sequence[str] | None = None) -> Understood:
        known = {"where is my order": "order_status", "I want to complain about this": "complaint"}
        return Understood(known.get(text, "unknown"), 0.9)


class Desk(KnowledgeDesk):
    """One folder, without the rest of a dialog. `broken`: its vectors cannot be asked for."""

    def __init__(self) -> None:
        super().__init__(None)
        self.base = KnowledgeBase(Bags(), ARTICLES, least=0.5)
        self.broken = False

    def folders(self, flow_id: str = "") -> list[FlowFolder]:
        if self.broken:
            raise TimeoutError
        ports = SimpleNamespace(knowledge=self.base, understanding=Intents())
        return [cast("FlowFolder", SimpleNamespace(path=FLOWS, ports=ports, articles=ARTICLES))]


class World:
    """A call that an agent has taken, and what shows at the desk."""

    def __init__(self, store: Store, desk: Desk, assistant: Assistant, parts: tuple[str, str, str, str]) -> None:
        self.store, self.desk, self.assistant = store, desk, assistant
        self.conversation, self.contact, self.participant, self.leg = parts
        self.shown = store.bus.subscribe(lambda event: event.type == "assist.cards")

    async def says(self, text: str, role: str = "customer") -> None:
        await self.store.add_utterance(
            self.conversation, utterance(self.contact, self.participant, self.leg, text, role=role)
        )

    async def note(self, kind: str, payload: dict[str, Any]) -> None:
        await self.store.append(self.conversation, kind, payload, contact_id=self.contact)

    async def cards(self) -> list[dict[str, Any]]:
        """The next set that is shown."""
        event = await asyncio.wait_for(self.shown.get(), 20)
        assert event is not None and event.contact_id == self.contact
        cards: list[dict[str, Any]] = event.payload["cards"]
        assert len(cards) <= 3
        return cards


@pytest.fixture
async def world(store: Store) -> AsyncIterator[World]:
    desk = Desk()
    await desk.base.index()
    reader, suggestions = TalkReader(store, desk, "support"), Suggestions(store)
    assistant = Assistant(store, desk, reader, suggestions, lambda _flow: FLOWS)
    running = asyncio.create_task(assistant.run())
    world = World(store, desk, assistant, await call(store))
    await asyncio.sleep(0)  # it watches from here on
    await world.note("queue.entered", {"reason": "asked", "facts": {"intent": "human_request"}})
    await world.note("queue.accepted", {"user_id": "amy"})
    yield world
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_article_with_its_source_in_the_customers_language_and_silence_else(world: World) -> None:
    await world.says("how can I return goods")
    (card,) = await world.cards()
    assert (card["kind"], card["text"], card["language"]) == ("knowledge", "You have thirty days.", "en")
    assert card["source"] == {
        "kind": "article", "id": "return_policy", "version": "2", "title": "How can I return goods",
    }  # fmt: skip
    await world.note("message", {"role": "customer", "text": "鞋子能退吗"})  # typed, and another language
    (card,) = await world.cards()
    assert (card["text"], card["language"]) == ("三十天内可以退货。", "zh-CN")
    await world.says("well let me think about that for a moment")
    assert await world.cards() == []  # nothing fits, nothing is shown
    await world.says("[hidden]")
    await world.says("what is my account balance")  # private: nobody has proven who they are
    await world.says("where can I park")
    (card,) = await world.cards()
    assert card["source"]["id"] == "parking"
    await world.note("verify", {"result": "passed", "level": 2, "customer": "100001"})
    await world.says("what is my account balance")
    (card,) = await world.cards()
    assert card["source"]["id"] == "balance"


async def test_few_words_are_understood_by_what_was_asked_before(world: World) -> None:
    await world.says("Is it about sending shoes back?", role="agent")
    await world.says("yes exactly")
    (card,) = await world.cards()
    assert card["source"]["id"] == "return_policy"
    await world.note("bot.said", {"article": "return_policy@2"})
    await world.says("how can I return goods")  # told already
    assert await world.cards() == []


async def test_the_next_step_by_intent_and_level(world: World) -> None:
    await world.says("where is my order")
    (card,) = await world.cards()
    assert (card["kind"], card["source"]["kind"], card["source"]["id"]) == ("next_step", "assist", "verify_first")
    await world.note("verify", {"result": "passed", "level": 2, "customer": "100001"})
    (card,) = await world.cards()
    assert card["source"]["id"] == "order_path"


async def test_what_agents_do_with_cards_is_counted_and_what_they_took_is_not_offered_again(world: World) -> None:
    await world.says("how can I return goods")
    (first,) = await world.cards()
    assert await world.assistant.act(first["card_id"], "edited", by="amy", text="You have thirty-one days.")
    assert await world.cards() == []
    await world.says("where can I park")
    (second,) = await world.cards()
    assert await world.assistant.act(second["card_id"], "dismissed", by="amy")
    assert await world.cards() == []
    await world.says("how can I return goods")
    await world.says("where is my order")
    (third,) = await world.cards()  # neither of the two came back in between
    assert third["kind"] == "next_step"
    assert await world.assistant.act(third["card_id"], "inserted", by="amy")
    assert not await world.assistant.act("nothing", "copied", by="amy")
    rates = {rate.kind: rate for rate in await Suggestions(world.store).rates()}
    knowledge = rates["knowledge"]
    assert (knowledge.shown, knowledge.edited, knowledge.dismissed, knowledge.accepted) == (2, 1, 1, 0.5)
    assert knowledge.edit_distance == distance("You have thirty days.", "You have thirty-one days.")
    assert (rates["next_step"].inserted, rates["next_step"].accepted) == (1, 1.0)


async def test_a_card_that_no_agent_sees_is_not_counted(world: World) -> None:
    await world.note("party.joined", {"user_id": "bob", "role": "agent", "mode": "active"})
    await world.note("agent.left", {"user_id": "amy"})
    await world.says("how can I return goods")
    (card,) = await world.cards()  # Bob sees it
    await world.note("agent.left", {"user_id": "bob"})
    await world.says("where can I park")
    await world.cards()
    assert await world.assistant.act(card["card_id"], "copied", by="bob")
    (rate,) = await Suggestions(world.store).rates()
    assert (rate.shown, rate.copied) == (1, 1)


async def test_cards_need_no_vectors_to_say_the_next_step_again_and_break_nothing(world: World) -> None:
    await world.says("how can I return goods")
    assert len(await world.cards()) == 1
    world.desk.broken = True
    await world.says("where can I park")
    assert await world.cards() == []
    world.desk.broken = False
    await world.says("where can I park please")
    assert len(await world.cards()) == 1


# ---------------------------------------------------------------------- kind words


def felt(utterance_id: str, frustration: float, mood: str) -> NewAffect:
    return NewAffect(
        utterance_id=utterance_id, arousal=0.5, valence=-0.5, label="angry", confidence=0.8, evidence=[],
        frustration=frustration, trend=mood, disagreement="", model="m",
    )  # fmt: skip


async def test_kind_words_come_with_consent_and_go_with_it(world: World) -> None:
    consents = Consents(world.store)
    token = await consents.record(
        world.conversation, world.contact, purposes=["emotion"], given=True, wording="May we?", policy=POLICIES["eu"]
    )
    assert token is not None

    async def feels(number: int, frustration: float, mood: str) -> None:
        await consents.add_affect(
            token, felt(f"u{number}", frustration, mood), contact_id=world.contact,
            participant_id=world.participant, leg_id=world.leg,
        )  # fmt: skip

    await feels(1, 0.2, "neutral")
    await feels(2, 0.7, "angry")
    (card,) = await world.cards()
    assert (card["kind"], card["source"]["id"]) == ("comfort", "angry")
    await feels(3, 0.4, "neutral")  # between both thresholds: it stays
    await world.says("how can I return goods")
    assert [card["kind"] for card in await world.cards()] == ["comfort", "knowledge"]
    await world.assistant.act(card["card_id"], "copied", by="amy")
    assert [card["kind"] for card in await world.cards()] == ["knowledge"]
    async with world.store.reading() as session:
        kept = (await session.scalars(select(SuggestionRow.kind))).all()
    assert sorted(kept) == ["comfort", "knowledge"]
    await consents.withdraw(world.conversation, "emotion", by="caller")
    async with world.store.reading() as session:
        assert (await session.scalars(select(SuggestionRow.kind))).all() == ["knowledge"]


async def test_a_withdrawal_takes_the_kind_words_off_the_screen(world: World) -> None:
    consents = Consents(world.store)
    token = await consents.record(
        world.conversation, world.contact, purposes=["emotion"], given=True, wording="May we?", policy=POLICIES["eu"]
    )
    assert token is not None
    await consents.add_affect(
        token, felt("u1", 0.9, "angry"), contact_id=world.contact, participant_id=world.participant, leg_id=world.leg
    )
    assert [card["kind"] for card in await world.cards()] == ["comfort"]
    await consents.withdraw(world.conversation, "emotion", by="caller")
    assert await world.cards() == []


def test_moods_do_not_flap() -> None:
    assist = Assist(format="assist/v1", upset_at=0.5, calm_at=0.3)
    calm = Calm()
    assert not calm.felt(0.45, "neutral", assist)
    assert calm.felt(0.55, "neutral", assist) and calm.upset
    for frustration in (0.45, 0.35, 0.45, 0.29, 0.31, 0.29):  # never twice below the lower threshold
        assert not calm.felt(frustration, "neutral", assist) and calm.upset
    assert calm.felt(0.2, "neutral", assist) and not calm.upset
    assert calm.felt(0.1, "angry", assist) and (calm.upset, calm.mood) == (True, "angry")


def test_the_shipped_file_fits_and_a_wrong_condition_does_not(tmp_path: Path) -> None:
    assist = read_assist(FLOWS)
    assert {mood for one in assist.comfort for mood in one.moods} == {"angry", "sad", "anxious"}
    for one in (*assist.comfort, *assist.next_steps):
        assert set(one.title) == set(one.text) == {"en", "zh-CN"}
    assert read_assist(tmp_path).next_steps == []
    for bad in ("intent ==", "nonsense == 1"):
        with pytest.raises(ValueError, match=r"CEL|no 'nonsense'"):
            replace_step(assist, bad)


def replace_step(assist: Assist, when: str) -> None:
    data = assist.model_dump()
    data["next_steps"][0]["when"] = when
    Assist.model_validate(data)


async def test_a_burst_costs_the_oldest_words_never_a_call(store: Store) -> None:
    desk = Desk()
    assistant = Assistant(store, desk, TalkReader(store, desk, ""), Suggestions(store), lambda _flow: FLOWS)
    conversation = await store.create_conversation(language="en")
    event = StoredEvent(
        seq=1, conversation_id=conversation, contact_id="", participant_id=None, leg_id=None, type="utterance.final",
        payload={"role": "customer", "text": "hello there", "language": "en"}, at=utcnow(),
    )  # fmt: skip
    for number in range(MOST_WAITING + 5):
        assistant.take(replace(event, contact_id=f"c{number}"))
    assert assistant.dropped == 5


async def test_news_of_contacts_that_are_over_fill_no_memory(store: Store) -> None:
    """A ticket that changes days after its call, an agent's last words after the customer hung up."""
    desk = Desk()
    assistant = Assistant(store, desk, TalkReader(store, desk, ""), Suggestions(store), lambda _flow: FLOWS)
    event = StoredEvent(
        seq=1, conversation_id="v", contact_id="live", participant_id=None, leg_id=None, type="queue.accepted",
        payload={"user_id": "amy"}, at=utcnow(),
    )  # fmt: skip
    assistant.take(event)
    for number in range(MOST_DESKS + 5):
        assistant.take(replace(event, contact_id=f"c{number}", type="ticket.changed", payload={}))
        if number == MOST_DESKS // 2:
            assistant.take(replace(event, type="bot.said", payload={}))  # the live one goes on
    assert len(assistant._desks) == MOST_DESKS
    assert assistant._desks["live"].agents == {"amy"}


def test_a_broken_file_stops_the_start_and_a_missing_one_is_the_shipped_one(tmp_path: Path) -> None:
    store = cast("Store", SimpleNamespace())
    assert len(Desktop(store, flows=tmp_path, data_dir=tmp_path).tickets.catalogue.departments) == 4
    (tmp_path / "assist.yaml").write_text("format: assist/v1\nupset_at: 0.2\n")
    with pytest.raises(FileError, match="calm_at must be below upset_at"):
        Desktop(store, flows=tmp_path, data_dir=tmp_path)
