"""Plays a scenario as text in virtual time: what the caller says and does, and what the bot is expected to say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dialog.effects import AskVisual, Transfer
from dialog.events import (
    AgentLeft,
    AgentLost,
    AnyFlowEvent,
    Failed,
    Feeling,
    Heard,
    HungUp,
    Pressed,
    QueueResult,
    Received,
    SpeechBegan,
    Started,
    TextMessage,
    TransferOutcome,
    TransferResult,
)
from dialog.flowtest.checking import check
from dialog.flowtest.scenario import Step
from dialog.flowtest.virtual_call import MOST_MOVES, PEOPLE, VirtualCall
from dialog.state import RunState
from dialog.text import count_words, language_of

MS_PER_WORD = 300
MS_PER_KEY = 300


@dataclass
class Player(VirtualCall):
    """One virtual call, as written in a scenario."""

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
        check(self)

    async def step(self, step: Step) -> None:
        """The next step. Raises `ScenarioFailed`."""
        self.number += 1
        self.doing = step.in_words
        if step.expect is None and step.not_expect is None:
            self.turn_began = len(self.effects)
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

    async def _expect(self, words: str) -> None:
        for _ in range(MOST_MOVES):
            while self.said:
                if words.lower() in self.said.pop(0).lower():
                    return
            if self.plays:
                await self._finish_play("done")
            elif self.coming or (self.timers and "no_input" not in self.timers and self.state.phase not in PEOPLE):
                await self._next()
            elif "interdigit" in self.timers:
                await self._fire("interdigit")
            else:
                break
        self.fail(f"the bot does not say {words!r}", looked_for=True)
