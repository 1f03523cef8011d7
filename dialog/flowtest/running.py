"""Plays whole test files as text: scenarios, coverage, faults; results as data, JSON and JUnit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from xml.etree import ElementTree

from dialog.engine import FlowEngine
from dialog.flow import Flow
from dialog.flowtest.coverage import Coverage
from dialog.flowtest.faults import Fault, play_faults
from dialog.flowtest.moment import Moment, ScenarioFailed
from dialog.flowtest.outside import given_ports
from dialog.flowtest.player import Player
from dialog.flowtest.scenario import Level, ReadTests, Scenario
from dialog.options import DialogOptions
from dialog.ports import Ports


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one scenario. `skipped`: why it was not played at this level."""

    name: str
    line: int
    seconds: float = 0.0
    failed: Moment | None = None
    skipped: str = ""

    @property
    def ok(self) -> bool:
        """Held, or was not to be played here."""
        return self.failed is None


@dataclass
class Result:
    """What came of one test file."""

    file: str
    flow: str
    level: Level
    outcomes: list[Outcome] = field(default_factory=list)
    coverage: Coverage | None = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether all of it holds."""
        return all(outcome.ok for outcome in self.outcomes) and all(fault.ok for fault in self.faults)

    def lines(self) -> list[str]:
        """For people."""
        found = []
        for outcome in self.outcomes:
            if outcome.skipped:
                found.append(f"--    {outcome.name}: not at level {self.level}: {outcome.skipped}")
            elif outcome.failed is None:
                found.append(f"ok    {outcome.name}")
            else:
                found.append(f"FAIL  {self.file}:{outcome.line}: {outcome.name}")
                found += [f"      {line}" for line in told(outcome.failed)]
        played = [outcome for outcome in self.outcomes if not outcome.skipped]
        over = len(self.outcomes) - len(played)
        left = f"; {over} of {len(self.outcomes)} were passed over" if over else ""
        found.append(f"{sum(outcome.ok for outcome in played)} of {len(played)} scenarios hold ({self.level}){left}")
        if self.faults:
            for fault in self.faults:
                if not fault.ok:
                    found.append(f"FAIL  {fault}")
                    found += [f"      {line}" for line in fault.talk[-8:]]
            good = sum(fault.ok for fault in self.faults)
            found.append(f"{good} of {len(self.faults)} fault cases end in a defined way")
        return found

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "file": self.file,
            "flow": self.flow,
            "level": self.level,
            "ok": self.ok,
            "scenarios": [{**asdict(outcome), "ok": outcome.ok} for outcome in self.outcomes],
            "coverage": None
            if self.coverage is None
            else {
                "share": round(self.coverage.share, 4),
                "blocks": {n: {"taken": taken, "not_taken": missing} for n, taken, missing in self.coverage.rows()},
            },
            "faults": [{**asdict(fault), "ok": fault.ok} for fault in self.faults],
        }

    def suite(self) -> ElementTree.Element:
        """As JUnit's `testsuite`."""
        failures = sum(not outcome.ok for outcome in self.outcomes) + sum(not fault.ok for fault in self.faults)
        suite = ElementTree.Element(
            "testsuite",
            name=f"{self.file} ({self.level})",
            tests=str(len(self.outcomes) + len(self.faults)),
            failures=str(failures),
            skipped=str(sum(bool(outcome.skipped) for outcome in self.outcomes)),
        )
        for outcome in self.outcomes:
            case = ElementTree.SubElement(
                suite, "testcase", classname=self.flow, name=outcome.name, time=f"{outcome.seconds:.3f}"
            )
            if outcome.skipped:
                ElementTree.SubElement(case, "skipped", message=outcome.skipped)
            if outcome.failed is not None:
                failure = ElementTree.SubElement(case, "failure", message=outcome.failed.why)
                failure.text = "\n".join([f"{self.file}:{outcome.line}", *told(outcome.failed)])
        for fault in self.faults:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"{self.flow}.faults",
                name=f"{fault.kind} in {fault.block} ({fault.scenario}, {fault.step})",
            )
            if not fault.ok:
                failure = ElementTree.SubElement(case, "failure", message=fault.why)
                failure.text = "\n".join(fault.talk)
        return suite


def told(moment: Moment) -> list[str]:
    """The trace of a failure: what was to happen, where the run was, what was said, attributes, the whole talk."""
    return [
        f"step {moment.step} ({moment.doing}): {moment.why}",
        f"in block {moment.block!r}; said last: {' | '.join(moment.said) or 'nothing'}",
        f"attributes: {moment.attributes or 'none'}",
        *(f"  {line}" for line in moment.talk),
    ]


def junit(results: list[Result]) -> str:
    """All results as one JUnit file."""
    root = ElementTree.Element("testsuites")
    for result in results:
        root.append(result.suite())
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def players(flow: Flow, ports: Ports, options: DialogOptions) -> Callable[[Scenario], Player]:
    """Makes a player with ports of its own for a scenario."""

    def make(scenario: Scenario) -> Player:
        own, breaker = given_ports(
            ports,
            scenario.given,
            calendars=flow.calendars,
            attempts=options.lockout_attempts,
            lockout_s=options.lockout_s,
        )
        return Player(FlowEngine(flow, own, options), scenario, breaker)

    return make


async def run_text(
    tests: ReadTests, flow: Flow, ports: Ports, options: DialogOptions, *, faults: bool = False
) -> Result:
    """Play all scenarios as text. Never raises for what a flow does."""
    make = players(flow, ports, options)
    result = await run_virtual(tests, flow, make, "text", _not_as_text)
    if faults:
        result.faults = await play_faults(make, [scenario for scenario in tests.tests if "text" in scenario.levels])
    return result


async def run_virtual(
    tests: ReadTests,
    flow: Flow,
    make: Callable[[Scenario], Player],
    level: Level,
    why_not: Callable[[Scenario], str],
) -> Result:
    """Play all scenarios with players of one kind; `why_not`: why one is passed over. Never raises for what a flow does."""
    coverage = Coverage(flow)
    result = Result(str(tests.path), flow.id, level, coverage=coverage)
    for index, scenario in enumerate(tests.tests):
        if skipped := why_not(scenario):
            result.outcomes.append(Outcome(scenario.name, tests.line(index), skipped=skipped))
            continue
        player = make(scenario)
        began = time.perf_counter()
        failed: Moment | None = None
        try:
            await player.run()
        except ScenarioFailed as error:
            failed = error.moment
        coverage.add(player.effects)
        result.outcomes.append(
            Outcome(scenario.name, failed_line(tests, index, failed), time.perf_counter() - began, failed)
        )
        await asyncio.sleep(0)  # a publish in the app plays tests beside live calls
    return result


def _not_as_text(scenario: Scenario) -> str:
    return "" if "text" in scenario.levels else f"its levels are {', '.join(scenario.levels)}"


def failed_line(tests: ReadTests, index: int, failed: Moment | None) -> int:
    """Line of the step that failed, or of the scenario."""
    if failed is None or not 1 <= failed.step <= len(tests.tests[index].steps):
        return tests.line(index)
    return tests.line(index, failed.step - 1)
