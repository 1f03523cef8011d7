"""What the engine does around blocks: timers, barge-in, errors, hang-up, memory, saved state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec
import pytest

from dialog.effects import (
    AnyEffect,
    End,
    Enqueue,
    Expect,
    GrantConsent,
    PauseRecording,
    ResumeRecording,
    Say,
    StartTimer,
    StopRecording,
    StopSpeaking,
    VerifyFailed,
)
from dialog.engine import FlowEngine
from dialog.events import (
    AnyFlowEvent,
    Failed,
    Heard,
    HungUp,
    Pressed,
    PromptDone,
    QueueResult,
    SpeechBegan,
    SpeechDropped,
    Started,
    TextMessage,
    TimerFired,
)
from dialog.ports import Ports, Understood
from dialog.state import CallerInfo, RunState
from dialog.verification.ports import Customer

T = TypeVar("T")


class Call:
    """A run with a clock; the last effects at hand."""

    def __init__(self, engine: FlowEngine, number: str = "demo", locale: str = "en") -> None:
        self.engine = engine
        self.now = 1_000_000
        self.state = engine.new_state(
            contact_id="c1", channel="voice", locale=locale, caller=CallerInfo(number=number, called="100")
        )
        self.last: list[AnyEffect] = []

    async def tell(self, event: AnyFlowEvent, after_ms: int = 100) -> list[AnyEffect]:
        self.now += after_ms
        self.last = await self.engine.step(self.state, event, self.now)
        return self.last

    async def finish(self, outcome: str = "done", spoken: str | None = None) -> list[AnyEffect]:
        play = self.state.playing[-1]
        words = play.text if spoken is None else spoken
        return await self.tell(
            msgspec.convert(
                {"e": "prompt_done", "play_id": play.play_id, "outcome": outcome, "spoken": words}, PromptDone
            )
        )

    def of(self, kind: type[T]) -> list[T]:
        return [effect for effect in self.last if isinstance(effect, kind)]

    async def to_ask(self) -> None:
        await self.tell(Started())
        await self.finish()
        await self.tell(Heard(text="yes", language="en"))
        await self.finish()
        assert self.state.block == "ask"

    async def to_pin(self) -> None:
        await self.to_ask()
        await self.tell(Heard(text="where is my order", language="en"))
        assert (self.state.block, self.state.phase) == ("who_order", "pin")


async def test_recording_waits_for_the_yes(support: FlowEngine) -> None:
    call = Call(support)
    await call.tell(Started())
    assert call.of(PauseRecording)
    await call.finish()
    await call.tell(Heard(text="yes", language="en"))
    assert call.of(ResumeRecording)
    assert [(g.purposes, g.given) for g in call.of(GrantConsent)] == [(["recording", "emotion"], True)]


async def test_refusal_stops_the_recording_for_good(support: FlowEngine) -> None:
    call = Call(support)
    await call.tell(Started())
    await call.finish()
    await call.tell(Heard(text="no", language="en"))
    assert call.of(StopRecording)
    assert [g.given for g in call.of(GrantConsent)] == [False]
    await call.finish()
    await call.tell(Heard(text="where is my order", language="en"))
    assert call.of(Expect)[-1].sensitive
    assert not call.of(PauseRecording)
    for digit in "2468":
        await call.tell(Pressed(digit=digit))
    assert call.state.auth_level == 2
    assert not call.of(ResumeRecording)


async def test_recording_pauses_for_the_pin_and_goes_on_after(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_pin()
    assert call.of(PauseRecording)
    for digit in "2468":
        await call.tell(Pressed(digit=digit))
    assert call.of(ResumeRecording)
    assert call.of(Expect)[0] == Expect(speech=True, digits=True, sensitive=False)


async def test_only_played_words_are_remembered(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_ask()
    await call.tell(Heard(text="when are you open", language="en"))
    await call.finish("barge_in", "We're open Monday")
    assert call.state.said[-1].text == "We're open Monday"
    await call.tell(Heard(text="where is your shop", language="en"))
    assert "Harbour Street" in call.of(Say)[0].text


async def test_a_sound_without_words_over_an_answer_goes_on(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_ask()
    await call.tell(Heard(text="when are you open", language="en"))
    await call.tell(SpeechBegan())
    await call.finish("barge_in", "We're")
    assert call.state.block == "answer"
    await call.tell(SpeechDropped())
    assert call.state.block == "more"


async def test_the_bot_does_not_start_a_question_over_a_speaking_caller(support: FlowEngine) -> None:
    call = Call(support)
    await call.tell(Started())
    await call.tell(SpeechBegan())
    await call.finish("done")
    assert call.state.block == "greet" and not call.of(Say)
    await call.tell(Heard(text="hello", language="en"))
    assert call.state.block == "consent"


async def test_nothing_waits_for_words_that_were_lost(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_ask()
    await call.tell(SpeechBegan())
    await call.tell(Failed(where="hearing", why="recognition failed"))
    assert call.state.block == "trouble"
    await call.finish()
    assert call.state.block == "people"


async def test_late_timers_do_nothing(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_ask()
    timer = call.of(StartTimer)[-1]
    assert timer.name == "no_input"
    await call.tell(SpeechBegan())
    assert await call.tell(TimerFired(name="no_input"), timer.ms) == []
    await call.tell(SpeechDropped())
    await call.tell(TimerFired(name="no_input"), timer.ms)
    assert call.of(Say)[0].text == "How can I help you?"


async def test_a_lost_prompt_end_does_not_hang_the_call(support: FlowEngine) -> None:
    call = Call(support)
    await call.tell(Started())
    guard = next(effect for effect in call.of(StartTimer) if effect.name == "prompt")
    await call.tell(TimerFired(name="prompt"), guard.ms)
    assert call.state.block == "consent"


async def test_keys_typed_ahead_count(support: FlowEngine) -> None:
    call = Call(support)
    await call.tell(Started())
    await call.tell(Pressed(digit="1"))
    await call.finish()
    assert call.state.consents == {"recording": True, "emotion": True}


async def test_star_starts_the_pin_over(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_pin()
    for digit in "99*2468":
        await call.tell(Pressed(digit=digit))
    assert call.state.auth_level == 2


async def test_a_pause_ends_a_short_pin(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_pin()
    await call.tell(Pressed(digit="2"))
    await call.tell(TimerFired(name="digits"), call.of(StartTimer)[-1].ms)
    assert call.of(VerifyFailed) == [VerifyFailed(attempts=1)]


async def test_digits_are_in_no_saved_state_and_no_repr(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_pin()
    before = call.state.dump()
    await call.tell(Pressed(digit="7"))
    assert call.state.private.digits == "7"
    assert b"private" not in call.state.dump()
    assert "7" not in repr(Pressed(digit="7"))
    grown = RunState.load(call.state.dump())
    assert grown.private.digits == ""
    assert msgspec.to_builtins(grown).keys() == msgspec.to_builtins(RunState.load(before)).keys() | {"timers"}


async def test_sensitive_words_are_hidden_from_memory(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_pin()
    await call.tell(Heard(text="nine nine nine nine", language="en"))
    assert [said.text for said in call.state.said if said.who == "caller"][-1] == "[hidden]"
    assert b"nine nine" not in call.state.dump()


async def test_lock_out_holds_over_calls(support: FlowEngine) -> None:
    first = Call(support)
    await first.to_pin()
    for _ in range(3):
        for digit in "0000":
            await first.tell(Pressed(digit=digit))
    assert first.state.block == "wrong_pin"
    second = Call(support)
    await second.to_ask()
    await second.tell(Heard(text="where is my order", language="en"))
    assert second.state.block == "locked"


async def test_unreachable_directory(support: FlowEngine) -> None:
    class Down:
        async def find(self, *, phone: str = "", customer_no: str = "") -> Customer | None:
            raise OSError("no route")

    call = Call(FlowEngine(support.flow, replace(support.ports, customers=Down())))
    await call.to_ask()
    await call.tell(Heard(text="where is my order", language="en"))
    assert call.state.block == "trouble"


class Broken:
    async def classify(self, text: str, allowed: Sequence[str] | None = None) -> Understood:
        raise TimeoutError("inference is away")

    async def match(self, text: str, options: Sequence[Sequence[str]]) -> int | None:
        raise TimeoutError("inference is away")


async def test_a_broken_port_leads_to_a_person(support: FlowEngine) -> None:
    ports: Ports = replace(support.ports, understanding=Broken())
    call = Call(FlowEngine(support.flow, ports))
    await call.tell(Started())
    await call.finish()
    await call.tell(Heard(text="yes", language="en"))
    assert call.state.block == "trouble" and call.of(StopSpeaking)
    await call.finish()
    assert call.of(Enqueue)[0].reason


async def test_errors_without_end_end_the_call(support: FlowEngine) -> None:
    call = Call(support)
    await call.tell(Started())
    for _ in range(4):
        await call.tell(Failed(where="leg", why="broken"))
    assert call.of(End) == [End(disposition="error")]
    assert await call.tell(Heard(text="hello")) == []


@pytest.mark.parametrize(("talk", "disposition"), [(False, "abandoned"), (True, "completed")])
async def test_hanging_up_in_the_queue(support: FlowEngine, talk: bool, disposition: str) -> None:
    call = Call(support)
    await call.to_ask()
    await call.tell(Pressed(digit="0"))
    assert call.of(Enqueue)
    if talk:
        await call.tell(QueueResult(outcome="answered"))
    await call.tell(HungUp())
    assert call.of(End) == [End(disposition=disposition)]


async def test_the_agent_gets_reason_summary_and_facts(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_pin()
    for digit in "2468":
        await call.tell(Pressed(digit=digit))
    await call.finish()
    await call.tell(Heard(text="I want to talk to a person", language="en"))
    handed = call.of(Enqueue)[0]
    assert handed.reason == "asked for a person"
    assert handed.facts["name"] == "Alex Morgan" and handed.facts["customer_id"] == "100001"
    assert "running shoes" in handed.facts["order_status"]
    assert "verified by PIN" in handed.summary and "order_status" in handed.summary


async def test_the_bot_is_silent_while_people_talk(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_ask()
    await call.tell(Pressed(digit="0"))
    await call.tell(QueueResult(outcome="answered"))
    for event in (Heard(text="thank you", language="en"), Pressed(digit="5"), Heard(text="agent", language="en")):
        assert not [effect for effect in await call.tell(event) if isinstance(effect, Say)]
    assert call.state.block == "people"


async def test_a_restart_while_waiting_joins_the_queue_again(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_ask()
    await call.tell(Pressed(digit="0"))
    state = RunState.load(call.state.dump())
    effects = await support.resume(state, call.now + 3000)
    assert [effect for effect in effects if isinstance(effect, Enqueue)]


async def test_a_restart_keeps_the_rest_of_a_timer(support: FlowEngine) -> None:
    call = Call(support)
    await call.tell(Started())
    state = RunState.load(call.state.dump())
    effects = await support.resume(state, call.now + 1000)
    timers = [effect for effect in effects if isinstance(effect, StartTimer)]
    assert timers and all(timer.name == "prompt" for timer in timers)
    assert state.block == "greet"


async def test_written_on_a_call_is_answered_in_both(support: FlowEngine) -> None:
    call = Call(support)
    await call.to_ask()
    await call.tell(TextMessage(text="when are you open"))
    assert call.of(Say)[0].channel == "both" and call.of(Say)[0].article == "opening_hours@1"


def test_static_prompts_know_the_company_and_leave_out_what_is_personal(support: FlowEngine) -> None:
    prompts = support.static_prompts("zh-CN")
    assert prompts[0] == "您好，这里是暖线。"
    assert not [text for text in prompts if "{{" in text or "customer" in text]
    assert len(prompts) == len(set(prompts))
    assert support.static_prompts("fr")[0] == "Hello, this is Warmline."
