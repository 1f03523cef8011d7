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
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.floor_people import RING_S, Callers, fair_share, settings, staff
from benchmarks.floor_stories import QUEUE, Floor, Found, Story, figures, told
from tests.e2e.phones import end
from tests.e2e.world import Instance

STILL_S = 8.0  # an agent is idle beside those who wait no longer than this: a ring that fails, and the next offer
LATE_S = 5.0  # past its limit


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
