"""Cards for the agent: after each words of the customer at most three, each with its source; silence is an option.

One task reads the event bus and never waits; what needs sentence vectors is done by workers of its own, newest words of a
contact first, so that a burst costs the oldest and no call ever waits for a card.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import structlog

from dialog.text import pick
from server.desktop.advice import Advice, Assist, Calm, assists
from server.desktop.files import Edited
from server.desktop.knowledge import KnowledgeDesk
from server.desktop.suggestions import Suggestions
from server.desktop.talk import Talk, TalkReader
from session.ids import new_id
from session.model import utcnow
from session.policy import EMOTION
from session.store import Store
from session.types import StoredEvent

log = structlog.get_logger(__name__)

MOST_CARDS = 3
MOST_DESKS = 2000  # contacts with cards; the longest silent goes: the end of a call is missed, or news come after it
MOST_WAITING = 200  # contacts with words not thought about yet; more than a busy floor says at once
WORKERS = 2
THINK_S = 1.2  # s to find articles: what comes after 1.5 s is of no use any more
KINDS = frozenset(
    {
        "utterance.final", "message", "bot.said", "affect", "consent.withdrawn", "verify", "queue.entered",
        "queue.accepted", "party.joined", "agent.left", "contact.ended", "ticket.created", "ticket.changed",
    }
)  # fmt: skip
HIDDEN = "[hidden]"

Kind = Literal["knowledge", "next_step", "comfort"]
Action = Literal["inserted", "copied", "dismissed", "edited"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a card's words come from: an article, a next step or kind words of `assist.yaml`."""

    kind: str
    id: str
    version: str
    title: str


@dataclass(frozen=True, slots=True)
class Card:
    """What an agent is offered."""

    card_id: str
    kind: Kind
    title: str
    text: str
    source: Source
    score: float
    shown_at: datetime
    language: str

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for the same advice in the same language."""
        return self.kind, self.source.id, self.language


@dataclass(slots=True)
class Desk:
    """What is offered in one contact."""

    talk: Talk
    calm: Calm = field(default_factory=Calm)
    cards: list[Card] = field(default_factory=list)
    used: set[tuple[str, str, str]] = field(default_factory=set)
    """Advice that was dismissed, or taken: not offered again in this contact."""
    found: list[Card] = field(default_factory=list)
    """Next step and articles for the last words."""
    agents: set[str] = field(default_factory=set)
    """Who talks with the customer: what is offered is really seen."""
    kept: set[str] = field(default_factory=set)


class Assistant:
    """One per app. `run` watches; `cards` and `act` are for the API."""

    def __init__(
        self,
        store: Store,
        knowledge: KnowledgeDesk,
        reader: TalkReader,
        suggestions: Suggestions,
        folder_of: Callable[[str], Path],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._knowledge = knowledge
        self._reader = reader
        self._suggestions = suggestions
        self._folder_of = folder_of
        self._clock = clock
        self._files: dict[Path, Edited[Assist]] = {}
        self._desks: OrderedDict[str, Desk] = OrderedDict()
        self._waiting: OrderedDict[str, float] = OrderedDict()
        self._work = asyncio.Event()
        self.dropped = 0
        """Contacts whose words were given up, since newer ones waited."""

    # ------------------------------------------------------------------ for the API

    def cards(self, contact_id: str) -> list[Card]:
        """What is offered now."""
        desk = self._desks.get(contact_id)
        return list(desk.cards) if desk else []

    async def act(self, card_id: str, action: Action, *, by: str, text: str = "") -> bool:
        """What the agent did with a card; False when there is no such card."""
        for desk in self._desks.values():
            card = next((card for card in desk.cards if card.card_id == card_id), None)
            if card is not None:
                await self._keep(desk, [card])
                desk.used.add(card.key)
                self._show(desk)
                break
        return await self._suggestions.acted(card_id, action, by=by, text=text)

    # ------------------------------------------------------------------ watching

    async def run(self) -> None:
        """Watch for ever. A watcher that fell behind begins again: old words are of no use."""
        workers = [asyncio.create_task(self._think(), name=f"assist-{n}") for n in range(WORKERS)]
        try:
            async with aclosing(self._store.bus.follow(_wanted)) as events:
                async for event in events:
                    if event is None:
                        continue
                    try:
                        self.take(event)
                    except Exception:
                        log.exception("assist.event_failed", type=event.type)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def take(self, event: StoredEvent) -> None:
        """One event; waits for nothing."""
        contact_id, payload = event.contact_id, event.payload
        if event.type == "consent.withdrawn":
            self._forget_mood(event)
            return
        if contact_id is None:
            return
        if event.type == "contact.ended":
            self._desks.pop(contact_id, None)
            self._waiting.pop(contact_id, None)
            return
        desk = self._desks.get(contact_id)
        if desk is None:
            desk = self._desks[contact_id] = Desk(Talk(contact_id, event.conversation_id))
            while len(self._desks) > MOST_DESKS:
                self._desks.popitem(last=False)
        self._desks.move_to_end(contact_id)
        talk = desk.talk
        match event.type:
            case "utterance.final" | "message":
                words = str(payload.get("text", ""))
                if words and HIDDEN not in words and talk.said(str(payload.get("role", "")), words, payload):
                    self._later(contact_id)
            case "bot.said":
                talk.told(str(payload.get("article", "")))
            case "affect" if not payload.get("early"):
                frustration, mood = float(payload.get("frustration", 0.0)), str(payload.get("trend", ""))
                if desk.calm.felt(frustration, mood, self._file(talk.flow_id)):
                    self._show(desk)
            case "verify" if payload.get("result") == "passed":
                talk.auth_level = int(payload.get("level", 0))
                self._later(contact_id)
            case "queue.entered":
                talk.handed_over(payload)
                self._later(contact_id)
            case "queue.accepted" | "party.joined":
                if payload.get("role", "agent") == "agent":
                    desk.agents.add(str(payload.get("user_id", "")))
                    self._later(contact_id)
            case "agent.left":
                desk.agents.discard(str(payload.get("user_id", "")))
            case "ticket.created" | "ticket.changed":
                talk.loaded = False
                self._later(contact_id)

    def _forget_mood(self, event: StoredEvent) -> None:
        if EMOTION not in event.payload.get("purposes", ()):
            return
        for desk in self._desks.values():
            if desk.talk.conversation_id == event.conversation_id:
                desk.calm = Calm()
                self._show(desk)

    def _later(self, contact_id: str) -> None:
        """Have a worker think about a contact's words; the oldest waiting contact goes where too many wait."""
        self._waiting.setdefault(contact_id, self._clock())
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
            self.dropped += 1
        self._work.set()

    # ------------------------------------------------------------------ thinking

    async def _think(self) -> None:
        while True:
            while not self._waiting:
                self._work.clear()
                await self._work.wait()
            contact_id, since = self._waiting.popitem(last=False)
            desk = self._desks.get(contact_id)
            if desk is None:
                continue
            try:
                await self._advise(desk, since)
            except Exception:
                log.exception("assist.failed", contact=contact_id)

    async def _advise(self, desk: Desk, since: float) -> None:
        talk = desk.talk
        if not talk.loaded:
            await self._reader.load(talk)
        if not talk.for_people and not desk.agents:
            return
        assist = self._file(talk.flow_id)
        found: list[Card] = []
        try:
            async with asyncio.timeout(THINK_S):
                await self._reader.understand(talk)
                found += self._step(talk, assist, desk.calm)
                found += await self._articles(talk, assist)
        except (OSError, TimeoutError, RuntimeError) as error:
            log.info("assist.no_vectors", contact=talk.contact_id, error=type(error).__name__)
            found = found or self._step(talk, assist, desk.calm)
        if self._desks.get(talk.contact_id) is not desk:
            return
        desk.found = found
        self._show(desk, round((self._clock() - since) * 1000, 1))
        if desk.agents:
            await self._keep(desk, desk.cards)

    def _step(self, talk: Talk, assist: Assist, calm: Calm) -> list[Card]:
        if not talk.words:
            return []
        values = {
            "intent": talk.intent, "intents": talk.intents, "auth_level": talk.auth_level, "channel": talk.channel,
            "language": talk.language, "open_tickets": talk.open_tickets, "said": talk.words[-1].lower(),
            "mood": calm.mood,
        }  # fmt: skip
        step = assist.step(values)
        return [] if step is None else [_of(step, "next_step", talk.language, 1.0)]

    async def _articles(self, talk: Talk, assist: Assist) -> list[Card]:
        cards: dict[str, Card] = {}
        for query in talk.queries():
            for hit in await self._knowledge.search(
                query, talk.language, limit=MOST_CARDS, level=talk.auth_level, flow_id=talk.flow_id
            ):
                if hit.score < assist.knowledge_min or hit.article_id in talk.given:
                    continue
                source = Source("article", hit.article_id, str(hit.version), hit.title)
                card = Card(new_id(), "knowledge", hit.title, hit.text, source, hit.score, utcnow(), talk.language)
                if hit.article_id not in cards or cards[hit.article_id].score < hit.score:
                    cards[hit.article_id] = card
        return sorted(cards.values(), key=lambda card: -card.score)

    # ------------------------------------------------------------------ showing

    def _show(self, desk: Desk, ms: float | None = None) -> None:
        """Publish the whole set, if it changed; a card that stays keeps its id and time."""
        talk = desk.talk
        wanted: list[Card] = []
        if desk.calm.upset and (kind := self._file(talk.flow_id).comfort_for(desk.calm.mood)):
            wanted.append(_of(kind, "comfort", talk.language, 1.0))
        wanted += desk.found
        shown = {card.key: card for card in desk.cards}
        fresh = [card for card in wanted if card.key not in desk.used][:MOST_CARDS]
        cards = [
            replace(card, card_id=before.card_id, shown_at=before.shown_at) if (before := shown.get(card.key)) else card
            for card in fresh
        ]
        if [(card.card_id, card.text) for card in cards] == [(card.card_id, card.text) for card in desk.cards]:
            return
        desk.cards = cards
        payload: dict[str, Any] = {"contact_id": talk.contact_id, "cards": [card_data(card) for card in cards]}
        if ms is not None:
            payload["ms"] = ms
        self._store.bus.publish_live(talk.conversation_id, "assist.cards", payload, contact_id=talk.contact_id)
        if desk.agents and ms is None:
            self._later(talk.contact_id)  # a worker writes down that they were shown

    async def _keep(self, desk: Desk, cards: list[Card]) -> None:
        """Rows of cards that an agent really saw, each once."""
        new = [card for card in cards if card.card_id not in desk.kept]
        desk.kept.update(card.card_id for card in new)
        if new:
            await self._suggestions.shown(desk.talk.conversation_id, desk.talk.contact_id, new)

    def _file(self, flow_id: str) -> Assist:
        folder = self._folder_of(flow_id)
        if folder not in self._files:
            self._files[folder] = assists(folder)
        return self._files[folder].now()


def card_data(card: Card) -> dict[str, Any]:
    """As JSON."""
    return {**asdict(card), "shown_at": card.shown_at.isoformat()}


def _of(advice: Advice, kind: Kind, language: str, score: float) -> Card:
    title = pick(advice.title, language)
    source = Source("assist", advice.id, str(advice.version), title)
    return Card(new_id(), kind, title, pick(advice.text, language), source, score, utcnow(), language)


def _wanted(event: StoredEvent) -> bool:
    return event.type in KINDS
