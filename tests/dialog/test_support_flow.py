"""The shipped flow, scenario by scenario, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dialog.actions.options import ActionOptions
from dialog.actions.outside import Outside
from dialog.engine import FlowEngine
from dialog.flowtest import Player, Scenario, ScenarioFailed, Step, read_tests
from dialog.flowtest.outside import GivenPerformer

FLOWS = Path(__file__).parents[2] / "flows"

_SCENARIOS = read_tests(FLOWS / "support.flowtest.yaml").tests


@pytest.mark.parametrize("scenario", _SCENARIOS, ids=[scenario.name for scenario in _SCENARIOS])
async def test_scenario(support: FlowEngine, scenario: Scenario) -> None:
    player = Player(acting(support, scenario), scenario)
    await player.run()  # raises where it goes otherwise than written
    assert player.number > len(scenario.steps) and player.talk


def acting(engine: FlowEngine, scenario: Scenario) -> FlowEngine:
    """With workflows that really run, and answers from outside as the scenario says."""
    performer = GivenPerformer(scenario.given, Outside(ActionOptions(mock=True)).performer(FLOWS))
    return FlowEngine(engine.flow, replace(engine.ports, performer=performer), engine.options)


async def test_a_scenario_that_does_not_hold_fails(support: FlowEngine) -> None:
    scenario = Scenario(name="wrong", steps=[Step(expect="Good evening")])
    with pytest.raises(ScenarioFailed, match="does not say 'Good evening'"):
        await Player(support, scenario).run()
