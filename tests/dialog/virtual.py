"""A call in virtual time for tests of the engine: prompts end when they are told to, timers fire when time comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from dialog.effects import AnyEffect, CancelTimer, Say, StartTimer
from dialog.engine import FlowEngine
from dialog.events import AnyFlowEvent, Channel, Heard, PromptDone, Started, TimerFired
from dialog.flow import Flow, parse_flow
from dialog.ports import Found, Ports, Understood
from dialog.state import CallerInfo, RunState
from dialog.text import language_of

T = TypeVar("T")
NOON = 1_700_000_000_000  # Tuesday 14 November 2023, 22:13:20 UTC


class Words:
    """Knows what it is told: text → intent."""

    def __init__(self, intents: dict[str, str] | None = None) -> None:
        self.intents = {"yes": "yes", "no": "no", "是的": "yes", "a person please": "human_request", **(intents or {})}

    async def classify(self, text: str, allowed: Sequence[str] | None = None) -> Understood:
        return Understood(self.intents.get(text, "unknown"), 0.9)

    async def match(self, text: str, options: Sequence[Sequence[str]]) -> int | None:
        return next((i for i, phrases in enumerate(options) if text in phrases), None)


class Articles:
    """Knows what it is told: question → answer."""

    def __init__(self, answers: dict[str, str] | None = None) -> None:
        self.by_question = answers or {}

    async def search(self, text: str, locale: str, level: int = 0) -> Found | None:
        answer = self.by_question.get(text)
        return Found("a" + str(len(answer)), 1, answer, 0.9) if answer else None

    def answers(self, locale: str) -> list[str]:
        return list(self.by_question.values())


async def begun(flow: str, **run: Any) -> Run:
    """A run of somebody whom nobody knows, after its first step."""
    nobody: Any = None
    ports = Ports(understanding=Words(), knowledge=nobody, customers=nobody, attempts=nobody)
    started = Run(flow, ports, **run)
    await started.tell(Started())
    return started


class Run:
    """One run with a clock. With `saved`, it is dumped and loaded before every step."""

    def __init__(
        self,
        flow: str | Flow,
        ports: Ports,
        *,
        intents: dict[str, str] | None = None,
        articles: dict[str, str] | None = None,
        channel: Channel = "voice",
        locale: str = "en",
        number: str = "",
        attributes: dict[str, Any] | None = None,
        saved: bool = False,
        now: int = NOON,
    ) -> None:
        parsed = parse_flow(flow)[0] if isinstance(flow, str) else flow
        ports = replace(ports, understanding=Words(intents), knowledge=Articles(articles), stopwatch=lambda: 0.0)
        self.engine = FlowEngine(parsed, ports)
        self.now = now
        self.saved = saved
        self.state = self.engine.new_state(
            contact_id="c",
            channel=channel,
            locale=locale,
            caller=CallerInfo(number=number, called="100"),
            attributes=attributes,
        )
        self.last: list[AnyEffect] = []
        self.all: list[AnyEffect] = []
        self.timers: dict[str, int] = {}

    async def tell(self, event: AnyFlowEvent, after_ms: int = 100) -> list[AnyEffect]:
        self.now += after_ms
        if self.saved:
            self.state = RunState.load(self.state.dump())
        return self._take(await self.engine.step(self.state, event, self.now))

    async def restart(self) -> list[AnyEffect]:
        self.state = RunState.load(self.state.dump())
        return self._take(await self.engine.resume(self.state, self.now))

    def _take(self, effects: list[AnyEffect]) -> list[AnyEffect]:
        self.last = effects
        self.all += effects
        for effect in effects:
            if isinstance(effect, StartTimer):
                self.timers[effect.name] = self.now + effect.ms
            elif isinstance(effect, CancelTimer):
                self.timers.pop(effect.name, None)
        return effects

    async def finish(self, outcome: Any = "done") -> None:
        """Let every prompt end."""
        for _ in range(20):
            if not self.state.playing:
                return
            play = self.state.playing[0]
            await self.tell(PromptDone(play_id=play.play_id, outcome=outcome, spoken=play.text))
        raise AssertionError("the bot goes on and on")

    async def say(self, words: str, confidence: float = 1.0) -> list[str]:
        """The caller speaks after the prompts; what the bot says then."""
        await self.finish()
        await self.tell(Heard(text=words, language=language_of(words), confidence=confidence))
        return self.said

    async def fire(self, name: str) -> list[str]:
        """Let a timer run out."""
        self.now = max(self.now, self.timers.pop(name))
        await self.tell(TimerFired(name=name), 0)
        return self.said

    @property
    def said(self) -> list[str]:
        return [effect.text for effect in self.last if isinstance(effect, Say)]

    def of(self, kind: type[T]) -> list[T]:
        return [effect for effect in self.last if isinstance(effect, kind)]

    def ever(self, kind: type[T]) -> list[T]:
        return [effect for effect in self.all if isinstance(effect, kind)]
