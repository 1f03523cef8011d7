"""Blocks that wait for the outside: what they ask for, the filler, late and repeated answers, a restart, the layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from dialog.effects import AnyEffect, Perform, Record, Say
from dialog.engine import FlowEngine
from dialog.events import AnyFlowEvent, Heard, Performed, PromptDone, Started, TimerFired
from dialog.flow import parse_flow
from dialog.ports import Ports, Understood
from dialog.state import CallerInfo, RunState
from dialog.validate import validate
from dialog.yamlfile import FileError

T = TypeVar("T")
FLOW = """
format: flow/v1
id: fund
title: {en: Fund}
locales: [en]
channels: [voice, chat]
start: ask
blocks:
  ask:
    type: understand
    prompt: {en: "How can I help?"}
    no_match: {en: "Sorry?"}
    exits: {redeem: load, unknown: people}
  load:
    type: http
    method: POST
    url: "https://core.bank/holdings/{{caller_no}}?lang={{locale}}"
    auth: {secret: core}
    body: {intent: "= intent", who: "{{company}}"}
    idempotent: true
    retries: 1
    timeout_s: 1
    extract: {days_held: "fund.days", fee: fund.fee}
    mock: {body: {fund: {days: 3, fee: 1.5}}}
    exits: {ok: decide, http_error: sorry, timeout: people}
  decide:
    type: action
    rule: redeem
    in: {days: days_held, fee: fee}
    sets: [advice]
    exits: {done: advise, needs_approval: people, failed: people}
  advise:
    type: play
    text: {en: "My advice: {{advice}}."}
    exits: {next: bye}
  sorry:
    type: play
    text: {en: "It said {{http_status}}."}
    exits: {next: bye}
  bye: {type: end, disposition: done}
  people:
    type: queue
    exits: {answered: bye, overflow: bye, no_agents: bye}
handlers: {on_human_request: people, on_error: people}
"""


class Intents:
    async def classify(self, text: str, allowed: Sequence[str] | None = None) -> Understood:
        return Understood({"redeem my fund": "redeem", "a person": "human_request"}.get(text, "unknown"), 0.91)

    async def match(self, text: str, options: Sequence[Sequence[str]]) -> int | None:
        return None


class Call:
    """A run with a clock; all effects of the last step at hand."""

    def __init__(self, ports: Ports, text: str = FLOW, channel: Any = "voice", **attributes: Any) -> None:
        self.engine = FlowEngine(parse_flow(text)[0], replace(ports, understanding=Intents(), stopwatch=lambda: 0.0))
        self.now = 0
        self.state = self.engine.new_state(
            contact_id="c1", channel=channel, locale="en", caller=CallerInfo(), attributes=attributes
        )
        self.last: list[AnyEffect] = []

    async def tell(self, event: AnyFlowEvent, after_ms: int = 100) -> list[AnyEffect]:
        self.now += after_ms
        self.last = await self.engine.step(self.state, event, self.now)
        return self.last

    async def begin(self) -> Perform:
        await self.tell(Started())
        play = self.one(Say)
        await self.tell(PromptDone(play_id=play.play_id, outcome="done", spoken=play.text))
        await self.tell(Heard(text="redeem my fund", language="en"))
        return self.one(Perform)

    def one(self, kind: type[T]) -> T:
        (found,) = [effect for effect in self.last if isinstance(effect, kind)]
        return found

    def none(self, kind: type[Any]) -> bool:
        return not [effect for effect in self.last if isinstance(effect, kind)]


@pytest.fixture
def call(ports: Ports) -> Call:
    return Call(ports, caller_no="7/../x")


def answer(work: Perform, outcome: str = "ok", **values: Any) -> Performed:
    return Performed(call_id=work.call_id, outcome=outcome, values=values, ms=40.0)


async def test_request_is_complete_and_holds_no_secret(call: Call) -> None:
    work = await call.begin()
    assert work.call_id == "c1:load:1" and work.kind == "http" and work.timeout_ms == 2200
    assert work.request["url"] == "https://core.bank/holdings/7%2F..%2Fx?lang=en"
    assert work.request["body"] == {"intent": "redeem", "who": "Warmline"}
    assert work.request["auth"] == {"secret": "core", "scheme": "bearer", "header": "X-Api-Key"}
    assert work.request["tries"] == 2
    assert "7%2F" not in repr(work)


async def test_decision_has_three_layers_with_their_times(call: Call) -> None:
    work = await call.begin()
    await call.tell(answer(work, days_held=3, fee=1.5), 200)
    rule = call.one(Perform)
    assert rule.kind == "rule" and rule.request == {"id": "redeem", "inputs": {"days": 3, "fee": 1.5}}
    done = Performed(
        call_id=rule.call_id, outcome="done", values={"advice": "wait"}, ms=2.0, detail={"table": "redeem", "row": "r1"}
    )
    await call.tell(done, 10)
    assert call.one(Say).text == "My advice: wait."
    record = call.one(Record)
    assert record.kind == "decision.layers"
    assert record.payload == {
        "block": "decide",
        "intent": {"name": "redeem", "confidence": 0.91, "ms": 0.0},
        "data": [{"block": "load", "outcome": "ok", "ms": 40.0}],
        "rule": {"table": "redeem", "row": "r1", "outcome": "done", "ms": 2.0},
        "total_ms": 210,
    }


async def test_filler_is_said_once_and_finished(call: Call) -> None:
    work = await call.begin()
    await call.tell(TimerFired(name="filler"), 1500)
    filler = call.one(Say)
    assert filler.text == "One moment, please." and not filler.interruptible
    await call.tell(answer(work, days_held=3, fee=1.5))
    assert call.none(Perform), "the filler is not cut off"
    await call.tell(PromptDone(play_id=filler.play_id, outcome="done", spoken=filler.text))
    assert call.one(Perform).kind == "rule"


async def test_no_filler_in_a_chat(ports: Ports) -> None:
    call = Call(ports, channel="chat", caller_no="7")
    await call.tell(Started())
    await call.tell(Heard(text="redeem my fund"))
    assert call.one(Perform)
    assert "filler" not in call.state.timers


async def test_late_repeated_and_foreign_answers_are_ignored(call: Call) -> None:
    work = await call.begin()
    await call.tell(Performed(call_id="c1:load:9", outcome="ok"))
    assert call.state.block == "load"
    await call.tell(TimerFired(name="perform"), 60_000)
    assert call.state.block == "people"
    await call.tell(answer(work, days_held=3, fee=1))
    assert call.state.block == "people" and "days_held" not in call.state.attributes


async def test_error_leaves_by_its_exit_with_the_status(call: Call) -> None:
    work = await call.begin()
    await call.tell(answer(work, "http_error", http_status=503))
    assert call.one(Say).text == "It said 503."


async def test_an_unknown_outcome_is_the_broken_one(call: Call) -> None:
    work = await call.begin()
    await call.tell(answer(work, "nonsense"))
    assert call.state.block == "sorry" and call.state.attributes["http_status"] == 0


async def test_a_person_is_reached_while_it_waits(call: Call) -> None:
    work = await call.begin()
    await call.tell(Heard(text="a person", language="en"))
    assert call.state.block == "people"
    await call.tell(answer(work))
    assert call.state.block == "people"


async def test_words_meanwhile_are_kept(call: Call) -> None:
    await call.begin()
    await call.tell(Heard(text="and hurry", language="en"))
    assert call.state.pending == "and hurry" and call.state.block == "load"


async def test_restart_asks_again_with_the_same_id(call: Call) -> None:
    work = await call.begin()
    call.state = RunState.load(call.state.dump())
    call.last = await call.engine.resume(call.state, call.now + 5000)
    assert call.one(Perform) == work
    await call.tell(answer(work, days_held=3, fee=1))
    assert call.one(Perform).call_id == "c1:decide:1"


async def test_missing_values_leave_by_the_broken_exit(ports: Ports) -> None:
    call = Call(ports)  # without caller_no the path would end in a slash, and mean something else
    await call.tell(Started())
    await call.tell(Heard(text="redeem my fund", language="en"))
    assert call.none(Perform) and call.one(Say).text == "It said ."


async def test_without_actions_everything_fails_in_words(ports: Ports) -> None:
    call = Call(ports, caller_no="7")
    work = await call.begin()
    result = await call.engine.ports.performer.perform(work)
    assert result.outcome == "http_error" and result.call_id == work.call_id


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("https://core.bank/holdings", "https://{{host}}/holdings", "host and port are written out"),
        ("https://core.bank/holdings", "https://me:pw@core.bank/x", "without variables, user or password"),
        ("https://core.bank/holdings", "ftp://core.bank/x", "a url is http"),
        ("fund.days", "fund..days", "is no path"),
        ("rule: redeem", "rule: redeem\n    workflow: sell", "give either `rule` or `workflow`"),
        ("rule: redeem", "rule: redeem\n    approval: 'true'", "`approval` is for workflows"),
    ],
)
def test_bad_parameters_are_named_with_their_line(before: str, after: str, says: str) -> None:
    with pytest.raises(FileError, match=says) as error:
        parse_flow(FLOW.replace(before, after), "fund.yaml")
    assert error.value.problems[0].line > 9


def test_what_they_set_is_known_to_wordings() -> None:
    flow, document = parse_flow(FLOW, "fund.yaml")
    assert not [p for p in validate(flow, document) if p.rule.id == "variable-unset"]
