"""What a flow asks of the recogniser, and what it does about digits that were heard badly."""

from __future__ import annotations

import pytest

from dialog.effects import AnyEffect, Expect, Say
from dialog.engine import FlowEngine
from dialog.events import Heard, PromptDone, Started, TimerFired
from dialog.flow import parse_flow
from dialog.options import DialogOptions
from dialog.ports import Ports
from dialog.state import CallerInfo, RunState
from dialog.validate import validate

FLOW = """
format: flow/v1
id: orders
title: {en: Orders, zh-CN: 订单}
locales: [en, zh-CN]
start: order
recognition:
  hotwords: [Warmline]
  prompt: {en: My order number is four seven one one., zh-CN: 我的订单号是四七一一。}
blocks:
  order:
    type: collect
    slot: order_no
    prompt: {en: "Your order number?", zh-CN: 请说订单号。}
    no_match: {en: Once more please., zh-CN: 请再说一遍。}
    confirm: {en: "I heard {{order_no}}, is that right?", zh-CN: "我听到的是{{order_no}}，对吗？"}
    confirm_when: unsure
    min: 4
    max: 4
    exits: {ok: who, failed: people}
  who:
    type: verify
    ask_number: {en: "Your customer number?", zh-CN: 请说客户号。}
    factors: [{type: pin, ask: {en: "Your PIN?", zh-CN: 请说密码。}}]
    wrong: {en: Wrong., zh-CN: 不对。}
    unclear: {en: "Sorry, I didn't hear that well.", zh-CN: 抱歉，没听清。}
    exits: {passed: bye, failed: people, locked: people, unavailable: people}
  people:
    type: queue
    queue: support
    exits: {answered: bye, overflow: bye}
  bye: {type: end, text: {en: Bye., zh-CN: 再见。}}
handlers: {on_human_request: people, on_error: people}
"""


class Talk:
    def __init__(self, engine: FlowEngine, locale: str = "en") -> None:
        self.engine = engine
        caller = CallerInfo(number="", called="100")
        self.state: RunState = engine.new_state(contact_id="c", channel="voice", locale=locale, caller=caller)
        self.now = 1000

    async def tell(self, event: Started | Heard | PromptDone | TimerFired) -> list[AnyEffect]:
        self.now += 100
        return await self.engine.step(self.state, event, self.now)


@pytest.fixture
def engine(ports: Ports) -> FlowEngine:
    return FlowEngine(parse_flow(FLOW)[0], ports, DialogOptions())


def wanted(effects: list[AnyEffect]) -> list[tuple[str, int, bool]]:
    return [(one.wants, one.digit_count, one.sensitive) for one in effects if isinstance(one, Expect)]


def said(effects: list[AnyEffect]) -> list[str]:
    return [one.text for one in effects if isinstance(one, Say)]


async def test_a_number_heard_badly_is_read_back_digit_by_digit(engine: FlowEngine) -> None:
    talk = Talk(engine)
    assert wanted(await talk.tell(Started()))[-1] == ("digits", 4, False)
    asked = await talk.tell(Heard(text="4711", language="en", confidence=0.6))
    assert said(asked) == ["I heard 4 7 1 1, is that right?"]
    assert wanted(asked)[-1] == ("answer", 0, False)
    again = await talk.tell(Heard(text="no", language="en"))
    assert said(again) == ["Once more please."]
    assert wanted(again)[-1] == ("digits", 4, False)
    await talk.tell(Heard(text="4712", language="en", confidence=0.6))
    done = await talk.tell(Heard(text="yes", language="en"))
    assert wanted(done)[-1] == ("digits", 6, True)
    assert talk.state.attributes["order_no"] == "4712"


async def test_the_read_back_is_chinese_for_a_chinese_caller(engine: FlowEngine) -> None:
    talk = Talk(engine, "zh-CN")
    await talk.tell(Started())
    assert said(await talk.tell(Heard(text="四七一一", language="zh", confidence=0.5))) == ["我听到的是4 7 1 1，对吗？"]


async def test_a_number_heard_well_is_not_read_back(engine: FlowEngine) -> None:
    talk = Talk(engine)
    await talk.tell(Started())
    assert said(await talk.tell(Heard(text="4711", language="en", confidence=0.99))) == ["Your customer number?"]


async def test_a_secret_heard_badly_is_asked_for_again_and_never_read_back(engine: FlowEngine) -> None:
    talk = Talk(engine)
    await talk.tell(Started())
    await talk.tell(Heard(text="4711", language="en", confidence=0.99))
    await talk.tell(Heard(text="100200", language="en", confidence=0.99))
    for _ in range(2):
        effects = await talk.tell(Heard(text="9876", language="en", confidence=0.4))
        assert said(effects) == ["Sorry, I didn't hear that well."]
        assert "9876" not in repr(effects)
        assert talk.state.private.digits == ""
    # A voice that is never clear still gets its try.
    assert said(await talk.tell(Heard(text="9876", language="en", confidence=0.4))) == ["Wrong."]


async def test_number_and_pin_have_their_own_length(engine: FlowEngine) -> None:
    talk = Talk(engine)
    await talk.tell(Started())
    await talk.tell(Heard(text="4711", language="en"))
    assert wanted(await talk.tell(Heard(text="100200", language="en")))[-1] == ("digits", 4, True)


def test_what_helps_the_recogniser_is_checked() -> None:
    text = FLOW.replace("prompt: {en: My", "prompt: {de: Ja., en: My").replace("[Warmline]", '[Warmline, " "]')
    cut = text.index("    confirm: {")
    text = text[:cut] + text[text.index("    confirm_when") :]
    flow, document = parse_flow(text)
    messages = [problem.message for problem in validate(flow, document)]
    assert any("recognition: prompt has wording for de" in message for message in messages)
    assert any("hotword is empty" in message for message in messages)
    assert any("confirm_when is unsure" in message for message in messages)
