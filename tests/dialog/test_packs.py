"""The scene packs that ship: valid, in both languages, and every scenario holds with the real understanding."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialog.flow import read_flow
from dialog.flowtest import read_tests
from dialog.rules.decide import failing_tests, load_rules
from dialog.validate import validate
from server.cli.flow_testing import Homes, play_file

PACKS = Path(__file__).parents[2] / "flows" / "packs"
NAMES = sorted(path.name for path in PACKS.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Homes:
    return Homes(tmp_path_factory.mktemp("vectors"))


def test_the_five_scenes_are_there() -> None:
    assert NAMES == ["aftersales", "bank", "clinic", "hotline", "telecom"]


@pytest.mark.parametrize("pack", NAMES)
def test_a_pack_keeps_every_rule(pack: str) -> None:
    flow, document = read_flow(PACKS / pack / f"{pack}.yaml")
    assert flow.locales == ["en", "zh-CN"]
    assert [str(problem) for problem in validate(flow, document) if problem.severity == "E"] == []


@pytest.mark.parametrize("pack", NAMES)
@pytest.mark.timeout(900)  # learns the intents of a folder
async def test_every_scenario_holds(pack: str, homes: Homes) -> None:
    path = PACKS / pack / f"{pack}.flowtest.yaml"
    scenarios = read_tests(path).tests
    assert len(scenarios) >= 18
    assert {scenario.given.locale for scenario in scenarios} == {"en", "zh-CN"}
    result = await play_file(homes, path, "text", faults=False, sound=None)
    assert [outcome.name for outcome in result.outcomes if outcome.skipped] == []
    assert result.ok, "\n".join(result.lines())


@pytest.mark.parametrize("table", sorted(PACKS.glob("*/rules/*.yaml")), ids=lambda path: path.stem)
async def test_its_tables_hold_their_own_tests(table: Path) -> None:
    rules = load_rules(table)
    assert await failing_tests(table, rules) == []
