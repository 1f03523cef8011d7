"""Experiments: sticky variants, exposure and outcome, honest looks, guardrails, promotion."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dialog.effects import Record, Say
from dialog.events import HungUp, Started
from dialog.experiment.assign import Choice, Experiments
from dialog.experiment.results import EXPOSED, OUTCOME, ExperimentResults
from dialog.experiment.stats import ALPHA, LEAST, Counts, difference, sample_size
from dialog.flow import parse_flow
from dialog.ports import Ports
from dialog.state import CallerInfo, RunState
from dialog.yamlfile import FileError
from tests.dialog.test_working_blocks import Call

FLOW = """
format: flow/v1
id: greet
title: {en: Greet}
locales: [en]
start: split
blocks:
  split:
    type: branch
    experiment: {id: greeting, weights: {plain: 50, warm: 50}, success: "visits.said == 1 && ended == 'hung_up'"}
    exits: {plain: said, warm: friendly}
  said: {type: play, text: {en: Hello}, exits: {next: people}}
  friendly: {type: play, text: {en: How nice}, exits: {next: people}}
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end}
handlers: {on_human_request: people, on_error: people}
"""
EVEN = {"a": 1.0, "b": 1.0}


def test_the_same_customer_gets_the_same_variant() -> None:
    first, second = Experiments("salt"), Experiments("salt")
    given = {str(who): first.variant("x", EVEN, str(who))[0] for who in range(4000)}
    assert given == {who: second.variant("x", EVEN, who)[0] for who in given}
    assert 1850 < Counter(given.values())["a"] < 2150
    other = {who: first.variant("y", EVEN, who)[0] for who in given}
    agreeing = sum(given[who] == other[who] for who in given)
    assert 1850 < agreeing < 2150, "experiments are dealt apart from one another"


def test_weights_are_kept_and_units_tell_nothing() -> None:
    experiments = Experiments("salt")
    dealt = Counter(experiments.variant("x", {"a": 90, "b": 10, "c": 0}, str(who))[0] for who in range(4000))
    assert 300 < dealt["b"] < 500 and dealt["c"] == 0
    unit = experiments.unit("x", "+4915112345")
    assert "15112" not in unit and unit != Experiments("other").unit("x", "+4915112345")


def test_a_stop_moves_only_those_who_had_the_stopped_variant() -> None:
    weights = {"a": 1.0, "b": 1.0, "c": 1.0}
    before, after = Experiments("s"), Experiments("s", {"x": Choice(stopped=frozenset({"b"}))})
    for who in map(str, range(1000)):
        old, new = before.variant("x", weights, who)[0], after.variant("x", weights, who)[0]
        assert new != "b" and (old == "b" or new == old)
    only = Experiments("s", {"x": Choice(stopped=frozenset({"b", "c"}))})
    assert {only.variant("x", weights, str(who)) for who in range(50)} == {("a", False)}


def test_a_promoted_variant_is_everybodys() -> None:
    experiments = Experiments("s", {"x": Choice(promoted="b")})
    assert {experiments.variant("x", EVEN, str(who)) for who in range(50)} == {("b", False)}


class Greeted(Call):
    """A caller of the flow above."""

    def __init__(self, ports: Ports, number: str, experiments: Experiments) -> None:
        super().__init__(replace(ports, experiments=experiments), FLOW)
        self.state = self.engine.new_state(
            contact_id="c1", channel="voice", locale="en", caller=CallerInfo(number=number)
        )

    def records(self) -> list[Record]:
        return [effect for effect in self.last if isinstance(effect, Record)]


async def test_exposure_and_outcome_are_recorded(ports: Ports) -> None:
    call = Greeted(ports, "+4915112345", Experiments("s"))
    await call.tell(Started())
    (exposed,) = call.records()
    heard = {"plain": "Hello", "warm": "How nice"}
    assert exposed.kind == EXPOSED and call.one(Say).text == heard[exposed.payload["variant"]]
    assert (
        set(exposed.payload) == {"experiment", "variant", "control", "unit"} and exposed.payload["control"] == "plain"
    )
    call.state = RunState.load(call.state.dump())
    await call.tell(HungUp())
    (outcome,) = call.records()
    assert outcome.kind == OUTCOME and outcome.payload["transferred"] is False
    assert outcome.payload["success"] is (exposed.payload["variant"] == "plain")
    assert "+4915112345" not in str(exposed) + str(outcome)


async def test_nothing_is_recorded_once_promoted(ports: Ports) -> None:
    call = Greeted(ports, "1", Experiments("s", {"greeting": Choice(promoted="warm")}))
    await call.tell(Started())
    assert call.records() == [] and call.one(Say).text == "How nice"
    await call.tell(HungUp())
    assert call.records() == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("{plain: 50, warm: 50}", "{plain: 50}", "at least 2"),
        ("{plain: 50, warm: 50}", "{plain: 0, warm: 0}", "one of them is not 0"),
        ("type: branch", "type: branch\n    cases: [{exit: x, when: 'true'}]", "either `cases` or `experiment`"),
    ],
)
def test_bad_experiments_are_named(old: str, new: str, says: str) -> None:
    with pytest.raises(FileError, match=says):
        parse_flow(FLOW.replace(old, new, 1), "greet.yaml")


# ------------------------------------------------------------------ numbers


def ever_sure(rng: np.random.Generator, rate: float, other: float, callers: int) -> bool:
    """Whether the test says "different" at any of its looks, one after each pair of callers."""
    a, b = (np.cumsum(rng.random(callers) < share).tolist() for share in (rate, other))
    return any(difference(Counts(n, b[n - 1]), Counts(n, a[n - 1])).sure for n in range(LEAST, callers + 1, 5))


def test_looking_all_the_time_is_wrong_in_at_most_one_of_twenty() -> None:
    rng = np.random.default_rng(7)
    wrong = sum(ever_sure(rng, rate, rate, 2000) for rate in (0.1, 0.5) for _ in range(100))
    assert wrong <= 200 * ALPHA


def test_a_real_difference_is_found() -> None:
    rng = np.random.default_rng(7)
    assert sum(ever_sure(rng, 0.5, 0.6, 2000) for _ in range(20)) == 20


def test_interval_and_p_agree() -> None:
    for successes in range(200, 301, 5):
        found = difference(Counts(500, successes), Counts(500, 250))
        assert found.sure is (found.p < ALPHA) and found.low < found.estimate < found.high


def test_nothing_is_said_early() -> None:
    assert not difference(Counts(LEAST - 1, LEAST - 1), Counts(1000, 0)).sure


def test_sample_size() -> None:
    assert sample_size(0.5, 0.05) == 1565
    assert sample_size(0.1, 0.05) == sample_size(0.1, 0.05, alpha=0.05, power=0.8) == 686
    for rate, lift in ((0.0, 0.1), (0.9, 0.2), (0.5, 0.0)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            sample_size(rate, lift)


def event(unit: int, variant: str, **more: Any) -> dict[str, Any]:
    return {"experiment": "x", "variant": variant, "control": "a", "unit": str(unit), **more}


def test_results_count_a_customer_once_and_stop_what_does_harm() -> None:
    results = ExperimentResults("x")
    for unit in range(1200):
        variant = "ab"[unit % 2]
        for _ in range(2):
            results.add(EXPOSED, event(unit, variant))
            transferred = unit % 10 < (2 if variant == "a" else 6)
            results.add(OUTCOME, event(unit, variant, success=not transferred, transferred=transferred))
    assert results.variants["a"].exposed == results.variants["a"].outcomes.n == 600
    (verdict,) = results.verdicts()
    assert verdict.variant == "b" and verdict.harmful and verdict.success.high < 0
