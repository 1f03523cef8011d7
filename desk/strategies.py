"""Which of the free agents who can take a contact is offered it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from desk.model import Agent, Needs
from desk.queues import Strategy
from desk.roster import Roster, occupancy

NAMED = 3  # of those who were behind the chosen one, in an explanation


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom to ring, best first (several only where all are rung), in words why, and who came next."""

    agents: list[Agent]
    why: str
    behind: tuple[tuple[str, str], ...]


def choose(strategy: Strategy, able: int, roster: Roster, queue: str, needs: Needs, now_ms: int) -> Choice:
    """`able`: mask of those who are free for it, at least one. Ties go to the longest idle, then to the lower id.

    longest_idle: whose last contact ended first. least_occupied: the smallest share of places in use, then of their
    time. round_robin: whose turn in this queue was longest ago. ring_all: everybody. top_down: the highest sum of levels
    in the skills that are needed. preferred: the preferred or last agent has been asked by now; longest idle.
    """
    if strategy == "ring_all":
        everybody = list(roster.longest_idle(able))
        return Choice(everybody, f"all {len(everybody)} able agents are rung", ())
    if strategy in ("longest_idle", "preferred"):
        first = list(islice(roster.longest_idle(able), NAMED + 1))
    else:
        rank = _RANKS[strategy](queue, needs, now_ms)
        ranked = sorted((rank(agent), agent.idle_since_ms, agent.agent_id) for agent in roster.of(able))
        first = [roster.agents[name] for _, _, name in ranked[: NAMED + 1]]
    say = _SAYS[strategy]
    chosen = first[0]
    why = f"{_HOW[strategy]} of {able.bit_count()} able agents ({say(chosen, queue, needs, now_ms)})"
    return Choice([chosen], why, tuple((agent.agent_id, say(agent, queue, needs, now_ms)) for agent in first[1:]))


def load(agent: Agent) -> float:
    """Share of their places that is in use."""
    whole = agent.capacity.voice + agent.capacity.chat
    return len(agent.held) / whole if whole else 1.0


def proficiency(agent: Agent, needs: Needs) -> int:
    """Sum of their levels in what is needed; in everything they can do where nothing is."""
    return sum(agent.skills[skill] for skill, _ in needs) if needs else sum(agent.skills.values())


Rank = Callable[[Agent], tuple[float, ...]]


def _least_occupied(queue: str, needs: Needs, now_ms: int) -> Rank:
    return lambda agent: (load(agent), occupancy(agent, now_ms))


def _round_robin(queue: str, needs: Needs, now_ms: int) -> Rank:
    return lambda agent: (agent.turns.get(queue, 0),)


def _top_down(queue: str, needs: Needs, now_ms: int) -> Rank:
    return lambda agent: (-proficiency(agent, needs),)


_RANKS: dict[Strategy, Callable[[str, Needs, int], Rank]] = {
    "least_occupied": _least_occupied,
    "round_robin": _round_robin,
    "top_down": _top_down,
}
_HOW: dict[Strategy, str] = {
    "longest_idle": "longest idle",
    "preferred": "longest idle",
    "least_occupied": "least occupied",
    "round_robin": "next in turn",
    "top_down": "most proficient",
}


def _idle(agent: Agent, queue: str, needs: Needs, now_ms: int) -> str:
    return f"{(now_ms - agent.idle_since_ms) // 1000} s"


def _occupied(agent: Agent, queue: str, needs: Needs, now_ms: int) -> str:
    return f"{len(agent.held)} contacts, {occupancy(agent, now_ms):.0%} of the time"


def _turn(agent: Agent, queue: str, needs: Needs, now_ms: int) -> str:
    turn = agent.turns.get(queue, 0)
    return f"last turn {turn}" if turn else "had no turn yet"


def _level(agent: Agent, queue: str, needs: Needs, now_ms: int) -> str:
    return f"level {proficiency(agent, needs)}"


_SAYS: dict[Strategy, Callable[[Agent, str, Needs, int], str]] = {
    "longest_idle": _idle,
    "preferred": _idle,
    "least_occupied": _occupied,
    "round_robin": _turn,
    "top_down": _level,
}
