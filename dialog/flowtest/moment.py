"""What is known when a scenario does not go as written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known when something fails."""

    step: int
    """From 1; 0 = before the first, and `len(steps) + 1` = at the end."""
    doing: str
    block: str
    why: str
    said: list[str]
    """What the bot said since the step began that was looked at."""
    attributes: dict[str, Any]
    talk: list[str]


class ScenarioFailed(AssertionError):
    """A scenario did not go as written; the message ends with the talk so far."""

    def __init__(self, name: str, moment: Moment) -> None:
        self.moment = moment
        where = f"step {moment.step}: " if moment.step else ""
        at = f" (in block {moment.block!r})" if moment.block else ""
        super().__init__("\n  ".join([f"{name}: {where}{moment.why}{at}; the talk was:", *moment.talk]))
