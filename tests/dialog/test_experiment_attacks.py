"""Experiments under attack: changes in mid-experiment, other flows, moods that are forgotten, contacts that come back."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from dialog.effects import Record
from dialog.events import AgentLeft, HungUp, QueueResult, Started, TakenOver, TransferResult
from dialog.experiment.assign import Choice, Experiments
from dialog.experiment.results import EXPOSED, OUTCOME, ExperimentResults
from dialog.experiment.stats import ALPHA, LEAST, Counts, difference
from dialog.ports import Ports
from dialog.state import CallerInfo
from dialog.turn import Turn
from dialog.variants import unit_of
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
    experiment: {id: greeting, weights: {plain: 50, warm: 50}}
    exits: {plain: next, warm: next}
  next: {type: %s}
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end}
handlers: {on_human_request: people, on_error: people}
"""
QUEUE = "queue, exits: {answered: bye, overflow: bye, no_agents: bye}"
FLOW_BESIDE = "transfer, target: flow, to: other, exits: {connected: bye, busy: bye, no_answer: bye, failed: bye}"
EVEN = {"a": 50.0, "b": 50.0}
PEOPLE = [str(who) for who in range(3000)]


def dealt(weights: dict[str, float], choice: Choice | None = None) -> dict[str, str]:
    experiments = Experiments("s", {"x": choice} if choice else {})
    return {who: experiments.variant("x", weights, who)[0] for who in PEOPLE}


# ------------------------------------------------------------------ who gets what


@pytest.mark.parametrize(
    ("after", "goes_to"),
    [
        ({"a": 60.0, "b": 50.0, "c": 50.0}, {"a"}),  # more weight takes from the others, and gives nobody away
        ({"c": 50.0, "a": 50.0, "b": 50.0}, set()),  # another order
        ({"a": 100.0, "b": 100.0, "c": 100.0}, set()),  # another unit
        ({"a": 50.0, "b": 50.0, "c": 50.0, "d": 50.0}, {"d"}),  # one more
        ({"a": 50.0, "c": 50.0}, {"a", "c"}),  # one less
        ({"a": 50.0, "b": 50.0, "c": 0.0}, {"a", "b"}),
    ],
)
def test_a_change_in_mid_experiment_moves_nobody_it_need_not(after: dict[str, float], goes_to: set[str]) -> None:
    before, later = dealt({"a": 50.0, "b": 50.0, "c": 50.0}), dealt(after)
    moved = {(before[who], later[who]) for who in PEOPLE if before[who] != later[who]}
    assert {new for _, new in moved} == goes_to
    gone = {"a", "b", "c"} - {name for name, weight in after.items() if weight}
    assert not gone or {old for old, _ in moved} == gone, "only those whose variant is gone are dealt anew"


def test_a_stop_and_a_removal_deal_alike() -> None:
    """So that a file which drops what the guardrail stopped moves nobody again."""
    stopped = dealt({"a": 1.0, "b": 1.0, "c": 1.0}, Choice(stopped=frozenset({"b"})))
    assert stopped == dealt({"a": 1.0, "c": 1.0})


@pytest.mark.parametrize("spelling", ["004915112345", "+49 151 12345", "4915112345"])
def test_one_number_is_one_customer_however_it_is_written(ports: Ports, spelling: str) -> None:
    assert _unit(ports, spelling) == _unit(ports, "+4915112345")


# ------------------------------------------------------------------ runs


class Dealt(Call):
    """A caller of the flow above."""

    def __init__(self, ports: Ports, then: str, number: str = "") -> None:
        super().__init__(replace(ports, experiments=Experiments("s")), FLOW % then)
        self.state = self.engine.new_state(
            contact_id="c1", channel="voice", locale="en", caller=CallerInfo(number=number)
        )

    def records(self) -> list[Record]:
        return [effect for effect in self.last if isinstance(effect, Record)]


def _unit(ports: Ports, number: str) -> str:
    call = Dealt(ports, QUEUE, number)
    return unit_of(Turn(call.engine.flow, call.engine.ports, call.engine.options, call.state, 0))


async def test_a_queue_is_a_person_even_when_the_reason_was_forgotten(ports: Ports) -> None:
    """Who takes consent back has the reason of the hand-over wiped: they still wanted a person."""
    call = Dealt(ports, QUEUE)
    await call.tell(Started())
    assert call.state.reason
    call.state.reason = ""
    await call.tell(QueueResult(outcome="answered"))
    await call.tell(AgentLeft())
    (outcome,) = call.records()
    assert outcome.payload["transferred"] is True and outcome.payload["success"] is False


async def test_a_supervisor_who_takes_over_is_a_person(ports: Ports) -> None:
    call = Dealt(ports, "play, text: {en: Hello}, exits: {next: people}")
    await call.tell(Started())
    await call.tell(TakenOver())
    await call.tell(HungUp())
    (outcome,) = call.records()
    assert outcome.payload["transferred"] is True


async def test_another_flow_is_no_person_and_no_end(ports: Ports) -> None:
    call = Dealt(ports, FLOW_BESIDE)
    await call.tell(Started())
    await call.tell(TransferResult(transfer_id="c1:next:1", outcome="connected"))
    assert call.state.ended == "transferred"
    assert call.records() == [], "the contact goes on elsewhere; its outcome is known when it ends"
    assert call.state.variants


async def test_a_transfer_to_a_flow_that_fails_is_no_person(ports: Ports) -> None:
    call = Dealt(ports, FLOW_BESIDE)
    await call.tell(Started())
    await call.tell(TransferResult(transfer_id="c1:next:1", outcome="failed"))
    if not call.records():
        await call.tell(HungUp())
    (outcome,) = call.records()
    assert outcome.payload["transferred"] is False


async def test_an_end_that_comes_with_a_restart_has_its_outcome(ports: Ports) -> None:
    """The block where a killed app stopped breaks when it is taken up, as often as it is tried: that is an end, too."""
    call = Dealt(ports, "play, text: {en: Hello}, exits: {next: people}")
    await call.tell(Started())
    call.state.errors = 3
    call.state.block = "nowhere"
    effects = await call.engine.resume(call.state, 500)
    assert call.state.ended == "error"
    assert [effect.kind for effect in effects if isinstance(effect, Record)] == [OUTCOME]


# ------------------------------------------------------------------ counting


def met(unit: str, variant: str, control: str = "a", **more: object) -> dict[str, object]:
    return {"experiment": "x", "variant": variant, "control": control, "unit": unit, **more}


def test_a_customer_who_was_moved_counts_for_the_variant_met_first() -> None:
    """Whose first contact never told its outcome: what the next one brings under another variant is no result of either."""
    results = ExperimentResults("x")
    results.add(EXPOSED, met("1", "b"))
    results.add(EXPOSED, met("1", "a"))
    results.add(OUTCOME, met("1", "a", success=True, transferred=False))
    assert {name: (one.exposed, one.outcomes.n) for name, one in results.variants.items()} == {"b": (1, 0), "a": (0, 0)}
    results.add(OUTCOME, met("1", "b", success=False, transferred=False))
    assert results.variants["b"].outcomes.n == 1


def test_a_call_of_an_older_version_does_not_change_what_is_compared_with() -> None:
    """A flow was published with another first variant; calls that began before end later, and name their own."""
    results = ExperimentResults("x")
    results.add(EXPOSED, met("1", "b"))
    results.add(EXPOSED, met("2", "c", control="c"))
    results.add(OUTCOME, met("1", "b", success=True, transferred=False))
    assert results.control == "c"


# ------------------------------------------------------------------ looking all the time


def ever_sure(rng: np.random.Generator, shares: list[float], rate: float, callers: int) -> bool:
    """Whether an A/A test says "different" of any variant at any look, one after each twentieth caller."""
    counts = [[0, 0] for _ in shares]
    dealt, good = rng.choice(len(shares), size=callers, p=shares).tolist(), (rng.random(callers) < rate).tolist()
    for number in range(callers):
        count = counts[dealt[number]]
        count[0] += 1
        count[1] += good[number]
        if number % 20 == 0 and min(counts)[0] >= LEAST:
            control, *others = [Counts(*count) for count in counts]
            if any(difference(other, control, alpha=ALPHA / len(others)).sure for other in others):
                return True
    return False


def test_unequal_shares_make_no_more_errors() -> None:
    """80/10/10 at 2 %: who looked all the time found a difference that was none in 7 of 100."""
    rng = np.random.default_rng(7)
    wrong = sum(ever_sure(rng, [0.8, 0.1, 0.1], 0.02, 6000) for _ in range(200))
    assert wrong <= 200 * ALPHA


@pytest.mark.parametrize(
    ("variant", "control"),
    [
        (Counts(), Counts()),
        (Counts(0, 0), Counts(10**15, 10**14)),
        (Counts(LEAST, LEAST), Counts(LEAST, LEAST)),
        (Counts(LEAST, 0), Counts(10**15, 10**15)),
        (Counts(10**15, 10**15), Counts(10**15, 0)),
        (Counts(10**18, 1), Counts(10**18, 2)),
    ],
)
def test_no_count_breaks_the_arithmetic(variant: Counts, control: Counts) -> None:
    found = difference(variant, control)
    assert all(math.isfinite(value) for value in (found.estimate, found.low, found.high, found.p))
    assert found.low <= found.estimate <= found.high and 0 <= found.p <= 1
