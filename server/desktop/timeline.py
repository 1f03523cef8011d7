"""One conversation in order, over all its channels: contacts, what was said and written, images, tickets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from session.queries import MOST_EVENTS, Queries, Told
from session.types import StoredEvent

Kind = Literal["contact", "utterance", "message", "image", "event"]
SHOWN = frozenset(
    {
        "queue.entered", "queue.accepted", "agent.left", "contact.ended", "verify", "consent", "consent.withdrawn",
        "transfer.connected", "transfer.ended", "contact.wrapup", "ticket.created", "ticket.changed", "ticket.breached",
    }
)  # fmt: skip
SAID = frozenset({"utterance.final", "bot.said", "message"})
CALLER_SEES = frozenset({"queue.entered", "queue.accepted", "agent.left", "contact.ended"})
OTHERS = frozenset({"agent", "external", "supervisor"})
_ROLES = {"customer", "agent", "bot", "external", "supervisor"}


def said_to_others(kind: str, payload: Mapping[str, Any]) -> bool:
    """The bot said it to somebody else alone, such as who the caller is to the agent: nothing for callers."""
    return kind == "bot.said" and payload.get("role") in OTHERS


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened. `conversation_id` is the same for all: that is what makes them one."""

    kind: Kind
    at: datetime
    conversation_id: str
    contact_id: str | None
    channel: str
    role: str = ""
    text: str = field(default="", repr=False)
    attachment: dict[str, Any] | None = None
    event: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    seq: int | None = None


async def timeline(
    queries: Queries, conversation_id: str, *, for_caller: bool, before: int | None = None, limit: int = MOST_EVENTS
) -> list[Item] | None:
    """Oldest first, made of the newest `limit` events, or of those before `before`; None when there is no such conversation.

    Callers see the talk and where it stands.
    """
    kinds = SAID | CALLER_SEES if for_caller else SAID | SHOWN
    while True:
        told = await queries.told(conversation_id, kinds, before=before, limit=limit)
        if told is None:
            return None
        if before is not None and not told.events:
            return []
        items = await asyncio.to_thread(_items, told, conversation_id, for_caller)
        if items or told.since is None:
            return items
        before = told.events[0].seq  # a page of what callers do not see: no items would say that there is nothing more


def _items(told: Told, conversation_id: str, for_caller: bool) -> list[Item]:
    """In a thread: thousands of events take their time."""
    channels = {contact: channel for contact, channel, _ in told.contacts}
    items = [
        Item("contact", begun, conversation_id, contact, channel, event="begun")
        for contact, channel, begun in told.contacts
        if (told.since is None or begun >= told.since) and (told.until is None or begun < told.until)
    ]
    for event in told.events:
        if for_caller and said_to_others(event.type, event.payload):
            continue
        item = _item(event, conversation_id, channels)
        if item is not None:
            items.append(_for_caller(item) if for_caller else item)
    # contacts first where times are equal: a contact begins before anything is said in it
    return sorted(items, key=lambda item: (item.at, item.kind != "contact", item.seq or 0))


def _item(event: StoredEvent, conversation_id: str, channels: Mapping[str, str]) -> Item | None:
    payload, kind = event.payload, event.type
    channel = channels.get(event.contact_id or "", "")
    role = str(payload.get("role", ""))
    common: dict[str, Any] = {
        "at": event.at,
        "conversation_id": conversation_id,
        "contact_id": event.contact_id,
        "seq": event.seq,
    }
    match kind:
        case "utterance.final":
            return Item("utterance", channel=channel, role=role, text=str(payload.get("text", "")), **common)
        case "bot.said" if payload.get("text"):
            return Item("utterance", channel=channel, role="bot", text=str(payload["text"]), **common)
        case "message":
            image = payload.get("attachment")
            text = str(payload.get("text", ""))
            found: Kind = "image" if image else "message"
            return Item(
                found, channel="chat", role=role if role in _ROLES else "", text=text, attachment=image, **common
            )
        case _ if kind in SHOWN:
            return Item("event", channel=channel, role=role, event=kind, details=payload, **common)
    return None


def _for_caller(item: Item) -> Item:
    """Without what we note for ourselves."""
    return Item(
        item.kind, item.at, item.conversation_id, item.contact_id, item.channel, item.role, item.text, item.attachment,
        item.event, {}, item.seq,
    )  # fmt: skip
