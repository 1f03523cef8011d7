"""The SQLite file of users that Kamailio authenticates by, and the files in which it keeps registrations and dialogs.

Kamailio reads users at every request, so a change needs no restart.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

BUSY_S = 5.0
INTERNAL_TABLE = "internal"

_USERS = """
CREATE TABLE IF NOT EXISTS {table} (
    id INTEGER PRIMARY KEY NOT NULL,
    username VARCHAR(64) NOT NULL DEFAULT '', domain VARCHAR(64) NOT NULL DEFAULT '',
    password VARCHAR(64) NOT NULL DEFAULT '', ha1 VARCHAR(128) NOT NULL DEFAULT '', ha1b VARCHAR(128) NOT NULL DEFAULT '',
    UNIQUE (username, domain)
);
"""
# Columns and version numbers are those that Kamailio 5.6 checks at its start.
_VERSION = """
CREATE TABLE IF NOT EXISTS version (
    id INTEGER PRIMARY KEY NOT NULL, table_name VARCHAR(32) UNIQUE NOT NULL, table_version INTEGER NOT NULL DEFAULT 0
);
"""
_USER_TABLES = "".join(
    [
        _VERSION,
        _USERS.format(table="subscriber"),
        _USERS.format(table=INTERNAL_TABLE),
        "INSERT OR REPLACE INTO version (table_name, table_version) VALUES ('version', 1), ('subscriber', 7), ('internal', 7);",
    ]
)
_STATE_TABLES = (
    _VERSION
    + """
CREATE TABLE IF NOT EXISTS location (
    id INTEGER PRIMARY KEY NOT NULL,
    ruid VARCHAR(64) NOT NULL DEFAULT '' UNIQUE,
    username VARCHAR(64) NOT NULL DEFAULT '', domain VARCHAR(64) DEFAULT NULL,
    contact VARCHAR(512) NOT NULL DEFAULT '', received VARCHAR(128) DEFAULT NULL, path VARCHAR(512) DEFAULT NULL,
    expires TIMESTAMP NOT NULL DEFAULT '2030-05-28 21:32:15', q REAL NOT NULL DEFAULT 1.0,
    callid VARCHAR(255) NOT NULL DEFAULT 'Default-Call-ID', cseq INTEGER NOT NULL DEFAULT 1,
    last_modified TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:01',
    flags INTEGER NOT NULL DEFAULT 0, cflags INTEGER NOT NULL DEFAULT 0, user_agent VARCHAR(255) NOT NULL DEFAULT '',
    socket VARCHAR(64) DEFAULT NULL, methods INTEGER DEFAULT NULL, instance VARCHAR(255) DEFAULT NULL,
    reg_id INTEGER NOT NULL DEFAULT 0, server_id INTEGER NOT NULL DEFAULT 0, connection_id INTEGER NOT NULL DEFAULT 0,
    keepalive INTEGER NOT NULL DEFAULT 0, partition INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS location_account ON location (username, domain, contact);
CREATE INDEX IF NOT EXISTS location_expires ON location (expires);
CREATE TABLE IF NOT EXISTS dialog (
    id INTEGER PRIMARY KEY NOT NULL,
    hash_entry INTEGER NOT NULL, hash_id INTEGER NOT NULL, callid VARCHAR(255) NOT NULL,
    from_uri VARCHAR(255) NOT NULL, from_tag VARCHAR(128) NOT NULL, to_uri VARCHAR(255) NOT NULL, to_tag VARCHAR(128) NOT NULL,
    caller_cseq VARCHAR(20) NOT NULL, callee_cseq VARCHAR(20) NOT NULL,
    caller_route_set VARCHAR(512), callee_route_set VARCHAR(512),
    caller_contact VARCHAR(255) NOT NULL, callee_contact VARCHAR(255) NOT NULL,
    caller_sock VARCHAR(64) NOT NULL, callee_sock VARCHAR(64) NOT NULL,
    state INTEGER NOT NULL, start_time INTEGER NOT NULL, timeout INTEGER NOT NULL DEFAULT 0,
    sflags INTEGER NOT NULL DEFAULT 0, iflags INTEGER NOT NULL DEFAULT 0,
    toroute_name VARCHAR(32), req_uri VARCHAR(255) NOT NULL, xdata VARCHAR(512)
);
CREATE INDEX IF NOT EXISTS dialog_hash ON dialog (hash_entry, hash_id);
CREATE TABLE IF NOT EXISTS dialog_vars (
    id INTEGER PRIMARY KEY NOT NULL, hash_entry INTEGER NOT NULL, hash_id INTEGER NOT NULL,
    dialog_key VARCHAR(128) NOT NULL, dialog_value VARCHAR(512) NOT NULL
);
CREATE INDEX IF NOT EXISTS dialog_vars_hash ON dialog_vars (hash_entry, hash_id);
INSERT OR REPLACE INTO version (table_name, table_version) VALUES
    ('version', 1), ('location', 9), ('dialog', 7), ('dialog_vars', 1);
"""
)


def _create(path: Path, tables: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path, timeout=BUSY_S)) as database:
        # Kamailio waits for no lock: its reads must never meet a writer's.
        database.execute("PRAGMA journal_mode=WAL")
        database.executescript(tables)


def create_state(path: Path) -> None:
    """A file for what Kamailio itself remembers (registrations, dialogs). Nobody else writes it. Raises sqlite3.Error."""
    _create(path, _STATE_TABLES)


def location_of(db: Path) -> Path:
    """The file of registrations beside the file of users."""
    return db.with_name(f"{db.stem}-location.db")


def registered(db: Path) -> frozenset[str]:
    """Lower-case names of those whose softphones are registered, at most a second ago; `db`: the file of users.

    Blocks like the methods of `EdgeUsers`. Raises sqlite3.Error, also while Kamailio was never started.
    """
    with closing(sqlite3.connect(f"file:{location_of(db.absolute())}?mode=ro", uri=True, timeout=BUSY_S)) as database:
        return frozenset(name.lower() for (name,) in database.execute("SELECT DISTINCT username FROM location"))


def _put(database: sqlite3.Connection, table: str, user: str, realm: str, ha1: str) -> None:
    database.execute(
        f"INSERT INTO {table} (username, domain, ha1) VALUES (?, ?, ?) "  # noqa: S608 - one of our two tables
        "ON CONFLICT (username, domain) DO UPDATE SET ha1 = excluded.ha1",
        (user, realm, ha1),
    )


class EdgeUsers:
    """Who may register and call with a password. Made (schema and all) when the file is not there.

    Calls block for a few ms (at most `BUSY_S` when the file is locked): from an event loop use `asyncio.to_thread`.
    All raise sqlite3.Error when the file cannot be used.
    """

    def __init__(self, db: Path) -> None:
        self.path = db.absolute()
        _create(self.path, _USER_TABLES)

    def put(self, user: str, realm: str, ha1: str) -> None:
        """Add an agent or change the password. `ha1`: hex MD5 of user:realm:password."""
        with closing(self._open()) as database, database:
            _put(database, "subscriber", user, realm, ha1)

    def put_secret(self, user: str, realm: str, secret: str) -> None:
        """The one user that the server's own calls to agents are placed as; replaces an earlier one."""
        ha1 = hashlib.md5(f"{user}:{realm}:{secret}".encode(), usedforsecurity=False).hexdigest()
        with closing(self._open()) as database, database:
            database.execute(f"DELETE FROM {INTERNAL_TABLE}")  # noqa: S608 - a constant
            _put(database, INTERNAL_TABLE, user, realm, ha1)

    def replace(self, realm: str, digests: Mapping[str, str]) -> None:
        """Exactly these agents (user → HA1) from now on."""
        with closing(self._open()) as database, database:
            database.execute("DELETE FROM subscriber")
            for user, ha1 in digests.items():
                _put(database, "subscriber", user, realm, ha1)

    def remove(self, user: str) -> None:
        """No more registering, calling or being reached for an agent; unknown names are no error."""
        with closing(self._open()) as database, database:
            database.execute("DELETE FROM subscriber WHERE username = ?", (user,))

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=BUSY_S)
