"""What stands between a private request and its answer must not make it a public one (R20): other requests in between, menus,
sub-flows, corrections, other flows, restarts, changes of language and of channel.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dialog.engine import FlowEngine
from dialog.events import Heard, Pressed, Started, TextMessage
from dialog.flow import Flow, load_flow
from dialog.state import RunState
from dialog.text import language_of
from tests.dialog.test_private import Call

PERSON = """
  person: {type: queue, queue: people, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end, text: {en: Goodbye., zh-CN: 再见。}}
handlers: {on_human_request: person, on_error: person}
"""
SHOP = (
    """
format: flow/v1
id: shop
title: {en: Shop, zh-CN: 店}
locales: [en, zh-CN]
start: ask
blocks:
  ask:
    type: understand
    prompt: {en: "How can I help?", zh-CN: 请问}
    no_match: {en: Pardon, zh-CN: 什么}
    exits: {statement: month, card: pick, help: pick, points: sub, balance: order, opening_hours: hours, unknown: person}
  hours: {type: play, text: {en: From nine to five., zh-CN: 九点到五点。}, exits: {next: ask}}
  month:
    type: collect
    slot: month
    kind: free
    prompt: {en: "Which month?", zh-CN: 哪个月}
    no_match: {en: Pardon, zh-CN: 什么}
    exits: {ok: fetch, failed: person}
  pick:
    type: menu
    prompt: {en: "Statement or hours?", zh-CN: 哪个}
    no_match: {en: "Which?", zh-CN: 哪个}
    options: [{id: one, key: "1", intents: [statement]}, {id: two, key: "2", intents: [opening_hours]}]
    exits: {one: fetch, two: fetch, no_match: person}
  order:
    type: collect
    slot: order
    min: 4
    max: 4
    prompt: {en: "Which number?", zh-CN: 号码}
    no_match: {en: Pardon, zh-CN: 什么}
    exits: {ok: account, failed: person}
  account:
    type: collect
    slot: account
    min: 6
    max: 6
    prompt: {en: "Which account?", zh-CN: 账号}
    no_match: {en: Pardon, zh-CN: 什么}
    exits: {ok: fetch, failed: person}
  sub: {type: call, flow: chat, exits: {done: fetch, error: person}}
  fetch:
    type: http
    method: GET
    url: https://bank.example/statement
    extract: {statement: body.text}
    exits: {ok: said, http_error: person, timeout: person}
  said:
    type: play
    text: {en: "{{statement}}", zh-CN: "{{statement}}"}
    exits: {next: ask}
"""
    + PERSON
)
CHAT = (
    """
format: flow/v1
id: chat
title: {en: Chat, zh-CN: 聊}
locales: [en, zh-CN]
start: what
outcomes: [done]
blocks:
  what:
    type: understand
    prompt: {en: "Anything else before?", zh-CN: 还有吗}
    no_match: {en: Pardon, zh-CN: 什么}
    exits: {opening_hours: back, unknown: back}
  back: {type: end, outcome: done}
"""
    + PERSON
)


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    folder: Path = tmp_path_factory.mktemp("flows")
    (folder / "shop.yaml").write_text(SHOP, encoding="utf-8")
    (folder / "chat.yaml").write_text(CHAT, encoding="utf-8")
    return load_flow(folder / "shop.yaml")


def called(flow: Flow, *, level: int = 0, channel: str = "voice", locale: str = "en") -> Call:
    call = Call(level=level, channel=channel, locale=locale)
    call.engine = FlowEngine(flow, call.engine.ports)
    call.state.flow_sha = flow.sha
    return call


TRICKS: dict[str, tuple[str, ...]] = {
    "something public in between": ("statement", "opening_hours", "May"),
    "in between, twice": ("statement", "opening_hours", "opening_hours", "May"),
    "in between in the other language": ("statement", "opening_hours 几点开门", "五月"),
    "private words in the other language": ("statement 我的账单", "五月"),
    "in between, then the answer by keys": ("balance", "opening_hours", "#1234", "opening_hours", "#471100"),
    "a correction of what was given before": ("balance", "#1234", "no, I meant 4712", "opening_hours", "#471100"),
    "a public menu's private option by words": ("help", "statement"),
    "a public menu's private option, in the other language": ("help", "statement 账单"),
    "a menu's option by words": ("card", "opening_hours", "statement"),
    "a menu's option after something public": ("opening_hours", "card", "statement"),
    "a menu's option by key": ("card", "#1"),
    "a menu's public option that leads where the private one does": ("card", "opening_hours"),
    "through a sub-flow that hears something public": ("points", "opening_hours"),
    "through a sub-flow in which nothing is understood": ("points", "unknown"),
    "a sub-flow, and something public in between": ("points", "opening_hours", "opening_hours", "statement", "May"),
    "said before it is asked": ("opening_hours", "statement", "repeat", "May"),
    "two requests at once": ("opening_hours statement", "statement opening_hours", "May"),
}


async def tried(call: Call, lines: tuple[str, ...], *, restarts: bool = False) -> Call:
    await call.tell(Started())
    for line in lines:
        if restarts:
            call.state = RunState.load(call.state.dump())
            await call.engine.resume(call.state, 1_700_000_000_000)
        for key in line[1:] if line.startswith("#") else ():
            await call.tell(Pressed(digit=key))
        if line.startswith("#"):
            continue
        if call.state.channel == "chat":
            await call.tell(TextMessage(text=line))
        else:
            await call.tell(Heard(text=line, language=language_of(line), confidence=0.99))
    return call


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("channel", ["voice", "chat"])
@pytest.mark.parametrize("name", TRICKS)
async def test_no_trick_makes_it_public(flow: Flow, name: str, channel: str, restarts: bool) -> None:
    if channel == "chat" and any(line.startswith("#") for line in TRICKS[name]):
        lines = tuple(line.removeprefix("#") for line in TRICKS[name])
    else:
        lines = TRICKS[name]
    for locale in ("en", "zh-CN"):
        for level in (0, 1):
            call = await tried(called(flow, channel=channel, locale=locale, level=level), lines, restarts=restarts)
            assert not call.leaked, (call.said, call.performed)


@pytest.mark.parametrize("name", ["something public in between", "a menu's option by words", "a menu's option by key"])
async def test_who_is_verified_gets_it_by_the_same_ways(flow: Flow, name: str) -> None:
    assert (await tried(called(flow, level=2), TRICKS[name])).leaked  # so the tests above can fail
