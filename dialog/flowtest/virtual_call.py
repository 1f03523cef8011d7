"""One virtual call: the leg, the queue, business systems and the clock around a run. Nothing waits: prompts take 60 ms a
character, answers of business systems their `delay_ms`, timers what they were set to, and time jumps from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn

from dialog.effects import (
    AnyEffect,
    CancelTimer,
    GrantConsent,
    LeaveQueue,
    Say,
    StartTimer,
    StopSpeaking,
    Trace,
)
from dialog.engine import FlowEngine
from dialog.events import (
    AnyFlowEvent,
    Feeling,
    PromptDone,
    QueueResult,
    TimerFired,
)
from dialog.flowtest.answering import Answers
from dialog.flowtest.moment import Moment, ScenarioFailed
from dialog.flowtest.outside import Breaker
from dialog.flowtest.scenario import Scenario
from dialog.state import CallerInfo
from session.policy import EMOTION, POLICIES

MOST_MOVES = 60  # prompts, timers and answers without a word of the caller; more is a loop
MS_PER_CHARACTER = 60
PEOPLE = frozenset({"waiting", "talking", "transfer"})
"""Phases in which others have, or will have, the caller."""


@dataclass
class VirtualCall:
    """What happens by itself: prompts end, timers run out, what was asked for outside comes."""

    engine: FlowEngine
    scenario: Scenario
    breaker: Breaker = field(default_factory=Breaker)
    now_ms: int = field(init=False)
    plays: list[Say] = field(default_factory=list)
    timers: dict[str, int] = field(default_factory=dict)
    coming: list[tuple[int, AnyFlowEvent]] = field(default_factory=list)
    """Answers from outside, and when they arrive."""
    effects: list[AnyEffect] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    talk: list[str] = field(default_factory=list)
    feeling: Feeling = field(default_factory=Feeling)
    may_feel: bool = False
    turn_began: int = 0
    """How many effects there were when the caller last did something."""
    number: int = 0
    doing: str = ""
    folder: Path = Path()
    """Where recordings that steps name lie."""
    unspoken: str = ""
    """The block whose prompts cannot be spoken."""
    unheard: int = 0
    """How many of them there were."""
    play_ms: int = 0
    """How long the prompt under way lasts; 0 = by its length."""
    _heard_at: int | None = None
    latency_ms: int = 0

    def __post_init__(self) -> None:
        given = self.scenario.given
        self.outside = Answers(given, self.engine.ports)
        self.now_ms = given.start_ms
        self.state = self.engine.new_state(
            contact_id=f"test{given.seed}",
            channel=given.channel,
            locale=given.locale,
            caller=CallerInfo(number=given.number, called=given.called),
            policy=given.policy,
        )

    async def settle(self) -> None:
        """Prompts run to their end, and what was asked for outside comes."""
        for _ in range(MOST_MOVES):
            if self.plays:
                await self._finish_play("done")
            elif self.coming:
                await self._next()
            else:
                return
        self.fail("the bot goes on and on")

    async def _next(self) -> None:
        """Time goes on to the next answer or timer."""
        at, event = min(self.coming, key=lambda pair: pair[0]) if self.coming else (None, None)
        due = min(self.timers, key=self.timers.__getitem__) if self.timers else None
        if due is not None and (at is None or self.timers[due] < at):
            await self._fire(due)
        elif event is not None and at is not None:
            self.coming.remove((at, event))
            self.now_ms = max(self.now_ms, at)
            await self._tell(event)

    async def _pass(self, ms: int) -> None:
        until = self.now_ms + ms
        for _ in range(MOST_MOVES):
            moments = [*self.timers.values(), *(at for at, _ in self.coming)]
            if not moments or min(moments) > until:
                break
            await self._next()
            await self.settle()
        self.now_ms = max(self.now_ms, until)

    async def _fire(self, name: str) -> None:
        self.now_ms = max(self.now_ms, self.timers.pop(name))
        await self._tell(TimerFired(name=name))

    async def _finish_play(self, outcome: Literal["done", "barge_in"]) -> None:
        play = self.plays.pop(0)
        if play.block == self.unspoken:
            self.unheard += 1
            await self._tell(PromptDone(play_id=play.play_id, outcome="failed"))
            return
        spoken = play.text if outcome == "done" else play.text[: len(play.text) // 2]
        whole = self.play_ms or MS_PER_CHARACTER * len(play.text)
        self.now_ms += round(whole * len(spoken) / max(1, len(play.text)))
        self.play_ms = 0
        while self.coming and min(at for at, _ in self.coming) < self.now_ms:
            await self._next()
        await self._tell(PromptDone(play_id=play.play_id, outcome=outcome, spoken=spoken))

    async def _tell(self, event: AnyFlowEvent) -> None:
        self.breaker.block = self.state.block
        await self._take(await self.engine.step(self.state, event, self.now_ms))

    async def _take(self, effects: list[AnyEffect]) -> None:
        self.effects += effects
        stopped: list[Say] = []
        for effect in effects:
            match effect:
                case Say():
                    self._speak(effect)
                case StopSpeaking():
                    stopped += self.plays
                    self.plays.clear()
                case StartTimer(name=name, ms=ms):
                    self.timers[name] = self.now_ms + ms
                case CancelTimer(name=name):
                    self.timers.pop(name, None)
                case GrantConsent(purposes=purposes, given=True) if EMOTION in purposes:
                    self.may_feel = EMOTION not in POLICIES[self.scenario.given.policy].void(purposes)
                case LeaveQueue():
                    self.coming = [item for item in self.coming if not isinstance(item[1], QueueResult)]
                case _:
                    if coming := await self.outside.answer(effect, self.state.block):
                        self.coming.append((self.now_ms + coming[0], coming[1]))
        for play in stopped:
            await self._tell(PromptDone(play_id=play.play_id, outcome="stopped", spoken=""))

    def _speak(self, effect: Say) -> None:
        self.talk.append(f"bot [{effect.block}]: {effect.text}")
        self.said.append(effect.text)
        self.prompts.append(effect.text)
        if self._heard_at is not None:
            self.latency_ms = max(self.latency_ms, self.now_ms - self._heard_at)
            self._heard_at = None
        if effect.channel != "chat":
            self.plays.append(effect)

    @property
    def visited(self) -> list[str]:
        """Blocks in the order in which they were left, and the present one."""
        return [effect.block for effect in self.effects if isinstance(effect, Trace)] + [self.state.block]

    def fail(self, why: str, *, looked_for: bool = False) -> NoReturn:
        """Raises `ScenarioFailed`."""
        since = self.prompts[-3:] if looked_for else list(self.said)
        moment = Moment(
            self.number, self.doing, self.state.block, why, since, dict(self.state.attributes), list(self.talk)
        )
        raise ScenarioFailed(self.scenario.name, moment)
