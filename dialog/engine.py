"""Runs a flow: events in, effects out, state in between. No clock, no I/O but the awaited ports.

The controller's loop, per contact, one event at a time:

    effects = await engine.step(state, event, now_ms)
    await store.save_run(contact_id, flow_id=engine.flow.id, flow_sha=engine.flow.sha, state=state.dump())
    for effect in effects: carry it out

`now_ms` must be one clock for the whole life of a run, over restarts too: UTC epoch milliseconds.

What the engine does for every block: follows exits, lets handlers and shortcuts take the run away, follows the
caller's language, repeats on request, counts anger, remembers only words that were really played.
"""

from __future__ import annotations

from typing import Any

import structlog

from dialog.blocks.base import UTTERANCE_MS, Asking, Block
from dialog.blocks.end import End as EndBlock
from dialog.blocks.withdraw import Withdraw
from dialog.events import (
    AgentLeft,
    AgentLost,
    AnyEffect,
    AnyFlowEvent,
    CallbackResult,
    CancelTimer,
    Channel,
    End,
    Failed,
    Heard,
    HungUp,
    PauseRecording,
    Performed,
    Pressed,
    PromptDone,
    QueueResult,
    SetLocale,
    SpeechBegan,
    SpeechDropped,
    Started,
    StartTimer,
    TextMessage,
    TimerFired,
    Trace,
    TransferResult,
)
from dialog.flow import Flow
from dialog.options import DialogOptions
from dialog.ports import Ports, Understood
from dialog.prompts import static_prompts
from dialog.state import CallerInfo, RunState
from dialog.text import agrees, count_words, language_of, match_locale
from dialog.turn import HIDDEN, Turn
from session.consent import MOOD_REASON, ON_EMOTION

log = structlog.get_logger(__name__)

MAX_HOPS = 40  # blocks left in one step; more is a loop that validation could not see
MAX_ERRORS = 3  # errors in one run after which even the error handler is given up
EARLY_MS = 20  # a timer may come this much early (rounding) and still counts


class FlowEngine:
    """One flow, many runs; holds no run state itself."""

    def __init__(self, flow: Flow, ports: Ports, options: DialogOptions | None = None) -> None:
        self.flow = flow
        self.ports = ports
        self.options = options or DialogOptions()

    def new_state(
        self,
        *,
        contact_id: str,
        channel: Channel,
        locale: str,
        caller: CallerInfo,
        attributes: dict[str, Any] | None = None,
    ) -> RunState:
        """A run that waits for `Started`. An unknown `locale` becomes the flow's first."""
        return RunState(
            contact_id=contact_id,
            flow_id=self.flow.id,
            channel=channel,
            locale=match_locale(self.flow.locales, locale) or self.flow.locales[0],
            caller=caller,
            attributes=dict(attributes or {}),
        )

    def static_prompts(self, locale: str) -> list[str]:
        """Every text known ahead that runs may say in this locale, in the order in which they come up."""
        return static_prompts(self.flow, self.ports.knowledge, self.options, locale)

    async def step(self, state: RunState, event: AnyFlowEvent, now_ms: int) -> list[AnyEffect]:
        """Take one event in; mutates `state`. Never raises for what a caller or a port does (→ `on_error`)."""
        turn = Turn(self.flow, self.ports, self.options, state, now_ms)
        if not state.ended:
            await self._guarded(turn, event)
        return turn.effects

    async def resume(self, state: RunState, now_ms: int) -> list[AnyEffect]:
        """After a restart of the app: same block, remaining timers, what is expected; digits are asked for again."""
        turn = Turn(self.flow, self.ports, self.options, state, now_ms)
        if state.ended or not state.block:
            return []
        if state.block not in self.flow.blocks:
            await self._guarded(
                turn, Failed(where="flow", why=f"block {state.block} is not in this version of the flow")
            )
            return turn.effects
        for name, due in state.timers.items():
            turn.effects.append(StartTimer(name=name, ms=max(0, due - now_ms)))
        await self._guarded(turn, None)
        return turn.effects

    # ------------------------------------------------------------------ one event

    async def _guarded(self, turn: Turn, event: AnyFlowEvent | None) -> None:
        """Errors of blocks and ports lead to `on_error`, at most `MAX_ERRORS` times."""
        try:
            if event is None:
                await self._block(turn).resume(turn)
            else:
                await self._dispatch(turn, event)
            await self._follow(turn)
        except Exception as error:
            log.warning(
                "flow.block_failed", block=turn.state.block, error=type(error).__name__, contact=turn.state.contact_id
            )
            turn.target = None
            await self._on_error(turn, f"{type(error).__name__} in block {turn.state.block}")

    async def _on_error(self, turn: Turn, why: str) -> None:
        turn.state.errors += 1
        turn.written = False
        target = self.flow.handlers.on_error
        if not target or turn.state.errors > MAX_ERRORS:
            self._trace(turn, "on_error", why)
            turn.state.ended = "error"
            turn.effects.append(End(disposition="error"))
            return
        turn.stop_speaking()
        turn.go(target, "on_error", why)
        try:
            await self._follow(turn)
        except Exception as error:
            log.warning("flow.error_handler_failed", error=type(error).__name__, contact=turn.state.contact_id)
            turn.target = None
            await self._on_error(turn, f"{type(error).__name__} in block {turn.state.block}")

    async def _dispatch(self, turn: Turn, event: AnyFlowEvent) -> None:
        state = turn.state
        match event:
            case Started():
                if not state.block:
                    if self.flow.asks_to_record:
                        turn.effects.append(PauseRecording())
                    turn.go(self.flow.start, "", "started")
            case HungUp():
                await self._hung_up(turn)
            case Failed(where=where, why=why):
                await self._on_error(turn, f"{where}: {why}")
            case PromptDone():
                await self._prompt_done(turn, event)
            case SpeechBegan():
                state.caller_speaking = True
                for name in ("no_input", "barge"):
                    if name in state.timers:
                        turn.start_timer(name, UTTERANCE_MS)
            case SpeechDropped():
                state.caller_speaking = False
                await self._speech_dropped(turn)
            case Heard():
                state.text_turn = False
                state.caller_speaking = False
                await self._heard(turn, event)
            case TextMessage(text=words):
                state.text_turn = True
                await self._heard(turn, Heard(text=words, language=language_of(words)))
            case Pressed(digit=digit):
                await self._pressed(turn, digit)
            case TimerFired(name=name):
                await self._timer(turn, name)
            case QueueResult(outcome=outcome):
                await self._block(turn).queue_news(turn, outcome)
            case Performed():
                await self._block(turn).performed(turn, event)
            case TransferResult():
                await self._block(turn).transferred(turn, event)
            case CallbackResult():
                await self._block(turn).called_back(turn, event)
            case AgentLeft():
                if state.phase == "talking":
                    await self._block(turn).queue_news(turn, "agent_left")
            case AgentLost():
                if state.phase == "talking":
                    target = self.flow.handlers.on_agent_lost or self.flow.handlers.on_error
                    if target:
                        turn.go(target, "on_agent_lost", "the agent's line was lost")
                    else:
                        await self._block(turn).queue_news(turn, "agent_lost")

    async def _follow(self, turn: Turn) -> None:
        """Go where blocks lead until one waits."""
        for _ in range(MAX_HOPS):
            if turn.target is not None:
                await self._enter(turn)
            elif turn.written and not turn.state.ended:
                turn.written = False
                await self._block(turn).spoken(turn, False)
            else:
                return
        raise RuntimeError("the flow goes round in circles")

    async def _enter(self, turn: Turn) -> None:
        state = turn.state
        target, exit_name, why = turn.target, turn.exit, turn.why
        turn.target, turn.written = None, False
        if target is None:
            return
        if state.block:
            self._trace(turn, exit_name, why)
            turn.stop_speaking()
            for name in list(state.timers):
                state.timers.pop(name)
                turn.effects.append(CancelTimer(name=name))
            if state.sensitive:
                turn.expect()
        state.block, state.phase, state.memo, state.entered_ms = target, "", {}, turn.now_ms
        state.no_input = 0
        state.last_why = why
        state.visits[target] = state.visits.get(target, 0) + 1
        block = self._block(turn)
        typed = state.private.digits if block.keys() else ""
        if block.hears:
            state.private.digits = ""
        await block.enter(turn)
        for digit in typed:
            if turn.target is None:
                await block.pressed(turn, digit)

    # ------------------------------------------------------------------ what can happen

    async def _heard(self, turn: Turn, heard: Heard) -> None:
        state, block = turn.state, self._block(turn)
        turn.remember("caller", HIDDEN if state.sensitive else heard.text)
        turn.cancel_timer("barge")
        if state.text_turn or count_words(heard.text):
            turn.cancel_timer("no_input")
        if heard.feeling is not None and state.consents.get("emotion"):
            state.feeling = heard.feeling
        if block.apart:
            return
        if await block.first_look(turn, heard):
            state.no_input = 0
            return
        self._follow_language(turn, heard)
        meaning = await turn.classify(heard.text)
        if meaning.intent == "human_request" and self.flow.handlers.on_human_request:
            await self._take_over(turn, self.flow.handlers.on_human_request, "on_human_request", "asked for a person")
        elif mood := self._mood_target(turn):
            await self._take_over(turn, mood, ON_EMOTION, MOOD_REASON)
        elif meaning.intent == "repeat" and isinstance(block, Asking):
            turn.stop_speaking()
            turn.say(state.last_answer or block.asked(turn))
        else:
            await self._listen(turn, block, heard, meaning)

    async def _listen(self, turn: Turn, block: Block, heard: Heard, meaning: Understood) -> None:
        before = len(turn.effects)
        silences = turn.state.no_input
        await block.heard(turn, heard, meaning)
        if turn.state.no_input == silences:
            turn.state.no_input = 0
        if turn.target is None and len(turn.effects) == before and block.hears and not turn.speaking:
            turn.wait_for_caller()

    async def _pressed(self, turn: Turn, digit: str) -> None:
        state, block = turn.state, self._block(turn)
        if block.apart:
            # Who waits or talks goes nowhere by a key, but consent is taken back at any time.
            if isinstance(taker := self.flow.blocks.get(self.flow.shortcuts.get(digit, "")), Withdraw):
                taker.take_back(turn)
            return
        state.no_input = 0
        turn.cancel_timer("no_input")
        own = block.keys()
        if digit not in own and digit in self.flow.shortcuts:
            await self._take_over(turn, self.flow.shortcuts[digit], f"shortcut_{digit}", f"pressed {digit}")
        else:
            await block.pressed(turn, digit)

    async def _take_over(self, turn: Turn, target: str, handler: str, why: str) -> None:
        await self._block(turn).taken_away(turn)
        turn.target = None
        turn.state.pending = ""
        turn.go(target, handler, why)

    async def _prompt_done(self, turn: Turn, done: PromptDone) -> None:
        state = turn.state
        play = next((item for item in state.playing if item.play_id == done.play_id), None)
        if play is None:
            return
        state.playing.remove(play)
        turn.remember("bot", done.spoken or (play.text if done.outcome == "done" else ""))
        if play.block == state.block and not turn.speaking:
            turn.cancel_timer("prompt")
            await self._block(turn).spoken(turn, done.outcome == "barge_in")

    async def _speech_dropped(self, turn: Turn) -> None:
        if "barge" in turn.state.timers:
            turn.cancel_timer("barge")
            await self._block(turn).timer(turn, "barge")
        elif "no_input" in turn.state.timers:
            turn.wait_for_caller()

    async def _timer(self, turn: Turn, name: str) -> None:
        state = turn.state
        due = state.timers.get(name)
        if due is None or turn.now_ms < due - EARLY_MS:
            return
        del state.timers[name]
        block = self._block(turn)
        if name == "no_input":
            await block.silence(turn)
        elif name == "prompt":
            state.playing = [play for play in state.playing if play.block != state.block]
            await block.spoken(turn, False)
        else:
            await block.timer(turn, name)

    async def _hung_up(self, turn: Turn) -> None:
        state = turn.state
        if state.gone:
            return
        state.gone = True
        for name in list(state.timers):
            turn.cancel_timer(name)
        state.playing.clear()
        if self.flow.handlers.on_hangup:
            turn.go(self.flow.handlers.on_hangup, "on_hangup", "the caller hung up")
            return
        self._trace(turn, "on_hangup", "the caller hung up")
        if state.phase == "waiting":
            state.ended = "abandoned"
        else:
            state.ended = (
                "completed" if state.phase == "talking" or isinstance(self._block(turn), EndBlock) else "hung_up"
            )
        turn.effects.append(End(disposition=state.ended))

    # ------------------------------------------------------------------ what every utterance changes

    def _follow_language(self, turn: Turn, heard: Heard) -> None:
        state = turn.state
        locale = match_locale(self.flow.locales, heard.language) if heard.language else None
        if locale is None or locale == state.locale or not agrees(heard.text, heard.language):
            return
        enough = 4 if heard.language == "zh" else 2  # two words are about four Han characters
        if count_words(heard.text) >= enough or heard.confidence >= self.options.switch_confidence:
            state.locale = locale
            turn.effects.append(SetLocale(locale=locale, why=f"the caller speaks {heard.language}"))

    def _mood_target(self, turn: Turn) -> str:
        handler = self.flow.handlers.on_emotion
        if handler is None or not turn.state.consents.get("emotion"):
            return ""
        return handler.goto if turn.evaluate(handler.when) is True else ""

    # ------------------------------------------------------------------ helpers

    def _block(self, turn: Turn) -> Block:
        return self.flow.blocks[turn.state.block]

    def _trace(self, turn: Turn, exit_name: str, why: str) -> None:
        state = turn.state
        kind = self.flow.blocks[state.block].type if state.block in self.flow.blocks else ""
        turn.effects.append(
            Trace(block=state.block, type=kind, exit=exit_name, why=why, ms=max(0, turn.now_ms - state.entered_ms))
        )
