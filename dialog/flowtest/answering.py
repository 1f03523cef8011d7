"""What comes back from outside in a virtual call: business systems, pictures, models, callbacks, queues; as the test says,
or broken.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dialog.effects import AnyEffect, BookCallback, Enqueue, Inspect, Perform, Think
from dialog.events import AnyFlowEvent, CallbackResult, Inspected, QueueResult, Thought
from dialog.flowtest.outside import LOST
from dialog.flowtest.scenario import Given, Upload
from dialog.ports import Ports

BROKEN = {
    "inspect": ("rejected", LOST),
    "think": ("gives up", "babbles", LOST),
    "callback": ("failed", LOST),
}
"""What each of these can come to, beside what the test says; `lost` is never told."""
BABBLE = "Yes. " * 2000  # longer than any guardrail lets through


@dataclass
class Answers:
    """Of one call."""

    given: Given
    ports: Ports
    broken: dict[tuple[str, str], str] = field(default_factory=dict)
    """(kind, block) → what it comes to, whatever the test says."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """(kind, block) of what can be broken, in the order in which it was asked for."""

    async def answer(self, effect: AnyEffect, block: str) -> tuple[int, AnyFlowEvent] | None:
        """What comes, and after how many ms; None = nothing is owed, or it is never told."""
        match effect:
            case Perform():
                done = await self.ports.performer.perform(effect)
                return None if done.outcome == LOST else (round(done.ms), done)
            case Inspect():
                return self._now(self._inspected(effect, self._broken("inspect", block)))
            case Think():
                return self._now(await self._thought(effect, self._broken("think", block)))
            case BookCallback():
                return self._now(self._booked(effect, self._broken("callback", block)))
            case Enqueue():
                return self._joined(effect)
            case _:
                return None

    def _broken(self, kind: str, block: str) -> str:
        self.asked.append((kind, block))
        return self.broken.get((kind, block), "")

    @staticmethod
    def _now(event: AnyFlowEvent | None) -> tuple[int, AnyFlowEvent] | None:
        return None if event is None else (0, event)

    def _inspected(self, effect: Inspect, broken: str) -> Inspected | None:
        if broken == LOST:
            return None
        found = self.given.uploads.get(effect.ref) or Upload()
        accepted = found.accepted and not broken
        values = found.values if accepted else {}
        return Inspected(request_id=effect.request_id, accepted=accepted, values=values, why="by the test")

    async def _thought(self, effect: Think, broken: str) -> Thought | None:
        if broken == LOST:
            return None
        if broken == "gives up":
            return Thought(request_id=effect.request_id, move="give_up")
        if broken:
            return Thought(request_id=effect.request_id, say=BABBLE, values={"nobody_asked": 1})
        return await self.ports.thinker.think(effect)

    def _booked(self, effect: BookCallback, broken: str) -> CallbackResult | None:
        if broken == LOST:
            return None
        outcome = "failed" if broken else self.given.callbacks
        return CallbackResult(callback_id=effect.callback_id, outcome=outcome)

    def _joined(self, effect: Enqueue) -> tuple[int, AnyFlowEvent] | None:
        """As the test says the queue is; otherwise its steps tell."""
        state = self.given.queues.get(effect.queue) or self.given.queues.get("*")
        if state is None:
            return None
        limit = effect.overflow_s
        if not state.agents:
            return 0, QueueResult(outcome="no_agents")
        if limit is not None and state.wait_s > limit:
            return round(limit * 1000), QueueResult(outcome="overflow")
        return round(state.wait_s * 1000), QueueResult(outcome="answered")
