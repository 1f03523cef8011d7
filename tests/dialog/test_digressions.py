"""Other questions, other requests and corrections in the midst of a question: nothing of it is drawn."""

from __future__ import annotations

import pytest

from dialog.corrections import value_of
from dialog.effects import Enqueue, Expect, PauseRecording, Say, SetAttributes
from dialog.events import Pressed, Started
from dialog.flow import parse_flow
from dialog.ports import Ports
from dialog.validate import validate
from tests.dialog.virtual import Run

FLOW = """format: flow/v1
id: shop
title: {en: Shop, zh-CN: 店}
locales: [en, zh-CN]
start: ask
blocks:
  ask:
    type: understand
    prompt: {en: "How can I help?", zh-CN: 请问有什么可以帮您？}
    no_match: {en: "Sorry?", zh-CN: 什么？}
    exits: {order_status: order, hours: times, invoice: mail, question: answer, unknown: people}
  order:
    type: collect
    slot: order_id
    label: {en: your order number, zh-CN: 您的订单号}
    prompt: {en: "Your order number?", zh-CN: 订单号是多少？}
    no_match: {en: "Four digits, please.", zh-CN: 请说四位数字。}
    min: 4
    max: 4
    exits: {ok: count, failed: people}
  count:
    type: collect
    slot: pieces
    label: {en: the number of pieces, zh-CN: 件数}
    prompt: {en: "How many pieces?", zh-CN: 几件？}
    no_match: {en: "How many?", zh-CN: 多少件？}
    max: 2
    confirm: {en: "{{pieces}} pieces of {{order_id}}?", zh-CN: "{{order_id}}的{{pieces}}件？"}
    exits: {ok: pick, failed: people}
  pick:
    type: menu
    label: {en: the delivery, zh-CN: 配送}
    prompt: {en: "Post or courier?", zh-CN: 邮寄还是快递？}
    no_match: {en: "Post, or courier?", zh-CN: 邮寄，还是快递？}
    options:
      - {id: post, key: "1", say: {en: [post], zh-CN: [邮寄]}}
      - {id: courier, key: "2", say: {en: [courier], zh-CN: [快递]}}
    exits: {post: done, courier: done, no_match: people}
  mail:
    type: collect
    slot: mail_no
    label: {en: the invoice, zh-CN: 发票}
    prompt: {en: "Which invoice?", zh-CN: 哪张发票？}
    no_match: {en: "Sorry?", zh-CN: 什么？}
    min: 2
    max: 2
    exits: {ok: sent, failed: people}
  sent: {type: play, text: {en: "Invoice {{mail_no}} is sent.", zh-CN: 已发送。}, exits: {next: ask}}
  times: {type: play, text: {en: "From nine to six.", zh-CN: 九点到六点。}, exits: {next: ask}}
  answer: {type: answer, exits: {answered: ask, gap: people}}
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: bye}}
  done: {type: play, text: {en: "{{order_id}}, {{pieces}}.", zh-CN: 好。}, exits: {next: bye}}
  bye: {type: end, disposition: done}
handlers: {on_human_request: people, on_error: people}
"""
INTENTS = {
    "where is my order": "order_status",
    "when are you open": "hours",
    "send me an invoice": "invoice",
    "几点开门": "hours",
    "我要查订单": "order_status",
}
ARTICLES = {"do you take cash": "We take cash and cards.", "可以付现金吗": "可以。"}


def begin(ports: Ports, **given: object) -> Run:
    return Run(FLOW, ports, intents=INTENTS, articles=ARTICLES, saved=True, **given)  # type: ignore[arg-type]


async def at_order(ports: Ports) -> Run:
    run = begin(ports)
    await run.tell(Started())
    await run.say("where is my order")
    return run


def test_the_flow_is_valid() -> None:
    assert [str(problem) for problem in validate(*parse_flow(FLOW))] == []


async def test_a_question_is_answered_and_the_open_one_asked_again(ports: Ports) -> None:
    run = await at_order(ports)
    assert await run.say("do you take cash") == [
        "We take cash and cards.",
        "Back to your order number. Your order number?",
    ]
    assert run.of(Say)[0].article == "a23@1" and run.state.block == "order"
    assert await run.say("4711") == ["How many pieces?"]


async def test_a_request_goes_to_its_block_and_comes_back(ports: Ports) -> None:
    run = await at_order(ports)
    assert await run.say("when are you open") == ["From nine to six."]
    await run.finish()
    assert run.said == [] and run.state.block == "order"
    assert [say.text for say in run.ever(Say)][-1] == "Back to your order number. Your order number?"
    await run.say("4711")
    assert run.state.attributes["order_id"] == "4711" and run.state.block == "count"


async def test_requests_nest_and_come_back_one_after_the_other(ports: Ports) -> None:
    run = await at_order(ports)
    assert await run.say("send me an invoice") == ["Which invoice?"]
    assert await run.say("when are you open") == ["From nine to six."]
    await run.finish()
    assert run.state.block == "mail"
    assert await run.say("12") == ["Invoice 12 is sent."]
    await run.finish()
    assert run.state.block == "order" and not run.state.asides


async def test_in_chinese_as_well(ports: Ports) -> None:
    run = begin(ports, locale="zh-CN")
    await run.tell(Started())
    await run.say("我要查订单")
    assert await run.say("可以付现金吗") == ["可以。", "我们回到您的订单号。 订单号是多少？"]
    await run.say("四七一一")
    assert await run.say("不对，是4712") == ["好的，4 7 1 2。 我们回到件数。 几件？"]
    assert run.state.attributes["order_id"] == "4712"


async def test_an_answer_is_no_digression(ports: Ports) -> None:
    run = await at_order(ports)
    await run.say("4711")
    await run.say("3")
    assert run.said == ["3 pieces of 4711?"]
    await run.say("yes")
    assert await run.say("courier") == ["4711, 3."]


async def test_a_menu_is_left_for_a_question_and_taken_up_again(ports: Ports) -> None:
    run = await at_order(ports)
    for words in ("4711", "3", "yes"):
        await run.say(words)
    assert (await run.say("do you take cash"))[1] == "Back to the delivery. Post or courier?"
    await run.tell(Pressed(digit="1"))
    assert run.said == ["4711, 3."]


async def test_a_question_is_put_off_only_so_often(ports: Ports) -> None:
    run = await at_order(ports)
    for _ in range(3):
        await run.say("do you take cash")
    assert await run.say("do you take cash") == ["Four digits, please."]


async def test_open_questions_wait_only_so_deep(ports: Ports) -> None:
    run = await at_order(ports)
    await run.say("send me an invoice")
    assert len(run.state.asides) == 1
    flow = parse_flow(FLOW.replace("handlers:", "digressions: {depth: 1}\nhandlers:"))[0]
    run = Run(flow, ports, intents=INTENTS, articles=ARTICLES)
    await run.tell(Started())
    await run.say("where is my order")
    await run.say("send me an invoice")
    assert await run.say("when are you open") == ["Sorry?"]


async def test_people_end_every_digression(ports: Ports) -> None:
    run = await at_order(ports)
    await run.say("send me an invoice")
    await run.say("a person please")
    assert run.of(Enqueue) and not run.state.asides


async def test_digressions_can_be_switched_off(ports: Ports) -> None:
    flow = parse_flow(
        FLOW.replace("handlers:", "digressions: {answers: false, intents: false, corrections: false}\nhandlers:")
    )[0]
    run = Run(flow, ports, intents=INTENTS, articles=ARTICLES)
    await run.tell(Started())
    await run.say("where is my order")
    assert await run.say("do you take cash") == ["Four digits, please."]
    assert await run.say("when are you open") == ["Four digits, please."]


@pytest.mark.parametrize(
    "words", ["no, I meant 4712", "sorry, it's 4712", "actually it's four seven one two", "make that 4712"]
)
async def test_a_correction_replaces_and_goes_on_from_there(ports: Ports, words: str) -> None:
    run = await at_order(ports)
    await run.say("4711")
    assert await run.say(words) == ["All right, 4 7 1 2. Back to the number of pieces. How many pieces?"]
    assert run.of(SetAttributes) == [SetAttributes(values={"order_id": "4712"})]
    await run.say("3")
    assert run.said == ["3 pieces of 4712?"]


async def test_a_correction_in_the_read_back_is_the_new_value(ports: Ports) -> None:
    run = await at_order(ports)
    await run.say("4711")
    await run.say("3")
    assert await run.say("no, 5") == ["5 pieces of 4711?"]
    await run.say("yes")
    assert run.state.attributes["pieces"] == "5"


async def test_a_correction_without_a_value_asks_for_it_again(ports: Ports) -> None:
    run = await at_order(ports)
    await run.say("4711")
    assert await run.say("I gave you the wrong order number") == ["Your order number?"]
    await run.say("4712")
    assert run.said == ["Back to the number of pieces. How many pieces?"]
    assert run.state.attributes["order_id"] == "4712" and run.state.block == "count"


@pytest.mark.parametrize("words", ["it's 4712 I think it's great", "4712", "I mean business", "no", "不是"])
async def test_what_is_no_correction_is_none(ports: Ports, words: str) -> None:
    run = await at_order(ports)
    await run.say("4711")
    await run.say(words)
    assert run.state.attributes["order_id"] == "4711"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("no, I meant 4712", "4712"),
        ("No. I mean the red one", "the red one"),
        ("sorry, make that two", "two"),
        ("change it to Friday", "Friday"),
        ("不对，是4712", "4712"),
        ("我说错了，应该是明天", "明天"),
        ("不是，我说的是红色", "红色"),
        ("改成三件", "三件"),
        ("is it open", ""),
        ("yes it is", ""),
        ("是的", ""),
        ("我是张三", ""),
        ("那是多少钱", ""),
    ],
)
def test_words_of_a_correction(words: str, value: str) -> None:
    assert value_of(words) == value


async def test_a_secret_is_asked_for_again_in_private(ports: Ports) -> None:
    secret = FLOW.replace("    slot: order_id\n", "    slot: order_id\n    sensitive: true\n").replace("{{order_id}}, ", "").replace("of {{order_id}}", "").replace("{{order_id}}的", "")  # fmt: skip
    run = Run(secret, ports, intents=INTENTS, articles=ARTICLES)
    await run.tell(Started())
    await run.say("where is my order")
    await run.say("when are you open")
    assert not run.of(Expect)[-1].sensitive
    await run.finish()
    assert [effect for effect in run.ever(Expect)][-1].sensitive and run.ever(PauseRecording)
    assert "when are you open" not in run.state.dump().decode()
