"""Contacts that come, wait, are answered or hang up: the real core under virtual time, to be held against theory."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from statistics import fmean
from typing import Literal

from desk.model import Action, Announce, Offer
from desk.options import DeskOptions
from desk.queues import QueueSpec, Strategy
from desk.routing import Desk

WARM_UP = 0.1  # of the contacts, from an empty queue, are not counted
Happening = Literal["comes", "ends", "hangs_up"]


@dataclass(frozen=True, slots=True)
class Load:
    """What comes at a queue: `contacts` at `rate` a second, who take `handle_s` and wait at most `patience_s`, on average."""

    rate: float
    handle_s: float
    agents: int
    contacts: int
    patience_s: float | None = None
    strategy: Strategy = "longest_idle"


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened to those who were counted; shares 0…1."""

    contacts: int
    share_waiting: float
    mean_wait_s: float
    abandoned: float
    within_20_s: float


def simulate(load: Load, seed: int) -> Seen:
    """Run it. Agents answer at once and do no after-call work, as in theory."""
    return _Run(load, Random(seed)).go()


class _Run:
    def __init__(self, load: Load, chance: Random) -> None:
        self._load = load
        self._chance = chance
        self._heap: list[tuple[int, int, Happening, int]] = []
        self._count = 0
        self._came: dict[int, int] = {}
        self._waits: dict[int, tuple[int, bool]] = {}
        """Contact → (waited ms, answered)."""
        self._desk = Desk(DeskOptions(), born="sim")
        self._desk.set_queues([QueueSpec(queue="q", strategy=load.strategy, acw_s=0)], 0)
        for n in range(load.agents):
            self._desk.upsert_agent(f"a{n}", (), 0)
            self._desk.set_availability(f"a{n}", "available", 0)

    def go(self) -> Seen:
        at = 0.0
        for n in range(self._load.contacts):
            at += self._chance.expovariate(self._load.rate)
            self._put(round(at * 1000), "comes", n)
        while self._heap:
            now, _, what, n = heappop(self._heap)
            self._do(now, what, n)
        return self._counted()

    def _do(self, now: int, what: Happening, n: int) -> None:
        name = f"c{n}"
        if what == "comes":
            self._came[n] = now
            if self._load.patience_s is not None:
                self._put(now + self._drawn(self._load.patience_s), "hangs_up", n)
            self._carry_out(self._desk.enqueue(name, "q", now, announce=False), now)
        elif what == "ends":
            self._carry_out(self._desk.ended(name, now), now)
        elif name in self._desk.waiting:
            self._waits[n] = (now - self._came[n], False)
            self._carry_out(self._desk.leave(name, now), now)

    def _carry_out(self, actions: list[Action], now: int) -> None:
        for action in actions:
            if isinstance(action, Offer):
                taken = self._desk.accepted(action.offer_id, now)
                if taken is None:
                    raise AssertionError(f"{action.offer_id} was made and cannot be taken")
                n = int(taken[0][1:])
                self._waits[n] = (now - self._came[n], True)
                self._put(now + self._drawn(self._load.handle_s), "ends", n)
                self._carry_out(taken[1], now)

    def _drawn(self, mean_s: float) -> int:
        return round(self._chance.expovariate(1 / mean_s) * 1000)

    def _put(self, at: int, what: Happening, n: int) -> None:
        self._count += 1
        heappush(self._heap, (at, self._count, what, n))

    def _counted(self) -> Seen:
        first = round(self._load.contacts * WARM_UP)
        seen = [self._waits[n] for n in range(first, self._load.contacts)]
        return Seen(
            contacts=len(seen),
            share_waiting=fmean(waited > 0 for waited, _ in seen),
            mean_wait_s=fmean(waited for waited, _ in seen) / 1000,
            abandoned=fmean(not answered for _, answered in seen),
            within_20_s=fmean(answered and waited <= 20_000 for waited, answered in seen),
        )


@dataclass(frozen=True, slots=True)
class Team:
    """Agents who serve the same queues."""

    agents: int
    queues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """Queues whose agents help each other out. `rates` and `handle_s` by queue, of as many contacts a queue in all."""

    rates: dict[str, float]
    handle_s: dict[str, float]
    teams: tuple[Team, ...]
    contacts: int
    priorities: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """One who had to wait: what was said on arrival, what the place in the own queue alone would say, what it was; s."""

    queue: str
    said_s: float
    by_place_s: float
    waited_s: float


def told(load: Shared, seed: int) -> list[Told]:
    """What callers are told of their wait, and how long it then is. Nobody hangs up; the first tenth is left out."""
    return _Telling(load, Random(seed)).go()


class _Telling:
    def __init__(self, load: Shared, chance: Random) -> None:
        self._load = load
        self._chance = chance
        self._heap: list[tuple[int, int, str, str]] = []
        self._count = 0
        self._came: dict[str, int] = {}
        self._said: dict[str, tuple[float, float]] = {}
        self._told: list[Told] = []
        self._desk = Desk(DeskOptions(), born="sim")
        specs = [QueueSpec(queue=queue, acw_s=0, priority=load.priorities.get(queue, 0)) for queue in load.rates]
        self._desk.set_queues(specs, 0)
        for number, team in enumerate(load.teams):
            for n in range(team.agents):
                self._desk.upsert_agent(f"a{number}-{n}", (), 0, queues=team.queues)
                self._desk.set_availability(f"a{number}-{n}", "available", 0)

    def go(self) -> list[Told]:
        whole = sum(self._load.rates.values())
        for queue, rate in self._load.rates.items():
            at = 0.0
            for n in range(round(self._load.contacts * rate / whole)):
                at += self._chance.expovariate(rate)
                self._put(round(at * 1000), "comes", f"{queue}-{n}")
        while self._heap:
            now, _, what, name = heappop(self._heap)
            queue = name.partition("-")[0]
            if what == "comes":
                self._came[name] = now
                self._carry_out(self._desk.enqueue(name, queue, now), now)
            else:
                self._carry_out(self._desk.ended(name, now), now)
        return self._told[round(len(self._told) * WARM_UP) :]

    def _carry_out(self, actions: list[Action], now: int) -> None:
        for action in actions:
            if isinstance(action, Announce) and action.contact_id not in self._said:
                queue = action.contact_id.partition("-")[0]
                places = sum(team.agents for team in self._load.teams if queue in team.queues)
                mean_ms = self._desk.tallies[queue].mean_ms(DeskOptions().handle_time_s)
                self._said[action.contact_id] = action.eta_s, action.position * mean_ms / places / 1000
            elif isinstance(action, Offer):
                name = action.contact_id
                taken = self._desk.accepted(action.offer_id, now)
                if taken is None:
                    raise AssertionError(f"{action.offer_id} was made and cannot be taken")
                queue = name.partition("-")[0]
                if (said := self._said.pop(name, None)) is not None:
                    self._told.append(Told(queue, *said, (now - self._came[name]) / 1000))
                handled_ms = round(self._chance.expovariate(1 / self._load.handle_s[queue]) * 1000)
                self._put(now + handled_ms, "ends", name)
                self._carry_out(taken[1], now)

    def _put(self, at: int, what: str, name: str) -> None:
        self._count += 1
        heappush(self._heap, (at, self._count, what, name))
