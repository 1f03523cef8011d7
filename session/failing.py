"""What an error of the database means: that it is away for a moment, or that it refuses what it was told."""

from __future__ import annotations

import sqlite3
from socket import gaierror

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

NOBODY = ("28", "3D")  # classes of SQLSTATE: a login that is refused, a database that does not exist
LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def away(error: Exception) -> bool:
    """Whether the database is full, locked or not there, so that another try may do.

    asyncpg has no class for a connection that was cut, nor for a server that starts or stops: SQLAlchemy makes them the
    bare `DBAPIError`.
    """
    if isinstance(error, DBAPIError):
        known = isinstance(error, OperationalError | InterfaceError)
        return known or type(error) is DBAPIError or error.connection_invalidated
    return isinstance(error, ConnectionError | gaierror)


def may_pass(error: Exception, *, sqlite: bool) -> bool:
    """Whether a database that cannot be opened may be opened later, though nobody changes the settings or the file."""
    if sqlite:
        return isinstance(error, DBAPIError) and getattr(error.orig, "sqlite_errorcode", None) in LOCKED
    if isinstance(error, DBAPIError):
        return away(error) and not str(getattr(error.orig, "sqlstate", "")).startswith(NOBODY)
    return isinstance(error, OSError)
