"""Blocks `transfer` and `callback`: what they ask for, and what each outcome leads to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialog.effects import (
    AnyEffect,
    BookCallback,
    CancelTransfer,
    End,
    Enqueue,
    LeaveQueue,
    Record,
    Say,
    StartTimer,
    Transfer,
)
from dialog.engine import FlowEngine
from dialog.events import (
    AgentLeft,
    AgentLost,
    AnyFlowEvent,
    CallbackResult,
    Heard,
    Pressed,
    PromptDone,
    QueueResult,
    Started,
    TimerFired,
    TransferOutcome,
    TransferResult,
)
from dialog.filter.service import Filters
from dialog.flow import parse_flow
from dialog.ports import Ports, Understood
from dialog.state import CallerInfo, RunState
from dialog.validate import validate

PACKS = Path(__file__).parents[2] / "flows" / "filters"
FLOW = """
format: flow/v1
id: t
title: {en: T}
locales: [en]
start: go
blocks:
  go:
    %s
  talked: {type: end, disposition: talked, text: {en: Bye.}}
  silent: {type: end, disposition: silent, text: {en: They do not answer.}}
  taken: {type: end, disposition: taken, text: {en: They are busy.}}
  broken: {type: end, disposition: broken, text: {en: That did not work.}}
  people: {type: queue, exits: {answered: talked, overflow: silent, no_agents: silent}}
handlers: {on_human_request: people, on_error: people%s}
"""
EXITS = "exits: {connected: talked, no_answer: silent, busy: taken, failed: broken}"
TRANSFER = (
    'type: transfer\n    target: number\n    to: "+4930123456"\n    text: {en: Please wait.}\n'
    f"    whisper: {{en: 'A caller for {{{{company}}}}.'}}\n    {EXITS}"
)
CALLBACK = (
    'type: callback\n    offer: {en: "Shall we call {{callback_number}}?"}\n    ask: {en: "Which number?"}\n'
    '    no_match: {en: "Pardon?"}\n    booked: {en: We will call.}\n    retry_after_s: 60\n    %s\n'
    "    exits: {booked: talked, refused: taken, failed: broken}"
)


class Words:
    async def classify(self, text: str, allowed: Any = None) -> Understood:
        return Understood(text if text in ("yes", "no") else "unknown", 0.9)

    async def match(self, text: str, options: Any) -> int | None:
        return None


class Run:
    def __init__(self, ports: Ports, block: str, number: str = "4711", handlers: str = "") -> None:
        flow, document = parse_flow(FLOW % (block, handlers))
        self.problems = [problem for problem in validate(flow, document) if problem.severity == "E"]
        self.engine = FlowEngine(flow, replace(ports, understanding=Words()))
        self.state = self.engine.new_state(
            contact_id="c1", channel="voice", locale="en", caller=CallerInfo(number=number)
        )
        self.now = 1_000_000
        self.all: list[AnyEffect] = []

    async def tell(self, event: AnyFlowEvent) -> list[AnyEffect]:
        self.now += 100
        effects = await self.engine.step(self.state, event, self.now)
        self.all += effects
        return effects

    async def spoken(self) -> list[AnyEffect]:
        play = self.state.playing[-1]
        return await self.tell(PromptDone(play_id=play.play_id, outcome="done", spoken=play.text))

    async def restart(self) -> list[AnyEffect]:
        self.state = RunState.load(self.state.dump())
        effects = await self.engine.resume(self.state, self.now)
        self.all += effects
        return effects

    def one(self, kind: type[Any]) -> Any:
        return [effect for effect in self.all if isinstance(effect, kind)][-1]

    @property
    def said(self) -> list[str]:
        return [effect.text for effect in self.all if isinstance(effect, Say)]


@pytest.fixture
def transfer(ports: Ports) -> Run:
    return Run(ports, TRANSFER)


async def test_what_is_whispered_passes_the_filter(ports: Ports) -> None:
    block = TRANSFER.replace("A caller for", "Sold with guaranteed returns by")
    filters = Filters.load(PACKS, ["us-CA"])
    run = Run(replace(ports, filters=filters), block)
    await run.tell(Started())
    assert "Sold with" not in run.one(Transfer).whisper
    (record,) = [effect for effect in run.all if isinstance(effect, Record) and effect.kind == "content_filter"]
    assert (record.payload["pack"], record.payload["block"]) == ("us-CA", "go")


async def test_a_transfer_is_asked_for_with_its_whisper(transfer: Run) -> None:
    assert transfer.problems == []
    await transfer.tell(Started())
    asked = transfer.one(Transfer)
    assert (asked.target, asked.to, asked.whisper) == ("number", "+4930123456", "A caller for Warmline.")
    assert transfer.said == ["Please wait."]
    assert "+4930123456" not in repr(asked)
    await transfer.tell(Heard(text="yes"))
    await transfer.tell(Pressed(digit="5"))
    assert transfer.state.block == "go"  # the bot is deaf meanwhile


@pytest.mark.parametrize(("outcome", "end"), [("no_answer", "silent"), ("busy", "taken"), ("failed", "broken")])
async def test_who_is_not_reached_gives_the_caller_back(transfer: Run, outcome: TransferOutcome, end: str) -> None:
    await transfer.tell(Started())
    await transfer.tell(TransferResult(transfer_id=transfer.one(Transfer).transfer_id, outcome=outcome))
    assert transfer.state.block == end
    assert len(transfer.said) == 2  # and says so


async def test_after_the_talk_the_run_goes_on(transfer: Run) -> None:
    await transfer.tell(Started())
    await transfer.tell(TransferResult(transfer_id="c1:go:1", outcome="connected"))
    assert (transfer.state.block, transfer.state.phase) == ("go", "talking")
    await transfer.tell(TransferResult(transfer_id="c1:go:1", outcome="failed"))  # a late one
    assert transfer.state.phase == "talking"
    await transfer.tell(AgentLeft())
    assert transfer.state.block == "talked"


@pytest.mark.parametrize(("handlers", "block"), [(", on_agent_lost: silent", "silent"), ("", "people")])
async def test_a_line_that_dies_in_the_middle_gives_the_caller_back(ports: Ports, handlers: str, block: str) -> None:
    run = Run(ports, TRANSFER, handlers=handlers)
    await run.tell(Started())
    await run.tell(TransferResult(transfer_id="c1:go:1", outcome="connected"))
    await run.tell(AgentLost())
    assert run.state.block == block


async def test_a_blind_transfer_ends_with_the_talk(ports: Ports) -> None:
    run = Run(
        ports, TRANSFER.replace("target: number", "target: number\n    mode: blind").replace("connected: talked, ", "")
    )
    assert run.problems == []
    await run.tell(Started())
    assert run.one(Transfer).blind
    await run.tell(TransferResult(transfer_id="c1:go:1", outcome="connected"))
    await run.tell(AgentLeft())
    assert run.one(End).disposition == run.state.ended == "transferred"


async def test_a_queue_is_a_queue(ports: Ports) -> None:
    run = Run(ports, TRANSFER.replace("target: number", "target: queue").replace('"+4930123456"', "billing"))
    await run.tell(Started())
    asked = run.one(Enqueue)
    assert (asked.queue, asked.overflow_s, asked.whisper) == ("billing", 25.0, "A caller for Warmline.")
    await run.tell(QueueResult(outcome="overflow"))
    assert run.state.block == "silent"


async def test_to_another_flow_the_run_ends_without_hanging_up(ports: Ports) -> None:
    run = Run(
        ports,
        "type: transfer\n    target: flow\n    to: bank\n    context: {topic: = intent}\n    exits: {failed: broken}",
    )
    await run.tell(Started())
    assert run.one(Transfer).context == {"topic": ""}
    await run.tell(TransferResult(transfer_id="c1:go:1", outcome="connected"))
    assert run.state.ended == "transferred"
    assert not any(isinstance(effect, End) for effect in run.all)


async def test_no_answer_from_outside_is_an_answer_too(transfer: Run) -> None:
    await transfer.tell(Started())
    transfer.now = transfer.state.timers["transfer"]
    await transfer.tell(TimerFired(name="transfer"))
    assert transfer.one(CancelTransfer).transfer_id == "c1:go:1"
    assert transfer.state.block == "broken"


async def test_a_restart_asks_for_the_same_transfer(transfer: Run) -> None:
    await transfer.tell(Started())
    first = transfer.one(Transfer)
    await transfer.restart()
    assert transfer.one(Transfer) == first
    assert len([effect for effect in transfer.all if isinstance(effect, Transfer)]) == 2
    await transfer.tell(TransferResult(transfer_id="c1:go:1", outcome="connected"))
    assert not any(isinstance(effect, Transfer) for effect in await transfer.restart())


async def test_somebody_unknown_is_a_failure(ports: Ports) -> None:
    run = Run(ports, TRANSFER.replace('"+4930123456"', "\"= locale == 'de' ? '1' : ''\""))
    await run.tell(Started())
    assert run.state.block == "broken"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('"+4930123456"', "nobody at all", "transfer-target"),
        ("target: number", "target: sip", "transfer-target"),
        ("no_answer: silent, ", "", "exit-missing"),
        ("target: number", "target: flow", "transfer-target"),
    ],
)
def test_what_cannot_work_is_found_before(ports: Ports, old: str, new: str, rule: str) -> None:
    assert rule in [problem.rule.id for problem in Run(ports, TRANSFER.replace(old, new)).problems]


# ---------------------------------------------------------------------- callback


async def test_the_number_they_call_from_is_offered_and_booked(ports: Ports) -> None:
    run = Run(ports, CALLBACK % "queue: billing")
    assert run.problems == []
    await run.tell(Started())
    assert run.said == ["Shall we call 4 7 1 1?"]
    await run.spoken()
    await run.tell(Heard(text="yes"))
    asked = run.one(BookCallback)
    assert (asked.number, asked.queue, asked.keep_place, asked.at_ms, asked.retries) == (
        "4711",
        "billing",
        True,
        None,
        2,
    )
    assert "4711" not in repr(asked)
    await run.tell(CallbackResult(callback_id=asked.callback_id, outcome="booked"))
    assert run.said[-1] == "We will call."
    await run.spoken()
    assert run.state.block == "talked"


async def test_a_withheld_number_is_asked_for_and_read_back(ports: Ports) -> None:
    run = Run(ports, CALLBACK % "queue: billing", number="")
    await run.tell(Started())
    assert run.said == ["Which number?"]
    await run.spoken()
    for digit in "5550199#":
        await run.tell(Pressed(digit=digit))
    assert run.said[-1] == "Shall we call 5 5 5 0 1 9 9?"
    await run.tell(Pressed(digit="1"))
    assert run.one(BookCallback).number == "5550199"


async def test_a_number_heard_wrongly_is_asked_for_again(ports: Ports) -> None:
    run = Run(ports, CALLBACK % "number: ask")
    await run.tell(Started())
    await run.spoken()
    await run.tell(Heard(text="five five five one"))
    assert run.said[-1] == "Shall we call 5 5 5 1?"
    await run.tell(Heard(text="no"))
    assert run.state.phase == "number"
    await run.tell(Heard(text="five five five two"))
    await run.tell(Heard(text="yes"))
    assert run.one(BookCallback).number == "5552"


async def test_a_no_is_a_no(ports: Ports) -> None:
    run = Run(ports, CALLBACK % "queue: billing")
    await run.tell(Started())
    await run.tell(Pressed(digit="2"))
    assert run.state.block == "taken"
    assert not any(isinstance(effect, BookCallback) for effect in run.all)


async def test_what_cannot_be_booked_is_told(ports: Ports) -> None:
    run = Run(ports, CALLBACK % "queue: billing")
    await run.tell(Started())
    await run.tell(Pressed(digit="1"))
    await run.tell(CallbackResult(callback_id="c1:go:1", outcome="failed", why="the number is not allowed"))
    assert run.state.block == "broken"


async def test_a_restart_books_the_same_one(ports: Ports) -> None:
    run = Run(ports, CALLBACK % "queue: billing")
    await run.tell(Started())
    await run.tell(Pressed(digit="1"))
    first = run.one(BookCallback)
    await run.restart()
    assert run.one(BookCallback) == first
    assert len([effect for effect in run.all if isinstance(effect, BookCallback)]) == 2


@pytest.mark.parametrize(
    ("at", "ms"),
    [("= '2026-11-23T10:00:00+01:00'", 1_795_424_400_000), ("= 1700000000", 1_700_000_000_000), ("= '2026-11-23T10:00'", 1_795_424_400_000)],
)  # fmt: skip
async def test_a_time_agreed_upon(ports: Ports, at: str, ms: int) -> None:
    window = f'at: "{at}"\n    window: {{from: "09:00", to: "18:00", timezone: Europe/Berlin}}'
    run = Run(ports, CALLBACK % window)
    await run.tell(Started())
    await run.tell(Pressed(digit="1"))
    asked = run.one(BookCallback)
    assert (asked.at_ms, asked.hours, asked.timezone) == (ms, ["09:00", "18:00"], "Europe/Berlin")


async def test_a_time_that_is_none_fails_without_a_booking(ports: Ports) -> None:
    run = Run(ports, CALLBACK % "at: \"= 'tomorrow or so'\"")
    await run.tell(Started())
    await run.tell(Pressed(digit="1"))
    assert run.state.block == "broken"


@pytest.mark.parametrize(("more", "rule"), [("number: 5550199", "callback-number"), ("at: tomorrow", "callback-at")])
def test_a_callback_that_cannot_work_is_found_before(ports: Ports, more: str, rule: str) -> None:
    assert rule in [problem.rule.id for problem in Run(ports, CALLBACK % more.replace("5550199", '"5550199"')).problems]


def test_a_window_needs_an_order_and_a_zone(ports: Ports) -> None:
    for window in (
        '{from: "18:00", to: "09:00", timezone: Europe/Berlin}',
        '{from: "09:00", to: "18:00", timezone: Mars}',
    ):
        with pytest.raises(Exception, match=r"later than|IANA"):
            Run(ports, CALLBACK % f"window: {window}")


WAITING = (
    "type: queue\n    text: {en: One moment.}\n    menu:\n      text: {en: Press two to hang up politely.}\n"
    '      every_s: 30\n      options: [{id: enough, key: "2"}]\n'
    "    exits: {answered: talked, overflow: silent, no_agents: broken, enough: taken}"
)


@pytest.fixture
def waiting(ports: Ports) -> Run:
    return Run(ports, WAITING, handlers="}\nshortcuts: {'0': people")


async def told(run: Run) -> list[AnyEffect]:
    """The time comes for what is said between the music."""
    timer = run.one(StartTimer)
    assert (timer.name, timer.ms) == ("queue_menu", 30_000)
    run.now += timer.ms
    return await run.tell(TimerFired(name="queue_menu"))


async def test_who_waits_is_told_again_and_again_how_to_leave_and_does_by_key(waiting: Run) -> None:
    assert not waiting.problems
    await waiting.tell(Started())
    for _ in range(2):
        assert [effect.text for effect in await told(waiting) if isinstance(effect, Say)] == [
            "Press two to hang up politely."
        ]
    assert await waiting.tell(Pressed(digit="5")) == [], "a key without a meaning costs no place"
    assert await waiting.tell(Pressed(digit="0")) == [], "who waits goes nowhere by a shortcut"
    await waiting.restart()
    effects = await waiting.tell(Pressed(digit="2"))
    assert [effect.why for effect in effects if isinstance(effect, LeaveQueue)] == ["enough"]
    assert waiting.said[-1] == "They are busy."


async def test_the_keys_of_a_queue_are_the_agents_while_they_talk(waiting: Run) -> None:
    await waiting.tell(Started())
    await waiting.tell(QueueResult(outcome="answered"))
    assert await waiting.tell(TimerFired(name="queue_menu")) == []
    assert await waiting.tell(Pressed(digit="2")) == []
    await waiting.tell(AgentLeft())
    assert waiting.said[-1] == "Bye."


async def test_one_exit_may_stand_for_all_ways_out(ports: Ports) -> None:
    run = Run(
        ports, WAITING.replace("enough: taken}", "left: taken}").replace("no_agents: broken", "no_agents: silent")
    )
    assert {problem.rule.id for problem in run.problems} <= {"unreachable"}
    await run.tell(Started())
    await run.tell(Pressed(digit="2"))
    assert run.said[-1] == "They are busy."


async def test_keys_typed_ahead_of_the_queue_do_not_leave_it(ports: Ports) -> None:
    run = Run(
        ports,
        "type: play\n    text: {en: Hello.}\n    exits: {next: wait, failed: wait}\n  wait:\n    " + WAITING,
    )
    await run.tell(Started())
    await run.tell(Pressed(digit="2"))
    await run.spoken()
    assert run.one(Enqueue) and not [effect for effect in run.all if isinstance(effect, LeaveQueue)]


@pytest.mark.parametrize(
    ("menu", "rule"),
    [
        ('{text: {en: Hm.}, options: [{id: enough, key: "2"}, {id: back, key: "2"}]}', "key-taken"),
        ('{text: {de: Hm.}, options: [{id: enough, key: "2"}, {id: back, key: "3"}]}', "locale-missing"),
        ('{text: {en: Hm.}, options: [{id: enough, key: "2"}, {id: gone, key: "3"}]}', "exit-missing"),
    ],
)
def test_a_menu_of_a_queue_is_judged_as_every_menu(ports: Ports, menu: str, rule: str) -> None:
    block = f"type: queue\n    menu: {menu}\n    exits: {{answered: talked, overflow: silent, no_agents: silent, enough: taken, back: taken}}"
    assert rule in {problem.rule.id for problem in Run(ports, block).problems}
