"""Kamailio's configuration and command line, from the settings.

The rules themselves stand in `kamailio.cfg.j2`, which is the file to read: who may call in, where a call goes, what is
refused. This module fills in places, workers and secrets.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from telephony import edge_users
from telephony.edge_options import EdgeOptions

TEMPLATE = Path(__file__).with_name("kamailio.cfg.j2")
INTERNAL_REALM = "warmline-internal"
RETRY_AFTER_S = 10
SHARED_MB, PRIVATE_MB = 64, 8


@dataclass(frozen=True, slots=True)
class Worker:
    """An inbound SIP worker that calls are dispatched to; `maxload` calls at once."""

    host: str
    port: int
    duid: str
    maxload: int

    @property
    def uri(self) -> str:
        """Where it listens."""
        return f"sip:{self.host}:{self.port}"


def write_config(
    options: EdgeOptions,
    *,
    run_dir: Path,
    db: Path,
    workers: Sequence[Worker],
    worker_host: str,
    internal_user: str,
    internal_secret: str,
) -> Path:
    """Write `kamailio.cfg`, the dispatcher's list and the database files; returns the configuration's path.

    `worker_host`: the address that our workers' own calls come from; they authenticate as `internal_user`.
    """
    edge_users.create(db)
    dispatcher = run_dir / "dispatcher.list"
    lines = [f"1 {worker.uri} 8 0 duid={worker.duid};maxload={worker.maxload}" for worker in workers]
    _write_private(dispatcher, "\n".join(lines) + "\n")
    environment = Environment(
        autoescape=False,  # noqa: S701 - not HTML
        undefined=StrictUndefined,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.from_string(TEMPLATE.read_text()).render(
        edge=options,
        dispatcher=dispatcher,
        users_db=db,
        locations_db=edge_users.locations_file(db),
        rpc_socket=rpc_socket(run_dir),
        worker_host=worker_host,
        worker_ports=sorted({worker.port for worker in workers}),
        internal_realm=INTERNAL_REALM,
        internal_ha1=_ha1(internal_user, internal_secret),
        loopback_only=_is_loopback(options.host),
        retry_after_s=RETRY_AFTER_S,
        worker_timeout_ms=round(options.worker_timeout_s * 1000),
    )
    config = run_dir / "kamailio.cfg"
    _write_private(config, text)
    return config


def command(config: Path, run_dir: Path, program: str = "kamailio") -> tuple[str, ...]:
    """The command that runs it in the foreground, logging to standard error."""
    return (program, "-f", str(config), "-DD", "-E", "-Y", str(run_dir), "-m", str(SHARED_MB), "-M", str(PRIVATE_MB))


def rpc_socket(run_dir: Path) -> Path:
    """Kamailio's control socket."""
    return run_dir / "kamailio-rpc.sock"


def _ha1(user: str, secret: str) -> str:
    return hashlib.md5(f"{user}:{INTERNAL_REALM}:{secret}".encode(), usedforsecurity=False).hexdigest()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _write_private(path: Path, text: str) -> None:
    """For the owner only: it names digests."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)
