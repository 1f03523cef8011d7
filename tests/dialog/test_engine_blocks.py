"""Blocks start, hours, media, visual, converse, in virtual time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialog.calendars import Calendar, Switches
from dialog.effects import (
    AskVisual,
    CancelVisual,
    End,
    Expect,
    Inspect,
    PauseRecording,
    Perform,
    ResumeRecording,
    SetAttributes,
    SetMedia,
    Think,
    Trace,
)
from dialog.events import Heard, Inspected, Performed, Pressed, Received, Started, Thought
from dialog.flow import parse_flow
from dialog.ports import NoInspector, NoThinker, Ports
from dialog.validate import validate
from dialog.yamlfile import FileError
from tests.dialog.virtual import Run


def flow(blocks: str, head: str = "") -> str:
    return (
        "format: flow/v1\nid: small\ntitle: {en: Small}\nlocales: [en, zh-CN]\nchannels: [voice, video, chat]\n"
        f"{head}start: first\nblocks:\n{blocks}"
        "  one: {type: end, disposition: one}\n  two: {type: end, disposition: two}\n  three: {type: end, disposition: three}\n"
        "handlers: {on_error: three}\n"
    )


async def ended(run: Run) -> str:
    await run.tell(Started())
    return run.state.ended


START = """  first:
    type: start
    channels: [voice]
    numbers: ["100", web]
    locales: [en]
    attributes: {tier: standard, seen: 0}
    exits: {next: one, refused: two}
"""


@pytest.mark.parametrize(
    ("channel", "locale", "attributes", "end", "tier"),
    [
        ("voice", "en", {}, "one", "standard"),
        ("voice", "en", {"tier": "gold"}, "one", "gold"),
        ("chat", "en", {}, "two", "standard"),
        ("voice", "zh-CN", {}, "two", "standard"),
    ],
)
async def test_start_says_for_whom_the_flow_is(
    ports: Ports, channel: str, locale: str, attributes: dict[str, str], end: str, tier: str
) -> None:
    run = Run(flow(START), ports, channel=channel, locale=locale, attributes=attributes)  # type: ignore[arg-type]
    assert await ended(run) == end
    assert run.state.attributes["tier"] == tier


async def test_start_refuses_a_number_only_where_it_can(ports: Ports) -> None:
    other = START.replace('["100", web]', '["200"]')
    assert await ended(Run(flow(other), ports)) == "two"
    assert await ended(Run(flow(other.replace(", refused: two", "")), ports)) == "one"


HOURS = """  first:
    type: hours
    calendar: shop
    exits: {open: one, closed: two, holiday: three, emergency: three}
"""


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("when", "state"),
    [
        ("2024-03-04T07:59", "closed"),  # Monday 08:59 in Berlin
        ("2024-03-04T08:00", "open"),
        ("2024-03-04T16:59", "open"),
        ("2024-03-04T17:00", "closed"),
        ("2024-07-01T07:00", "open"),  # summer time: 09:00
        ("2024-03-09T10:00", "closed"),  # Saturday
        ("2024-03-08T10:00", "holiday"),  # Women's Day is one in Berlin
        ("2024-12-25T10:00", "holiday"),
        ("2024-12-27T10:00", "holiday"),  # listed
        ("2024-05-01T10:00", "open"),  # excepted
        ("2024-03-08T21:30", "holiday"),  # 22:30 of a Friday that is a holiday
        ("2024-03-15T21:30", "open"),  # 22:30 of a Friday
        ("2024-03-16T00:30", "open"),  # 01:30 of the next day
        ("2024-03-16T01:30", "closed"),
    ],
)
def test_a_calendar_knows_time_zone_weekdays_and_holidays(when: str, state: str) -> None:
    shop = Calendar.model_validate(
        {
            "timezone": "Europe/Berlin",
            "weekly": {"mon-fri": ["09:00-18:00"], "fri": ["22:00-02:00"]},
            "holidays": {"country": "DE", "subdivision": "BE", "extra": ["2024-12-27"], "except": ["2024-05-01"]},
        }
    )
    assert shop.state(at(when)) == state
    assert shop.model_copy(update={"emergency": True}).state(at(when)) == "emergency"


def test_weeks_wrap_around_and_days_end_at_midnight() -> None:
    bar = Calendar.model_validate({"weekly": {"sat-mon": ["20:00-24:00"]}})
    assert [bar.state(at(f"2024-03-{day:02}T23:59")) for day in range(2, 6)] == ["open", "open", "open", "closed"]
    assert bar.state(at("2024-03-03T00:00")) == "closed"


async def test_hours_take_the_exit_of_the_calls_own_time(ports: Ports, tmp_path: Path) -> None:
    (tmp_path / "calendars.yaml").write_text(
        "calendars: {shop: {timezone: Asia/Shanghai, weekly: {mon-sun: ['09:00-18:00']}}}"
    )
    parsed = parse_flow(flow(HOURS), str(tmp_path / "small.yaml"))[0]
    assert await ended(Run(parsed, ports, now=at("2024-03-04T01:30"))) == "one"
    assert await ended(Run(parsed, ports, now=at("2024-03-04T10:30"))) == "two"


async def test_hours_obey_override_and_switch(ports: Ports, tmp_path: Path) -> None:
    (tmp_path / "calendars.yaml").write_text("calendars: {shop: {weekly: {}}}")
    text = flow(
        HOURS.replace("calendar: shop", "calendar: shop\n    override: \"forced ? 'open' : ''\""),
        "inputs: {forced: {type: boolean, default: false}}\n",
    )
    parsed = parse_flow(text, str(tmp_path / "small.yaml"))[0]
    assert await ended(Run(parsed, ports)) == "two"
    assert await ended(Run(parsed, ports, attributes={"forced": True})) == "one"
    run = Run(parsed, ports, attributes={"forced": True})
    run.engine.ports.switches.states["shop"] = "emergency"
    assert await ended(run) == "three"
    assert Switches().state("shop") is None


async def test_media_orders_only_what_it_names(ports: Ports) -> None:
    blocks = """  first: {type: media, record: stop, mask_keys: true, hold: false, exits: {next: ask}}
  ask: {type: collect, slot: card, sensitive: true, max: 4, min: 4, prompt: {en: Card, zh-CN: 卡}, no_match: {en: Again, zh-CN: 再}, exits: {ok: more, failed: two}}
  more: {type: media, analysis: true, exits: {next: talk}}
  talk: {type: collect, slot: name, kind: free, prompt: {en: "Name{{card}}?", zh-CN: 名}, no_match: {en: Again, zh-CN: 再}, exits: {ok: on, failed: two}}
  on: {type: media, record: start, exits: {next: one}}
"""
    run = Run(flow(blocks), ports)
    await run.tell(Started())
    assert run.of(PauseRecording) and run.of(SetMedia) == [SetMedia(mask_keys=True, hold=False)]
    assert run.of(Expect)[-1].sensitive
    await run.say("four seven one one")
    assert not run.of(ResumeRecording), "what was stopped is not started by the end of a secret"
    assert run.said == ["Name?"], "a secret is not said, even if the flow tries to"
    assert run.of(SetMedia) == [SetMedia()], "no analysis without consent"
    await run.say("my name")
    assert run.of(ResumeRecording)
    assert b"4711" not in run.state.dump()
    assert not [effect for effect in run.ever(SetAttributes) if "card" in effect.values]


VISUAL = """  first:
    type: visual
    prompt: {en: Show it, zh-CN: 请拍照}
    waiting: {en: Let me see, zh-CN: 请稍等}
    analysers: [barcode, moderation]
    sets: [code]
    timeout_s: 60
    exits: {received: tell, none: two, rejected: three}
  tell: {type: play, text: {en: "It is {{code}}.", zh-CN: "是{{code}}。"}, exits: {next: one}}
"""


async def test_a_picture_comes_and_is_looked_at(ports: Ports) -> None:
    run = Run(flow(VISUAL), ports)
    await run.tell(Started())
    (asked,) = run.of(AskVisual)
    await run.tell(Received(request_id="another", ref="x"))
    assert run.state.phase == "asked"
    await run.tell(Received(request_id=asked.request_id, ref="pic-1"))
    (work,) = run.of(Inspect)
    assert (work.ref, work.analysers, run.said) == ("pic-1", ["barcode", "moderation"], ["Let me see"])
    again = await run.restart()
    assert [effect.request_id for effect in again if isinstance(effect, Inspect)] == [work.request_id]
    await run.tell(Inspected(request_id=work.request_id, accepted=True, values={"code": "4006381333931"}))
    assert run.said == ["It is 4006381333931."] and run.state.attributes["picture"] == "pic-1"
    assert "4006381333931" not in repr(Inspected(request_id="x", accepted=True, values={"code": "4006381333931"}))


async def test_a_picture_is_refused_does_not_come_or_is_not_wanted(ports: Ports) -> None:
    run = Run(flow(VISUAL), ports)
    await run.tell(Started())
    asked = run.of(AskVisual)[0]
    await run.tell(Received(request_id=asked.request_id, ref="pic"))
    answer = await NoInspector().inspect(run.of(Inspect)[0])
    await run.tell(answer)
    assert run.state.ended == "three"
    run = Run(flow(VISUAL), ports)
    await run.tell(Started())
    await run.finish()
    await run.fire("visual")
    assert run.state.ended == "two" and run.of(CancelVisual)
    run = Run(flow(VISUAL), ports)
    await run.tell(Started())
    await run.say("no")
    assert run.state.ended == "two"


CONVERSE = """  first:
    type: converse
    goal: book a table
    agent: AGENT
    tools: [free_tables]
    max_turns: 4
    guardrails: {never: ["free of charge"], max_chars: 60}
    slots:
      - {name: day, kind: date, ask: {en: "Which day?", zh-CN: 哪天？}}
      - {name: phone, kind: phone, ask: {en: "Your number?", zh-CN: 电话？}}
      - {name: note_for, kind: number, optional: true, ask: {en: "How many?", zh-CN: 几位？}}
    exits: {done: one, gave_up: two, human: three}
"""


async def test_rules_fill_slots_in_any_order_and_take_corrections(ports: Ports) -> None:
    run = Run(flow(CONVERSE.replace("AGENT", "rules"), "timezone: Europe/Berlin\n"), ports)
    await run.tell(Started())
    assert run.said == ["Which day?"]
    await run.say("my phone number is +49 30 1234567")
    assert run.said == ["Which day?"] and run.state.attributes["phone"] == "+49301234567"
    await run.say("tomorrow")
    assert run.state.attributes["day"] == "2023-11-15", "22:13 UTC is still the 14th in Berlin"
    assert run.state.ended == "one"


async def test_rules_give_up_after_too_much_that_says_nothing(ports: Ports) -> None:
    run = Run(flow(CONVERSE.replace("AGENT", "rules")), ports)
    await run.tell(Started())
    for words in ("well", "hm", "so"):
        await run.say(words)
    assert run.state.ended == "two"


async def test_a_request_for_a_person_takes_the_exit_human(ports: Ports) -> None:
    run = Run(flow(CONVERSE.replace("AGENT", "rules")), ports)
    await run.tell(Started())
    await run.say("a person please")
    assert run.state.ended == "three"


async def test_a_model_words_questions_uses_tools_and_keeps_to_the_guardrails(ports: Ports) -> None:
    run = Run(flow(CONVERSE.replace("AGENT", "model")), ports)
    await run.tell(Started())
    (think,) = run.of(Think)
    assert think.missing == ["day", "phone"] and "tools" not in repr(think)
    await run.tell(Thought(request_id="old", say="never mind"))
    assert not run.said
    await run.tell(Thought(request_id=think.request_id, say="When would you like to come?"))
    assert run.said == ["When would you like to come?"]
    await run.say("on friday")
    (think,) = run.of(Think)
    await run.tell(Thought(request_id=think.request_id, tool="free_tables", arguments={"day": "friday"}))
    (work,) = run.of(Perform)
    assert (work.kind, work.request["id"]) == ("workflow", "free_tables")
    await run.tell(Performed(call_id=work.call_id, outcome="done", values={"free": 3}))
    (think,) = run.of(Think)
    assert think.tool_result == {"outcome": "done", "values": {"free": 3}}
    await run.tell(
        Thought(request_id=think.request_id, values={"day": "2023-11-17", "secret": 1}, say="That is free of charge!")
    )
    assert run.said == ["Your number?"], "what must not be said is not said; the rules ask"
    assert "secret" not in run.state.attributes
    await run.say("+49 30 1234567")
    assert run.state.ended == "one"


async def test_words_and_a_restart_while_a_tool_works_run_it_no_second_time(ports: Ports) -> None:
    """Its answer was taken for an old one's, so the model ran the workflow again under another id."""
    run = Run(flow(CONVERSE.replace("AGENT", "model")), ports)
    await run.tell(Started())
    (think,) = run.of(Think)
    await run.tell(Thought(request_id=think.request_id, tool="free_tables", arguments={"day": "friday"}))
    (work,) = run.of(Perform)
    await run.say("hello?")
    assert not run.of(Think)
    assert [effect for effect in await run.restart() if isinstance(effect, Perform | Think)] == [work]
    await run.tell(Performed(call_id=work.call_id, outcome="done", values={"free": 3}))
    (think,) = run.of(Think)
    assert think.tool_result == {"outcome": "done", "values": {"free": 3}}


async def test_a_model_that_is_not_there_or_asks_for_what_it_may_not(ports: Ports) -> None:
    run = Run(flow(CONVERSE.replace("AGENT", "model")), ports)
    await run.tell(Started())
    await run.tell(await NoThinker().think(run.of(Think)[0]))
    assert run.said == ["Which day?"]
    await run.say("hm")
    await run.tell(Thought(request_id=run.of(Think)[0].request_id, tool="delete_everything"))
    assert run.said == ["Which day?"] and not run.ever(Perform)
    await run.say("hm")
    await run.fire("think")
    assert run.said == ["Which day?"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("name: phone", "name: day", "given twice"),
        ('["free of charge"]', '["("]', "no regular expression"),
        ("kind: date", "kind: colour", "slots.0.kind"),
    ],
)
def test_a_converse_that_cannot_work_is_refused(old: str, new: str, words: str) -> None:
    with pytest.raises(FileError, match=words):
        parse_flow(flow(CONVERSE.replace("AGENT", "rules").replace(old, new)))


BY_CHANNEL = """  first:
    type: play
    text: {en: "Press one.", zh-CN: "请按一。", chat: {en: "Write one.", zh-CN: "请写一。"}}
    exits: {next: {voice: one, chat: two}}
"""


@pytest.mark.parametrize(
    ("channel", "locale", "words", "end"),
    [("voice", "en", "Press one.", "one"), ("video", "en", "Press one.", "one"), ("chat", "zh-CN", "请写一。", "two")],
)
async def test_one_flow_serves_voice_video_and_chat(
    ports: Ports, channel: str, locale: str, words: str, end: str
) -> None:
    run = Run(flow(BY_CHANNEL), ports, channel=channel, locale=locale)  # type: ignore[arg-type]
    await run.tell(Started())
    assert run.said == [words]
    await run.finish()
    assert run.state.ended == end
    assert [(trace.block, trace.exit) for trace in run.ever(Trace)] == [("first", "next")]


def test_a_channel_that_is_none_is_refused() -> None:
    with pytest.raises(FileError, match="names channels"):
        parse_flow(flow(BY_CHANNEL.replace("voice: one", "fax: one")))


async def test_events_before_the_start_do_nothing(ports: Ports) -> None:
    run = Run(flow(BY_CHANNEL), ports)
    assert await run.tell(Heard(text="hello")) == []
    assert not run.ever(End)


async def test_digits_of_one_question_are_no_answer_to_the_next(ports: Ports) -> None:
    blocks = """  first: {type: collect, slot: pin, sensitive: true, min: 4, max: 8, prompt: {en: A, zh-CN: 甲}, no_match: {en: B, zh-CN: 乙}, exits: {ok: one, failed: two}}
  next_one: {type: collect, slot: order_id, min: 2, max: 2, prompt: {en: C, zh-CN: 丙}, no_match: {en: D, zh-CN: 丁}, exits: {ok: one, failed: two}}
"""
    run = Run(flow(blocks).replace("on_error: three", "on_error: three, on_human_request: next_one"), ports)
    await run.tell(Started())
    for digit in "24":
        await run.tell(Pressed(digit=digit))
    await run.say("a person please")
    assert run.state.block == "next_one" and "order_id" not in run.state.attributes
    assert run.state.private.digits == ""


@pytest.mark.parametrize(("what", "reads"), [("rule", True), ("workflow", False)])
async def test_sensitive_values_go_to_tables_but_not_into_stored_runs(ports: Ports, what: str, reads: bool) -> None:
    """The inputs of a run are in the database, and on the screens of those who approve it."""
    blocks = (
        "  first: {type: collect, slot: card, sensitive: true, min: 4, max: 4, prompt: {en: Card, zh-CN: 卡}, "
        "no_match: {en: What, zh-CN: 什么}, exits: {ok: act, failed: two}}\n"
        f"  act: {{type: action, {what}: pay, in: {{card: card}}, exits: {{done: one, needs_approval: one, failed: three}}}}\n"
    )
    run = Run(flow(blocks), ports)
    await run.tell(Started())
    await run.say("4711")
    works = [effect.request["inputs"] for effect in run.all if isinstance(effect, Perform)]
    assert works == ([{"card": "4711"}] if reads else [])
    assert run.state.ended == ("" if reads else "three")
    problems = [problem.rule.id for problem in validate(*parse_flow(flow(blocks)))]
    assert ("sensitive-said" in problems) is not reads
