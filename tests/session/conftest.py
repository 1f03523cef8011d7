"""Databases of the tests: real SQLite files, and a real PostgreSQL where TEST_POSTGRES_URL names one.

`TEST_POSTGRES_URL=postgresql+asyncpg://USER@HOST/DB`: the user must be allowed to create databases.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from session.ids import new_id
from session.store import Store


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/w.db"
        return
    server = os.environ.get("TEST_POSTGRES_URL")
    if server is None:
        pytest.skip("TEST_POSTGRES_URL is not set")
    name = "warmline_" + new_id().replace("-", "")
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await engine.dispose()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url)
    yield store
    await store.close()
