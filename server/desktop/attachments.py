"""Images in conversations: sent on the customer's page or by an agent, cleaned, kept as files, shown as messages."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import func, select

from server.calls import pictures
from session.model import Contact, utcnow
from session.model_desktop import AttachmentRow
from session.store import Store

MOST_PER_CONVERSATION = 100


class TooMany(Exception):
    """A conversation has as many images as one may have."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """An image; `width`, `height` in pixels, `size` in bytes, as it is kept."""

    attachment_id: str
    mime: str
    size: int
    width: int
    height: int


class Attachments:
    """Files under `folder`, one folder per conversation; rows in the database."""

    def __init__(self, store: Store, folder: Path, live_contact: Callable[[str], str | None]) -> None:
        """`live_contact`: the contact that is under way in a conversation, if there is one."""
        self._store = store
        self._folder = folder
        self._live_contact = live_contact
        # Pictures are decoded one at a time anyway: so no thread waits for that, and nobody overruns the count.
        self._one = asyncio.Lock()

    async def add(self, conversation_id: str, data: bytes, *, role: str, user_id: str | None) -> Attachment:
        """Keep an image and show it. Raises ValueError for what is none, LookupError, or `TooMany`."""
        async with self._one:
            contact_id = await self._contact(conversation_id)
            photo = await asyncio.to_thread(pictures.clean, data)
            ref = await asyncio.to_thread(pictures.write, self._folder, conversation_id, photo.data, photo.suffix)
            kept = Attachment(ref, photo.mime, len(photo.data), photo.width, photo.height)
            async with self._store.writing() as session:
                session.add(
                    AttachmentRow(
                        id=ref, conversation_id=conversation_id, contact_id=contact_id, role=role, user_id=user_id,
                        mime=kept.mime, size=kept.size, width=kept.width, height=kept.height,
                        sha256=hashlib.sha256(photo.data).hexdigest(), created_at=utcnow(),
                    )
                )  # fmt: skip
        payload = {"role": role, "text": "", "user_id": user_id, "attachment": asdict(kept)}
        await self._store.append(conversation_id, "message", payload, contact_id=contact_id)
        return kept

    async def find(self, conversation_id: str, attachment_id: str) -> tuple[Path, str] | None:
        """File and type of an image of this conversation."""
        path = await asyncio.to_thread(pictures.find, self._folder, conversation_id, attachment_id)
        if path is None:
            return None
        async with self._store.reading() as session:
            row = await session.get(AttachmentRow, attachment_id)
        return (path, row.mime) if row is not None and row.conversation_id == conversation_id else None

    async def _contact(self, conversation_id: str) -> str | None:
        """The live contact, else the last one: a chat beside a call is the same conversation."""
        async with self._store.reading() as session:
            last = await session.scalar(
                select(Contact.id)
                .where(Contact.conversation_id == conversation_id)
                .order_by(Contact.initiated_at.desc())
                .limit(1)
            )
            count = await session.scalar(
                select(func.count()).select_from(AttachmentRow).where(AttachmentRow.conversation_id == conversation_id)
            )
        if (count or 0) >= MOST_PER_CONVERSATION:
            raise TooMany(f"a conversation may have {MOST_PER_CONVERSATION} images")
        return self._live_contact(conversation_id) or last
