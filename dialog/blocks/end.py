"""`end`: say goodbye and finish."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from dialog.blocks.base import Block
from dialog.events import End as EndEffect
from dialog.events import Expect
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

    def wordings(self) -> dict[str, dict[str, str]]:
        """The last words."""
        return {"text": self.text} if self.text else {}

    async def enter(self, turn: Turn) -> None:
        """Speak, unless nobody is there."""
        if self.text is None or turn.state.gone:
            self._finish(turn)
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

    def _finish(self, turn: Turn) -> None:
        turn.state.ended = self.disposition
        turn.effects.append(EndEffect(disposition=self.disposition))
