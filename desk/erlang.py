"""What queueing theory says of a queue: M/M/n (Erlang C) and M/M/n with impatient callers (Erlang A).

Contacts come at random at `rate` a second, take `handle_s` on average (exponential), and `agents` serve them in order.
Erlang C: A. K. Erlang, 1917; nobody hangs up, so `rate × handle_s < agents`. Erlang A: C. Palm, 1957, in the form of
Mandelbaum and Zeltyn, "Service engineering in action", 2007: each caller has a patience, exponential with mean
`patience_s`; solved as the birth–death process that it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

NEGLIGIBLE = 1e-12  # of the probability that is left when the states are cut off
MOST_STATES = 1_000_000


@dataclass(frozen=True, slots=True)
class Theory:
    """Shares 0…1. `mean_wait_s` is over all who come, also those who hang up or do not wait."""

    share_waiting: float
    mean_wait_s: float
    abandoned: float


def erlang_c(rate: float, handle_s: float, agents: int) -> Theory:
    """Nobody hangs up. Raises ValueError where the queue would grow for ever."""
    load = rate * handle_s
    if load >= agents:
        raise ValueError(f"{agents} agents cannot serve a load of {load:.2f} erlang; callers must be able to hang up")
    blocked = 1.0  # Erlang B, by its recursion
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    waiting = blocked / (1 - load / agents * (1 - blocked))
    return Theory(waiting, waiting * handle_s / (agents - load), 0.0)


def service_level_c(rate: float, handle_s: float, agents: int, within_s: float) -> float:
    """Share answered within so many seconds, by Erlang C."""
    waiting = erlang_c(rate, handle_s, agents).share_waiting
    return 1 - waiting * exp(-(agents - rate * handle_s) * within_s / handle_s)


def erlang_a(rate: float, handle_s: float, agents: int, patience_s: float) -> Theory:
    """Callers hang up when their patience is over."""
    weight, whole, waiting, queued = 1.0, 1.0, 0.0, 0.0
    for n in range(1, MOST_STATES):
        leaving = min(n, agents) / handle_s + max(0, n - agents) / patience_s
        weight *= rate / leaving
        whole += weight
        if n >= agents:
            waiting += weight
            queued += (n - agents) * weight
            if weight * (n - agents + 1) < NEGLIGIBLE * whole and leaving > rate:
                break
        if whole > 1e200:  # only ratios matter
            weight, whole, waiting, queued = (x / 1e200 for x in (weight, whole, waiting, queued))
    mean_queue = queued / whole
    return Theory(waiting / whole, mean_queue / rate, mean_queue / patience_s / rate)
