"""`branch`: the first case whose CEL condition holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from dialog.blocks.base import Block

if TYPE_CHECKING:
    from dialog.turn import Turn


class Case(BaseModel):
    """A condition and the exit it leads to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exit: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    when: str = Field(description="CEL over attributes, intent, emotion, locale, channel, policy, auth_level, visits")


class Branch(Block):
    """Decides by attributes, intent, emotion, language, channel."""

    silent: ClassVar[bool] = True

    type: Literal["branch"]
    cases: list[Case] = Field(min_length=1)

    def required_exits(self) -> frozenset[str]:
        """One per case, and `else`."""
        return frozenset({case.exit for case in self.cases} | {"else"})

    def expressions(self) -> dict[str, str]:
        """The conditions."""
        return {f"cases.{index}.when": case.when for index, case in enumerate(self.cases)}

    async def enter(self, turn: Turn) -> None:
        """Evaluate in order."""
        for case in self.cases:
            if turn.evaluate(case.when) is True:
                turn.leave(case.exit, case.when)
                return
        turn.leave("else", "no case holds")
