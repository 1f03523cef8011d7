"""The configuration that is written: accepted by Kamailio for every setting, refused with a sentence where it cannot be."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from telephony import edge
from telephony.edge_options import EdgeOptions
from telephony.edge_users import EdgeUsers
from tests.edge.world import needs_kamailio

WORKERS = [edge.Worker("127.0.0.1", 5070, "sip-in-0", 4), edge.Worker("10.1.2.3", 5071, "sip-in-1", 4)]


def write(folder: Path, dial_allowed: tuple[str, ...] = (), **settings: Any) -> Path:
    return edge.write_config(
        EdgeOptions.model_validate(settings),
        run_dir=folder,
        db=folder / "edge.db",
        workers=WORKERS,
        internal_user="warmline-dial",
        internal_secret="secret",
        dial_allowed=dial_allowed,
    )


@needs_kamailio
@pytest.mark.e2e
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"host": "0.0.0.0", "port": 15060, "domain": "pbx.example"},  # noqa: S104 - checked, not bound
        {"domain": "198.51.100.7:15060", "trust_loopback": False},
        {"trunks": ["192.0.2.0/24", "198.51.100.1", "203.0.113.77/28"], "worker_timeout_s": 0.5},
        {
            "trunks": ["192.0.2.1"],
            "dial_allowed": ("sip:+49*@gw.example", "sip:desk@gw.example:5070", "sips:x@gw.example"),
        },
    ],
)
def test_kamailio_accepts_it(tmp_path: Path, settings: dict[str, Any]) -> None:
    config = write(tmp_path, **settings)
    checked = subprocess.run(
        [*edge.command(config, tmp_path), "-c"], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "ERROR" not in checked.stderr, checked.stderr


def test_nothing_of_the_template_is_left(tmp_path: Path) -> None:
    text = write(tmp_path, trunks=["192.0.2.0/24"]).read_text()
    assert re.findall(r"@[A-Z_]+@", text) == []
    assert (tmp_path / edge.WORKERS).read_text().splitlines() == [
        "1 sip:127.0.0.1:5070 0 0 duid=sip-in-0;maxload=4",
        "1 sip:10.1.2.3:5071 0 0 duid=sip-in-1;maxload=4",
    ]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"domain": 'x"\nloadmodule "exec.so'}, "edge.domain"),
        ({"host": "127.0.0.1\n"}, "edge.host"),
        ({"dial_allowed": ('sip:a@b" || 1 == 1 || "',)}, "no SIP address"),
    ],
)
def test_a_setting_that_would_change_the_rules_is_refused(tmp_path: Path, settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        write(tmp_path, **settings)


def test_secrets_are_for_the_owner_only(tmp_path: Path) -> None:
    config = write(tmp_path)
    for path in (config, tmp_path / "edge.db"):
        assert path.stat().st_mode & 0o077 == 0
    assert "secret" not in (tmp_path / "edge.db").read_bytes().decode(errors="replace")


def test_a_new_internal_secret_replaces_the_old_and_leaves_agents(tmp_path: Path) -> None:
    users = EdgeUsers(tmp_path / "edge.db")
    users.put("ann", "r", "0" * 32)
    users.put_secret("one", "r", "a")
    users.put_secret("two", "r", "b")
    users.replace("r", {"ann": "1" * 32, "bob": "2" * 32})
    with closing(sqlite3.connect(users.path)) as database:
        assert database.execute("SELECT username FROM internal").fetchall() == [("two",)]
        assert sorted(database.execute("SELECT username, ha1 FROM subscriber")) == [
            ("ann", "1" * 32),
            ("bob", "2" * 32),
        ]
