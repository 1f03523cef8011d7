"""`branch`: the first case whose CEL condition holds, or the variant of an experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dialog.blocks.base import Block
from dialog.blocks.testing import Experiment

if TYPE_CHECKING:
    from dialog.turn import Turn


class Case(BaseModel):
    """A condition and the exit it leads to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exit: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    when: str = Field(description="CEL over attributes, intent, emotion, locale, channel, policy, auth_level, visits")


class Branch(Block):
    """Decides by attributes, intent, emotion, language, channel; or sends shares of callers each their way."""

    silent: ClassVar[bool] = True

    type: Literal["branch"]
    cases: list[Case] = Field(default_factory=list)
    experiment: Experiment | None = Field(
        default=None, description="instead of cases: an exit for each of its variants"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Branch:
        if bool(self.cases) == (self.experiment is not None):
            raise ValueError("give either `cases` or `experiment`")
        return self

    def required_exits(self) -> frozenset[str]:
        """One per case, and `else`; one per variant."""
        if self.experiment is not None:
            return frozenset(self.experiment.weights)
        return frozenset({case.exit for case in self.cases} | {"else"})

    def expressions(self) -> dict[str, str]:
        """The conditions."""
        if self.experiment is not None:
            return {"experiment.success": self.experiment.success} if self.experiment.success else {}
        return {f"cases.{index}.when": case.when for index, case in enumerate(self.cases)}

    async def enter(self, turn: Turn) -> None:
        """Evaluate in order, or look up the caller's variant."""
        if self.experiment is not None:
            turn.leave(self.experiment.meet(turn), f"experiment {self.experiment.id}")
            return
        for case in self.cases:
            if turn.evaluate(case.when) is True:
                turn.leave(case.exit, case.when)
                return
        turn.leave("else", "no case holds")
