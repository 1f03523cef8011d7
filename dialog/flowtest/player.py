"""Plays a scenario as text in virtual time: the leg, the keypad, the queue, business systems and the clock of one call.

Nothing waits: prompts take 60 ms a character, answers of business systems their `delay_ms`, timers what they were set
to, and time jumps from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

import msgspec

from dialog.effects import (
    AnyEffect,
    AskVisual,
    BookCallback,
    CancelTimer,
    Enqueue,
    GrantConsent,
    Inspect,
    LeaveQueue,
    Perform,
    Say,
    StartTimer,
    StopSpeaking,
    Think,
    Trace,
    Transfer,
)
from dialog.engine import FlowEngine
from dialog.events import (
    AgentLeft,
    AgentLost,
    AnyFlowEvent,
    CallbackResult,
    Failed,
    Feeling,
    Heard,
    HungUp,
    Inspected,
    Pressed,
    PromptDone,
    QueueResult,
    Received,
    SpeechBegan,
    Started,
    TextMessage,
    TimerFired,
    TransferOutcome,
    TransferResult,
)
from dialog.flowtest.outside import LOST, Breaker
from dialog.flowtest.scenario import Scenario, Step, Upload
from dialog.state import CallerInfo, RunState
from dialog.text import count_words, language_of
from session.policy import EMOTION, POLICIES

MOST_MOVES = 60  # prompts, timers and answers without a word of the caller; more is a loop
MS_PER_CHARACTER = 60
MS_PER_WORD = 300
MS_PER_KEY = 300
PEOPLE = frozenset({"waiting", "talking", "transfer"})
"""Phases in which others have, or will have, the caller."""


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


@dataclass
class Player:
    """One virtual call."""

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
    number: int = 0
    doing: str = ""
    folder: Path = Path()
    """Where recordings that steps name lie."""
    play_ms: int = 0
    """How long the prompt under way lasts; 0 = by its length."""
    _heard_at: int | None = None
    latency_ms: int = 0

    def __post_init__(self) -> None:
        given = self.scenario.given
        self.now_ms = given.start_ms
        self.state = self.engine.new_state(
            contact_id=f"test{given.seed}",
            channel=given.channel,
            locale=given.locale,
            caller=CallerInfo(number=given.number, called=given.called),
            policy=given.policy,
        )

    async def run(self) -> None:
        """Play it and look at what came of it. Raises `ScenarioFailed`."""
        await self.play()
        await self.finish()

    async def play(self, steps: int | None = None) -> None:
        """Begin, and play the first `steps` (None = all). Raises `ScenarioFailed`."""
        await self._tell(Started())
        for step in self.scenario.steps[:steps]:
            await self.step(step)

    async def finish(self) -> None:
        """What is under way ends; then the assertions. Raises `ScenarioFailed`."""
        self.number, self.doing = len(self.scenario.steps) + 1, "assert"
        await self.settle()
        self._check()

    async def step(self, step: Step) -> None:
        """The next step. Raises `ScenarioFailed`."""
        self.number += 1
        self.doing = step.in_words
        if step.expect is not None:
            await self._expect(step.expect)
        elif step.not_expect is not None:
            if any(step.not_expect.lower() in words.lower() for words in self.said):
                self.fail(f"the bot did say {step.not_expect!r}")
        elif step.barge_in is not None:
            await self._interrupt(step, step.barge_in)
        elif step.press_over is not None:
            await self._press(step.press_over)
        else:
            await self.settle()
            self.said.clear()
            await self._caller(step)

    # ------------------------------------------------------------------ what the caller does

    async def _caller(self, step: Step) -> None:
        if step.say is not None:
            await self._tell(SpeechBegan())
            await self._hear(step, step.say)
        elif step.text is not None:
            self.talk.append(f"writes: {step.text}")
            self._heard_at = self.now_ms
            await self._tell(TextMessage(text=step.text))
        elif step.press is not None:
            await self._press(step.press)
        elif step.upload is not None:
            await self._upload(step.upload)
        elif step.silence is not None:
            for _ in range(step.silence):
                await self.silence()
        elif step.wait is not None:
            await self._pass(round(step.wait * 1000))
        elif step.queue is not None:
            await self._tell(QueueResult(outcome=step.queue))
        elif step.transfer is not None:
            await self.transfer(step.transfer)
        elif step.agent is not None:
            await self._tell(AgentLeft() if step.agent == "left" else AgentLost())
        elif step.restart:
            await self.restart()
        elif step.fail is not None:
            await self._tell(Failed(where=step.fail, why="broken by the test"))
        elif step.hangup:
            await self.hang_up()

    async def _hear(self, step: Step, words: str) -> None:
        feeling = None
        if step.emotion and self.may_feel:
            turns = self.feeling.turns + 1 if step.emotion == self.feeling.label else 1
            feeling = self.feeling = Feeling(
                arousal=0.7, valence=-0.6, label=step.emotion, confidence=0.8, turns=turns, frustration=step.frustration
            )
        language = step.language or language_of(words)
        await self.heard(words, language, step.confidence, MS_PER_WORD * count_words(words), feeling)

    async def heard(self, words: str, language: str, confidence: float, ms: int, feeling: Feeling | None) -> None:
        """One utterance was understood, `ms` long."""
        self.talk.append(f"caller: {words}")
        self.now_ms += ms
        self._heard_at = self.now_ms
        await self._tell(Heard(text=words, language=language, confidence=confidence, feeling=feeling))

    def file(self, step: Step) -> Path | None:
        """The recording of what is said in a step, if it names one."""
        return self.folder / step.file if step.file else None

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
            self.now_ms += MS_PER_KEY
            self._heard_at = self.now_ms
            await self._tell(Pressed(digit=key))

    async def _upload(self, name: str) -> None:
        asked = next((effect for effect in reversed(self.effects) if isinstance(effect, AskVisual)), None)
        if asked is None:
            self.fail("no picture was asked for")
        self.talk.append(f"sends: {name}")
        await self._tell(Received(request_id=asked.request_id, ref=name))

    async def silence(self) -> None:
        """Until the flow no longer waits for the caller."""
        await self.settle()
        if not self.timers:
            self.fail("silence is not watched here")
        name = "no_input" if "no_input" in self.timers else min(self.timers, key=self.timers.__getitem__)
        self.talk.append("(silence)")
        await self._fire(name)

    async def transfer(self, outcome: TransferOutcome) -> None:
        """What comes of the transfer asked for last. Raises `ScenarioFailed` when there was none."""
        asked = next((effect for effect in reversed(self.effects) if isinstance(effect, Transfer)), None)
        if asked is None:
            self.fail("no transfer is under way")
        await self._tell(TransferResult(transfer_id=asked.transfer_id, outcome=outcome))

    async def hang_up(self) -> None:
        """The caller is gone."""
        self.talk.append("(hangs up)")
        self.plays.clear()
        await self._tell(HungUp())

    async def restart(self) -> None:
        """The app is killed and takes the run up again."""
        self.state = RunState.load(self.state.dump())
        self.talk.append("(restart)")
        self.coming.clear()
        await self._take(await self.engine.resume(self.state, self.now_ms))

    async def tell(self, event: AnyFlowEvent) -> None:
        """Something else happens."""
        await self._tell(event)

    # ------------------------------------------------------------------ time

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

    async def _expect(self, words: str) -> None:
        for _ in range(MOST_MOVES):
            while self.said:
                if words.lower() in self.said.pop(0).lower():
                    return
            if self.plays:
                await self._finish_play("done")
            elif self.coming or (self.timers and "no_input" not in self.timers and not self._waits_for_people()):
                await self._next()
            elif "interdigit" in self.timers:
                await self._fire("interdigit")
            else:
                break
        self.fail(f"the bot does not say {words!r}", looked_for=True)

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
        spoken = play.text if outcome == "done" else play.text[: len(play.text) // 2]
        whole = self.play_ms or MS_PER_CHARACTER * len(play.text)
        self.now_ms += round(whole * len(spoken) / max(1, len(play.text)))
        self.play_ms = 0
        while self.coming and min(at for at, _ in self.coming) < self.now_ms:
            await self._next()
        await self._tell(PromptDone(play_id=play.play_id, outcome=outcome, spoken=spoken))

    def _waits_for_people(self) -> bool:
        return self.state.phase in PEOPLE

    # ------------------------------------------------------------------ the flow

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
                case Perform():
                    done = await self.engine.ports.performer.perform(effect)
                    if done.outcome != LOST:
                        self.coming.append((self.now_ms + round(done.ms), done))
                case Inspect(request_id=request_id, ref=ref):
                    found = self.scenario.given.uploads.get(ref) or Upload()
                    inspected = Inspected(
                        request_id=request_id, accepted=found.accepted, values=found.values, why="by the test"
                    )
                    self.coming.append((self.now_ms, inspected))
                case Think():
                    self.coming.append((self.now_ms, await self.engine.ports.thinker.think(effect)))
                case BookCallback(callback_id=callback_id):
                    outcome = self.scenario.given.callbacks
                    self.coming.append((self.now_ms, CallbackResult(callback_id=callback_id, outcome=outcome)))
                case Enqueue():
                    self._join(effect)
                case LeaveQueue():
                    self.coming = [item for item in self.coming if not isinstance(item[1], QueueResult)]
                case _:
                    pass
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

    def _join(self, effect: Enqueue) -> None:
        """As the test says the queue is; otherwise its steps tell."""
        given = self.scenario.given.queues
        state = given.get(effect.queue) or given.get("*")
        if state is None:
            return
        wait_ms, limit = round(state.wait_s * 1000), effect.overflow_s
        if not state.agents:
            news = (0, QueueResult(outcome="no_agents"))
        elif limit is not None and state.wait_s > limit:
            news = (round(limit * 1000), QueueResult(outcome="overflow"))
        else:
            news = (wait_ms, QueueResult(outcome="answered"))
        self.coming.append((self.now_ms + news[0], news[1]))

    # ------------------------------------------------------------------ what came of it

    @property
    def visited(self) -> list[str]:
        """Blocks in the order in which they were left, and the present one."""
        return [effect.block for effect in self.effects if isinstance(effect, Trace)] + [self.state.block]

    def _check(self) -> None:
        expected, state = self.scenario.expected, self.state
        for name in ("ended", "locale", "auth_level"):
            wanted, found = getattr(expected, name), getattr(state, name)
            if wanted is not None and wanted != found:
                self.fail(f"{name} is {found!r}, not {wanted!r}")
        visited = self.visited
        rest = iter(visited)
        if not all(block in rest for block in expected.visited):
            self.fail(f"visited {visited}, not {expected.visited}")
        if wrong := [block for block in expected.not_visited if block in visited]:
            self.fail(f"visited {wrong[0]!r} after all")
        spoken = iter(self.prompts)
        for part in expected.prompts:
            if not any(part.lower() in words.lower() for words in spoken):
                self.fail(f"prompt {part!r} was not said, or not in this order")
        for name, value in expected.attributes.items():
            if state.attributes.get(name) != value:
                self.fail(f"attribute {name} is {state.attributes.get(name)!r}, not {value!r}")
        if expected.consent is not None:
            given = [effect.given for effect in self.effects if isinstance(effect, GrantConsent)]
            if given != [expected.consent == "given"]:
                self.fail(f"consent is {given}, not {expected.consent}")
        joined = [effect for effect in self.effects if isinstance(effect, Enqueue)][-1:]
        if expected.priority is not None and [effect.priority for effect in joined] != [expected.priority]:
            self.fail(f"priority is {[effect.priority for effect in joined]}, not {expected.priority}")
        if expected.queue is not None and [effect.queue for effect in joined] != [expected.queue]:
            self.fail(f"queue is {[effect.queue for effect in joined]}, not {expected.queue!r}")
        if expected.latency_ms is not None and self.latency_ms > expected.latency_ms:
            self.fail(f"the bot's slowest reply took {self.latency_ms} ms, not at most {expected.latency_ms}")
        everything: Any = [effect for effect in self.effects if not isinstance(effect, Say)]
        if expected.secret and expected.secret.encode() in self.state.dump() + msgspec.json.encode(everything):
            self.fail("a secret is in the saved state or in an effect")

    def fail(self, why: str, *, looked_for: bool = False) -> NoReturn:
        """Raises `ScenarioFailed`."""
        since = self.prompts[-3:] if looked_for else list(self.said)
        moment = Moment(
            self.number, self.doing, self.state.block, why, since, dict(self.state.attributes), list(self.talk)
        )
        raise ScenarioFailed(self.scenario.name, moment)
