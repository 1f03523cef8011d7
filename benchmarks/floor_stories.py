"""What became of everybody on the floor of `benchmarks.floor`, and how long they should have waited: figures."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from pathlib import Path
from statistics import fmean, median
from typing import Any

from desk.model import Action, Offer
from desk.options import DeskOptions
from desk.queues import QueueSpec
from desk.routing import Desk

QUEUE = "floor"


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
