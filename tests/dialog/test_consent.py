"""Consent in the flow: what is felt counts only with it, leaves no label in the record, and can be taken back."""

from __future__ import annotations

import msgspec
import pytest

from dialog.effects import Enqueue, Expect, GrantConsent, Say, Trace, WithdrawConsent
from dialog.engine import FlowEngine
from dialog.events import Feeling, Heard, Pressed, QueueResult, Started
from session.consent import MOOD, MOOD_REASON
from tests.dialog.test_engine import Call

CROSS = Feeling(label="angry", arousal=0.7, valence=-0.6, confidence=0.8, turns=2, frustration=0.5)
ONCE = msgspec.structs.replace(CROSS, turns=1)


async def asked(support: FlowEngine, answer: str) -> Call:
    call = Call(support)
    await call.tell(Started())
    await call.finish()
    await call.tell(Heard(text=answer, language="en"))
    while not any(isinstance(effect, Expect) for effect in call.last):
        await call.finish()
    return call


@pytest.mark.parametrize("answer", [Heard(text="yes", language="en", early=True), Pressed(digit="1", early=True)])
async def test_nobody_agrees_to_a_question_before_it_is_heard(support: FlowEngine, answer: Heard | Pressed) -> None:
    call = Call(support)
    await call.tell(Started())
    await call.finish()
    question = [effect.text for effect in call.last if isinstance(effect, Say)][-1]
    await call.tell(answer)
    assert not any(isinstance(effect, GrantConsent) for effect in call.last)
    assert [effect.text for effect in call.last if isinstance(effect, Say)] == [question]
    await call.tell(msgspec.structs.replace(answer, early=False))
    (granted,) = [effect for effect in call.last if isinstance(effect, GrantConsent)]
    assert granted.given


async def test_a_mood_that_lasts_leads_to_the_handler_and_no_label_is_traced(support: FlowEngine) -> None:
    call = await asked(support, "yes")
    await call.tell(Heard(text="how long does delivery take", language="en", feeling=ONCE))
    assert call.state.block == "answer"
    await call.tell(Heard(text="how much is shipping", language="en", feeling=CROSS))
    trace = call.of(Trace)[0]
    assert (call.state.block, trace.exit, trace.why) == ("sorry", "on_emotion", MOOD_REASON)
    await call.finish()
    queued = call.of(Enqueue)[0]
    assert queued.facts[MOOD] == "angry"
    assert "angry" not in queued.summary + queued.reason


@pytest.mark.parametrize("answer", ["no", "yes"])
async def test_a_feeling_counts_only_after_a_yes(support: FlowEngine, answer: str) -> None:
    call = await asked(support, answer)
    await call.tell(Heard(text="how long does delivery take", language="en", feeling=CROSS))
    assert (call.state.feeling == CROSS) is (answer == "yes")
    assert (call.state.block == "sorry") is (answer == "yes")


async def test_the_caller_takes_consent_back_by_a_key(support: FlowEngine) -> None:
    call = await asked(support, "yes")
    await call.tell(Heard(text="how long does delivery take", language="en", feeling=ONCE))
    await call.tell(Pressed(digit="9"))
    assert call.of(WithdrawConsent) == [WithdrawConsent(purposes=["emotion"])]
    assert call.state.feeling == Feeling()
    assert call.state.consents == {"recording": True, "emotion": False}
    assert "no longer analysed" in call.of(Say)[0].text
    await call.finish()
    await call.tell(Heard(text="how much is shipping", language="en", feeling=CROSS))
    assert call.state.feeling == Feeling()
    assert b"angry" not in call.state.dump()


async def test_the_key_works_in_the_queue_and_while_an_agent_talks(support: FlowEngine) -> None:
    """The question promises "at any time"."""
    call = await asked(support, "yes")
    await call.tell(Heard(text="how long does delivery take", language="en", feeling=ONCE))
    await call.tell(Pressed(digit="0"))
    waiting = call.state.block
    assert call.state.phase == "waiting"
    await call.tell(Pressed(digit="9"))
    assert call.last == [WithdrawConsent(purposes=["emotion"])]
    assert (call.state.block, call.state.phase, call.state.consents["emotion"]) == (waiting, "waiting", False)
    await call.tell(QueueResult(outcome="answered"))
    await call.tell(Pressed(digit="9"))
    assert call.last == [WithdrawConsent(purposes=["emotion"])]
    await call.tell(Pressed(digit="0"))
    assert (call.last, call.state.phase) == ([], "talking")
