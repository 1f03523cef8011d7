"""What was said in a contact lately, by both sides, as far as advice needs it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from dialog.library import FlowFolder
from dialog.understanding import UNKNOWN
from server.desktop.knowledge import KnowledgeDesk
from server.desktop.tickets import UNSOLVED
from session.model import Contact, Conversation, EventRow, FlowRun, Utterance
from session.model_tickets import TicketRow
from session.store import Store

REMEMBERED = 6  # utterances of the customer
SHORT = 4  # words (a Han character counts as half of one) below which the question before is needed to make sense of it
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z0-9']+")


@dataclass(slots=True)
class Talk:
    """One contact's. `loaded`: the rest was read from the store (a restarted app knows nothing at first)."""

    contact_id: str
    conversation_id: str
    flow_id: str = ""
    channel: str = "voice"
    language: str = "en"
    auth_level: int = 0
    open_tickets: int = 0
    intent: str = ""
    intents: list[str] = field(default_factory=list)
    words: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    asked: str = ""
    """What agent or bot said last."""
    given: set[str] = field(default_factory=set)
    """Articles that the customer was told."""
    for_people: bool = False
    """Somebody was asked for: cards are worth their while."""
    loaded: bool = False

    def said(self, role: str, text: str, payload: Mapping[str, Any]) -> bool:
        """Somebody spoke or wrote; whether there is something to advise on."""
        if role != "customer":
            self.asked = text if role in ("agent", "bot") else self.asked
            if role == "bot":
                self.told(str(payload.get("article", "")))
            return False
        language = str(payload.get("language") or "")
        if language:
            self.language = language
        elif bool(_HAN.search(text)) != self.language.startswith("zh"):
            self.language = "zh-CN" if _HAN.search(text) else "en"
        self.words.append(text)
        self.intent = ""
        return True

    def told(self, article: str) -> None:
        """The customer was told an article (`id@version`)."""
        if article:
            self.given.add(article.partition("@")[0])

    def handed_over(self, payload: Mapping[str, Any]) -> None:
        """The flow asked for a person."""
        self.for_people = True
        facts = payload.get("facts")
        intent = str(facts.get("intent", "")) if isinstance(facts, Mapping) else ""
        if intent and intent not in self.intents:
            self.intents.append(intent)

    def queries(self) -> list[str]:
        """What to search for: the last words, and where they are too few to stand alone, with what led to them."""
        if not self.words:
            return []
        last = self.words[-1]
        if _weight(last) >= SHORT:
            return [last]
        before = self.asked or (self.words[-2] if len(self.words) > 1 else "")
        return [last, f"{before} {last}"] if before else [last]


class TalkReader:
    """Reads what a talk lacks from the store, and has its words understood."""

    def __init__(self, store: Store, knowledge: KnowledgeDesk, default_flow: str) -> None:
        self._store = store
        self._knowledge = knowledge
        self._default = default_flow

    async def load(self, talk: Talk) -> None:
        """Flow, channel, level, tickets; and the last words, where none were heard yet."""
        async with self._store.reading() as session:
            contact = await session.get(Contact, talk.contact_id)
            conversation = await session.get(Conversation, talk.conversation_id)
            flow_id = await session.scalar(select(FlowRun.flow_id).where(FlowRun.contact_id == talk.contact_id))
            tickets = select(func.count()).select_from(TicketRow).where(TicketRow.status.in_(UNSOLVED))
            own = TicketRow.conversation_id == talk.conversation_id
            customer = conversation.customer_id if conversation and conversation.auth_level >= 2 else None
            mine = own | (TicketRow.customer_id == customer) if customer else own
            talk.open_tickets = int(await session.scalar(tickets.where(mine)) or 0)
            if not talk.words:
                rows = await session.scalars(
                    select(Utterance)
                    .where(Utterance.contact_id == talk.contact_id, Utterance.role == "customer")
                    .order_by(Utterance.at.desc())
                    .limit(REMEMBERED)
                )
                talk.words.extend(row.text for row in reversed(list(rows)) if "[hidden]" not in row.text)
                entered = await session.scalar(
                    select(EventRow)
                    .where(EventRow.conversation_id == talk.conversation_id, EventRow.type == "queue.entered")
                    .where(EventRow.contact_id == talk.contact_id)
                    .order_by(EventRow.seq.desc())
                    .limit(1)
                )
                if entered is not None:
                    talk.handed_over(entered.payload)
        if contact is not None:
            talk.channel = contact.channel
            talk.for_people = talk.for_people or contact.enqueued_at is not None
        if conversation is not None:
            talk.auth_level = max(talk.auth_level, conversation.auth_level)
            talk.language = conversation.language if not talk.words and conversation.language else talk.language
        talk.flow_id = flow_id or talk.flow_id or self._default
        talk.loaded = True

    async def understand(self, talk: Talk) -> None:
        """The intent of the last words. Raises OSError, TimeoutError, or RuntimeError while nothing is learnt."""
        folder = self.folder(talk.flow_id)
        if folder is None or not talk.words or talk.intent:
            return
        meant = await folder.ports.understanding.classify(talk.words[-1])
        talk.intent = meant.intent if meant.intent != UNKNOWN else ""
        if talk.intent and talk.intent not in talk.intents:
            talk.intents.append(talk.intent)

    def folder(self, flow_id: str) -> FlowFolder | None:
        """Where a flow's data lie."""
        return next(iter(self._knowledge.folders(flow_id)), None)


def _weight(text: str) -> float:
    return len(_LATIN.findall(text)) + len(_HAN.findall(text)) / 2
