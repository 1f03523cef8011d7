"""`withdraw`: the caller takes back what they agreed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from dialog.blocks.base import Block
from dialog.effects import WithdrawConsent
from dialog.events import Feeling

if TYPE_CHECKING:
    from dialog.turn import Turn


class Withdraw(Block):
    """Ends the analysis of the voice at once and has deleted what was found; going on costs the caller nothing."""

    silent: ClassVar[bool] = True

    type: Literal["withdraw"]
    purposes: list[Literal["emotion", "emotion_history"]] = Field(default=["emotion"], min_length=1)

    async def enter(self, turn: Turn) -> None:
        """Forget, and go on."""
        self.take_back(turn)
        turn.leave("next", "the caller took consent back")

    def take_back(self, turn: Turn) -> None:
        """Forget, wherever the run is: also in the queue, or while an agent talks."""
        turn.state.consents.update(dict.fromkeys(self.purposes, False))
        if "emotion" in self.purposes:
            turn.state.feeling = Feeling()
        turn.effects.append(WithdrawConsent(purposes=list(self.purposes)))
