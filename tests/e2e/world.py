"""A whole private instance of `warmline serve`: its processes, its API, and who calls it or registers there."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import yaml

from dialog.verification.hashing import hash_secret
from tests import learnt
from tests.e2e.phones import Caller, Phone, end
from tests.e2e.waiting import PATIENCE, Cue, fits, until
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
READY_S = 100.0  # models load
KIM, KIM_NO, KIM_PIN = "kim", "200001", "0397"
"""A customer of these tests' own, with a PIN that stands in no shipped file and, by its zero, is no number of JSON."""
TLS = httpx.create_ssl_context()
"""For every request: httpx makes one for each otherwise, 50 ms of processor, though nothing here is HTTPS."""


def customers(path: Path) -> Path:
    """The shipped sample of customers and Kim."""
    listed = yaml.safe_load((ROOT / "flows" / "customers.sample.yaml").read_text(encoding="utf-8"))
    alex = listed["customers"][0]
    kim = {
        "customer_no": KIM_NO,
        "name": "Kim Berg",
        "phones": [KIM],
        "pin_hash": hash_secret(KIM_PIN),
        "facts": alex["facts"],
    }
    listed["customers"].append(kim)
    path.write_text(yaml.safe_dump(listed, allow_unicode=True), encoding="utf-8")
    return path


class Instance:
    """`warmline serve` with a folder and ports of its own."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        base = free_port(16)
        rtp = free_port(400)
        self.http, self.sip, self.workers_at = base, base + 1, base + 3
        self.url = f"http://127.0.0.1:{self.http}"
        self.env = {
            **os.environ,
            "WARMLINE_MODELS": os.environ.get("WARMLINE_MODELS", str(ROOT / "var" / "models")),
            "WARMLINE_SERVER__DATA_DIR": str(folder / "data"),
            "WARMLINE_SERVER__PORT": str(self.http),
            "WARMLINE_SERVER__OFFERS_PER_MINUTE": "100",
            "WARMLINE_EDGE__PORT": str(self.sip),
            "WARMLINE_SIP__WORKER_BASE_PORT": str(self.workers_at),
            "WARMLINE_SIP__RTP_BASE_PORT": str(rtp),
            "WARMLINE_DESK__RING_S": "8",  # the page of a busy machine must show it, and a key be pressed, before it is missed
            "WARMLINE_DESK__ACW_S": "20",
            "WARMLINE_DESK__NOT_RESPONDING_S": "60",
            "WARMLINE_DESK__ANNOUNCE_EVERY_S": "10",
            "WARMLINE_DIALOG__CUSTOMERS": str(customers(folder / "customers.yaml")),
            "WARMLINE_DIALOG__NUMBERS": json.dumps({"*": {}, "zhongwen": {"locale": "zh-CN"}}),
            **env,
        }
        self._log = (folder / "log").open("w")
        self.process: subprocess.Popen[str] | None = None
        self.token = ""
        self._people: list[subprocess.Popen[str]] = []
        self._tokens: list[str] = []
        self._numbers = iter(range(10_000))

    # ------------------------------------------------------------------ the instance

    def start(self) -> None:
        self.cli("user", "add", "--admin", "boss")
        learnt.bring(self.folder / "data")
        self.launch()
        learnt.keep(self.folder / "data")
        self.token = self.login("boss")

    def launch(self) -> None:
        """`warmline serve`, again when it has ended."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve"], cwd=ROOT, env=self.env, stdout=self._log, stderr=self._log,
            text=True, start_new_session=True,
        )  # fmt: skip
        self.ready()

    def ready(self, timeout_s: float = READY_S) -> None:
        """Until every plane is up."""

        def ok() -> bool:
            assert self.process is not None and self.process.poll() is None, self.tail()
            with contextlib.suppress(httpx.HTTPError):
                return bool(httpx.get(f"{self.url}/api/health", timeout=3, verify=TLS).json()["status"] == "ok")
            return False

        until("the instance is ready", ok, timeout_s, self.tail)

    def stop(self) -> None:
        self.everybody_home()
        if self.process is not None:
            for _ in range(2):  # the second says: now
                if self.process.poll() is None:
                    self.process.send_signal(signal.SIGTERM)
            end(self.process, 60)
        self._log.close()

    def tail(self, lines: int = 60) -> str:
        return "\n".join((self.folder / "log").read_text(errors="replace").splitlines()[-lines:])

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def cli(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "server.cli", *arguments], cwd=ROOT, env={**self.env, "WARMLINE_PASSWORD": PASSWORD},
            capture_output=True, text=True, timeout=60 * PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def planes(self) -> dict[str, dict[str, Any]]:
        """What the supervisor says of each process."""
        with contextlib.suppress(OSError, ValueError):
            return dict(json.loads((self.folder / "data" / "run" / "planes.json").read_text()))
        return {}

    def kill(self, name: str) -> int:
        """kill -9 of a plane's process; returns its old pid."""
        pid = int(self.planes()[name]["pid"])
        os.kill(pid, signal.SIGKILL)
        return pid

    def back(self, name: str, old: int, timeout_s: float = 60.0) -> None:
        """Until the plane runs again as another process and all is well."""

        def again() -> bool:
            plane = self.planes().get(name, {})
            return bool(plane.get("state") == "running" and plane.get("pid") not in (None, old))

        until(f"{name} is restarted", again, timeout_s, self.tail)
        self.ready(timeout_s)

    def processes(self) -> list[str]:
        """Command lines of every process of this instance; our phones are none of it."""
        mark = str(self.folder).encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes()
                if (
                    command
                    and b"telephony." not in command
                    and (mark in command or mark in (entry / "environ").read_bytes())
                ):
                    found.append(f"{entry.name} {command.replace(bytes(1), b' ').decode(errors='replace')}")
        return found

    # ------------------------------------------------------------------ the API

    def login(self, name: str) -> str:
        answer = httpx.post(f"{self.url}/api/login", json={"name": name, "password": PASSWORD}, timeout=40, verify=TLS)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def ask(self, method: str, path: str, token: str = "", **arguments: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=60, verify=TLS, **arguments)

    def available(self, token: str, availability: str = "available") -> None:
        answer = self.ask("PUT", "/api/agent/availability", token, json={"availability": availability})
        assert answer.status_code == 200, answer.text

    def conversations(self) -> list[str]:
        with contextlib.suppress(httpx.HTTPError):
            answer = self.ask("GET", "/api/conversations")
            if answer.status_code == 200:
                return [one["conversation_id"] for one in answer.json()]
        return []

    def history(self, conversation_id: str) -> dict[str, Any]:
        """Everything of a conversation; empty while the app is not there."""
        with contextlib.suppress(httpx.HTTPError):
            answer = self.ask("GET", f"/api/conversations/{conversation_id}")
            if answer.status_code == 200:
                return dict(answer.json())
        return {}

    def events(self, conversation_id: str, kind: str = "") -> list[dict[str, Any]]:
        """Its events, of one type if one is named, in order."""
        events = self.history(conversation_id).get("events", [])
        return [event for event in events if kind in ("", event["type"])]

    def wait(
        self, conversation_id: str, kind: str, timeout_s: float = 30.0, count: int = 1, **payload: Any
    ) -> dict[str, Any]:
        """The payload of the `count`-th event that `fits`."""

        def seen() -> dict[str, Any] | None:
            found = [event["payload"] for event in self.events(conversation_id) if fits(event, kind, payload)]
            return found[count - 1] if len(found) >= count else None

        return until(f"event {kind} {payload or ''} no. {count}", seen, timeout_s, lambda: self.story(conversation_id))

    def story(self, conversation_id: str) -> str:
        """The events as lines and the end of the log, for a failure's message."""
        lines = [
            f"{event['at'][14:23]} {event['type']} {json.dumps(event['payload'], ensure_ascii=False)[:200]}"
            for event in self.events(conversation_id)
        ]
        return "\n".join([*lines, self.tail(40)])

    def ended(self, conversation_id: str, timeout_s: float = 30.0) -> dict[str, Any]:
        return self.wait(conversation_id, "contact.ended", timeout_s)

    # ------------------------------------------------------------------ people

    def agent(self, name: str, device: str = "sip") -> tuple[str, str]:
        """Add an agent: (API token, SIP password)."""
        out = self.cli("user", "add", "--agent", device, name)
        secret = out.partition(" password ")[2].split(" ")[0]
        token = self.login(name)
        self._tokens.append(token)
        until(f"agent {name} is known", lambda: self.ask("GET", "/api/agent", token).status_code == 200, 20, self.tail)
        if device == "sip":
            until(f"Kamailio knows {name}", lambda: self._may_register(name), 20, self.tail)
        return token, secret

    def _may_register(self, name: str) -> bool:
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "edge.db")) as database:
            return bool(database.execute("SELECT 1 FROM subscriber WHERE username = ?", (name,)).fetchone())

    def everybody_home(self) -> None:
        """No phone or caller is left, no agent takes calls."""
        for person in self._people:
            end(person)
        self._people.clear()
        if self.process is not None and self.process.poll() is None:
            for token in self._tokens:
                with contextlib.suppress(httpx.HTTPError):
                    self.available(token, "offline")
        self._tokens.clear()

    def softphone(self, name: str, secret: str, *arguments: str) -> Phone:
        """A registered phone."""
        record = self.folder / f"{name}-{next(self._numbers)}.wav"
        process = subprocess.Popen(
            [
                sys.executable, "-m", "telephony.softphone", "--uri", f"sip:{name}@127.0.0.1", "--registrar",
                f"sip:127.0.0.1:{self.sip}", "--max-seconds", "900", "--record", str(record), *arguments,
            ],
            cwd=ROOT, env={**os.environ, "WARMLINE_PHONE_PASSWORD": secret}, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self._people.append(process)
        phone = Phone(process, record)
        phone.wait("registered")
        return phone

    def call(
        self,
        *steps: dict[str, Any] | Cue | threading.Event,
        to: str = "support",
        who: str = "demo",
        max_s: float = 300.0,
    ) -> tuple[Caller, str]:
        """Place a call that goes through these steps and stays until the far end hangs up: (caller, conversation).

        A step is one of `telephony.script`, a cue, or an event that the test sets when the caller shall go on.
        """
        folder = self.folder / f"call-{next(self._numbers)}"
        folder.mkdir()
        script = folder / "script.yaml"
        cues = [step for step in steps if isinstance(step, Cue | threading.Event)]
        spoken = [step if isinstance(step, dict) else {"wait_for_line": {"timeout_s": max_s}} for step in steps]
        script.write_text(yaml.safe_dump({"steps": spoken}, allow_unicode=True))
        known = set(self.conversations())
        reading, writing = os.pipe()
        process = subprocess.Popen(
            [
                sys.executable, "-m", "telephony.caller", f"sip:{to}@127.0.0.1:{self.sip}", "--from",
                f"sip:{who}@127.0.0.1", "--script", str(script), "--record", str(folder / "heard.wav"), "--json", "-",
                "--max-seconds", str(max_s), "--stay", str(max_s),
            ],
            cwd=ROOT, stdin=reading, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        os.close(reading)
        self._people.append(process)

        def new() -> str | None:
            fresh = [one for one in self.conversations() if one not in known]
            return fresh[0] if fresh else None

        conversation = until("the call reaches the app", new, 20, self.tail)
        threading.Thread(target=self._prompt, args=(process, writing, conversation, cues), daemon=True).start()
        return Caller(process, folder), conversation

    def _prompt(
        self, process: subprocess.Popen[str], writing: int, conversation: str, cues: list[Cue | threading.Event]
    ) -> None:
        """Tell the caller of each cue as it comes, while the call lasts."""
        at = 0

        def came(cue: Cue | threading.Event) -> bool:
            nonlocal at
            if isinstance(cue, threading.Event):
                return cue.wait(0.1)
            time.sleep(0.1)
            events = self.events(conversation)
            place = next((n for n in range(at, len(events)) if fits(events[n], cue.kind, cue.payload)), None)
            at = at if place is None else place + 1
            return place is not None

        with os.fdopen(writing, "wb", buffering=0) as lines, contextlib.suppress(BrokenPipeError):
            for cue in cues:
                while not came(cue):
                    if process.poll() is not None:
                        return
                lines.write(b"\n")


@contextlib.contextmanager
def an_instance(**env: str) -> Iterator[Instance]:
    """A running instance. In a folder of its own, not pytest's: socket paths must stay below 108 characters."""
    with tempfile.TemporaryDirectory(prefix="wl-e2e-") as folder:
        instance = Instance(Path(folder), **env)
        try:
            instance.start()
            yield instance
        finally:
            instance.stop()
