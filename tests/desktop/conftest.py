"""Databases as in `tests/session`: SQLite, and PostgreSQL where there is one."""

from __future__ import annotations

from tests.session.conftest import store, url

__all__ = ["store", "url"]
