"""`action`: decide by a table of rules, or run a workflow that changes something outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from dialog import cel, layers
from dialog.blocks.working import Working
from dialog.effects import Perform, Record
from dialog.events import Performed

if TYPE_CHECKING:
    from dialog.turn import Turn

_FILE = r"^[a-z][a-z0-9_]*$"


class Action(Working):
    """`done`: decided or carried out; `needs_approval`: somebody must agree first (docs/actions.md); `failed`.

    The outputs of the rule or workflow become attributes. A table's row that has the output `needs_approval` as true
    takes that exit.
    """

    required: ClassVar[frozenset[str]] = frozenset({"done", "needs_approval", "failed"})
    tells: ClassVar[bool] = True

    type: Literal["action"]
    rule: str = Field(default="", pattern=rf"{_FILE}|^$", description="a table `rules/<id>.yaml` beside the flow")
    workflow: str = Field(default="", pattern=rf"{_FILE}|^$", description="`workflows/<id>.yaml` beside the flow")
    inputs: dict[str, str] = Field(default_factory=dict, alias="in", description="input → CEL", max_length=50)
    approval: str = Field(
        default="", description="CEL; true = the workflow waits for a supervisor before its first step"
    )
    sets: list[str] = Field(
        default_factory=list, description="outputs that wordings and conditions name; others are set as well"
    )
    timeout_s: float = Field(default=10.0, gt=0, le=60, description="s that all of it may take")

    @model_validator(mode="after")
    def _one_of_both(self) -> Action:
        if bool(self.rule) == bool(self.workflow):
            raise ValueError("give either `rule` or `workflow`")
        if self.approval and not self.workflow:
            raise ValueError("`approval` is for workflows; a table's row asks for it by its output `needs_approval`")
        return self

    def assigns(self) -> frozenset[str]:
        """The outputs that are named."""
        return frozenset(self.sets)

    def assigns_on(self, exit_name: str) -> frozenset[str]:
        """What is named, when it is done."""
        return self.assigns() if exit_name == "done" else frozenset()

    def expressions(self) -> dict[str, str]:
        """Inputs and the condition for approval."""
        found = {f"in.{name}": text for name, text in self.inputs.items()}
        return {**found, "approval": self.approval} if self.approval else found

    def work(self, turn: Turn, call_id: str) -> Perform:
        """The table or workflow with its inputs."""
        # A run of a workflow is stored with its inputs, and shown to those who approve it: nothing sensitive goes there.
        values = turn.values(private=bool(self.rule))
        request: dict[str, Any] = {
            "id": self.rule or self.workflow,
            "inputs": {name: cel.evaluate(text, values) for name, text in self.inputs.items()},
        }
        if self.workflow:
            request["approval"] = bool(self.approval) and cel.evaluate(self.approval, values) is True
        return Perform(
            call_id=call_id,
            kind="rule" if self.rule else "workflow",
            block=turn.state.block,
            request=request,
            timeout_ms=round(1000 * self.timeout_s),
        )

    def came_back(self, turn: Turn, result: Performed) -> None:
        """Set the outputs; a rule's answer closes the three layers of a decision."""
        super().came_back(turn, result)
        if self.rule and result.outcome != "failed":
            turn.effects.append(Record(kind="decision.layers", payload=layers.record(turn, result)))
