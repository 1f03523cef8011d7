"""`start`: which contacts the flow is for, and what it knows of them at the beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from dialog.blocks.base import Block
from dialog.events import Channel

if TYPE_CHECKING:
    from dialog.turn import Turn


class Start(Block):
    """An entry that says for whom the flow is; `start:` names it, as it may name any other block.

    `next` for contacts that it is for, `refused` for others (without that exit they go on by `next` as well).
    """

    optional: ClassVar[frozenset[str]] = frozenset({"refused"})
    silent: ClassVar[bool] = True

    type: Literal["start"]
    channels: list[Channel] = Field(default_factory=list, description="served here; empty = all of the flow's")
    numbers: list[str] = Field(
        default_factory=list,
        max_length=200,
        description="called numbers (or `web`) served here; empty = all that lead here",
    )
    locales: list[str] = Field(default_factory=list, description="languages served here; empty = all of the flow's")
    attributes: dict[str, Any] = Field(
        default_factory=dict, description="attribute → value at the beginning; what the contact brings goes before"
    )

    def assigns(self) -> frozenset[str]:
        """The entry attributes."""
        return frozenset(self.attributes)

    async def enter(self, turn: Turn) -> None:
        """Set what is not there yet, and go on."""
        state = turn.state
        missing = {name: value for name, value in self.attributes.items() if name not in state.attributes}
        if missing:
            turn.set(missing)
        why = ""
        if self.channels and state.channel not in self.channels:
            why = f"channel {state.channel} is not served here"
        elif self.numbers and state.caller.called not in self.numbers:
            why = "the called number is not served here"
        elif self.locales and state.locale not in self.locales:
            why = f"{state.locale} is not served here"
        if why and "refused" in self.exits:
            turn.leave("refused", why)
        else:
            turn.leave("next", why or "begins")
