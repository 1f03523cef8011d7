"""Databases that have their tables from the start: running every migration for each test was half of what it cost.

The first new SQLite file of a run gets them from the migrations, as in service; its copy serves all later ones. On
PostgreSQL a template does the same (tests/session/conftest.py).
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from session.store import Store


def _new_file(url: str) -> Path | None:
    """The SQLite file that a URL names, where there is none yet."""
    with contextlib.suppress(ArgumentError):
        parsed = make_url(url)
        if parsed.drivername == "sqlite+aiosqlite" and parsed.database and not parsed.host:
            path = Path(parsed.database)
            if path.parent.is_dir() and not path.exists():
                return path
    return None


@contextlib.contextmanager
def migrated_once(template: Path) -> Iterator[None]:
    """While it lasts, `Store.open` runs the migrations for the first new SQLite file only."""
    real = Store.open

    async def open_(url: str, busy_timeout_s: float = 5.0) -> Store:
        path = _new_file(url)
        if path is not None and template.exists():
            shutil.copy(template, path)
        store = await real(url, busy_timeout_s)
        if path is not None and not template.exists():
            part = template.with_suffix(".part")
            with contextlib.closing(sqlite3.connect(path)) as made, contextlib.closing(sqlite3.connect(part)) as copy:
                made.backup(copy)
            part.chmod(0o600)
            part.rename(template)
        return store

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "open", open_)
        yield
