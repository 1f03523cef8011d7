"""Experiments under attack: changes in mid-experiment, other flows, moods that are forgotten, contacts that come back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialog.experiment.assign import Choice, Experiments
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


class Tested(Call):
    """A caller of the flow above."""

    def __init__(self, ports: Ports, then: str, number: str = "") -> None:
        super().__init__(replace(ports, experiments=Experiments("s")), FLOW % then)
        self.state = self.engine.new_state(
            contact_id="c1", channel="voice", locale="en", caller=CallerInfo(number=number)
        )


def _unit(ports: Ports, number: str) -> str:
    call = Tested(ports, QUEUE, number)
    return unit_of(Turn(call.engine.flow, call.engine.ports, call.engine.options, call.state, 0))
