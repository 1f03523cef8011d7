"""The desk: time per routing decision at 1,000 agents and 10,000 waiting contacts, and waits against Erlang C and A.

`python -m benchmarks.desk --json FILE`. Decisions are taken by the core as the app runs it, on one core of this
machine. A third each: an agent is freed beside 10,000 who wait; a contact comes while agents are free and 10,000 others
wait for somebody they lack; a contact comes while nobody is free. `p50_ms` and `p95_ms` are over all three.

Each simulation is `runs` times 10,000 contacts through the same core under virtual time, with seeds 1…runs. It agrees
with theory when the theory lies within the mean of the runs ± 10 % or within its 95 % interval (Student's t).
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from dataclasses import asdict
from pathlib import Path
from random import Random
from statistics import fmean, median, quantiles, stdev
from typing import Any

from desk.erlang import Theory, erlang_a, erlang_c
from desk.model import Action, Capacity, Offer
from desk.options import DeskOptions
from desk.queues import QueueSpec, SkillNeed, Strategy
from desk.routing import Desk
from desk.simulation import Load, Shared, Team, simulate, told

AGENTS, WAITING, QUEUES, SKILLS = 1_000, 10_000, 30, 20
STRATEGIES: tuple[Strategy, ...] = ("longest_idle", "least_occupied", "round_robin", "top_down")
BOTH, EACH = {"x": 0.045, "y": 0.045}, {"x": 200.0, "y": 200.0}
LOADS = {
    "erlang_c 10 agents, 75 %": Load(0.0375, 200, 10, 10_000),
    "erlang_c 50 agents, 85 %": Load(0.2125, 200, 50, 10_000),
    "erlang_a 10 agents, 108 %": Load(0.054, 200, 10, 10_000, patience_s=90),
    "erlang_a 50 agents, 100 %": Load(0.25, 200, 50, 10_000, patience_s=120),
}
SHARED = {
    "each its own agents": Shared(BOTH, EACH, (Team(10, ("x",)), Team(10, ("y",))), 6_000),
    "all serve both": Shared(BOTH, EACH, (Team(20, ("x", "y")),), 6_000),
    "half serve both": Shared({"x": 0.045, "y": 0.09}, EACH, (Team(5, "x"), Team(10, "y"), Team(15, ("x", "y"))), 6_000),
    "a few help out": Shared({"x": 0.02, "y": 0.11}, {"x": 150, "y": 200}, (Team(5, ("x", "y")), Team(20, "y")), 6_000),
    "y goes first": Shared(BOTH, EACH, (Team(20, ("x", "y")),), 6_000, {"y": 20}),
}  # fmt: skip
T_95 = {2: 12.71, 3: 4.303, 4: 3.182, 5: 2.776, 10: 2.262, 20: 2.093, 30: 2.045}
WITHIN = 0.10


class Centre:
    """A thousand agents of twenty skills in thirty queues, and ten thousand who wait."""

    def __init__(self, seed: int, *, staffed: bool) -> None:
        """`staffed`: agents are free, and those who wait need what nobody can; else everybody talks."""
        self.chance = Random(seed)
        self.now = 1_000
        self.desk = Desk(DeskOptions(), born="bench")
        skills = [f"s{n}" for n in range(SKILLS)]
        specs = [
            QueueSpec(
                queue=f"q{n}",
                acw_s=0,
                strategy=STRATEGIES[n % len(STRATEGIES)],
                skills=tuple(SkillNeed(skill=s, min_level=1 + n % 3) for s in self.chance.sample(skills, n % 3)),
            )
            for n in range(QUEUES)
        ]
        self.desk.set_queues(specs, 0)
        for n in range(AGENTS):
            known = {
                skill: self.chance.randint(1, 5) for skill in self.chance.sample(skills, self.chance.randint(4, 12))
            }
            self.desk.upsert_agent(f"a{n:04}", known, n, capacity=Capacity(1, 2))
            self.desk.set_availability(f"a{n:04}", "available", n)
        self.count = 0
        self.talks: dict[str, str] = {}
        if not staffed:
            for n in range(AGENTS):
                self.desk.assign(f"a{n:04}", f"t{n}", self.now, queue="q0")
                self.talks[f"a{n:04}"] = f"t{n}"
        while len(self.desk.waiting) < WAITING:
            self.comes({"nobody": 1} if staffed else {})

    def comes(self, skills: dict[str, int]) -> tuple[str, list[Action], float]:
        """One more contact: its id, what was decided, ms."""
        self.now += self.chance.randint(1, 200)
        self.count += 1
        name = f"c{self.count}"
        more = {f"s{self.chance.randrange(SKILLS)}": 2} if self.chance.random() < 0.3 else {}
        queue, priority = f"q{self.chance.randrange(QUEUES)}", self.chance.choice([30, 50, 50, 50, 80])
        began = time.perf_counter()
        actions = self.desk.enqueue(name, queue, self.now, skills=skills or more, priority=priority)
        return name, actions, (time.perf_counter() - began) * 1000

    def frees(self) -> float | None:
        """An agent hangs up and takes the next: ms of the decision, None where nobody could be theirs."""
        self.now += self.chance.randint(1, 200)
        agent = self.chance.choice(sorted(self.talks))
        began = time.perf_counter()
        actions = self.desk.ended(self.talks[agent], self.now)
        took = (time.perf_counter() - began) * 1000
        for action in actions:
            if isinstance(action, Offer):
                taken = self.desk.accepted(action.offer_id, self.now)
                if taken is not None:
                    self.talks[action.agent_id] = taken[0]
                    return took
        del self.talks[agent]
        return None


def decisions(count: int) -> dict[str, list[float]]:
    """ms of each, by kind."""
    busy, staffed = Centre(1, staffed=False), Centre(2, staffed=True)
    found: dict[str, list[float]] = {"freed": [], "found": [], "queued": []}
    gc.collect()
    for _ in range(count):
        if (took := busy.frees()) is not None:
            found["freed"].append(took)
        name, actions, took = busy.comes({})
        found["queued"].append(took)
        name, actions, took = staffed.comes({})
        if any(isinstance(action, Offer) for action in actions):
            found["found"].append(took)
        staffed.desk.leave(name, staffed.now)
    return found


def shares(values: list[float]) -> dict[str, float]:
    """p50, p95 and the most."""
    return {"p50_ms": median(values), "p95_ms": quantiles(values, n=20)[-1], "max_ms": max(values), "n": len(values)}


def against_theory(load: Load, runs: int) -> dict[str, Any]:
    """Simulated and computed, and whether they agree."""
    theory: Theory = (
        erlang_c(load.rate, load.handle_s, load.agents)
        if load.patience_s is None
        else erlang_a(load.rate, load.handle_s, load.agents, load.patience_s)
    )
    seen = [simulate(load, seed) for seed in range(1, runs + 1)]
    told: dict[str, Any] = {"load": asdict(load), "runs": runs}
    for name in ("share_waiting", "mean_wait_s", "abandoned"):
        values, expected = [getattr(one, name) for one in seen], getattr(theory, name)
        mean = fmean(values)
        half = T_95[min(T_95, key=lambda n: abs(n - runs))] * stdev(values) / runs**0.5
        agrees = abs(mean - expected) <= max(WITHIN * expected, half)
        told[name] = {"theory": expected, "simulated": mean, "half_95": half, "agrees": agrees}
    return told


def expected_waits(runs: int) -> dict[str, Any]:
    """What callers of two queues are told on arrival against what comes; `off`: mean difference ÷ mean wait."""
    found: dict[str, Any] = {}
    for name, load in SHARED.items():
        every = [one for seed in range(1, runs + 1) for one in told(load, seed)]
        for queue in load.rates:
            of = [one for one in every if one.queue == queue]
            waited = fmean(one.waited_s for one in of)
            found[f"{name}, {queue}"] = {
                "n": len(of),
                "waited_s": waited,
                "said_s": fmean(one.said_s for one in of),
                "by_place_s": fmean(one.by_place_s for one in of),
                "said_off": fmean(abs(one.said_s - one.waited_s) for one in of) / waited,
                "by_place_off": fmean(abs(one.by_place_s - one.waited_s) for one in of) / waited,
            }
    return found


def main() -> None:
    """Entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--decisions", type=int, default=2_000, help="of each kind")
    parser.add_argument("--runs", type=int, default=10, help="of each simulation, 10,000 contacts each")
    asked = parser.parse_args()
    kinds = decisions(asked.decisions)
    every = shares([took for values in kinds.values() for took in values])
    print(f"{'decision':28} {'n':>6} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>8}")
    said = {"freed": "agent freed", "found": "contact, agents free", "queued": "contact, nobody free"}
    for name, about in {**{said[kind]: shares(values) for kind, values in kinds.items()}, "all": every}.items():
        print(f"{name:28} {about['n']:6} {about['p50_ms']:8.3f} {about['p95_ms']:8.3f} {about['max_ms']:8.3f}")
    theory = {name: against_theory(load, asked.runs) for name, load in LOADS.items()}
    print(f"\n{'simulation':28} {'figure':14} {'theory':>8} {'seen':>8} {'± 95 %':>8}")
    for name, about in theory.items():
        for figure in ("share_waiting", "mean_wait_s", "abandoned"):
            one = about[figure]
            mark = "" if one["agrees"] else "  DIFFERS"
            print(f"{name:28} {figure:14} {one['theory']:8.3f} {one['simulated']:8.3f} {one['half_95']:8.3f}{mark}")
    waits = expected_waits(min(asked.runs, 4))
    print(f"\n{'expected wait':28} {'n':>6} {'waited':>8} {'said':>8} {'by place':>8} {'off':>6} {'by place':>8}")
    for name, about in waits.items():
        print(
            f"{name:28} {about['n']:6} {about['waited_s']:8.1f} {about['said_s']:8.1f} {about['by_place_s']:8.1f} "
            f"{about['said_off']:6.0%} {about['by_place_off']:8.0%}"
        )
    if asked.json:
        result = {
            "p50_ms": every["p50_ms"],
            "p95_ms": every["p95_ms"],
            "agents": AGENTS,
            "waiting": WAITING,
            "decisions": {kind: shares(values) for kind, values in kinds.items()},
            "simulation": theory,
            "expected_wait": waits,
            "agrees": all(about[f]["agrees"] for about in theory.values() for f in ("share_waiting", "mean_wait_s", "abandoned")),
        }  # fmt: skip
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
