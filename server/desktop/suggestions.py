"""Which cards agents saw and what they did with them; how many of each kind are taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rapidfuzz.distance import Levenshtein
from sqlalchemy import func, select

from session.model import utcnow
from session.model_desktop import SuggestionRow
from session.store import Store

if TYPE_CHECKING:
    from server.desktop.assist import Card

TAKEN = frozenset({"inserted", "copied", "edited"})


@dataclass(frozen=True, slots=True)
class Rate:
    """How cards of a kind fared. `accepted`: the share that was inserted, copied or edited; `edit_distance`: mean, 0…1."""

    kind: str
    shown: int
    inserted: int
    copied: int
    edited: int
    dismissed: int
    ignored: int
    accepted: float | None
    edit_distance: float | None


class Suggestions:
    """Stateless; over the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def shown(self, conversation_id: str, contact_id: str, cards: Sequence[Card]) -> None:
        """An agent sees these."""
        async with self._store.writing() as session:
            for card in cards:
                if await session.get(SuggestionRow, card.card_id) is None:
                    session.add(
                        SuggestionRow(
                            id=card.card_id, conversation_id=conversation_id, contact_id=contact_id, kind=card.kind,
                            source_kind=card.source.kind, source_id=card.source.id,
                            source_version=card.source.version, text=card.text, language=card.language,
                            score=card.score, shown_at=card.shown_at,
                        )
                    )  # fmt: skip

    async def acted(self, card_id: str, action: str, *, by: str, text: str = "") -> bool:
        """What somebody did with one; of an edited text only how far it is from the card's. False: no such card."""
        async with self._store.writing() as session:
            row = await session.get(SuggestionRow, card_id)
            if row is None:
                return False
            row.action, row.acted_by, row.acted_at = action, by, utcnow()
            row.edit_distance = distance(row.text, text) if action == "edited" and text else None
            conversation_id, contact_id, kind, source = row.conversation_id, row.contact_id, row.kind, row.source_id
        if kind != "comfort":  # that it was offered says how the customer felt
            about = {"card_id": card_id, "kind": kind, "source": source, "action": action, "user_id": by}
            await self._store.append(conversation_id, "assist.used", about, contact_id=contact_id)
        return True

    async def rates(self, since: datetime | None = None) -> list[Rate]:
        """By kind of card."""
        query = select(
            SuggestionRow.kind, SuggestionRow.action, func.count(), func.avg(SuggestionRow.edit_distance)
        ).group_by(SuggestionRow.kind, SuggestionRow.action)
        if since is not None:
            query = query.where(SuggestionRow.shown_at >= since)
        async with self._store.reading() as session:
            rows = (await session.execute(query)).all()
        counts: dict[str, dict[str, int]] = {}
        edits: dict[str, float] = {}
        for kind, action, count, edited in rows:
            counts.setdefault(kind, {})[action or "ignored"] = count
            if edited is not None:
                edits[kind] = round(float(edited), 3)
        found = []
        for kind, by in sorted(counts.items()):
            shown = sum(by.values())
            taken = sum(by.get(action, 0) for action in TAKEN)
            found.append(
                Rate(
                    kind, shown, by.get("inserted", 0), by.get("copied", 0), by.get("edited", 0),
                    by.get("dismissed", 0), by.get("ignored", 0), round(taken / shown, 3) if shown else None,
                    edits.get(kind),
                )
            )  # fmt: skip
        return found


def distance(suggested: str, final: str) -> float:
    """Levenshtein distance by the longer length: 0 (taken as it was) … 1 (nothing of it left)."""
    return round(Levenshtein.normalized_distance(suggested, final), 4)
