"""What a flow must pass before callers meet it: the rules of `dialog.validate`, and its own flow tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from dialog import yamlfile
from dialog.actions.options import ActionOptions
from dialog.actions.outside import Outside
from dialog.actions.workflow import load_workflows
from dialog.flow import Flow, parse_flow
from dialog.flowtest.running import Result, run_text
from dialog.flowtest.scenario import parse_tests
from dialog.knowledge import read_articles
from dialog.options import DialogOptions
from dialog.ports import Ports
from dialog.rulebook import rule
from dialog.rules.decide import load_folder
from dialog.snapshots import Placed
from dialog.understanding import read_examples
from dialog.validate import validate
from dialog.yamlfile import FileError, Problem
from session.flow_contents import test_path

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


def look(placed: Placed) -> Gate:
    """The rules alone, as for a draft or a rollback. Never raises for what is in the texts."""
    flow_id, file = placed.snapshot.flow_id, placed.file
    gate = Gate()
    try:
        flow, document = parse_flow(placed.snapshot.text, str(file))
        gate = Gate(flow.model_copy(update={"sha": placed.snapshot.sha}), validate(flow, document))
        if flow.id != flow_id:
            gate.problems.append(document.problem(("id",), f"id is {flow.id!r}, not {flow_id!r}", OTHER_ID))
    except FileError as error:
        gate.problems += error.problems
    gate.problems = placed.told(gate.problems + list(_beside(file.parent)))
    return gate


def _beside(folder: Path) -> Iterator[Problem]:
    """What is broken among what belongs to a flow."""
    reading: tuple[Callable[[], object], ...] = (
        lambda: read_examples(folder / "intents"),
        lambda: read_articles(folder / "knowledge"),
        lambda: load_workflows(folder / "workflows", load_folder(folder / "rules")),
    )
    for read in reading:
        try:
            read()
        except FileError as error:
            yield from error.problems


async def check(placed: Placed, ports: Ports, options: DialogOptions) -> Gate:
    """The rules, then every scenario, in virtual time with the understanding of `ports`, which is the version's own."""
    gate = look(placed)
    if not gate.open or gate.flow is None:
        return gate
    file, tests = placed.file, placed.snapshot.tests
    test_file = placed.real.with_name(test_path(placed.real.name))
    if not tests.strip():
        gate.problems.append(Problem(str(test_file), 1, f"flow {gate.flow.id!r} has no test", NO_TESTS))
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
        gate.problems += gate.result.coverage.problems(yamlfile.parse(placed.snapshot.text, str(placed.real)))
    return gate
