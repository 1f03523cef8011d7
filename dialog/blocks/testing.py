"""What blocks share that take part in an experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, field_validator

from dialog import variants

if TYPE_CHECKING:
    from dialog.turn import Turn

NAME = r"^[a-z][a-z0-9_]*$"


class Experiment(BaseModel):
    """An A/B test: a customer always gets the same variant; the first variant is what the others are compared with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(
        pattern=NAME, description="names it in `warmline experiment`; the same id elsewhere is the same test"
    )
    weights: dict[str, float] = Field(
        min_length=2,
        max_length=10,
        description="variant → its share of callers, in any unit; of a branch they are exits",
    )
    success: str = Field(
        default="",
        description="CEL, computed when the contact ends, over what conditions can read, `ended` and `transferred`; empty = it "
        "ended without a person",
    )

    @field_validator("weights")
    @classmethod
    def _positive(cls, weights: dict[str, float]) -> dict[str, float]:
        if any(not 0 <= weight < 1e6 for weight in weights.values()) or not any(weights.values()):
            raise ValueError("weights are numbers from 0 on, and one of them is not 0")
        return weights

    def meet(self, turn: Turn) -> str:
        """The caller's variant; the first time in a contact it is recorded that they met it."""
        return variants.meet(turn, self.id, self.weights, self.success)
