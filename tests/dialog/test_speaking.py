"""Filters in wordings, the manner of the voice, and who asks for slower speech."""

from __future__ import annotations

import pytest

from dialog import text
from dialog.effects import Say
from dialog.events import Feeling, Heard
from dialog.flow import parse_flow
from dialog.ports import Ports
from dialog.speaking import asked_pace
from dialog.validate import validate
from session.speech import SayAs
from tests.dialog.virtual import Run

FLOW = """format: flow/v1
id: speak
title: {en: Speak, zh-CN: 说}
locales: [en, zh-CN]
start: tell
inputs: {order: {type: string}, amount: {type: number}}
speaking:
  comfort: {en: I am sorry for the trouble., zh-CN: 很抱歉给您带来不便。}
blocks:
  tell:
    type: play
    text: {en: "Order {{order | spell}} costs {{amount | money}}.", zh-CN: "订单{{order | spell}}共{{amount | money}}。"}
    exits: {next: ask}
  ask:
    type: menu
    prompt: {en: "Order {{order | spell}}: pay or wait?", zh-CN: 付款还是等待？}
    no_match: {en: "Pardon?", zh-CN: 什么？}
    options:
      - {id: pay, key: "1"}
    exits: {pay: bye, no_match: bye, no_input: bye}
  bye:
    type: end
    text: {en: Goodbye., zh-CN: 再见。}
    disposition: done
"""
VALUES = {
    "amount": 350,
    "rate": 12.5,
    "day": "2026-03-04",
    "at": "14:05",
    "order": "A4711",
    "tel": "13800138000",
    "n": 12500,
}


@pytest.mark.parametrize(
    ("template", "locale", "written"),
    [
        ("{{amount | money}}", "en", "¥350.00"),
        ("{{ amount | money:USD }}", "en", "$350.00"),
        ("{{ rate * 2.0 | money:EUR }}", "zh-CN", "€25.00"),
        ("{{n | number}} / {{rate | percent}}", "en", "12,500 / 12.5%"),
        ("{{day | date}}", "en", "March 4, 2026"),
        ("{{day | date}}", "zh-CN", "2026年3月4日"),
        ("{{at | time}}", "en", "2:05 PM"),
        ("{{at | time}}", "zh-CN", "14:05"),
        ("{{tel | phone}}", "zh-CN", "138 0013 8000"),
        ("{{order|spell}}", "en", "A4711"),
        ("{{order | money}} {{order | date}} {{gone | money}}", "en", "A4711 A4711"),
        ("{{ n > 1 || rate > 1.0 ? 'many' : 'one' }}", "en", "many"),
    ],
)
def test_a_filter_writes_a_value_as_people_do(template: str, locale: str, written: str) -> None:
    assert text.render(template, VALUES, locale) == written


def test_money_takes_the_currency_of_the_conversation() -> None:
    assert text.render("{{amount | money}}", {**VALUES, "currency": "GBP"}, "en") == "£350.00"
    assert text.render("{{amount | money}}", {"amount": -15.2, "currency": "CHF"}, "en") == "-CHF 15.20"


def test_what_is_spelled_is_marked_where_it_stands_and_no_value_can_mark_itself() -> None:
    words, typed = text.render_typed("Your  order {{order | spell}}, call {{tel | phone}}.", VALUES, "en")
    assert words == "Your order A4711, call 138 0013 8000."
    assert [(words[piece.start : piece.end], piece.kind) for piece in typed] == [
        ("A4711", "spell"),
        ("138 0013 8000", "phone"),
    ]
    assert text.render_typed("{{x}}", {"x": "\ue000a\ue002"}, "en") == ("a", [])


def test_variables_are_found_behind_filters() -> None:
    assert text.variables("{{order.id | spell}} {{ a + b | money }}") == ["a", "b", "order.id"]


@pytest.mark.parametrize(
    ("used", "why"),
    [("| mony", "'mony'"), ("| money:XYZ", "'XYZ'"), ("| spell:USD", "no argument"), ("|", "no filter")],
)
def test_a_filter_that_does_not_exist_is_named_with_its_line(used: str, why: str) -> None:
    source = FLOW.replace("costs {{amount | money}}", f"costs {{{{amount {used}}}}}")
    flow, document = parse_flow(source, "speak.yaml")
    (problem,) = [each for each in validate(flow, document) if each.rule.id == "filter"]
    assert why in str(problem)
    assert problem.line == 1 + source[: source.index("costs")].count("\n")


def test_a_comfort_needs_every_locale() -> None:
    flow, document = parse_flow(FLOW.replace(", zh-CN: 很抱歉给您带来不便。", ""), "speak.yaml")
    assert [each.rule.id for each in validate(flow, document) if each.rule.id.startswith("comfort")] == [
        "comfort-locale"
    ]


async def started(ports: Ports, **options: object) -> Run:
    from dialog.events import Started

    run = Run(FLOW, ports, attributes={"order": "A4711", "amount": 350}, **options)  # type: ignore[arg-type]
    await run.tell(Started())
    return run


async def test_voice_and_chat_get_the_same_words_and_the_voice_is_told_what_to_spell(ports: Ports) -> None:
    run = await started(ports)
    (say,) = run.of(Say)
    assert say.text == "Order A4711 costs ¥350.00."
    assert say.say_as == [SayAs(start=6, end=11, kind="spell")]
    chat = await started(ports, channel="chat")
    assert chat.of(Say)[0].text == say.text
    assert chat.of(Say)[0].style == ""


UPSET = Feeling(label="angry", confidence=0.9, turns=1)


async def test_an_upset_caller_who_consented_is_comforted_once_and_spoken_to_calmly(ports: Ports) -> None:
    run = await started(ports)
    run.state.consents["emotion"] = True
    await run.finish()
    await run.tell(Heard(text="that is wrong", feeling=UPSET))
    (say,) = run.of(Say)
    assert (say.text, say.style) == ("I am sorry for the trouble. Pardon?", "calm")
    await run.finish()
    await run.tell(Heard(text="wrong again", feeling=UPSET))
    assert not any("sorry" in said for said in run.said)


async def test_typed_pieces_move_behind_the_comfort(ports: Ports) -> None:
    run = await started(ports)
    run.state.consents["emotion"] = True
    run.state.feeling = UPSET
    await run.finish()
    question = next(say for say in run.all if isinstance(say, Say) and "pay or wait" in say.text)
    (piece,) = question.say_as
    assert question.text[piece.start : piece.end] == "A4711"
    assert question.text.startswith("I am sorry")


async def test_without_consent_no_mood_changes_the_voice(ports: Ports) -> None:
    run = await started(ports)
    await run.finish()
    await run.tell(Heard(text="that is wrong", feeling=UPSET))
    assert [(say.text, say.style) for say in run.of(Say)] == [("Pardon?", "")]


async def test_who_asks_for_slower_speech_hears_the_question_again_slowly_until_they_ask_otherwise(
    ports: Ports,
) -> None:
    run = await started(ports)
    await run.say("can you speak slower please")
    (say,) = run.of(Say)
    assert ("pay or wait" in say.text, say.style) == (True, "slow")
    await run.say("speak faster please")
    assert run.of(Say)[0].style == ""


@pytest.mark.parametrize(
    ("words", "pace"),
    [
        ("slower please", True), ("could you slow down", True), ("you are talking too fast", True), ("说慢一点", True),
        ("请说慢点", True), ("慢一点", True), ("你说得太快了", True), ("正常语速", False), ("你说快一点", False),
        ("my internet is too slow", None), ("配送慢一点可以吗", None), ("is delivery slower at weekends", None),
        ("pay", None), ("快一点发货", None),
    ],
)  # fmt: skip
def test_what_asks_for_another_pace(words: str, pace: bool | None) -> None:
    assert asked_pace(words) is pace
