"""The core against queueing theory, under virtual time; `benchmarks/desk.py` does it at length.

Tolerances come from the spread between seeds of runs of this size, not from these seeds' results: one run of 5,000
contacts at 75 % load has a standard deviation of 12 % of the mean wait, and 5 % of the share that waits.
"""

from __future__ import annotations

from statistics import fmean

import pytest

from desk.erlang import erlang_a, erlang_c, service_level_c
from desk.simulation import Load, Shared, Team, simulate, told


def test_erlang_c_as_printed() -> None:
    """Of A. Gans, Koole, Mandelbaum (2003) and every Erlang calculator: 100 calls/h of 3 min and 7 agents."""
    theory = erlang_c(100 / 3600, 180, 7)
    assert theory.share_waiting == pytest.approx(0.3241, abs=2e-4)
    assert theory.mean_wait_s == pytest.approx(29.2, abs=0.1)
    assert service_level_c(100 / 3600, 180, 7, 20) == pytest.approx(0.7403, abs=3e-3)
    with pytest.raises(ValueError, match="cannot serve"):
        erlang_c(1, 180, 7)


def test_erlang_a_lies_between_nobody_and_everybody_who_hangs_up() -> None:
    """With endless patience it is Erlang C; with none it is Erlang B, whose blocked callers are lost."""
    rate, handle, agents = 0.0375, 200.0, 10
    patient, c = erlang_a(rate, handle, agents, 1e8), erlang_c(rate, handle, agents)
    assert patient.share_waiting == pytest.approx(c.share_waiting, rel=1e-3)
    assert patient.mean_wait_s == pytest.approx(c.mean_wait_s, rel=2e-3)
    hasty = erlang_a(rate, handle, agents, 1e-4)
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = rate * handle * blocked / (n + rate * handle * blocked)
    assert hasty.abandoned == pytest.approx(blocked, rel=1e-3)


def test_waits_agree_with_erlang_c() -> None:
    load = Load(0.0375, 200, 10, 5_000)
    seen, theory = simulate(load, 1), erlang_c(load.rate, load.handle_s, load.agents)
    assert seen.mean_wait_s == pytest.approx(theory.mean_wait_s, rel=0.36)
    assert seen.share_waiting == pytest.approx(theory.share_waiting, rel=0.15)
    assert seen.abandoned == 0


def test_waits_agree_with_erlang_a() -> None:
    """Impatience keeps the queue short, so that the spread is smaller."""
    load = Load(0.054, 200, 10, 5_000, patience_s=90)
    seen, theory = simulate(load, 1), erlang_a(load.rate, load.handle_s, load.agents, 90)
    assert seen.mean_wait_s == pytest.approx(theory.mean_wait_s, rel=0.15)
    assert seen.share_waiting == pytest.approx(theory.share_waiting, rel=0.1)
    assert seen.abandoned == pytest.approx(theory.abandoned, rel=0.15)


def test_callers_of_queues_with_the_same_agents_are_told_what_comes() -> None:
    """By the place in the own queue alone it would be half of it; runs of this size spread by 5 % of the mean."""
    both = Shared({"x": 0.045, "y": 0.045}, {"x": 200, "y": 200}, (Team(20, ("x", "y")),), 3_000)
    seen = told(both, 1)
    waited = fmean(one.waited_s for one in seen)
    assert len(seen) > 500
    assert fmean(one.said_s for one in seen) == pytest.approx(waited, rel=0.2)
    assert fmean(one.by_place_s for one in seen) < 0.75 * waited
