"""The small SQLite files beside Kamailio: who may register (written here) and who is registered (written by it).

Two files, so that neither writer ever waits for the other. Kamailio reads the users at every REGISTER: a change needs
no restart.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

BUSY_S = 5.0
_VERSIONS = """
CREATE TABLE IF NOT EXISTS version (table_name VARCHAR(32) PRIMARY KEY NOT NULL, table_version INTEGER NOT NULL);
"""
_USERS = """
CREATE TABLE IF NOT EXISTS subscriber (username VARCHAR(64) PRIMARY KEY NOT NULL, ha1 VARCHAR(64) NOT NULL);
INSERT OR REPLACE INTO version VALUES ('subscriber', 7);
"""
# The columns that Kamailio 5.6 writes (usrloc, table version 9).
_LOCATIONS = """
CREATE TABLE IF NOT EXISTS location (
    id INTEGER PRIMARY KEY NOT NULL, ruid VARCHAR(64) UNIQUE DEFAULT '' NOT NULL,
    username VARCHAR(64) DEFAULT '' NOT NULL, domain VARCHAR(64) DEFAULT NULL,
    contact VARCHAR(512) DEFAULT '' NOT NULL, received VARCHAR(128) DEFAULT NULL, path VARCHAR(512) DEFAULT NULL,
    expires TIMESTAMP DEFAULT '2030-05-28 21:32:15' NOT NULL, q REAL DEFAULT 1.0 NOT NULL,
    callid VARCHAR(255) DEFAULT '' NOT NULL, cseq INTEGER DEFAULT 1 NOT NULL,
    last_modified TIMESTAMP DEFAULT '2000-01-01 00:00:01' NOT NULL,
    flags INTEGER DEFAULT 0 NOT NULL, cflags INTEGER DEFAULT 0 NOT NULL, user_agent VARCHAR(255) DEFAULT '' NOT NULL,
    socket VARCHAR(64) DEFAULT NULL, methods INTEGER DEFAULT NULL, instance VARCHAR(255) DEFAULT NULL,
    reg_id INTEGER DEFAULT 0 NOT NULL, server_id INTEGER DEFAULT 0 NOT NULL, connection_id INTEGER DEFAULT 0 NOT NULL,
    keepalive INTEGER DEFAULT 0 NOT NULL, partition INTEGER DEFAULT 0 NOT NULL
);
CREATE INDEX IF NOT EXISTS location_contact ON location (username, domain, contact);
INSERT OR REPLACE INTO version VALUES ('location', 9);
"""


def locations_file(users_file: Path) -> Path:
    """Where registrations are kept over a restart, beside the users' file."""
    return users_file.with_name(f"{users_file.stem}-locations.db")


def create(users_file: Path) -> None:
    """Make both files if they are not there; Kamailio does not start without them."""
    users_file.parent.mkdir(parents=True, exist_ok=True)
    for path, tables in ((users_file, _USERS), (locations_file(users_file), _LOCATIONS)):
        path.touch(mode=0o600)
        with closing(sqlite3.connect(path, timeout=BUSY_S)) as database, database:
            # Readers are never held up by a writer then.
            database.execute("PRAGMA journal_mode=WAL")
            database.executescript(_VERSIONS + tables)


def write(users_file: Path, digests: Mapping[str, str]) -> None:
    """The users from now on: SIP user → HA1 (hex MD5 of user:realm:password). Others may no longer register."""
    create(users_file)
    with closing(sqlite3.connect(users_file, timeout=BUSY_S)) as database, database:
        database.execute("DELETE FROM subscriber")
        database.executemany("INSERT INTO subscriber (username, ha1) VALUES (?, ?)", list(digests.items()))
