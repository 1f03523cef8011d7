"""Databases of the tests: real SQLite files, and a real PostgreSQL where TEST_POSTGRES_URL names one, as `make test` does.

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

_TEMPLATE: list[str] = []


async def _template(server: str) -> str:
    """A database with all tables, to be copied; made once per run."""
    if not _TEMPLATE:
        name = "warmline_template_" + new_id().replace("-", "")
        await _execute(server, f"CREATE DATABASE {name}")
        await (await Store.open(_named(server, name))).close()
        _TEMPLATE.append(name)
    return _TEMPLATE[0]


async def _execute(server: str, statement: str) -> None:
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


def _named(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/w.db"
        return
    server = os.environ.get("TEST_POSTGRES_URL")
    if server is None:
        pytest.skip("TEST_POSTGRES_URL is not set")
    name = "warmline_" + new_id().replace("-", "")
    await _execute(server, f"CREATE DATABASE {name} TEMPLATE {await _template(server)}")
    yield _named(server, name)
    await _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url)
    yield store
    await store.close()
