"""The `workflow/v1` file: steps that change something outside, each with what undoes it, and who must agree."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dialog import cel, yamlfile
from dialog.blocks.http import Request, expressions_in
from dialog.rulebook import rule
from dialog.rules.decide import RuleSet
from dialog.text import variables
from dialog.yamlfile import Document, FileError, Problem, misshapen, read_text

STEP_TWICE = rule("workflow-step-twice", "E", "two steps of a workflow have the same id", "rename one")
REPEAT = rule(
    "workflow-step-repeat", "E", "a step that a restart would repeat could count twice",
    "give the request `idempotent: true` if the system takes an Idempotency-Key, or use PUT",
)  # fmt: skip
UNDO = rule(
    "workflow-undo-missing",
    "W",
    "a step changes something and nothing undoes it when a later one fails",
    "give it `undo`",
)
TABLE = rule(
    "workflow-rule-unknown",
    "E",
    "a step names rules that are not there",
    "add `rules/<id>.yaml` or correct its spelling",
)
EXPRESSION = rule("workflow-expression", "E", "an expression of a workflow is no CEL", "correct it")
NAME = rule("workflow-id", "E", "a workflow's id is not its file's name", "rename one of them")
NOT_SET = rule(
    "workflow-value-unset",
    "E",
    "a step reads a value that nothing before it makes",
    "declare the input, or correct its spelling",
)

_ID = r"^[a-z][a-z0-9_]*$"


class HttpStep(Request):
    """A request of a step."""

    timeout_s: float = Field(default=5.0, gt=0, le=60, description="s that one try may take")


class TicketStep(BaseModel):
    """Opens a ticket for whoever is in contact (closed again when a later step fails), or asks how theirs stand.

    Values are texts with `{{variables}}`, or `= CEL`. Outputs: `dialog.ticketing.Tickets`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    do: Literal["open", "progress"]
    title: str = Field(default="", description="what it is about; empty = the customer's last words")
    text: str = ""
    category: str = Field(default="", description="of `tickets.yaml`; empty = by the words")
    priority: str = Field(default="", description="low, normal, high or urgent; empty = the category's")
    language: str = Field(default="", description="in which the customer is told")

    @model_validator(mode="after")
    def _whole(self) -> TicketStep:
        if self.do == "progress" and (self.title or self.text or self.category or self.priority):
            raise ValueError("asking for progress takes nothing but `language`")
        return self

    def values(self) -> dict[str, str]:
        """What is filled in."""
        return self.model_dump(exclude={"do"})


class Step(BaseModel):
    """One of `http`, `rule`, `set` and `ticket`. Its outputs are read as `<id>.<name>` by what follows."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: str = Field(pattern=_ID)
    when: str = Field(default="", description="CEL; the step is left out where it is false")
    http: HttpStep | None = None
    rule: str = Field(default="", description="a table beside the flow")
    inputs: dict[str, str] = Field(default_factory=dict, alias="in", description="of a rule: input → CEL")
    set: dict[str, Any] | None = Field(default=None, description="value, or `= CEL`")
    ticket: TicketStep | None = None
    approve_if: str = Field(
        default="", description="CEL, after the step: true = the run waits until somebody approves (of a rule, "
        "`needs_approval` as an output does the same)",
    )  # fmt: skip
    undo: HttpStep | None = Field(default=None, description="what takes it back when a later step fails")

    @model_validator(mode="after")
    def _one_kind(self) -> Step:
        if sum((self.http is not None, bool(self.rule), self.set is not None, self.ticket is not None)) != 1:
            raise ValueError("a step is one of http, rule, set and ticket")
        return self

    def expressions(self) -> dict[str, str]:
        """CEL in it, by place."""
        found = {name: text for name, text in (("when", self.when), ("approve_if", self.approve_if)) if text}
        found |= {f"in.{name}": text for name, text in self.inputs.items()}
        for name, request in (("http", self.http), ("undo", self.undo)):
            if request is not None:
                found |= {f"{name}.{place}": text for place, text in request.body_expressions().items()}
        for name, value in (self.set or {}).items():
            if isinstance(value, str) and value.startswith("="):
                found[f"set.{name}"] = value[1:].strip()
        if self.ticket is not None:
            found |= expressions_in(self.ticket.values(), "ticket")
        return found

    @property
    def undoable(self) -> bool:
        """There is something that takes it back."""
        return self.undo is not None or (self.ticket is not None and self.ticket.do == "open")


class Workflow(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["workflow/v1"]
    id: str = Field(pattern=_ID)
    title: dict[str, str] = Field(default_factory=dict)
    inputs: dict[str, Literal["number", "string", "boolean"]] = Field(default_factory=dict)
    steps: list[Step] = Field(min_length=1, max_length=50)
    outputs: dict[str, str] = Field(default_factory=dict, description="attribute → CEL over inputs and steps")
    sha: str = Field(default="", exclude=True)
    text: str = Field(default="", exclude=True, repr=False)


def parse_workflow(text: str, name: str = "workflow.yaml") -> tuple[Workflow, Document]:
    """Parse and check types. Raises `FileError`."""
    document = yamlfile.parse(text, name)
    if not isinstance(document.data, dict):
        raise FileError([document.problem((), "a workflow is a mapping that begins with `format: workflow/v1`")])
    try:
        workflow = Workflow.model_validate(document.data)
    except ValidationError as error:
        raise FileError([misshapen(document, item) for item in error.errors()]) from None
    sha = hashlib.sha256(text.encode()).hexdigest()
    return workflow.model_copy(update={"sha": sha, "text": text}), document


def check(workflow: Workflow, document: Document, rules: dict[str, RuleSet]) -> list[Problem]:
    """All problems of a workflow, by line."""
    problems: list[Problem] = []
    known = {"inputs", "run"}
    last_request = max((i for i, step in enumerate(workflow.steps) if step.http is not None), default=-1)
    for index, step in enumerate(workflow.steps):
        place = ("steps", index)
        if step.id in known:
            problems.append(document.problem((*place, "id"), f"step {step.id!r} is there already", STEP_TWICE))
        for where, request in (("http", step.http), ("undo", step.undo)):
            if request is not None and not request.may_repeat:
                problems.append(document.problem((*place, where), f"step {step.id!r}: {request.method}", REPEAT))
            if request is not None:
                here = known | ({step.id} if where == "undo" else set())
                for variable in request.variables():
                    if variable.split(".")[0] not in here:
                        problems.append(
                            document.problem((*place, where), f"step {step.id!r}: {{{{{variable}}}}}", NOT_SET)
                        )
        if step.http is not None and step.http.method != "GET" and step.undo is None and index < last_request:
            problems.append(document.problem(place, f"step {step.id!r} has no `undo`", UNDO))
        for value in step.ticket.values().values() if step.ticket else ():
            for variable in variables(value) if not value.startswith("=") else ():
                if variable.split(".")[0] not in known:
                    problems.append(
                        document.problem((*place, "ticket"), f"step {step.id!r}: {{{{{variable}}}}}", NOT_SET)
                    )
        if step.rule and step.rule not in rules:
            have = ", ".join(sorted(rules)) or "none"
            problems.append(
                document.problem((*place, "rule"), f"step {step.id!r}: rules {step.rule!r}; there are {have}", TABLE)
            )
        for where, expression in step.expressions().items():
            problems += _expression(document, (*place, *where.split(".")[:1]), f"step {step.id!r}: {where}", expression)
        known.add(step.id)
    for name, expression in workflow.outputs.items():
        problems += _expression(document, ("outputs", name), f"output {name!r}", expression)
    return sorted(problems, key=lambda problem: problem.line)


def _expression(document: Document, place: yamlfile.Place, where: str, expression: str) -> list[Problem]:
    try:
        cel.check(expression)
    except cel.ExpressionError as error:
        return [document.problem(place, f"{where}: {error}", EXPRESSION)]
    return []


def load_workflows(folder: Path, rules: dict[str, RuleSet]) -> dict[str, Workflow]:
    """Every file of a `workflows` folder by id. Raises `FileError`."""
    found, problems = dict[str, Workflow](), list[Problem]()
    for path in sorted(folder.glob("*.yaml")):
        try:
            workflow, document = parse_workflow(read_text(path), str(path))
        except FileError as error:
            problems += error.problems
            continue
        problems += [problem for problem in check(workflow, document, rules) if problem.severity == "E"]
        if workflow.id != path.stem:
            problems.append(document.problem(("id",), f"id is {workflow.id!r}, the file {path.stem!r}", NAME))
        found[workflow.id] = workflow
    if problems:
        raise FileError(problems)
    return found
