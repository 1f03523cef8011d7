"""`queue`: hand the caller to people, and wait with them until somebody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import ConfigDict, Field

from dialog.blocks.base import Block
from dialog.effects import Enqueue, LeaveQueue
from dialog.events import QueueOutcome
from dialog.handover import facts_of, summary_of
from dialog.reasons import reason_in
from dialog.text import Localised, pick
from session.strict import Strict

if TYPE_CHECKING:
    from dialog.turn import Turn


MENU = "queue_menu"  # the timer


class Announce(Strict):
    """Position announcements."""

    model_config = ConfigDict(frozen=True)

    position: bool = True
    every_s: float | None = Field(default=None, ge=5, description="s between them; empty = the desk's setting")


class Overflow(Strict):
    """When waiting has been long enough."""

    model_config = ConfigDict(frozen=True)

    wait_s: float = Field(ge=1, le=86400)


class Way(Strict):
    """A way out of the queue; its `id` is the exit, or where that is not connected, `left`."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    key: str = Field(pattern=r"^[0-9*#]$", description="the key that takes it")


class WaitingMenu(Strict):
    """What else callers may do than wait. By key alone: who waits is not listened to."""

    model_config = ConfigDict(frozen=True)

    text: Localised
    every_s: float = Field(default=60.0, ge=10, le=600, description="s between tellings, and before the first")
    options: list[Way] = Field(min_length=1)


class Queue(Block):
    """Joins the queue at once, speaks `text` meanwhile; `answered` is left when the agent is done.

    Who leaves it by a key or for want of people, and comes to a queue again, has waited since the first time.
    """

    required: ClassVar[frozenset[str]] = frozenset({"answered", "overflow", "no_agents"})
    optional: ClassVar[frozenset[str]] = frozenset({"left"})
    hears: ClassVar[bool] = True
    apart: ClassVar[bool] = True
    people: ClassVar[bool] = True

    type: Literal["queue"]
    queue: str = Field(default="support", pattern=r"^[a-z][a-z0-9_]*$")
    skills: list[str] = Field(default_factory=list)
    priority: int | str = Field(default=50, description="0…100, higher is served first; a number or CEL")
    reason: Localised | str = Field(
        default="",
        description="for the agent, by locale or for all; empty = why the run came here, in the run's language",
    )
    text: Localised | None = Field(default=None, description="said while joining")
    announce: Announce = Announce()
    overflow: Overflow | None = None
    menu: WaitingMenu | None = Field(default=None, description="said between the music; its keys hold all the while")

    def required_exits(self) -> frozenset[str]:
        """Those of every queue, and one per way out unless `left` stands for them."""
        return self.required if "left" in self.exit_names else self.required | self._ways()

    def allowed_exits(self) -> frozenset[str]:
        """Those, and `left`."""
        return self.required | self._ways() | self.optional

    def keys(self) -> frozenset[str]:
        """The ways' keys."""
        return frozenset(way.key for way in self._options)

    def _ways(self) -> frozenset[str]:
        return frozenset(way.id for way in self._options)

    @property
    def _options(self) -> list[Way]:
        return self.menu.options if self.menu is not None else []

    def wordings(self) -> dict[str, dict[str, str]]:
        """What is said while joining, and between the music."""
        joining = {"text": self.text} if self.text else {}
        return joining | ({"menu.text": self.menu.text} if self.menu is not None else {})

    def expressions(self) -> dict[str, str]:
        """The priority, if computed."""
        return {"priority": self.priority} if isinstance(self.priority, str) else {}

    async def enter(self, turn: Turn) -> None:
        """Join and speak."""
        turn.state.phase = "waiting"
        turn.expect()
        if self.text:
            turn.say(turn.render(self.text), interruptible=False)
        self._join(turn)

    async def queue_news(self, turn: Turn, outcome: QueueOutcome | Literal["agent_left", "agent_lost"]) -> None:
        """Answered: be silent until the agent is done. Otherwise go on."""
        if outcome == "answered":
            turn.state.phase = "talking"
            turn.cancel_timer(MENU)
            turn.stop_speaking()
        elif outcome == "agent_left":
            turn.leave("answered", "the agent is done")
        elif outcome == "agent_lost":
            turn.leave("answered", "the agent's line was lost")
        else:
            turn.leave(outcome, f"queue: {outcome}")

    async def pressed(self, turn: Turn, digit: str) -> None:
        """A way out, while nobody has answered."""
        way = next((way for way in self._options if way.key == digit), None)
        if way is None or turn.state.phase != "waiting":
            return
        turn.effects.append(LeaveQueue(why=way.id))
        turn.leave(way.id if way.id in self.exit_names else "left", "key")

    async def timer(self, turn: Turn, name: str) -> None:
        """The ways out are told again."""
        if name == MENU and self.menu is not None and turn.state.phase == "waiting":
            turn.say(turn.render(self.menu.text), interruptible=False)
            self._tell_later(turn)

    def _tell_later(self, turn: Turn) -> None:
        if self.menu is not None:
            turn.start_timer(MENU, round(self.menu.every_s * 1000))

    async def resume(self, turn: Turn) -> None:
        """The queue lives in the app that was restarted: join again, unless a talk goes on."""
        turn.expect()
        if turn.state.phase == "waiting":
            self._join(turn)

    def _join(self, turn: Turn) -> None:
        state = turn.state
        value = turn.evaluate(self.priority) if isinstance(self.priority, str) else self.priority
        priority = max(0, min(100, int(value))) if isinstance(value, int | float) else 50
        own = self.reason if isinstance(self.reason, str) else pick(self.reason, state.locale, state.channel)
        state.reason, state.to_people = own or reason_in(state.last_why, state.locale), True
        turn.effects.append(
            Enqueue(
                queue=self.queue,
                skills=self.skills,
                priority=priority,
                reason=state.reason,
                summary=summary_of(state),
                facts=facts_of(state),
                locale=state.locale,
                announce=self.announce.position,
                announce_every_s=self.announce.every_s,
                overflow_s=self.overflow.wait_s if self.overflow else None,
            )
        )
        self._tell_later(turn)
