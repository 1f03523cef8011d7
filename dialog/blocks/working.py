"""What blocks share that wait for something outside: an effect, a filler when it takes long, and the exit for its result."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from dialog.blocks.base import Block
from dialog.cel import ExpressionError
from dialog.effects import Perform
from dialog.events import Heard, Performed
from dialog.ports import Understood
from dialog.text import Localised, match_locale

if TYPE_CHECKING:
    from dialog.turn import Turn

FILLER_MS = 1500  # a caller who hears nothing for longer wonders whether the line is dead
SLACK_MS = 1500  # beyond its own limit, the answer was lost
MOST_TYPED = 32  # keys typed ahead
FILLERS = {
    "en": "One moment, please.",
    "zh": "请稍等，我正在为您查询。",
    "de": "Einen Moment, bitte.",
    "fr": "Un instant, s'il vous plaît.",
    "es": "Un momento, por favor.",
}


class Working(Block):
    """Asks for a `Perform`, and goes on with its `Performed`. Words and keys meanwhile are kept for the next question."""

    sees_private: ClassVar[bool] = True
    broken: ClassVar[str] = "failed"
    """The exit when it cannot even be asked for."""
    late: ClassVar[str] = "failed"
    """The exit when no answer came."""

    timeout_s: float = Field(default=3.0, gt=0, le=30, description="s that one try may take")
    filler: Localised | None = Field(
        default=None, description="said once when it takes longer than 1.5 s; empty = a few words of our own"
    )

    def wordings(self) -> dict[str, dict[str, str]]:
        """What is said when it takes long."""
        return {"filler": self.filler} if self.filler else {}

    @abstractmethod
    def work(self, turn: Turn, call_id: str) -> Perform:
        """What to do. Raises `ExpressionError` or ValueError for values that the run has not."""

    def came_back(self, turn: Turn, result: Performed) -> None:
        """The result is used: set attributes, note it."""
        if result.values:
            turn.set(result.values)

    async def enter(self, turn: Turn) -> None:
        """Ask for it."""
        turn.expect()
        self._ask(turn)

    async def performed(self, turn: Turn, result: Performed) -> None:
        """Go on; a filler that has begun is finished first."""
        memo = turn.state.memo
        if result.call_id != self._call_id(turn) or "outcome" in memo or turn.target is not None:
            return
        turn.cancel_timer("filler")
        turn.cancel_timer("perform")
        outcome = result.outcome if result.outcome in self.required_exits() else self.broken
        self.came_back(turn, result)
        memo["outcome"], memo["why"] = outcome, result.why or outcome
        if not turn.speaking:
            turn.leave(outcome, memo["why"])

    async def timer(self, turn: Turn, name: str) -> None:
        """It takes long, or no answer came at all."""
        if name == "filler" and turn.state.spoken and not turn.speaking:
            turn.say(self._filler(turn), interruptible=False)
        elif name == "perform":
            late = Performed(call_id=self._call_id(turn), outcome=self.late, why="no answer in time")
            await self.performed(turn, late)

    async def spoken(self, turn: Turn, interrupted: bool) -> None:
        """The filler ended."""
        memo = turn.state.memo
        if "outcome" in memo:
            turn.leave(str(memo["outcome"]), str(memo["why"]))

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """The next question serves it."""
        turn.state.pending = heard.text

    async def pressed(self, turn: Turn, digit: str) -> None:
        """Keys typed ahead wait for the block that takes keys."""
        turn.state.private.digits = (turn.state.private.digits + digit)[:MOST_TYPED]

    async def resume(self, turn: Turn) -> None:
        """The same call again: its id tells the other side that it is no second one."""
        turn.expect()
        if "outcome" in turn.state.memo:
            await self.spoken(turn, False)
        else:
            self._ask(turn)

    def _ask(self, turn: Turn) -> None:
        try:
            work = self.work(turn, self._call_id(turn))
        except (ExpressionError, ValueError) as error:
            turn.leave(self.broken, f"cannot be asked for: {type(error).__name__}")
            return
        turn.effects.append(work)
        turn.start_timer("perform", work.timeout_ms + SLACK_MS)
        if turn.state.spoken:
            turn.start_timer("filler", FILLER_MS)

    def _call_id(self, turn: Turn) -> str:
        return turn.visit_id

    def _filler(self, turn: Turn) -> str:
        if self.filler:
            return turn.render(self.filler)
        return FILLERS.get(match_locale(list(FILLERS), turn.state.locale) or "", "")
