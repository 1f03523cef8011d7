"""`end`: say goodbye and finish."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from dialog.blocks.base import Block
from dialog.effects import End as EndEffect
from dialog.effects import Expect
from dialog.text import Localised

if TYPE_CHECKING:
    from dialog.turn import Turn


class End(Block):
    """The last words are not interruptible; then the call is hung up."""

    required: ClassVar[frozenset[str]] = frozenset()
    silent: ClassVar[bool] = True
    apart: ClassVar[bool] = True

    type: Literal["end"]
    text: Localised | None = None
    disposition: str = Field(
        default="completed", pattern=r"^[a-z][a-z0-9_]*$", description="how the contact ended, for reports"
    )

    outcome: str = Field(
        default="",
        pattern=r"^([a-z][a-z0-9_]*)?$",
        description="one of the flow's `outcomes`: called as a sub-flow, it goes back to the caller by this exit; called by nobody, "
        "it ends the call like any other",
    )

    def wordings(self) -> dict[str, dict[str, str]]:
        """The last words."""
        return {"text": self.text} if self.text else {}

    async def enter(self, turn: Turn) -> None:
        """Speak, unless nobody is there."""
        if self.text is None or turn.state.gone:
            self._finish(turn)
            return
        if self._returns(turn):
            turn.expect()
            turn.say(turn.render(self.text))
            return
        turn.effects.append(Expect(speech=False, digits=False))
        turn.say(turn.render(self.text), interruptible=False)

    async def spoken(self, turn: Turn, interrupted: bool) -> None:
        """Done."""
        self._finish(turn)

    async def resume(self, turn: Turn) -> None:
        """Its end will be reported, or was."""
        if not turn.speaking:
            self._finish(turn)

    def _returns(self, turn: Turn) -> bool:
        return bool(self.outcome and turn.state.stack)

    def _finish(self, turn: Turn) -> None:
        if self._returns(turn) and not turn.state.gone:
            turn.finish_call(self.outcome, f"outcome {self.outcome}")
            return
        turn.state.ended = self.disposition
        turn.effects.append(EndEffect(disposition=self.disposition))
