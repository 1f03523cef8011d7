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

from typing import Any, Literal

import structlog

from dialog import digressions, frames, guard, handlers, listening, passing, variants
from dialog.blocks.base import UTTERANCE_MS, Asking, Block
from dialog.effects import AnyEffect, CancelTimer, End, PauseRecording, StartTimer
from dialog.events import (
    AgentLeft,
    AgentLost,
    AnyFlowEvent,
    CallbackResult,
    Channel,
    Failed,
    Heard,
    HungUp,
    Inspected,
    Performed,
    Pressed,
    PromptDone,
    QueueResult,
    Received,
    SpeechBegan,
    SpeechDropped,
    Started,
    TakenOver,
    TextMessage,
    Thought,
    TimerFired,
    TransferResult,
)
from dialog.flow import Flow
from dialog.options import DialogOptions
from dialog.ports import Ports
from dialog.prompts import static_prompts
from dialog.state import CallerInfo, RunState
from dialog.text import language_of, match_locale
from dialog.turn import Turn
from session.policy import PolicyName

log = structlog.get_logger(__name__)

MAX_HOPS = 40  # blocks left in one step; more is a loop that validation could not see
MAX_ERRORS = 3  # errors in one run after which even the error handler is given up


_OF_TALKS = HungUp | AgentLeft | AgentLost | Failed
"""What matters to a flow while people talk."""


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
        policy: PolicyName = "eu",
        conversation_id: str = "",
    ) -> RunState:
        """A run that waits for `Started`. An unknown `locale` becomes the flow's first."""
        defaults = {name: item.default for name, item in self.flow.inputs.items() if item.default is not None}
        return RunState(
            contact_id=contact_id,
            conversation_id=conversation_id,
            flow_id=self.flow.id,
            channel=channel,
            locale=match_locale(self.flow.locales, locale) or self.flow.locales[0],
            caller=caller,
            policy=policy,
            attributes={**defaults, **(attributes or {})},
        )

    def static_prompts(self, locale: str) -> list[str]:
        """Every text known ahead that runs may say in this locale, in the order in which they come up."""
        return static_prompts(self.flow, self.ports.knowledge, self.options, locale)

    async def step(self, state: RunState, event: AnyFlowEvent, now_ms: int) -> list[AnyEffect]:
        """Take one event in; mutates `state`. Never raises for what a caller or a port does (→ `on_error`)."""
        if state.ended:
            return []
        if self._lost(state):
            if state.phase == "talking" and not isinstance(event, _OF_TALKS):
                return []  # people talk; what became of the flow matters when they are done
            turn = await self._go_back(state, event, now_ms)
        else:
            turn = Turn(self.flow, self.ports, self.options, state, now_ms)
            await self._guarded(turn, event)
        return _concluded(turn)

    async def resume(self, state: RunState, now_ms: int) -> list[AnyEffect]:
        """After a restart of the app: same block, remaining timers, what is expected; digits are asked for again."""
        if state.ended or not state.block:
            return []
        if self._lost(state):
            return [] if state.phase == "talking" else _concluded(await self._go_back(state, None, now_ms))
        turn = Turn(self.flow, self.ports, self.options, state, now_ms)
        if state.block not in turn.flow.blocks:
            await self._guarded(
                turn, Failed(where="flow", why=f"block {state.block} is not in this version of the flow")
            )
            return _concluded(turn)
        for name, due in state.timers.items():
            turn.effects.append(StartTimer(name=name, ms=max(0, due - now_ms)))
        await self._guarded(turn, None)
        return _concluded(turn)

    async def returned(self, state: RunState, now_ms: int) -> list[AnyEffect]:
        """The caller's line was lost and is there again: as after a restart, and what they missed is said again."""
        unheard = [play for play in state.playing if play.block == state.block]
        state.playing.clear()
        state.caller_speaking = False
        for name in ("no_input", "barge", "prompt"):
            state.timers.pop(name, None)
        turn = Turn(self.flow, self.ports, self.options, state, now_ms)
        here = not state.ended and state.block and not self._lost(state) and state.block in turn.flow.blocks
        if here and unheard and not isinstance(turn.block, Asking):
            turn.effects += [StartTimer(name=name, ms=max(0, due - now_ms)) for name, due in state.timers.items()]
            turn.expect()
            for play in unheard:
                turn.say_again(play)
            return turn.effects
        effects = await self.resume(state, now_ms)
        if here and isinstance(turn.block, Asking) and not state.playing:
            turn.say(state.last_answer or turn.block.asked(turn))
        return [*effects, *turn.effects]

    def _lost(self, state: RunState) -> bool:
        """Whether the run is in a sub-flow that is no more, or in one that such a one called."""
        return any(
            ref and ref not in self.flow.subflows for ref in (state.flow, *(frame.flow for frame in state.stack))
        )

    async def _go_back(self, state: RunState, event: AnyFlowEvent | None, now_ms: int) -> Turn:
        """To the block that called it, which is left as when a sub-flow fails; a caller who is gone is only that."""
        ref = frames.unwind(self.flow, state)
        log.warning("flow.subflow_gone", subflow=ref, contact=state.contact_id)
        turn = Turn(self.flow, self.ports, self.options, state, now_ms)
        if isinstance(event, HungUp | TakenOver):
            await self._guarded(turn, event)
        elif state.block in turn.flow.blocks and "error" in turn.block.exits:
            state.errors += 1
            turn.leave("error", f"sub-flow {ref} is gone")
            await self._guarded(turn, None, arrived=True)
        else:
            await self._guarded(turn, Failed(where="flow", why=f"sub-flow {ref} is gone"))
        return turn

    # ------------------------------------------------------------------ one event

    async def _guarded(self, turn: Turn, event: AnyFlowEvent | None, *, arrived: bool = False) -> None:
        """Errors of blocks and ports lead to `on_error`, at most `MAX_ERRORS` times. `arrived`: only follow the exit."""
        try:
            if event is None and not arrived:
                await turn.block.resume(turn)
            elif event is not None:
                await self._dispatch(turn, event)
            await self._follow(turn)
        except Exception as error:
            await self._after_error(turn, error)

    async def _after_error(self, turn: Turn, error: Exception) -> None:
        log.warning(
            "flow.block_failed", block=turn.state.block, error=type(error).__name__, contact=turn.state.contact_id
        )
        turn.target = None
        await self._on_error(turn, f"{type(error).__name__} in block {turn.state.block}")

    async def _on_error(self, turn: Turn, why: str) -> None:
        turn.state.errors += 1
        turn.written = False
        if turn.state.errors > MAX_ERRORS or not handlers.failed(turn, why):
            turn.trace("on_error", why)
            turn.state.ended = "error"
            turn.effects.append(End(disposition="error"))
            return
        turn.stop_speaking()
        try:
            await self._follow(turn)
        except Exception as error:
            await self._after_error(turn, error)

    async def _dispatch(self, turn: Turn, event: AnyFlowEvent) -> None:
        state = turn.state
        if not state.block and not isinstance(event, Started | HungUp | Failed):
            return
        if state.phase == "talking" and not isinstance(event, _OF_TALKS):
            block = turn.flow.blocks.get(state.block)
            if block is None or not block.people:
                return  # a talk that no block of the flow led to: what the caller says and presses is not for the block
        match event:
            case Started():
                if not state.block:
                    if self.flow.asks_to_record:
                        turn.effects.append(PauseRecording())
                    turn.go(self.flow.start, "", "started")
                    if self.flow.max_duration_s is not None:
                        turn.start_timer(passing.DURATION, round(self.flow.max_duration_s * 1000))
            case HungUp():
                passing.hung_up(turn)
            case Failed(where=where, why=why):
                if where == "hearing":
                    state.caller_speaking = False  # what was said is lost: nothing more comes of it
                await self._on_error(turn, f"{where}: {why}")
            case PromptDone():
                if not await passing.prompt_done(turn, event):
                    await self._on_error(turn, f"speech: block {state.block} could not be heard")
            case SpeechBegan():
                state.caller_speaking = True
                for name in ("no_input", "barge"):
                    if name in state.timers:
                        turn.start_timer(name, UTTERANCE_MS)
            case SpeechDropped():
                state.caller_speaking = False
                await passing.speech_dropped(turn)
            case Heard():
                turn.early = event.early
                state.text_turn = False
                state.caller_speaking = False
                await listening.heard(turn, event)
            case TextMessage(text=words):
                state.text_turn = True
                await listening.heard(turn, Heard(text=words, language=language_of(words)))
            case Pressed(digit=digit, early=early):
                turn.early = early
                await listening.pressed(turn, digit)
            case TimerFired(name=name):
                await passing.timer(turn, name)
            case QueueResult(outcome=outcome):
                await turn.block.queue_news(turn, outcome)
            case Performed():
                await turn.block.performed(turn, event)
            case TransferResult():
                await turn.block.transferred(turn, event)
            case CallbackResult():
                await turn.block.called_back(turn, event)
            case Received():
                await turn.block.received(turn, event)
            case Inspected():
                await turn.block.inspected(turn, event)
            case Thought():
                await turn.block.thought(turn, event)
            case TakenOver():
                await self._taken_over(turn)
            case AgentLeft():
                if state.phase == "talking":
                    await self._parted(turn, "agent_left")
            case AgentLost():
                why = "the agent's line was lost"
                if state.phase == "talking" and not (
                    handlers.lead(turn, "on_agent_lost", why) or handlers.lead(turn, "on_error", why)
                ):
                    await self._parted(turn, "agent_lost")

    async def _taken_over(self, turn: Turn) -> None:
        """The block is left; the run stands in the flow's first queue, as if that had been answered, or in none."""
        state = turn.state
        await turn.block.taken_away(turn)
        turn.target = None
        self._leave(turn, "taken_over", "a supervisor took over", calling=False)
        while state.stack:
            frames.pop(turn)
        state.asides.clear()
        state.pending = ""
        queues = (name for name, block in turn.flow.blocks.items() if block.people and "answered" in block.exits)
        state.block = next(queues, state.block)
        state.phase, state.memo, state.entered_ms = "talking", {}, turn.now_ms
        state.to_people = True

    async def _parted(self, turn: Turn, outcome: Literal["agent_left", "agent_lost"]) -> None:
        """The talk is over: on from the block that led to it. A flow without people, taken from it, is through."""
        if turn.block.people:
            await turn.block.queue_news(turn, outcome)
            return
        turn.state.ended = "completed"
        turn.trace("taken_over", "the talk is over")
        turn.effects.append(End(disposition="completed"))

    async def _follow(self, turn: Turn) -> None:
        """Go where blocks lead until one waits."""
        for _ in range(MAX_HOPS):
            if turn.target is not None:
                await self._enter(turn)
            elif turn.written and not turn.state.ended:
                turn.written = False
                await turn.block.spoken(turn, False)
            else:
                return
        raise RuntimeError("the flow goes round in circles")

    async def _enter(self, turn: Turn) -> None:
        state, left = turn.state, turn.state.block
        target, exit_name, why = turn.target, turn.exit, turn.why
        if target is None:
            return
        above, ref, brought = turn.above, turn.ref, turn.brought
        turn.target, turn.written, turn.brought = None, False, {}
        if left:
            self._leave(turn, exit_name, why, calling=bool(ref))
        for _ in range(above):
            frames.pop(turn)
            turn.trace(exit_name, why)
        if brought:
            turn.set(brought)
        if ref:
            frames.push(turn, ref)
        elif left and not above and (aside := digressions.comes_back(turn, left, target)):
            state.block, state.phase, state.memo, state.entered_ms = aside.block, aside.phase, aside.memo, turn.now_ms
            state.request = aside.request
            if isinstance(turn.block, Asking):
                digressions.ask_again(turn, turn.block)
            return
        state.block, state.phase, state.memo, state.entered_ms = target, "", {}, turn.now_ms
        state.no_input = 0
        state.last_why = why
        state.visits[target] = state.visits.get(target, 0) + 1
        if not guard.refuses(turn, turn.block):
            await self._arrive(turn, turn.block)

    async def _arrive(self, turn: Turn, block: Block) -> None:
        private = turn.state.private
        typed = private.digits if block.keys() and not block.apart else ""
        if block.hears:
            private.digits = ""
        await block.enter(turn)
        for digit in typed:
            if turn.target is None:
                await block.pressed(turn, digit)

    def _leave(self, turn: Turn, exit_name: str, why: str, *, calling: bool) -> None:
        state = turn.state
        if not calling:
            turn.trace(exit_name, why)
        block = turn.flow.blocks.get(state.block)  # None: of a version that a restarted app has no more
        if block is None or block.hears:
            # digits given to this question are no answer to the next one
            state.private.digits = ""
        turn.stop_speaking()
        for name in [name for name in state.timers if name != passing.DURATION]:
            state.timers.pop(name)
            turn.effects.append(CancelTimer(name=name))
        if state.sensitive:
            turn.expect()


def _concluded(turn: Turn) -> list[AnyEffect]:
    """The effects, with what came of experiments where the contact ends; a run that goes on in another flow has no `End`."""
    if turn.state.variants and any(isinstance(effect, End) for effect in turn.effects):
        variants.conclude(turn)
    return turn.effects
