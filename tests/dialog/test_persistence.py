"""A run that is saved and loaded at every step goes on as if nothing had happened; nothing that happens breaks a run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialog.effects import AskVisual, BookCallback, Inspect, Perform, Think, Transfer
from dialog.events import (
    AgentLeft,
    AgentLost,
    AnyFlowEvent,
    CallbackResult,
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
from dialog.flow import BLOCKS, read_flow
from dialog.ports import Ports
from dialog.validate import validate
from dialog.verification.lockout import MemoryAttempts
from dialog.verification.memory import memory_ports
from tests.dialog.virtual import Run

ZOO = read_flow(Path(__file__).parent / "zoo" / "zoo.yaml")
INTENTS = (
    "choose",
    "number",
    "secret",
    "prove",
    "keep",
    "facts",
    "book",
    "look",
    "act",
    "people",
    "back",
    "pass",
    "show",
    "rate",
    "stop",
)
WORDS = {intent: intent for intent in INTENTS}
ARTICLES = {"facts": "We are open from nine to six.", "do you take cash": "We do."}

PATHS: dict[str, Sequence[object]] = {
    "start": (),
    "play": (),
    "consent": ("yes",),
    "menu": ("yes", "choose", "green", "do you take cash", "red"),
    "collect": ("yes", "number", "well", "4711", "no, 4712", "yes"),
    "media": ("yes", "secret", "four seven one one"),
    "verify": ("yes", "prove", "100001", "a person please"),
    "voiceprint": ("yes", "keep", "yes"),
    "answer": ("yes", "facts"),
    "converse": ("yes", "book", "hm", "tomorrow", "do you take cash", "four"),
    "http": ("yes", "look", Performed(call_id="", outcome="ok"), "choose"),
    "action": ("yes", "act", Performed(call_id="", outcome="needs_approval"), "choose"),
    "queue": ("yes", "people", QueueResult(outcome="answered"), AgentLeft(), "choose"),
    "callback": ("yes", "back", "yes", CallbackResult(callback_id="", outcome="booked"), "choose"),
    "transfer": ("yes", "pass", TransferResult(transfer_id="", outcome="busy"), "choose"),
    "visual": ("yes", "show", Received(request_id="", ref="pic"), Inspected(request_id="", accepted=True), "choose"),
    "call": ("yes", "rate", "four", "choose"),
    "withdraw": ("yes", "stop", "choose"),
    "understand": ("yes", "hm", "choose"),
    "branch": ("yes",),
    "hours": (),
    "set": ("yes",),
    "end": ("silence",) * 7,
}  # fmt: skip
"""Block type → what the caller does to get through it; events take the id that is asked for at that moment."""


def run_of(ports: Ports, *, saved: bool = False) -> Run:
    ports = replace(ports, attempts=MemoryAttempts(), verification=memory_ports())
    return Run(ZOO[0], ports, intents=WORDS, articles=ARTICLES, number="+49301234567", saved=saved)


def with_id(run: Run, event: Any) -> AnyFlowEvent:
    """The event under the id that the run last asked with."""
    asked: dict[type, tuple[str, type, str]] = {
        Performed: ("call_id", Perform, "call_id"),
        Received: ("request_id", AskVisual, "request_id"),
        Inspected: ("request_id", Inspect, "request_id"),
        Thought: ("request_id", Think, "request_id"),
        TransferResult: ("transfer_id", Transfer, "transfer_id"),
        CallbackResult: ("callback_id", BookCallback, "callback_id"),
    }
    if type(event) not in asked:
        return event  # type: ignore[no-any-return]
    own, kind, theirs = asked[type(event)]
    effects = run.ever(kind)
    known = getattr(effects[-1], theirs) if effects else "none"
    return msgspec.structs.replace(event, **{own: known})  # type: ignore[no-any-return]


async def play(run: Run, moves: Sequence[object]) -> list[bytes]:
    """What came of each move, as it would be sent."""
    out = [msgspec.json.encode(await run.tell(Started()))]
    for move in moves:
        before = len(run.all)
        if move == "silence":
            await run.finish()
            if "no_input" in run.timers:
                await run.fire("no_input")
        elif isinstance(move, str):
            await run.say(move)
        else:
            await run.tell(with_id(run, move))
        out.append(msgspec.json.encode(run.all[before:]))
    return out


def test_the_zoo_is_whole_and_valid() -> None:
    assert {block.type for block in ZOO[0].blocks.values()} == set(BLOCKS)
    assert set(PATHS) == set(BLOCKS)
    assert [str(problem) for problem in validate(*ZOO) if problem.severity == "E"] == []


@pytest.mark.parametrize("kind", PATHS)
async def test_saved_and_loaded_at_every_step_it_is_the_same_run(ports: Ports, kind: str) -> None:
    whole, broken = run_of(ports), run_of(ports, saved=True)
    assert await play(whole, PATHS[kind]) == await play(broken, PATHS[kind])
    assert whole.state.dump() == broken.state.dump()
    assert kind in {trace.type for trace in whole.all if hasattr(trace, "type")} | {
        ZOO[0].blocks[whole.state.block].type
    } | {"call"}


@pytest.mark.parametrize("kind", PATHS)
async def test_a_restart_at_every_step_stays_in_the_same_block(ports: Ports, kind: str) -> None:
    for steps in range(len(PATHS[kind]) + 1):
        run = run_of(ports)
        await play(run, PATHS[kind][:steps])
        await run.finish()
        before = (run.state.flow, run.state.block, [frame.block for frame in run.state.stack], run.state.visits)
        await run.restart()
        assert before == (run.state.flow, run.state.block, [frame.block for frame in run.state.stack], run.state.visits)
        asked = [effect for effect in run.ever(Perform) if effect.block == run.state.block]
        assert len({effect.call_id for effect in asked}) <= 1, "asked for again under the same id"


EVENTS = st.one_of(
    st.sampled_from([*(intent for intent in INTENTS if intent != "keep"), "yes", "no", "a person please", "do you take cash", "4711", "no, I meant 4712", "hm", "", "red"]).map(lambda words: Heard(text=words, language="en")),
    st.sampled_from("0123456789*#").map(lambda digit: Pressed(digit=digit)),
    st.sampled_from(["yes", "choose", "4711", "number"]).map(lambda words: TextMessage(text=words)),
    st.sampled_from(["no_input", "prompt", "digits", "barge", "visual", "perform", "filler", "duration", "think", "nonsense"]).map(lambda name: TimerFired(name=name)),
    st.sampled_from(["done", "done", "done", "barge_in", "stopped", "failed"]).map(lambda outcome: PromptDone(play_id="?", outcome=outcome)),  # type: ignore[arg-type]
    st.sampled_from(["answered", "overflow", "no_agents"]).map(lambda outcome: QueueResult(outcome=outcome)),  # type: ignore[arg-type]
    st.sampled_from(["ok", "timeout", "done", "failed", "nonsense"]).map(lambda outcome: Performed(call_id="", outcome=outcome)),
    st.sampled_from(["connected", "no_answer", "busy", "failed"]).map(lambda outcome: TransferResult(transfer_id="", outcome=outcome)),  # type: ignore[arg-type]
    st.sampled_from([
        AgentLeft(), AgentLost(), TakenOver(), SpeechBegan(), SpeechDropped(), Failed(where="leg", why="x"), HungUp(), Started(),
        Received(request_id="", ref="pic"), Inspected(request_id="", accepted=True), Inspected(request_id="", accepted=False),
        Thought(request_id="", say="Well?"), CallbackResult(callback_id="", outcome="booked"), CallbackResult(callback_id="", outcome="failed"),
    ]),
)  # fmt: skip


async def random_run(ports: Ports, events: Sequence[AnyFlowEvent], *, saved: bool) -> list[bytes]:
    run = run_of(ports, saved=saved)
    out = [msgspec.json.encode(await run.tell(Started()))]
    for event in events:
        if isinstance(event, PromptDone):
            if not run.state.playing:
                continue
            play = run.state.playing[0]
            happening: AnyFlowEvent = msgspec.structs.replace(event, play_id=play.play_id, spoken=play.text)
        else:
            happening = event
        if isinstance(event, TimerFired) and event.name in run.timers:
            run.now = max(run.now, run.timers[event.name])
        effects = await run.tell(with_id(run, happening))
        out.append(msgspec.json.encode(effects))
        state = run.state
        waits = state.timers or state.playing or state.phase or state.block in ("ask", "people", "pass")
        assert state.ended or (
            state.block in (ZOO[0].subflows[state.flow] if state.flow else ZOO[0]).blocks and waits
        ), state
    return out


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(EVENTS, min_size=5, max_size=40))
def test_whatever_happens_a_run_ends_or_waits_and_the_same_happens_twice(
    ports: Ports, events: list[AnyFlowEvent]
) -> None:
    first = asyncio.run(random_run(ports, events, saved=False))
    assert first == asyncio.run(random_run(ports, events, saved=False))
    # digits given so far are in no saved state, and a voice is asked to say random ones: both are meant to differ
    private = (Pressed, TextMessage)
    if not any(isinstance(event, private) or event == Heard(text="4711", language="en") for event in events):
        assert first == asyncio.run(random_run(ports, events, saved=True)), "saved at every step it is the same"
