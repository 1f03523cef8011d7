"""What a flow must pass before callers meet it: the rules of `dialog.validate`, and its own flow tests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from dialog import yamlfile
from dialog.actions.options import ActionOptions
from dialog.actions.outside import Outside
from dialog.flow import Flow, parse_flow
from dialog.flowtest.running import Result, run_text
from dialog.flowtest.scenario import parse_tests
from dialog.options import DialogOptions
from dialog.ports import Ports
from dialog.rulebook import rule
from dialog.validate import validate
from dialog.yamlfile import FileError, Problem

NO_TESTS = rule(
    "no-tests", "E", "a flow is to be published without a flow test", "write `<id>.flowtest.yaml` beside it"
)
TEST_FAILS = rule("test-fails", "E", "a scenario of the flow's test does not hold", "mend the flow, or the scenario")
OTHER_ID = rule("id-other", "E", "a text is handed in for a flow of another id", "hand it in for the flow it is")


@dataclass
class Gate:
    """What was found. `flow` None: the text is no flow at all."""

    flow: Flow | None = None
    problems: list[Problem] = field(default_factory=list)
    result: Result | None = None

    @property
    def open(self) -> bool:
        """Nothing forbids publishing it."""
        return self.flow is not None and not any(problem.severity == "E" for problem in self.problems)

    @property
    def refusal(self) -> str:
        """What forbids it, one line each."""
        return "\n".join(str(problem) for problem in self.problems if problem.severity == "E")


def look(flow_id: str, text: str, file: Path) -> Gate:
    """The rules alone, as for a draft or a rollback. Never raises for what is in the text.

    `file`: where the flow lies or would lie; problems are named after it, and what is beside it is found there.
    """
    try:
        flow, document = parse_flow(text, str(file))
    except FileError as error:
        return Gate(problems=error.problems)
    gate = Gate(flow, validate(flow, document))
    if flow.id != flow_id:
        gate.problems.append(document.problem(("id",), f"id is {flow.id!r}, not {flow_id!r}", OTHER_ID))
    return gate


async def check(flow_id: str, text: str, tests: str, file: Path, ports: Ports, options: DialogOptions) -> Gate:
    """The rules, then every scenario, in virtual time with the understanding of `ports`."""
    gate = look(flow_id, text, file)
    if not gate.open or gate.flow is None:
        return gate
    test_file = file.with_name(f"{flow_id}.flowtest.yaml")
    if not tests.strip():
        gate.problems.append(Problem(str(test_file), 1, f"flow {flow_id!r} has no test", NO_TESTS))
        return gate
    try:
        read = parse_tests(yamlfile.parse(tests, str(test_file)), test_file)
    except FileError as error:
        gate.problems += error.problems
        return gate
    # whatever the installation's actions are, a test never touches a real system
    pretended = Outside(ActionOptions(mock=True))
    try:
        own = replace(ports, performer=pretended.performer(file.parent))
        gate.result = await run_text(read, gate.flow, own, options)
    except FileError as error:
        gate.problems += error.problems
        return gate
    finally:
        await pretended.close()
    for outcome in gate.result.outcomes:
        if outcome.failed is not None:
            why = f"scenario {outcome.name!r}, step {outcome.failed.step}: {outcome.failed.why}"
            gate.problems.append(Problem(str(test_file), outcome.line, why, TEST_FAILS))
    if gate.result.coverage is not None:
        gate.problems += gate.result.coverage.problems(yamlfile.parse(text, str(file)))
    return gate
