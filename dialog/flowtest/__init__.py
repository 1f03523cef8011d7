"""Tests of flows: files `*.flowtest.yaml` (`scenario`), played as text (`player`), with faults (`faults`) and coverage."""

from dialog.flowtest.moment import Moment, ScenarioFailed
from dialog.flowtest.player import Player
from dialog.flowtest.scenario import FlowTestFile, Given, Level, ReadTests, Scenario, Step, read_tests, schema

__all__ = [
    "FlowTestFile", "Given", "Level", "Moment", "Player", "ReadTests", "Scenario", "ScenarioFailed", "Step", "read_tests",
    "schema",
]  # fmt: skip
