"""Many rows without holding the event loop: what a query finds is taken over in parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncSession

ROWS_AT_ONCE = 200  # some ms of work each; between them the event loop does what is live


async def parts(session: AsyncSession, query: Executable) -> AsyncIterator[Sequence[Any]]:
    """What a query finds: never more than `ROWS_AT_ONCE` are made of what the database gave without letting others run."""
    found = await session.stream(query.execution_options(yield_per=ROWS_AT_ONCE))
    async for part in found.partitions():
        yield part


async def in_parts(session: AsyncSession, query: Executable) -> list[Any]:
    """All rows, read so."""
    return [row async for part in parts(session, query) for row in part]
