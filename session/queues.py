"""Queues in the store. What their settings mean, and which are right, is the desk's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select

from session.callbacks import Callbacks
from session.model import AgentProfile, Contact, Conversation, Participant, User, utcnow
from session.model_desk import QueueRow
from session.store import Store


class Queues:
    """Reads and writes queues."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> dict[str, dict[str, Any]]:
        """Settings by id, in the order of ids."""
        async with self._store.reading() as session:
            rows = await session.scalars(select(QueueRow).order_by(QueueRow.id))
            return {row.id: dict(row.settings) for row in rows}

    async def put(self, queue: str, settings: dict[str, Any], *, by: str) -> None:
        """Make or change one."""
        async with self._store.writing() as session:
            row = await session.get(QueueRow, queue)
            if row is None:
                row = QueueRow(id=queue)
                session.add(row)
            row.settings, row.changed_at, row.changed_by = settings, utcnow(), by

    async def ensure(self, queues: Iterable[str], *, by: str) -> list[str]:
        """Make those that there are not, with nothing but defaults; which these were."""
        async with self._store.writing() as session:
            known = set(await session.scalars(select(QueueRow.id)))
            made = sorted(set(queues) - known)
            session.add_all(QueueRow(id=queue, settings={}, changed_by=by) for queue in made)
        return made

    async def remove(self, queue: str) -> bool:
        """False when there is none."""
        async with self._store.writing() as session:
            row = await session.get(QueueRow, queue)
            if row is None:
                return False
            await session.execute(delete(QueueRow).where(QueueRow.id == queue))
        return True

    async def live(self) -> list[bytes]:
        """The saved states of all contacts that have not ended."""
        return [run.state for run in await self._store.open_runs()]

    async def promised(self, queue: str) -> list[str]:
        """Numbers of those who are to be called back from it, by their place."""
        return [row.number for row in await Callbacks(self._store).listed(limit=None) if row.queue == queue]

    async def served_by(self, queue: str) -> list[str]:
        """Logins of those who were given it, also of those who are shut out for now."""
        async with self._store.reading() as session:
            rows = await session.execute(
                select(User.name, AgentProfile.queues).join(User, User.id == AgentProfile.user_id).order_by(User.name)
            )
            return [name for name, queues in rows if queue in queues]

    async def last_agent(self, customer_id: str) -> str | None:
        """The agent whom this customer talked to last, over all channels."""
        query = (
            select(Participant.user_id)
            .join(Contact, Contact.id == Participant.contact_id)
            .join(Conversation, Conversation.id == Contact.conversation_id)
            .where(
                Conversation.customer_id == customer_id,
                Participant.role == "agent",
                Contact.connected_to_agent_at.is_not(None),
            )
            .order_by(Contact.connected_to_agent_at.desc(), Participant.joined_at.desc())
            .limit(1)
        )
        async with self._store.reading() as session:
            found: str | None = await session.scalar(query)
            return found
