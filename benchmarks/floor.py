"""A floor at work, through the front door: callers wait, agents answer, talk, work after the call, and take the next.

`python -m benchmarks.floor --agents 10 --callers 50 --seconds 300 --json FILE` starts a private instance with Kamailio,
registers that many softphones, and lets SIPp keep `callers` people in the queue, who come anew as others leave. One in
five hangs up by itself after 20 or 60 s; who has waited for `max_wait` s overflows. After `seconds` nobody comes any
more and the agents serve who is left. Then every contact has to be over in one of these ways, every agent idle, no offer
out. Meanwhile it is looked once a second whether somebody waits longer than may be or an agent is left idle beside those
who wait. Waits are held against the same arrivals, patience and handling in the desk's core under virtual time.

Needs Kamailio and SIPp (`apt-get install kamailio sip-tester`). Exit status 1 when anything was stuck.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from heapq import heappop, heappush
from pathlib import Path
from statistics import fmean, median
from typing import Any

import httpx

from desk.model import Action, Offer
from desk.options import DeskOptions
from desk.queues import QueueSpec
from desk.routing import Desk
from tests.e2e.world import PASSWORD, ROOT, Instance, end, until

HERE = Path(__file__).parent
QUEUE = "floor"
PER_WORKER = 4  # calls of a SIP worker
RTP_PORTS = 16  # of a worker
RING_S = 20
STILL_S = 8.0  # an agent is idle beside those who wait no longer than this: a ring that fails, and the next offer
LATE_S = 5.0  # past its limit
PEOPLE_NICE = "-12"  # of that session: fourteen times the share of one worker
SILENCE_S = 10
ROOM = 61_000  # ports from here on: the instance's own lie below the ephemeral ones


@dataclass(frozen=True, slots=True)
class Floor:
    """Who works and who calls; times in s."""

    agents: int = 10
    callers: int = 50
    seconds: float = 300
    talk_s: float = 8
    acw_s: float = 4
    max_wait_s: float = 150
    announce_s: float = 30
    per_s: float = 2.0
    """Callers who come in a second, at most."""


@dataclass(slots=True)
class Found:
    """What was seen."""

    stuck: list[str] = field(default_factory=list)
    """Sentences; empty is well."""
    paused: set[str] = field(default_factory=set)
    """Agents who missed as many offers in a row as pause them."""
    refused: Counter[str] = field(default_factory=Counter)
    """Calls that SIPp saw end otherwise than foreseen, by the first line it received."""
    waiting: list[int] = field(default_factory=list)
    """Length of the queue, once a second, while callers came."""
    cpu_s: dict[str, float] = field(default_factory=dict)
    loop_late: dict[str, int] = field(default_factory=dict)
    """How often the app's event loop was late by at most so many s, looked at twice a second; not cumulative."""
    looked_ms: list[float] = field(default_factory=list)
    """How long the board took to be read."""
    seconds: float = 0.0


def settings(folder: Path, floor: Floor) -> dict[str, str]:
    """Of the instance: room for everybody, and the flow of this floor beside the shipped ones."""
    flows = folder / "flows"
    shutil.copytree(ROOT / "flows", flows)
    shutil.copy(HERE / "floor.yaml", flows)
    inbound, outbound = (-(-count // PER_WORKER) for count in (floor.callers + floor.agents, floor.agents))
    workers = room((inbound + outbound) * (RTP_PORTS + 1) + 1)
    rtp = workers + inbound + outbound
    return {
        "WARMLINE_DIALOG__FLOWS_DIR": str(flows),
        "WARMLINE_DIALOG__NUMBERS": json.dumps({"*": {}, QUEUE: {"flow": "floor"}}),
        "WARMLINE_EDGE__MAX_CALLS": str(inbound * PER_WORKER),
        "WARMLINE_EDGE__OUTBOUND_WORKERS": str(outbound),
        "WARMLINE_SIP__WORKER_BASE_PORT": str(workers),
        "WARMLINE_SIP__RTP_BASE_PORT": str(rtp + rtp % 2),
        "WARMLINE_SIP__RTP_PORTS": str(RTP_PORTS),
        "WARMLINE_DESK__HANDLE_TIME_S": str(max(10.0, floor.talk_s + floor.acw_s)),
        "WARMLINE_DESK__NOT_RESPONDING_S": "5",
        "WARMLINE_DESK__RING_S": str(RING_S),
        # On two shared cores a call may have to wait for its answer; refusing it would only bring it again.
        "WARMLINE_SIP__ANSWER_WITHIN_S": "30",
        "WARMLINE_EDGE__WORKER_TIMEOUT_S": "20",
    }


def room(count: int, start: int = ROOM) -> int:
    """The first of so many neighbouring ports above the ephemeral ones that nobody listens on."""
    for base in range(start, 65_000 - count, 50):
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError):
            for port in range(base, base + count):
                probes.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            return base
    raise SystemExit(f"there are no {count} free ports from {start} on")


class Callers:
    """SIPp, which keeps so many calls up until it is told to stop."""

    def __init__(self, folder: Path, sip: int, floor: Floor) -> None:
        self._folder = folder
        (folder / "silence.pcmu").write_bytes(b"\xff" * 8000 * SILENCE_S)
        most = floor.callers + floor.agents
        base = room(2 * most + 60, ROOM + 3000)
        self.process = subprocess.Popen(
            [
                "sipp", f"127.0.0.1:{sip}", "-sf", str(HERE / "floor.xml"), "-i", "127.0.0.1", "-p", str(base),
                "-mi", "127.0.0.1", "-mp", str(base + 10),
                "-r", str(floor.per_s), "-rp", "1000", "-l", str(most), "-m", "100000",
                "-nostdin", "-trace_err", "-error_file", str(folder / "sipp.errors"), "-trace_stat", "-fd", "5",
                "-stf", str(folder / "sipp.csv"), "-recv_timeout", "1900000",
            ],
            cwd=folder, env=os.environ | {"TERM": "dumb"}, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def alive(self) -> None:
        """Raises RuntimeError when SIPp ended by itself."""
        if self.process.poll() is not None:
            said = self.process.stderr.read() if self.process.stderr else ""
            raise RuntimeError(f"SIPp ended with {self.process.returncode}: {said[-1000:]}")

    def no_more(self) -> None:
        """Who is there stays, nobody comes any more."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGUSR1)

    def wrong(self) -> list[str]:
        """First lines of answers that SIPp did not expect."""
        file = self._folder / "sipp.errors"
        if not file.exists():
            return []
        return re.findall(r"received 'SIP/2.0 ([^\n\r]*)", file.read_text(errors="replace"))


def run(floor: Floor) -> tuple[Found, list[Story]]:
    """Start everything, watch, stop everything."""
    with tempfile.TemporaryDirectory(prefix="wl-floor-") as name:
        folder = Path(name)
        instance = Instance(folder, **settings(folder, floor))
        callers: Callers | None = None
        try:
            instance.start()
            staff(instance, floor)
            found = Found()
            before, lags = cpu(instance), lag(instance)
            callers = Callers(folder, instance.sip, floor)
            watch(instance, floor, callers, found)
            found.cpu_s = {plane: round(spent - before.get(plane, 0.0), 1) for plane, spent in cpu(instance).items()}
            found.loop_late = {bound: count - lags.get(bound, 0) for bound, count in lag(instance).items()}
            stories = told(folder / "data" / "warmline.db")
            judge(instance, floor, found, stories)
            found.refused = Counter(callers.wrong())
            return found, stories
        except BaseException:
            sys.stderr.write(instance.tail(40) + "\n")
            raise
        finally:
            if callers is not None:
                end(callers.process)
            instance.stop()


def staff(instance: Instance, floor: Floor) -> None:
    """The queue, and agents with registered phones who are available."""
    done = instance.ask(
        "PUT",
        f"/api/queues/{QUEUE}",
        json={
            "ring_s": RING_S,
            "acw_s": floor.acw_s,
            "max_wait_s": floor.max_wait_s,
            "announce": {"every_s": floor.announce_s},
        },
    )
    assert done.status_code == 200, done.text
    for n in range(floor.agents):
        secret = hire(instance, f"agent{n}")
        talk = floor.talk_s * (0.75 + 0.5 * n / max(1, floor.agents - 1))  # nobody talks as long as the next
        instance.softphone(f"agent{n}", secret, "--answer-after", "0.8", "--hangup-after", f"{talk:.2f}")
        token = instance.login(f"agent{n}")
        until(f"agent{n}'s phone is seen", lambda token=token: mine(instance, token)["registered"])  # type: ignore[misc]
        instance.available(token)


def hire(instance: Instance, name: str) -> str:
    """A new agent, whose phone may register: the phone's password."""
    person = {"name": name, "password": PASSWORD, "roles": ["agent"], "device": "sip"}
    done = instance.ask("POST", "/api/users", json=person)
    assert done.status_code == 201, done.text
    until(f"Kamailio knows {name}", lambda: instance._may_register(name), 20, instance.tail)
    return str(done.json()["sip_secret"])


def mine(instance: Instance, token: str) -> dict[str, Any]:
    """What an agent's page shows."""
    return dict(instance.ask("GET", "/api/agent", token).json())


def watch(instance: Instance, floor: Floor, callers: Callers, found: Found) -> None:
    """Look once a second, until everybody has left."""
    began = time.monotonic()
    last = began + floor.seconds + floor.max_wait_s + 60
    come = True
    while time.monotonic() < last:
        now = time.monotonic()
        if come and now - began >= floor.seconds:
            come = False
            callers.no_more()
        if come:
            callers.alive()
        asked = time.perf_counter()
        board = instance.ask("GET", "/api/supervise/board").json()
        found.looked_ms.append((time.perf_counter() - asked) * 1000)
        waiting = next((queue["waiting"] for queue in board["queues"] if queue["queue"] == QUEUE), 0)
        if come:
            found.waiting.append(waiting)
        look(board, waiting, floor, found)
        if not come and not board["contacts"]:
            break
        time.sleep(1.0)
    found.seconds = time.monotonic() - began
    time.sleep(floor.acw_s + 1)  # the last after-call work


def look(board: dict[str, Any], waiting: int, floor: Floor, found: Found) -> None:
    """What may not be at any time."""
    for contact in board["contacts"]:
        if contact["waited_ms"] > (floor.max_wait_s + RING_S + LATE_S) * 1000:
            found.stuck.append(f"contact {contact['contact_id']} has waited {contact['waited_ms'] / 1000:.0f} s")
    unrung = waiting - sum(agent["status"] == "offered" for agent in board["agents"])
    for agent in board["agents"]:
        since = time.time() - datetime.fromisoformat(agent["since"]).timestamp()
        if agent["status"] == "idle" and agent["availability"] == "available" and unrung > 0 and since > STILL_S:
            found.stuck.append(f"{agent['name']} is idle for {since:.0f} s beside {unrung} who wait")
        if agent["availability"] == "away":
            found.paused.add(agent["name"])
        elif agent["availability"] != "available":
            found.stuck.append(f"{agent['name']} is {agent['availability']} and did not choose it")


@dataclass(slots=True)
class Story:
    """A contact by its events; times are s since the epoch, 0 = never."""

    contact_id: str
    entered: float = 0.0
    offered: float = 0.0
    accepted: float = 0.0
    overflowed: float = 0.0
    ended: float = 0.0
    missed: int = 0
    said: list[tuple[float, float]] = field(default_factory=list)
    """When it was told what wait to expect."""

    @property
    def outcome(self) -> str:
        """How it came through the queue."""
        if not self.ended:
            return "stuck"
        return "answered" if self.accepted else "overflowed" if self.overflowed else "hung up"


def told(database: Path) -> list[Story]:
    """What the store has of each contact."""
    stories: dict[str, Story] = {}
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as store:
        rows = store.execute(
            "SELECT contact_id, type, payload, at FROM event WHERE contact_id IS NOT NULL ORDER BY seq"
        )
        for contact_id, kind, payload, at in rows:
            when = datetime.fromisoformat(at + "+00:00").timestamp()
            story = stories.setdefault(contact_id, Story(contact_id))
            match kind:
                case "queue.entered":
                    story.entered = when
                case "queue.offered":
                    story.offered = when
                case "queue.missed" | "queue.declined" | "queue.withdrawn":
                    story.missed += 1
                case "queue.accepted":
                    story.accepted = when
                case "queue.left" if json.loads(payload)["why"] == "overflow":
                    story.overflowed = when
                case "queue.position":
                    story.said.append((when, json.loads(payload)["eta_s"]))
                case "contact.ended":
                    story.ended = when
    return list(stories.values())


def judge(instance: Instance, floor: Floor, found: Found, stories: list[Story]) -> None:
    """What may not be at the end."""
    board = instance.ask("GET", "/api/supervise/board").json()
    if not stories:
        found.stuck.append("nobody called")
    found.stuck += [f"contact {one['contact_id']} is still {one['state']}" for one in board["contacts"]]
    for agent in board["agents"]:
        if agent["status"] != "idle" or agent["contacts"]:
            found.stuck.append(
                f"{agent['name']} is {agent['status']} at the end, with {len(agent['contacts'])} contacts"
            )
    found.stuck += [f"contact {story.contact_id} never ended" for story in stories if not story.ended]
    for story in stories:
        left = story.accepted or story.overflowed or story.ended
        if story.entered and left - story.entered > floor.max_wait_s + RING_S + LATE_S:  # it may ring at the limit
            found.stuck.append(f"contact {story.contact_id} waited {left - story.entered:.0f} s")


def cpu(instance: Instance) -> dict[str, float]:
    """CPU seconds of each kind of process of the instance so far."""
    spent: defaultdict[str, float] = defaultdict(float)
    for name, plane in instance.planes().items():
        with contextlib.suppress(OSError, KeyError, TypeError, ValueError):
            fields = Path(f"/proc/{int(plane['pid'])}/stat").read_text().rpartition(")")[2].split()
            spent[name.rstrip("0123456789-")] += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return dict(spent)


def lag(instance: Instance) -> dict[str, int]:
    """How often the app's event loop woke late so far, by the bucket of `/metrics` (upper bound in s)."""
    found: dict[str, int] = {}
    below = 0
    for line in httpx.get(f"{instance.url}/metrics", timeout=30).text.splitlines():
        if line.startswith("warmline_event_loop_lag_seconds_bucket"):
            bound, _, count = line.partition('le="')[2].partition('"} ')
            found[bound], below = int(float(count)) - below, int(float(count))
    return found


class Replay:
    """The same arrivals, patience and handling in the core under virtual time, with agents who answer at once."""

    def __init__(self, floor: Floor, stories: list[Story]) -> None:
        self._stories = {story.contact_id: story for story in stories if story.entered}
        self._began = min((story.entered for story in self._stories.values()), default=0.0)
        taken = [story.ended - story.offered for story in self._stories.values() if story.accepted]
        self._mean_s = fmean(taken) if taken else floor.talk_s
        self._acw_s = floor.acw_s
        self._heap: list[tuple[int, int, str, Story]] = []
        self._count = 0
        self._waits: list[float] = []
        self._desk = Desk(DeskOptions(), born="replay")
        self._desk.set_queues([QueueSpec(queue=QUEUE, acw_s=0, max_wait_s=floor.max_wait_s)], 0)
        for n in range(floor.agents):
            self._desk.upsert_agent(f"a{n}", (), 0)
            self._desk.set_availability(f"a{n}", "available", 0)

    def mean_wait_s(self) -> float:
        """Until the offer, of those who are offered to somebody."""
        for story in self._stories.values():
            self._put(self._ms(story.entered), "comes", story)
            if story.outcome == "hung up":
                self._put(self._ms(story.ended), "leaves", story)
        while self._heap:
            due = self._desk.next_deadline()
            if due is not None and due <= self._heap[0][0]:
                self._carry_out(self._desk.tick(due), due)
                continue
            now, _, what, story = heappop(self._heap)
            name = story.contact_id
            if what == "comes":
                self._carry_out(self._desk.enqueue(name, QUEUE, now, announce=False), now)
            else:
                self._carry_out((self._desk.leave if what == "leaves" else self._desk.ended)(name, now), now)
        return fmean(self._waits) if self._waits else 0.0

    def _carry_out(self, actions: list[Action], now: int) -> None:
        for action in actions:
            if isinstance(action, Offer):
                story = self._stories[action.contact_id]
                taken = self._desk.accepted(action.offer_id, now)
                if taken is None:
                    raise AssertionError(f"{action.offer_id} was made and cannot be taken")
                self._waits.append((now - self._ms(story.entered)) / 1000)
                handled_s = (story.ended - story.offered if story.accepted else self._mean_s) + self._acw_s
                self._put(now + round(handled_s * 1000), "ends", story)
                self._carry_out(taken[1], now)

    def _ms(self, at: float) -> int:
        return round((at - self._began) * 1000)

    def _put(self, at: int, what: str, story: Story) -> None:
        self._count += 1
        heappush(self._heap, (at, self._count, what, story))


def figures(floor: Floor, found: Found, stories: list[Story]) -> dict[str, Any]:
    """For the table and the file. `said_s`: what they were told on average, `came_s`: what then came."""
    waited = [story.offered - story.entered for story in stories if story.accepted]
    said = [(eta, story.offered - when) for story in stories if story.accepted for when, eta in story.said]
    return {
        "floor": asdict(floor),
        "stuck": found.stuck,
        "refused": dict(found.refused),
        "paused": sorted(found.paused),
        "contacts": len(stories),
        "outcomes": dict(Counter(story.outcome for story in stories)),
        "offers_missed": sum(story.missed for story in stories),
        "waiting_median": median(found.waiting) if found.waiting else 0,
        "waiting_max": max(found.waiting, default=0),
        "seconds": round(found.seconds, 1),
        "wait_s": {
            "mean": round(fmean(waited), 1) if waited else 0.0,
            "max": round(max(waited, default=0.0), 1),
            "simulated_mean": round(Replay(floor, stories).mean_wait_s(), 1),
        },
        "announced": {
            "n": len(said),
            "said_s": round(fmean(eta for eta, _ in said), 1) if said else 0.0,
            "came_s": round(fmean(came for _, came in said), 1) if said else 0.0,
        },
        "answer_ms": round(1000 * median([s.accepted - s.offered for s in stories if s.accepted] or [0.0])),
        "loop_late": {bound: count for bound, count in found.loop_late.items() if count},
        "board_ms": {"p50": round(median(found.looked_ms)), "max": round(max(found.looked_ms))},
        "cpu_s": found.cpu_s,
        "load_1m": os.getloadavg()[0],
    }


def fair_share() -> None:
    """Linux divides a full processor among sessions: all our people are one, and each worker of the instance is one of its own."""
    with contextlib.suppress(OSError):  # no such division here, or not root: then people may answer late
        Path("/proc/self/autogroup").write_text(PEOPLE_NICE, encoding="ascii")


def main() -> int:
    """Entry; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for one in fields(Floor):
        name = one.name.removesuffix("_s") if one.name != "per_s" else "per-s"
        kind: type[float] = int if one.name in ("agents", "callers") else float
        parser.add_argument(f"--{name.replace('_', '-')}", dest=one.name, type=kind, default=one.default)
    parser.add_argument("--json", type=Path)
    asked = vars(parser.parse_args())
    file = asked.pop("json")
    floor = Floor(**asked)
    fair_share()
    found, stories = run(floor)
    result = figures(floor, found, stories)
    for name, value in result.items():
        print(f"{name:16} {value}")
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    return 1 if found.stuck else 0


if __name__ == "__main__":
    sys.exit(main())
