"""`warmline serve`: starts every plane, keeps it running, drains and stops it.

Order of start: inference (it loads longest), app, leg workers, Kamailio; of stop: edge last, so that new calls are
refused politely by workers that drain, rather than by nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import structlog

from server.planes import CONTROL_SOCKET, PLANES_FILE, REFUSAL_FILE
from server.processes import Process, Spec
from server.settings import PREFIX, Settings
from telephony import edge
from telephony.edge_rpc import EdgeRpc

log = structlog.get_logger(__name__)

INTERNAL_USER = "warmline-dial"
EDGE_TIMEOUT_S = 3.0
EDGE_WAIT_S = 120.0  # s that `warmline edge` waits for the configuration; a first start loads models
SOCKET_PATH_MAX = 107  # bytes that a Unix socket may have in its path
SETTLE_S = 0.3  # s between planes at start, so that sockets are there before those who connect


class CannotServe(Exception):
    """The start is refused; the text names what is in the way and the mend."""


@dataclass(frozen=True, slots=True)
class SipPlan:
    """How SIP is laid out: with Kamailio in front, or one worker on the port itself."""

    kamailio: str | None
    with_edge: bool
    inbound: int
    outbound: int
    per_worker: int


def sip_plan(settings: Settings, kamailio: str | None, cap: int) -> SipPlan:
    """Workers for `max_calls` at `cap` calls a process; without an edge one inbound worker. Raises `CannotServe`."""
    mode = settings.edge.kamailio
    if mode == "on" and kamailio is None:
        raise CannotServe(
            "edge.kamailio is on, but kamailio is not installed: `apt install kamailio` or set it to auto"
        )
    with_edge = mode == "external" or (mode in ("auto", "on") and kamailio is not None)
    inbound = math.ceil(settings.edge.max_calls / cap) if with_edge else 1
    return SipPlan(
        kamailio if mode in ("auto", "on") else None, with_edge, inbound, settings.edge.outbound_workers, cap
    )


def compiled_cap() -> int:
    """Calls per SIP process, read in a process of its own: the library's licence ends there."""
    found = subprocess.run(
        [sys.executable, "-c", "from telephony.endpoint import compiled_call_cap as c; print(c())"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if found.returncode:
        raise CannotServe(
            f"the SIP library cannot be loaded: {found.stderr.strip().splitlines()[-1:]}; run `make setup`"
        )
    return int(found.stdout.split()[-1])


def first_outbound_port(settings: Settings, plan: SipPlan) -> int:
    """SIP port of sip-out-0: after those of all inbound workers there may be, with an edge or without."""
    return settings.sip.worker_base_port + math.ceil(settings.edge.max_calls / plan.per_worker)


def check_ports(settings: Settings, plan: SipPlan) -> None:
    """Raises `CannotServe` naming a port that is taken and the setting that moves it."""
    wanted = [(settings.server.host, settings.server.port, socket.SOCK_STREAM, "server.port", "HTTP")]
    if settings.edge.kamailio != "external":
        wanted += [
            (settings.edge.host, settings.edge.port, socket.SOCK_DGRAM, "edge.port", "SIP over UDP"),
            (settings.edge.host, settings.edge.port, socket.SOCK_STREAM, "edge.port", "SIP over TCP"),
        ]
    base, first_out = settings.sip.worker_base_port, first_outbound_port(settings, plan)
    inbound = range(base, base + plan.inbound) if plan.with_edge else ()
    for port in (*inbound, *range(first_out, first_out + plan.outbound)):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            wanted.append((settings.sip.worker_host, port, kind, "sip.worker_base_port", "a SIP worker"))
    for host, port, kind, name, what in wanted:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                taken = error.errno in (errno.EADDRINUSE, errno.EACCES)
                setting = name if taken else name.replace("_base_port", "_host").replace("port", "host")
                setting += f" ({PREFIX}{setting.upper().replace('.', '__')})"
                mend = f"stop what uses it, or set {setting}"
                if not taken:
                    mend = f"set {setting} to an IPv4 address of this machine, or to 0.0.0.0 for all"
                raise CannotServe(f"{what} cannot listen on {host}:{port} ({error.strerror}): {mend}") from error


def check_music(settings: Settings) -> None:
    """Raises `CannotServe` where callers would wait in silence."""
    music = settings.desk.hold_music
    if not (file := settings.installed(music)).is_file():
        raise CannotServe(
            f"desk.hold_music is {music!r}, but there is no file {file}: set desk.hold_music ({PREFIX}DESK__HOLD_MUSIC) "
            "to an audio file, such as flows/audio/hold.flac"
        )


def take_run_dir(run_dir: Path) -> int:
    """Make the folder ours, without what a dead instance left; returns the lock's descriptor, held until we end.

    Raises `CannotServe` when another instance has it, or its path is too long for the sockets in it.
    """
    longest = len(str(run_dir / "bridge" / f"{'x' * 16}.sock"))
    if longest > SOCKET_PATH_MAX:
        raise CannotServe(
            f"server.run_dir {run_dir} is {longest - SOCKET_PATH_MAX} characters too long for the names of the sockets "
            f"in it: set server.run_dir ({PREFIX}SERVER__RUN_DIR) to a shorter one"
        )
    run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(run_dir / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise CannotServe(
            f"another `warmline serve` uses {run_dir}: stop it, or set server.data_dir ({PREFIX}SERVER__DATA_DIR)"
        ) from error
    for leftover in [
        *run_dir.glob("*.sock"),
        *run_dir.glob("bridge/*.sock"),
        run_dir / PLANES_FILE,
        run_dir / REFUSAL_FILE,
    ]:
        leftover.unlink(missing_ok=True)
    return lock


class Supervisor:
    """One per `warmline serve`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._processes: list[Process] = []
        self._terms = 0
        self._stop = asyncio.Event()
        self._stop_now = asyncio.Event()
        self._edge_rpc: EdgeRpc | None = None
        self._sip_ports: dict[str, int] = {}
        self._clearing: set[asyncio.Task[None]] = set()
        self._app_was_up = False
        self._refusal = ""

    async def run(self) -> None:
        """Until SIGTERM (drain, then stop) or a second one (stop now). Raises `CannotServe`."""
        settings = self.settings
        lock = take_run_dir(settings.run_dir)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_term)
        plan = sip_plan(settings, edge.program(), compiled_cap())
        check_music(settings)
        check_ports(settings, plan)
        self._processes = [Process(spec, self._publish, self._on_death) for spec in self._specs(plan)]
        for process in self._processes:
            process.start()
            await asyncio.sleep(SETTLE_S if process.spec.name in ("inference", "app") else 0)
        log.info(
            "serve.started",
            planes=len(self._processes),
            edge=bool(plan.kamailio),
            web=f"http://{settings.server.host}:{settings.server.port}",
            sip=f"sip:support@{settings.edge.host}:{settings.edge.port}",
        )
        announcing = asyncio.create_task(self._announce_ready(), name="announce-ready")
        await self._stop.wait()
        announcing.cancel()
        await asyncio.gather(announcing, return_exceptions=True)
        if not self._refusal:
            await self._drain()
        await self._stop_all()
        os.close(lock)
        if self._refusal:
            raise CannotServe(self._refusal)

    # ------------------------------------------------------------------ layout

    def _specs(self, plan: SipPlan) -> list[Spec]:
        settings = self.settings
        secret = internal_secret(settings)
        word = {"WARMLINE_SIP__DIAL_SECRET": secret} if plan.with_edge else {}
        specs = [_python("inference", "inference_worker"), _python("app", "app", env=word)]
        ports = []
        for n in range(plan.inbound):
            ports.append(settings.sip.worker_base_port + n)
            listen = [] if plan.with_edge else ["--listen", f"{settings.edge.host}:{settings.edge.port}"]
            specs.append(_python(f"sip-in-{n}", "sip_worker", *listen))
        dial = (
            {
                "WARMLINE_SIP__DIAL_USER": INTERNAL_USER,
                "WARMLINE_SIP__DIAL_SECRET": secret,
                "WARMLINE_SIP__DIAL_PROXY": f"sip:{_reachable(settings.edge.host)}:{settings.edge.port};lr",
            }
            if plan.with_edge
            else {}
        )
        specs += [_python(f"sip-out-{n}", "sip_worker", env=dial) for n in range(plan.outbound)]
        first_out = first_outbound_port(settings, plan)
        self._sip_ports = {f"sip-in-{n}": port for n, port in enumerate(ports)}
        self._sip_ports |= {f"sip-out-{n}": first_out + n for n in range(plan.outbound)}
        specs += [_python(f"webrtc-{n}", "webrtc_worker") for n in range(settings.media.webrtc_workers)]
        if plan.with_edge:
            config = self.write_edge(ports, plan.per_worker, secret)
            if plan.kamailio is not None:
                # SIGTERM, not SIGKILL: Kamailio's main process then ends its children.
                command = tuple(edge.command(config, settings.run_dir))
                specs.append(Spec("kamailio", command, stop_s=5.0, orphaned="TERM"))
                self._edge_rpc = EdgeRpc(settings.run_dir)
        return specs

    def write_edge(self, ports: list[int], per_worker: int, secret: str) -> Path:
        """Kamailio's configuration and its user file; returns the configuration's path."""
        settings = self.settings
        workers = [
            edge.Worker(host=_reachable(settings.sip.worker_host), port=port, duid=f"sip-in-{n}", maxload=per_worker)
            for n, port in enumerate(ports)
        ]
        return edge.write_config(
            settings.edge,
            run_dir=settings.run_dir,
            db=settings.edge_db,
            workers=workers,
            internal_user=INTERNAL_USER,
            internal_secret=secret,
            dial_allowed=settings.dial_rules,
            answer_within_s=settings.sip.answer_within_s,
            retry_after_s=settings.sip.retry_after_s,
        )

    async def _announce_ready(self) -> None:
        """One line once everything is up, so that whoever waits at the terminal knows when to call."""
        settings = self.settings.server
        began = time.monotonic()
        while await _health(_reachable(settings.host), settings.port) != "ok":  # noqa: ASYNC110 - another process says
            await asyncio.sleep(1)
        log.info(
            "serve.ready", after_s=round(time.monotonic() - began, 1), web=f"http://{settings.host}:{settings.port}"
        )

    # ------------------------------------------------------------------ deaths

    async def _on_death(self, process: Process) -> None:
        name = process.spec.name
        if name == "app":
            self._judge_app()
        port = self._sip_ports.get(name)
        if port is not None and self._edge_rpc is not None:
            task = asyncio.create_task(self._end_calls(port), name=f"end-calls-{port}")
            self._clearing.add(task)
            task.add_done_callback(self._clearing.discard)

    def _judge_app(self) -> None:
        """A first start that cannot succeed is ended; later ones are tried again, for calls are up."""
        run_dir = self.settings.run_dir
        self._app_was_up |= (run_dir / CONTROL_SOCKET).exists()
        with contextlib.suppress(OSError):
            if not self._app_was_up:
                self._refusal = (run_dir / REFUSAL_FILE).read_text(encoding="utf-8")
                self._stop.set()

    async def _end_calls(self, port: int) -> None:
        """Whoever a dead worker talked with hears nothing any more: hang up for it."""
        if self._edge_rpc is None:
            return
        try:
            ended = await asyncio.wait_for(self._edge_rpc.end_calls_to(port), EDGE_TIMEOUT_S)
            log.info("serve.calls_of_dead_worker_ended", port=port, calls=ended)
        except (OSError, TimeoutError, ValueError) as error:
            log.warning("serve.cannot_end_calls", port=port, error=str(error))

    # ------------------------------------------------------------------ stopping

    def _on_term(self) -> None:
        self._terms += 1
        self._stop.set()
        if self._terms > 1:
            self._stop_now.set()

    async def _drain(self) -> None:
        log.info("serve.draining", limit_s=self.settings.server.drain_timeout_s)
        asking = asyncio.create_task(self._ask_drain())
        hurry = asyncio.create_task(self._stop_now.wait())
        await asyncio.wait([asking, hurry], return_when=asyncio.FIRST_COMPLETED)
        for task in (asking, hurry):
            task.cancel()
        await asyncio.gather(asking, hurry, return_exceptions=True)

    async def _ask_drain(self) -> None:
        limit_s = self.settings.server.drain_timeout_s
        try:
            reader, writer = await asyncio.open_unix_connection(self.settings.run_dir / CONTROL_SOCKET)
            writer.write(json.dumps({"cmd": "drain", "limit_s": limit_s}).encode() + b"\n")
            await asyncio.wait_for(reader.readline(), limit_s + 15)
            writer.close()
        except (OSError, TimeoutError) as error:
            log.warning("serve.drain_failed", error=str(error))

    async def _stop_all(self) -> None:
        groups = (("sip", "webrtc"), ("app",), ("inference", "kamailio"))
        for group in groups:
            await asyncio.gather(*(p.stop() for p in self._processes if p.spec.name.startswith(group)))
        (self.settings.run_dir / PLANES_FILE).unlink(missing_ok=True)
        log.info("serve.stopped")

    def _publish(self) -> None:
        path = self.settings.run_dir / PLANES_FILE
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps({p.spec.name: p.describe() for p in self._processes}))
        with contextlib.suppress(OSError):
            temporary.replace(path)


def _python(name: str, module: str, *arguments: str, env: dict[str, str] | None = None) -> Spec:
    command = (sys.executable, "-m", f"server.planes.{module}", "--id", name, *arguments)
    return Spec(name, command, {"PYTHONUNBUFFERED": "1", "OMP_WAIT_POLICY": "passive", **(env or {})})


async def _health(host: str, port: int) -> str:
    """What the app says of itself; empty when it does not answer."""
    try:
        async with asyncio.timeout(EDGE_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET /api/health HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            answer = await reader.read(65536)
            writer.close()
        return str(json.loads(answer.partition(b"\r\n\r\n")[2])["status"])
    except (OSError, TimeoutError, ValueError, KeyError):
        return ""


def _reachable(host: str) -> str:
    """An address to connect to for one that is listened on."""
    return "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104


def run_edge(settings: Settings) -> int:
    """Become Kamailio, with the configuration that a `serve` with edge.kamailio = external has written; exit status."""
    config = settings.run_dir / "kamailio.cfg"
    program = edge.program()
    deadline = time.monotonic() + EDGE_WAIT_S
    while not config.is_file() and time.monotonic() < deadline:
        time.sleep(0.5)
    if program is None or not config.is_file():
        missing = "kamailio is not installed" if program is None else f"`warmline serve` has written no {config}"
        sys.stderr.write(f"warmline: {missing}\n")
        return 1
    os.execv(program, edge.command(config, settings.run_dir))  # noqa: S606 - our own configuration
    return 0


def internal_secret(settings: Settings) -> str:
    """What our workers prove themselves to Kamailio with: fresh at each start, but kept where Kamailio outlives us."""
    if settings.edge.kamailio != "external":
        return token_urlsafe(24)
    path = settings.data_dir / "edge.secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(token_urlsafe(24))
    return path.read_text()


def main(settings: Settings) -> int:
    """Run until stopped; the exit status."""
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).resolve().parent.parent))
    try:
        asyncio.run(Supervisor(settings).run())
    except CannotServe as error:
        sys.stderr.write(f"warmline: {error}\n")
        return 1
    return 0
