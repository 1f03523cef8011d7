"""Kamailio in front of the SIP workers: its configuration, and the command that runs it.

The rules are in `edge.cfg` beside this file; here the settings are put into them.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from secrets import token_hex

from telephony.dial_rules import parse_uri
from telephony.edge_options import EdgeOptions
from telephony.edge_users import EdgeUsers, create_state, location_of

CONFIG = "kamailio.cfg"
WORKERS = "kamailio-workers.list"
RPC_SOCKET = "kamailio.sock"
FROM_USER = "warmline"  # user part of From in calls that sip-out workers place: those are never given to the bot
AGENT_HEADER = "X-Warmline-Agent"  # with the edge's word, the login whose password came with the call
PING_S = 2  # s between OPTIONS to each worker: how soon a restarted one is used again
RING_GRACE_S = 2.0  # s after the worker should have given up by itself
SHARED_MB = 64
PRIVATE_MB = 8

_TEMPLATE = Path(__file__).with_name("edge.cfg")
_HOST = re.compile(r"^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$")
_NAME = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_PATH = re.compile(r"^[^\"\\\n;]{1,400}$")


@dataclass(frozen=True, slots=True)
class Worker:
    """A sip-in worker that calls are given to; `maxload` = calls at once."""

    host: str
    port: int
    duid: str
    maxload: int


def write_config(
    options: EdgeOptions,
    *,
    run_dir: Path,
    db: Path,
    workers: Sequence[Worker],
    internal_user: str,
    internal_secret: str,
    dial_allowed: Sequence[str] = (),
    answer_within_s: float = 5.0,
    retry_after_s: int = 30,
) -> Path:
    """Write Kamailio's configuration and worker list into `run_dir`, make the users' file `db`, return the configuration.

    `internal_user`/`internal_secret` are what sip-out workers answer the edge's challenge with: they reach registered
    agents and the addresses of `dial_allowed` (patterns as in the setting of that name), nobody else does.
    `answer_within_s`: how long a worker may let a call ring before it says 504 itself; one that rings longer is dead,
    and the next worker is tried.
    Raises ValueError when a setting cannot stand in a configuration, naming it.
    """
    run_dir, db = run_dir.absolute(), db.absolute()
    for name, value, allowed in (
        ("edge.host", options.host, _HOST),
        ("edge.domain", options.domain, _HOST),
        ("the internal user", internal_user, _NAME),
        ("the run folder", str(run_dir), _PATH),
        ("the data folder", str(db), _PATH),
    ):
        if not allowed.fullmatch(value):
            raise ValueError(f"{name} is {value!r}, which Kamailio's configuration cannot hold")
    for worker in workers:
        if not (_HOST.fullmatch(worker.host) and _NAME.fullmatch(worker.duid)):
            raise ValueError(f"{worker} has a host or name that Kamailio's worker list cannot hold")
    run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    EdgeUsers(db).put_secret(internal_user, options.domain, internal_secret)
    location, dialogs = location_of(db), db.with_name(f"{db.stem}-dialogs.db")
    create_state(location)
    create_state(dialogs)
    worker_list = run_dir / WORKERS
    worker_list.write_text("".join(f"1 sip:{w.host}:{w.port} 0 0 duid={w.duid};maxload={w.maxload}\n" for w in workers))
    everywhere = options.host == "0.0.0.0"  # noqa: S104 - compared, not bound
    trunks = [str(ip_network(trunk, strict=False)) for trunk in options.trunks]
    # By port too: an agent's SIP address on this machine is not the edge.
    aliases = [options.domain] if ":" in options.domain else [f"{options.domain}:{p}" for p in {options.port, 5060}]
    text = _section(_TEMPLATE.read_text(), "TRUNKS", keep=bool(trunks))
    values = {
        # Without `listen` each interface gets its own socket, so that Via and Record-Route name one that can be reached.
        "LISTEN": f"port={options.port}"
        if everywhere
        else f"listen=udp:{options.host}:{options.port}\nlisten=tcp:{options.host}:{options.port}",
        "MHOMED": "1" if everywhere else "0",
        "ALIASES": "".join(f'alias="{name}"\n' for name in aliases),
        "PING_HOST": options.domain,
        "PING_S": str(PING_S),
        "RPC_SOCKET": str(run_dir / RPC_SOCKET),
        "DISPATCHER_LIST": str(worker_list),
        # Slashes: two of the scheme, one of the separator, then the absolute path's own.
        "DB_URL": f"sqlite:///{db}",
        "LOCATION_URL": f"sqlite:///{location}",
        "DIALOG_URL": f"sqlite:///{dialogs}",
        "NONCE_SECRET": token_hex(16),
        "REALM": options.domain,
        "AGENT_HEADER": AGENT_HEADER,
        "WORD": word_of(internal_secret),
        "INTERNAL_USER": internal_user,
        "TRUNKS": ",".join(trunks),
        "FROM_WORKER_HOSTS": "".join(
            f" || src_ip=={host}" for host in sorted({worker.host for worker in workers}) if _beyond_loopback(host)
        ),
        "UNTRUSTED": " && !(src_ip==127.0.0.0/8)" if options.trust_loopback else "",
        "FROM_USER": FROM_USER,
        "DIAL_ALLOWED": " || ".join(f'$ru =~ "{_pattern(rule)}"' for rule in dial_allowed) or "1 == 0",
        "WORKER_TIMEOUT_MS": str(round(options.worker_timeout_s * 1000)),
        "RING_MS": str(round((answer_within_s + RING_GRACE_S) * 1000)),
        "RETRY_AFTER_S": str(retry_after_s),
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    config = run_dir / CONFIG
    config.touch(mode=0o600)
    config.write_text(text)
    return config


def word_of(internal_secret: str) -> str:
    """What the edge says to our workers of who calls, so that nobody else can: made of the secret, which it does not tell."""
    return hashlib.sha256(f"edge {internal_secret}".encode()).hexdigest()[:32] if internal_secret else ""


def program() -> str | None:
    """Where Kamailio is installed, if it is."""
    # Debian keeps it where an ordinary user's PATH does not look.
    return shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin:/usr/local/sbin")


def command(config: Path, run_dir: Path) -> list[str]:
    """Run Kamailio in the foreground, logging to standard error; SIGTERM ends it and its children."""
    return [
        program() or "kamailio",
        "-DD",
        "-E",
        "-f",
        str(config),
        "-m",
        str(SHARED_MB),
        "-M",
        str(PRIVATE_MB),
        "-Y",
        str(run_dir),
        "-w",
        str(run_dir),
    ]


def _section(text: str, name: str, *, keep: bool) -> str:
    """Keep or drop what stands between @NAME_BEGIN@ and @NAME_END@."""
    inside = re.compile(f"@{name}_BEGIN@(.*?)@{name}_END@", re.DOTALL)
    return inside.sub(lambda found: found[1] if keep else "", text)


def _beyond_loopback(host: str) -> bool:
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return False


def _pattern(rule: str) -> str:
    """A `dial_allowed` rule as a POSIX expression over the request URI."""
    uri = parse_uri(rule)

    def literal(text: str) -> str:
        return "".join(char if char.isalnum() else f"[{char}]" for char in text)

    user = "[^@]*".join(literal(part) for part in uri.user.split("*"))
    port = f":{uri.port}" if uri.port else "(:5060)?"
    return f"^{uri.scheme}:{user + '@' if uri.user else ''}{literal(uri.host)}{port}(;transport=(udp|tcp))?$"
