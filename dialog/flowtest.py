"""Text-level tests of flows, in virtual time: no audio, no waiting.

A file `<flow>.flowtest.yaml` holds scenarios. Each step is one key:

* `expect: words`     the bot says this next (part of it, any case); prompts before it run to their end
* `not_expect: words` the bot has not said this since the last step of the caller
* `say: words`        the caller speaks after the prompts; with `language`, `confidence`, `emotion` beside it
* `barge_in: words`   the caller speaks over the prompt that was just expected
* `text: words`       the customer writes in the chat
* `press: keys`       keys, after the prompts; `press_over: keys` during the one just expected
* `silence: n`        the caller stays silent until asked again, n times
* `queue: outcome`    answered, overflow, left, no_agents; `agent: left` or `lost`
* `restart: true`     the app is killed and takes the run up from what was saved
* `fail: where`       something the run depends on breaks
* `hangup: true`      the caller hangs up

`given` may set locale, channel, number, called. `assert` compares ended, locale, auth_level, visited (in this
order, others may lie between), consent (given or refused), priority (of the last queue), and `secret`: digits that
must be nowhere in the saved state nor in any effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dialog import yamlfile
from dialog.engine import FlowEngine
from dialog.events import (
    AgentLeft,
    AgentLost,
    AnyEffect,
    AnyFlowEvent,
    CancelTimer,
    Channel,
    Enqueue,
    Failed,
    Feeling,
    GrantConsent,
    Heard,
    HungUp,
    Pressed,
    PromptDone,
    QueueOutcome,
    QueueResult,
    Say,
    SpeechBegan,
    Started,
    StartTimer,
    StopSpeaking,
    TextMessage,
    TimerFired,
    Trace,
)
from dialog.state import CallerInfo, RunState
from dialog.text import count_words, language_of
from session.wire import EmotionLabel

_MOST_PROMPTS = 30  # more without a word of the caller is a loop


class Given(BaseModel):
    """Who calls."""

    model_config = ConfigDict(extra="forbid")

    locale: str = "en"
    channel: Channel = "voice"
    number: str = ""
    called: str = "100"


class Step(BaseModel):
    """One step; exactly one of its keys but the three that go with `say` and `barge_in`."""

    model_config = ConfigDict(extra="forbid")

    expect: str | None = None
    not_expect: str | None = None
    say: str | None = None
    barge_in: str | None = None
    text: str | None = None
    press: str | None = None
    press_over: str | None = None
    silence: int | None = None
    queue: QueueOutcome | None = None
    agent: Literal["left", "lost"] | None = None
    restart: bool | None = None
    fail: str | None = None
    hangup: bool | None = None
    language: str = ""
    confidence: float = 0.95
    emotion: EmotionLabel | None = None
    frustration: float = 0.0


class Expected(BaseModel):
    """What must hold at the end."""

    model_config = ConfigDict(extra="forbid")

    ended: str | None = None
    locale: str | None = None
    auth_level: int | None = None
    visited: list[str] = Field(default_factory=list)
    consent: Literal["given", "refused"] | None = None
    priority: int | None = None
    secret: str = ""


class Scenario(BaseModel):
    """One call."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    name: str
    given: Given = Given()
    steps: list[Step] = Field(min_length=1)
    expected: Expected = Field(default=Expected(), alias="assert")


class FlowTestFile(BaseModel):
    """All scenarios of a flow."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["flowtest/v1"]
    flow: str
    tests: list[Scenario] = Field(min_length=1)


class ScenarioFailed(AssertionError):
    """A scenario did not go as written; the message ends with the talk so far."""


def read_tests(path: Path) -> FlowTestFile:
    """Read a test file. Raises `yamlfile.FileError`."""
    document = yamlfile.read(path)
    try:
        return FlowTestFile.model_validate(document.data)
    except ValidationError as error:
        raise yamlfile.FileError([document.problem(item["loc"], item["msg"]) for item in error.errors()]) from None


@dataclass
class Player:
    """Plays one scenario: the leg, the keypad, the queue and the clock of one virtual call."""

    engine: FlowEngine
    scenario: Scenario
    now_ms: int = 1_700_000_000_000
    plays: list[Say] = field(default_factory=list)
    timers: dict[str, int] = field(default_factory=dict)
    effects: list[AnyEffect] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    talk: list[str] = field(default_factory=list)
    feeling: Feeling = field(default_factory=Feeling)

    def __post_init__(self) -> None:
        given = self.scenario.given
        self.state = self.engine.new_state(
            contact_id="test",
            channel=given.channel,
            locale=given.locale,
            caller=CallerInfo(number=given.number, called=given.called),
        )

    async def run(self) -> None:
        """Raises `ScenarioFailed`."""
        await self._tell(Started())
        for number, step in enumerate(self.scenario.steps, 1):
            await self._step(number, step)
        await self._settle()
        self._check()

    async def _step(self, number: int, step: Step) -> None:
        if step.expect is not None:
            await self._expect(number, step.expect)
        elif step.not_expect is not None:
            if any(step.not_expect.lower() in words.lower() for words in self.said):
                self._fail(f"step {number}: the bot did say {step.not_expect!r}")
        elif step.barge_in is not None:
            await self._interrupt(step, step.barge_in)
        elif step.press_over is not None:
            await self._press(step.press_over)
        else:
            await self._settle()
            self.said.clear()
            await self._caller(number, step)

    async def _caller(self, number: int, step: Step) -> None:
        if step.say is not None:
            await self._tell(SpeechBegan())
            await self._hear(step, step.say)
        elif step.text is not None:
            self.talk.append(f"writes: {step.text}")
            await self._tell(TextMessage(text=step.text))
        elif step.press is not None:
            await self._press(step.press)
        elif step.silence is not None:
            for _ in range(step.silence):
                await self._silence(number)
        elif step.queue is not None:
            await self._tell(QueueResult(outcome=step.queue))
        elif step.agent is not None:
            await self._tell(AgentLeft() if step.agent == "left" else AgentLost())
        elif step.restart:
            self.state = RunState.load(self.state.dump())
            self.talk.append("(restart)")
            await self._take(await self.engine.resume(self.state, self.now_ms))
        elif step.fail is not None:
            await self._tell(Failed(where=step.fail, why="broken by the test"))
        elif step.hangup:
            await self._tell(HungUp())

    async def _expect(self, number: int, words: str) -> None:
        for _ in range(_MOST_PROMPTS):
            while self.said:
                if words.lower() in self.said.pop(0).lower():
                    return
            if not self.plays:
                break
            await self._finish_play("done")
        self._fail(f"step {number}: the bot does not say {words!r}")

    async def _hear(self, step: Step, words: str) -> None:
        self.talk.append(f"caller: {words}")
        feeling = None
        if step.emotion:
            turns = self.feeling.turns + 1 if step.emotion == self.feeling.label else 1
            feeling = self.feeling = Feeling(
                arousal=0.7, valence=-0.6, label=step.emotion, confidence=0.8, turns=turns, frustration=step.frustration
            )
        self.now_ms += 300 * count_words(words)
        language = step.language or language_of(words)
        await self._tell(Heard(text=words, language=language, confidence=step.confidence, feeling=feeling))

    async def _interrupt(self, step: Step, words: str) -> None:
        self.said.clear()
        await self._tell(SpeechBegan())
        if self.plays:
            await self._finish_play("barge_in")
        await self._hear(step, words)

    async def _press(self, keys: str) -> None:
        self.talk.append("keys: " + "?" * len(keys))
        self.said.clear()
        for key in keys:
            self.now_ms += 300
            await self._tell(Pressed(digit=key))

    async def _silence(self, number: int) -> None:
        await self._settle()
        if "no_input" not in self.timers:
            self._fail(f"step {number}: silence is not watched here")
        self.now_ms = max(self.now_ms, self.timers.pop("no_input"))
        self.talk.append("(silence)")
        await self._tell(TimerFired(name="no_input"))

    async def _settle(self) -> None:
        for _ in range(_MOST_PROMPTS):
            if not self.plays:
                return
            await self._finish_play("done")
        self._fail("the bot goes on and on")

    async def _finish_play(self, outcome: Literal["done", "barge_in"]) -> None:
        play = self.plays.pop(0)
        spoken = play.text if outcome == "done" else play.text[: len(play.text) // 2]
        self.now_ms += 60 * len(spoken)
        await self._tell(PromptDone(play_id=play.play_id, outcome=outcome, spoken=spoken))

    async def _tell(self, event: AnyFlowEvent) -> None:
        await self._take(await self.engine.step(self.state, event, self.now_ms))

    async def _take(self, effects: list[AnyEffect]) -> None:
        self.effects += effects
        stopped: list[Say] = []
        for effect in effects:
            match effect:
                case Say():
                    self.talk.append(f"bot [{effect.block}]: {effect.text}")
                    self.said.append(effect.text)
                    if effect.channel != "chat":
                        self.plays.append(effect)
                case StopSpeaking():
                    stopped += self.plays
                    self.plays.clear()
                case StartTimer(name=name, ms=ms):
                    self.timers[name] = self.now_ms + ms
                case CancelTimer(name=name):
                    self.timers.pop(name, None)
                case _:
                    pass
        for play in stopped:
            await self._tell(PromptDone(play_id=play.play_id, outcome="stopped", spoken=""))

    def _check(self) -> None:
        expected, state = self.scenario.expected, self.state
        for name in ("ended", "locale", "auth_level"):
            wanted, found = getattr(expected, name), getattr(state, name)
            if wanted is not None and wanted != found:
                self._fail(f"{name} is {found!r}, not {wanted!r}")
        visited = [effect.block for effect in self.effects if isinstance(effect, Trace)] + [state.block]
        rest = iter(visited)
        if not all(block in rest for block in expected.visited):
            self._fail(f"visited {visited}, not {expected.visited}")
        if expected.consent is not None:
            given = [effect.given for effect in self.effects if isinstance(effect, GrantConsent)]
            if given != [expected.consent == "given"]:
                self._fail(f"consent is {given}, not {expected.consent}")
        if expected.priority is not None:
            found_priority = [effect.priority for effect in self.effects if isinstance(effect, Enqueue)][-1:]
            if found_priority != [expected.priority]:
                self._fail(f"priority is {found_priority}, not {expected.priority}")
        everything: Any = [effect for effect in self.effects if not isinstance(effect, Say)]
        if expected.secret and expected.secret.encode() in self.state.dump() + msgspec.json.encode(everything):
            self._fail("a secret is in the saved state or in an effect")

    def _fail(self, why: str) -> None:
        raise ScenarioFailed("\n  ".join([f"{self.scenario.name}: {why}; the talk was:", *self.talk]))
