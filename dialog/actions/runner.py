"""Runs workflows: step by step, each kept before the next; back again when one fails; waiting where somebody must agree."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog

from dialog import cel, text
from dialog.actions.http import HttpActions
from dialog.actions.runs import UNDER_WAY, Runs, WorkflowRun
from dialog.actions.workflow import Step, TicketStep, Workflow, parse_workflow
from dialog.blocks.http import computed
from dialog.effects import Perform
from dialog.events import Performed
from dialog.rules.decide import RuleError, RuleSet
from dialog.ticketing import NewTicket, Tickets
from dialog.yamlfile import FileError

log = structlog.get_logger(__name__)

UNDO_TRIES = 3
TICKET_S = 5.0  # the database may be busy; a ticket takes milliseconds
_KINDS = {"number": (int, float), "string": (str,), "boolean": (bool,)}


class StepFailed(Exception):
    """A step failed; the text holds neither secrets nor data."""


@dataclass(frozen=True, slots=True)
class _Values:
    """What steps may read."""

    run: WorkflowRun

    def names(self) -> dict[str, Any]:
        """Inputs, steps so far, and the run's id."""
        return {**self.run.values, "inputs": self.run.inputs, "run": {"id": self.run.id}}

    def render(self, wording: dict[str, str]) -> str:
        """As `dialog.blocks.http.Values`."""
        return text.render(next(iter(wording.values())), self.names(), "")

    def evaluate(self, expression: str) -> Any:
        """As `dialog.blocks.http.Values`."""
        return cel.evaluate(expression, self.names())


class Runner:
    """The workflows of one folder. `runs` and `tickets` are asked for each time: the app opens its store after loading."""

    def __init__(
        self,
        folder: str,
        workflows: dict[str, Workflow],
        rules: dict[str, RuleSet],
        http: HttpActions,
        runs: Callable[[], Runs],
        tickets: Callable[[], Tickets],
    ) -> None:
        self.folder = folder
        self.workflows = workflows
        self._rules = rules
        self._http = http
        self._runs = runs
        self._tickets = tickets
        self._active: dict[str, asyncio.Task[WorkflowRun]] = {}
        self._late: set[str] = set()
        """Runs that are stopped since their time is over, to be taken back."""
        self._undoing: set[str] = set()
        """Runs that are taken back now, which no time limit stops."""

    async def perform(self, work: Perform) -> Performed:
        """Begin a run, or say how the one of this id stands; within the limit, or everything is taken back."""
        began = time.perf_counter()
        workflow = self.workflows.get(work.request["id"])
        if workflow is None:
            return Performed(call_id=work.call_id, outcome="failed", why=f"there is no workflow {work.request['id']!r}")
        inputs = work.request["inputs"]
        if wrong := _wrong_input(workflow, inputs):
            return Performed(call_id=work.call_id, outcome="failed", why=wrong)
        run = await self._runs().begin(
            WorkflowRun(
                id=work.call_id,
                workflow=workflow.id,
                folder=self.folder,
                sha=workflow.sha,
                definition=workflow.text,
                contact_id=work.call_id.split(":")[0],
                status="waiting" if work.request.get("approval") else "running",
                inputs=inputs,
                why="asked for by the flow" if work.request.get("approval") else "",
            )
        )
        if run.status in UNDER_WAY:
            run = await self._within(run, work.timeout_ms / 1000)
        ms = (time.perf_counter() - began) * 1000
        outcome = {"done": "done", "waiting": "needs_approval", "approved": "needs_approval"}.get(run.status, "failed")
        values = self._outputs(run) if run.status == "done" else {}
        detail = {"workflow": run.workflow, "sha": run.sha, "run": run.id}
        return Performed(
            call_id=run.id, outcome=outcome, values=values, why=run.why or run.status, ms=ms, detail=detail
        )

    async def go_on(self, run: WorkflowRun) -> WorkflowRun:
        """Do what is left of a run, once at a time: who comes second waits for the first."""
        task = self._active.get(run.id)
        if task is None:
            task = self._active[run.id] = asyncio.create_task(self._steps(run), name=f"workflow-{run.id}")
            task.add_done_callback(lambda _: self._over(run.id))
        return await asyncio.shield(task)

    def _over(self, run_id: str) -> None:
        self._active.pop(run_id, None)
        self._late.discard(run_id)

    async def close(self) -> None:
        """Stop; what was begun is taken up again after a restart."""
        for task in list(self._active.values()):
            task.cancel()
        await asyncio.gather(*self._active.values(), return_exceptions=True)

    async def _within(self, run: WorkflowRun, limit_s: float) -> WorkflowRun:
        try:
            async with asyncio.timeout(limit_s):
                return await self.go_on(run)
        except TimeoutError:
            task = self._active.get(run.id)
            if task is not None:
                if run.id not in self._undoing:
                    self._late.add(run.id)
                    task.cancel()
                return await asyncio.shield(task)
            return await self._runs().load(run.id) or run

    async def _steps(self, run: WorkflowRun) -> WorkflowRun:
        runs = self._runs()
        try:
            workflow = parse_workflow(run.definition)[0]
        except FileError as error:  # of a program with other rules: what was done is for people to see to
            log.error("workflow.unreadable", run=run.id, problems=[str(problem) for problem in error.problems])
            run = replace(run, status="failed", why="this program cannot read its steps any more; see to what was done")
            await runs.save(run, run.why)
            return run
        if run.status == "undoing":
            return await self._undo(run, workflow, run.why)
        try:
            while run.at < len(workflow.steps):
                step = workflow.steps[run.at]
                values = await self._done(run, step)
                run = replace(run, values={**run.values, step.id: values}, at=run.at + 1)
                if run.approved_step < run.at and self._must_wait(run, step, values):
                    run = replace(run, status="waiting", approved_step=run.at, why=f"after step {step.id}")
                    await runs.save(run, f"step {step.id} done, waits for approval")
                    return run
                await runs.save(run, f"step {step.id} done")
            run = replace(run, status="done", why="done")
            await runs.save(run, "done")
        except (StepFailed, cel.ExpressionError, ValueError) as error:
            why = str(error) if isinstance(error, StepFailed) else f"a value is missing ({type(error).__name__})"
            run = await self._undo(run, workflow, why)
        except asyncio.CancelledError:
            if run.id not in self._late:
                raise
            # The step under way may have come through: it is taken back as well.
            run = await self._undo(replace(run, at=run.at + 1), workflow, "took too long")
        return run

    async def _done(self, run: WorkflowRun, step: Step) -> dict[str, Any]:
        """The step's outputs. Whatever breaks in it, what was done before is taken back. Raises `StepFailed`."""
        try:
            return await self._step(run, step)
        except (StepFailed, cel.ExpressionError, ValueError):
            raise
        except Exception as error:
            raise StepFailed(f"step {step.id} is broken ({type(error).__name__})") from error

    async def _step(self, run: WorkflowRun, step: Step) -> dict[str, Any]:
        values = _Values(run)
        if step.when and values.evaluate(step.when) is not True:
            return {}
        if step.set is not None:
            return {name: computed(values, value) for name, value in step.set.items()}
        if step.rule:
            try:
                given = {name: values.evaluate(expression) for name, expression in step.inputs.items()}
                decided = await self._rules[step.rule].decide(given)
            except (RuleError, KeyError) as error:
                raise StepFailed(f"step {step.id}: {error}") from None
            return {**decided.outputs, "row": ", ".join(decided.rows)}
        if step.ticket is not None:
            return await self._ticket(run, step, step.ticket)
        if step.http is None:
            raise StepFailed(f"step {step.id} does nothing")
        asked = step.http.asked(values, f"{run.id}:{step.id}", step.id, step.http.timeout_s)
        answer = await self._http.perform(asked)
        if answer.outcome != "ok":
            raise StepFailed(f"step {step.id}: {answer.why}")
        return answer.values

    async def _ticket(self, run: WorkflowRun, step: Step, asked: TicketStep) -> dict[str, Any]:
        filled = {name: str(computed(_Values(run), value) or "") for name, value in asked.values().items()}
        try:
            async with asyncio.timeout(TICKET_S):
                if asked.do == "progress":
                    return await self._tickets().progress(run.contact_id, filled["language"])
                return await self._tickets().open(f"{run.id}:{step.id}", run.contact_id, NewTicket(**filled))
        except (OSError, TimeoutError, ValueError) as error:
            raise StepFailed(f"step {step.id}: no ticket ({type(error).__name__})") from None

    def _must_wait(self, run: WorkflowRun, step: Step, values: dict[str, Any]) -> bool:
        if step.rule and values.get("needs_approval") is True:
            return True
        return bool(step.approve_if) and _Values(run).evaluate(step.approve_if) is True

    async def _undo(self, run: WorkflowRun, workflow: Workflow, why: str) -> WorkflowRun:
        """Take back what was done, last first. What cannot be taken back is named for people to see to."""
        self._late.discard(run.id)
        self._undoing.add(run.id)
        try:
            return await self._back(run, workflow, why)
        finally:
            self._undoing.discard(run.id)

    async def _back(self, run: WorkflowRun, workflow: Workflow, why: str) -> WorkflowRun:
        runs = self._runs()
        left: list[str] = []
        run = replace(run, status="undoing", why=why)  # kept first: a restart must not go on forward from here
        await runs.save(run, why)
        for step in reversed(workflow.steps[: run.at]):
            if not step.undoable or step.id in run.undone or (step.id in run.values and not run.values[step.id]):
                continue
            if await self._taken_back(run, step):
                run = replace(run, undone=[*run.undone, step.id])
                await runs.save(run, f"step {step.id} undone")
            else:
                left.append(step.id)
                log.error("workflow.not_undone", run=run.id, step=step.id)
        told = f"{why}; NOT undone: {', '.join(left)}" if left else why
        run = replace(run, status="failed", why=told)
        await runs.save(run, told)
        return run

    async def _taken_back(self, run: WorkflowRun, step: Step) -> bool:
        if step.ticket is not None:
            try:
                await self._tickets().withdraw(f"{run.id}:{step.id}")
            except Exception as error:  # whatever the database raises: people are told that it is still open
                log.error("workflow.ticket_left", run=run.id, error=type(error).__name__)
                return False
            return True
        if step.undo is None:
            return True
        for number in range(UNDO_TRIES):
            try:
                asked = step.undo.asked(_Values(run), f"{run.id}:{step.id}:undo", step.id, step.undo.timeout_s)
            except (cel.ExpressionError, ValueError):
                return False
            if (await self._http.perform(asked)).outcome == "ok":
                return True
            if number + 1 < UNDO_TRIES:
                await self._http.pause(2.0**number)
        return False

    def _outputs(self, run: WorkflowRun) -> dict[str, Any]:
        """Values for the flow; one that cannot be computed is left out."""
        workflow, values = parse_workflow(run.definition)[0], _Values(run)
        found = {}
        for name, expression in workflow.outputs.items():
            try:
                found[name] = values.evaluate(expression)
            except cel.ExpressionError:
                log.warning("workflow.output_missing", run=run.id, output=name)
        return found


def _wrong_input(workflow: Workflow, inputs: dict[str, Any]) -> str:
    """What is wrong with the inputs, without their values."""
    if unknown := sorted(set(inputs) - set(workflow.inputs)):
        return f"workflow {workflow.id}: no input {unknown[0]!r}"
    for name, kind in workflow.inputs.items():
        value = inputs.get(name)
        if not isinstance(value, _KINDS[kind]) or (kind == "number" and isinstance(value, bool)):
            return f"workflow {workflow.id}: input {name!r} is no {kind}"
    return ""
