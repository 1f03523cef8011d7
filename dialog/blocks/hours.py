"""`hours`: is somebody there now, by a calendar, a switch or an override."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from dialog.blocks.base import Block
from dialog.calendars import STATES

if TYPE_CHECKING:
    from dialog.turn import Turn


class Hours(Block):
    """Asks the calendar at the time of the call, which in tests is the test's.

    What goes first: a switch thrown by hand while the app runs, then `override`, then the calendar.
    """

    required: ClassVar[frozenset[str]] = frozenset({"open", "closed", "holiday", "emergency"})
    silent: ClassVar[bool] = True

    type: Literal["hours"]
    calendar: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="id in `calendars.yaml` beside the flow")
    override: str = Field(
        default="", description="CEL that gives open, closed, holiday or emergency; anything else = by the calendar"
    )

    def expressions(self) -> dict[str, str]:
        """The override, if given."""
        return {"override": self.override} if self.override else {}

    async def enter(self, turn: Turn) -> None:
        """Decide and go on."""
        switched = turn.ports.switches.state(self.calendar)
        if switched is not None:
            turn.leave(switched, "switched by hand")
            return
        wanted = turn.evaluate(self.override) if self.override else ""
        if wanted in STATES:
            turn.leave(str(wanted), "overridden")
            return
        state = turn.flow.calendars[self.calendar].state(turn.now_ms)
        turn.leave(state, f"by the calendar {self.calendar}")
