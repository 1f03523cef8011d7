"""`play`: say something and go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from dialog.blocks.base import Speaking
from dialog.text import Localised
from session.speech import Style

if TYPE_CHECKING:
    from dialog.turn import Turn


class Play(Speaking):
    """Says `text`; what the caller says meanwhile is kept for the next question."""

    type: Literal["play"]
    text: Localised
    barge_in: bool = Field(default=True, description="the caller's voice may interrupt it")
    style: Style = Field(
        default="", description="manner of speaking: `calm` or `slow`; empty follows the caller (docs/speaking.md)"
    )

    def wordings(self) -> dict[str, dict[str, str]]:
        """Its text."""
        return {"text": self.text}

    async def enter(self, turn: Turn) -> None:
        """Speak."""
        turn.expect()
        turn.say(turn.render(self.text), interruptible=self.barge_in, style=self.style)
