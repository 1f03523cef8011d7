"""Why somebody is handed over, in the words of whoever reads it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialog.effects import BookCallback, Enqueue, Trace, Transfer
from dialog.reasons import reason_in
from session.consent import MOOD_REASON, tells_mood
from tests.dialog.virtual import begun

ROOT = Path(__file__).parents[2]
HAN = re.compile(r"[\u3400-\u9fff]")
# Calls that say why → which of their arguments does.
SAYS_WHY = {"leave": 1, "lead": 2, "go": 2, "_miss": 1, "_unclear": 1, "_leave_none": 1, "_decide": 2}
SAYS_WHY |= {"_tell": 2, "_back": 2, "news": 1}
RESULTS = {"TransferResult", "CallbackResult"}
FLOW = """
format: flow/v1
id: t
title: {en: T}
locales: [en, zh-CN]
start: ask
blocks:
  ask: {type: collect, slot: count_of, label: {en: "n"}, prompt: {en: "N?"}, no_match: {en: "N?"}, exits: {ok: bye, failed: people}}
  people: {%s}
  bye: {type: end}
handlers: {on_human_request: people, on_error: bye}
"""
QUEUE = "type: queue, exits: {answered: bye, overflow: bye, no_agents: bye}"
TRANSFER = "type: transfer, target: %s, to: sales, exits: {connected: bye, busy: bye, no_answer: bye, failed: bye}"
OFFER = "type: callback, offer: {en: '?'}, ask: {en: '?'}, no_match: {en: '?'}, booked: {en: '!'}"
CALLBACK = f"{OFFER}, exits: {{booked: bye, refused: bye, failed: bye}}"
ASKS = {"en": "a person please", "zh-CN": "我要找人工客服"}
YES = {"en": "yes", "zh-CN": "是的"}
PERSON = {"我要找人工客服": "human_request"}


def wordings(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may be; a value in one is `7`."""
    match node:
        case ast.Constant(value=str() as text) if text:
            yield text
        case ast.JoinedStr():
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
        case ast.IfExp():
            yield from wordings(node.body)
            yield from wordings(node.orelse)
        case ast.BoolOp():
            for part in node.values:
                yield from wordings(part)
        case _:
            pass


def written() -> set[str]:
    """Every reason that stands in the sources of the blocks and of the calls."""
    found = set()
    places = [*(ROOT / "dialog").glob("*.py"), *(ROOT / "dialog/blocks").glob("*.py")]
    for file in [*places, *(ROOT / "dialog/verification").glob("*.py"), *(ROOT / "server/calls").glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            said = [keyword.value for keyword in node.keywords if keyword.arg == "why" and name in RESULTS]
            if len(node.args) > SAYS_WHY.get(name, 99):
                said.append(node.args[SAYS_WHY[name]])
            found |= {text for one in said for text in wordings(one)}
    return found


def test_every_reason_has_chinese_words() -> None:
    reasons = written()
    assert {"asked for a person", "the agent did not answer", "wrong 7 7 times", "queue: 7"} <= reasons
    assert sorted(why for why in reasons if not HAN.search(reason_in(why, "zh-CN"))) == []
    assert [why for why in reasons if reason_in(why, "en") != why] == []


def test_what_no_block_wrote_stays_and_values_are_put_in_their_place() -> None:
    assert reason_in("intent == 'order'", "zh-CN") == "intent == 'order'"
    assert reason_in("wrong pin 3 times", "zh-CN") == "pin答错3次"
    assert reason_in("article fees@2 was given before", "zh-HK") == "知识条目fees@2此前已告知过"
    assert reason_in("queue: overflow", "zh-CN") == "排队：等候过久"
    assert reason_in("app: internal error", "zh-CN") == "系统故障（内部错误）"


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("why", [MOOD_REASON, "emotion.label == 'angry'"])
def test_a_mood_is_known_as_one_in_every_language(why: str, locale: str) -> None:
    assert tells_mood(reason_in(why, locale))


@pytest.mark.parametrize(("locale", "why"), [("zh-CN", "客户要求人工服务"), ("en", "asked for a person")])
@pytest.mark.parametrize("block", [QUEUE, TRANSFER % "queue", TRANSFER % "agent"])
async def test_agents_read_why_in_the_language_of_the_conversation(block: str, locale: str, why: str) -> None:
    run = await begun(FLOW % block, locale=locale, intents=PERSON)
    await run.say(ASKS[locale])
    assert run.state.reason == why
    assert [asked.reason for asked in [*run.ever(Enqueue), *run.ever(Transfer)]] == [why]
    assert [step.why for step in run.ever(Trace)][-1] == "asked for a person"  # the record of the run is for builders


@pytest.mark.parametrize(("locale", "why"), [("zh-CN", "客户要求回电"), ("en", "asked to be called back")])
async def test_so_they_do_before_they_call_back(locale: str, why: str) -> None:
    run = await begun(FLOW % CALLBACK, locale=locale, intents=PERSON, number="4711")
    await run.say(ASKS[locale])
    await run.say(YES[locale])
    assert [asked.reason for asked in run.ever(BookCallback)] == [why]


@pytest.mark.parametrize(("locale", "why"), [("zh-CN", "要退货"), ("en", "wants to return goods")])
async def test_the_flow_has_its_own_words_for_either(locale: str, why: str) -> None:
    own = "{en: wants to return goods, zh-CN: 要退货}"
    run = await begun(FLOW % QUEUE.replace("queue,", f"queue, reason: {own},"), locale=locale, intents=PERSON)
    await run.say(ASKS[locale])
    assert [asked.reason for asked in run.ever(Enqueue)] == [why]
    plain = await begun(FLOW % QUEUE.replace("queue,", "queue, reason: as it is,"), locale=locale, intents=PERSON)
    await plain.say(ASKS[locale])
    assert [asked.reason for asked in plain.ever(Enqueue)] == ["as it is"]
