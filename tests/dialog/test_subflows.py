"""Sub-flows: inputs and outputs, the stack over a restart, handlers inherited, errors, visits counted once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialog import frames
from dialog.effects import AnyEffect, End, Say, SetAttributes, Trace
from dialog.events import (
    AgentLeft,
    AgentLost,
    Failed,
    Heard,
    HungUp,
    Pressed,
    QueueResult,
    Started,
    TakenOver,
    TimerFired,
)
from dialog.flow import Flow, parse_flow, read_flow
from dialog.ports import Ports
from dialog.state import Frame, RunState
from dialog.text import variables
from dialog.validate import validate
from tests.dialog.virtual import Run

MAIN = """format: flow/v1
id: main
title: {en: Main}
locales: [en]
start: order
blocks:
  order:
    type: collect
    slot: order_id
    label: {en: your order number}
    prompt: {en: "Your order number?"}
    no_match: {en: "Pardon?"}
    min: 4
    max: 4
    exits: {ok: survey, failed: bye}
  survey:
    type: call
    flow: survey
    in: {topic: "= 'order ' + order_id", most: 5}
    out: {stars: rating, double: "rating + rating"}
    exits: {rated: again, declined: bye, error: broken}
  again:
    type: call
    flow: survey
    in: {topic: again}
    exits: {rated: bye, declined: bye, error: broken}
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: bye}}
  lost: {type: play, text: {en: The line was lost.}, exits: {next: people}}
  silent: {type: end, disposition: silent}
  late: {type: end, disposition: late}
  gone: {type: set, values: {left_in: "= visits.order"}, exits: {next: bye}}
  broken: {type: end, disposition: broken}
  bye: {type: end, disposition: done}
handlers: {on_human_request: people, on_error: broken, on_silence: silent, on_agent_lost: lost, on_hangup: gone, on_timeout: late}
max_duration_s: 60
shortcuts: {"0": people}
"""
SURVEY = """format: flow/v1
id: survey
title: {en: Survey}
locales: [en]
inputs: {topic: {}, most: {type: number, default: 3}}
outcomes: [rated, declined]
start: order
blocks:
  order:
    type: collect
    slot: rating
    min: 1
    max: 1
    prompt: {en: "{{topic}}: one to {{most}}?"}
    no_match: {en: "One to {{most}}?"}
    exits: {ok: deep, failed: "no"}
  deep: {type: call, flow: deep, exits: {fine: thanks, error: thanks}}
  thanks: {type: end, outcome: rated, text: {en: "Thanks."}}
  "no": {type: end, outcome: declined}
"""
DEEP = """format: flow/v1
id: deep
title: {en: Deep}
locales: [en]
outcomes: [fine]
start: ask
blocks:
  ask: {type: menu, prompt: {en: "Fine?"}, no_match: {en: "Well?"}, options: [{id: well, key: "1", intents: ["yes"]}], exits: {well: fine, no_match: fine}}
  fine: {type: end, outcome: fine}
"""


@pytest.fixture
def main(tmp_path: Path) -> Flow:
    (tmp_path / "survey.yaml").write_text(SURVEY)
    (tmp_path / "subflows").mkdir()
    (tmp_path / "subflows" / "deep.yaml").write_text(DEEP)
    return parse_flow(MAIN, str(tmp_path / "main.yaml"))[0]


@pytest.mark.parametrize("saved", [False, True])
async def test_a_subflow_sees_its_inputs_and_gives_back_its_outputs(main: Flow, ports: Ports, saved: bool) -> None:
    run = Run(main, ports, saved=saved, attributes={"secret_of_main": 1})
    await run.tell(Started())
    assert await run.say("4711") == ["order 4711: one to 5?"]
    assert run.state.flow == "survey" and "secret_of_main" not in run.state.attributes
    assert await run.say("4") == ["Fine?"]
    assert [frame.flow for frame in run.state.stack] == ["", "survey"]
    assert await run.say("yes") == ["Thanks."]
    await run.finish()
    assert run.state.attributes == {"topic": "again", "most": 3}, "the second call's inputs, with the default"
    assert run.ever(Say)[-1].text == "again: one to 3?"
    outer = run.state.stack[0].attributes
    assert outer == {"order_id": "4711", "stars": "4", "double": "44", "secret_of_main": 1}
    await run.say("2")
    await run.say("yes")
    await run.finish()
    assert run.state.ended == "done" and not run.state.stack and run.state.flow == ""
    left = [(trace.flow, trace.block, trace.exit) for trace in run.ever(Trace)]
    assert left[:6] == [
        ("", "order", "ok"), ("survey", "order", "ok"), ("deep", "ask", "well"), ("deep", "fine", "fine"),
        ("survey", "deep", "fine"), ("survey", "thanks", "rated"),
    ]  # fmt: skip
    assert left[6] == ("", "survey", "rated")


async def test_visits_of_a_subflow_go_on_counting(main: Flow, ports: Ports) -> None:
    run = Run(main, ports)
    await run.tell(Started())
    await run.say("4711")
    first = run.state.visits["order"], run.state.other_visits[""]["order"]
    await run.say("4")
    await run.say("yes")
    await run.finish()
    assert (first, run.state.visits["order"], run.state.other_visits[""]) == (
        (1, 1),
        2,
        {"order": 1, "survey": 1, "again": 1},
    )


async def test_the_callers_handlers_hold_in_a_subflow(main: Flow, ports: Ports) -> None:
    async def deep() -> Run:
        run = Run(main, ports)
        await run.tell(Started())
        await run.say("4711")
        await run.say("4")
        assert run.state.flow == "deep"
        return run

    run = await deep()
    await run.say("a person please")
    assert (run.state.block, run.state.flow, run.state.stack) == ("people", "", [])
    assert run.state.attributes["order_id"] == "4711"
    await run.tell(QueueResult(outcome="answered"))
    await run.tell(AgentLost())
    assert run.said == ["The line was lost."]
    run = await deep()
    await run.tell(Pressed(digit="0"))
    assert run.state.block == "people"
    run = await deep()
    for _ in range(3):
        await run.finish()
        await run.fire("no_input")
    assert run.state.ended == "silent"
    run = await deep()
    await run.tell(HungUp())
    assert run.state.attributes["left_in"] == 1 and run.of(End) == [End(disposition="done")]
    run = await deep()
    await run.fire("duration")
    assert run.state.ended == "late"


async def test_a_subflows_own_handler_goes_first(main: Flow, ports: Ports) -> None:
    survey = main.subflows["survey"]
    own = survey.model_copy(update={"handlers": survey.handlers.model_copy(update={"on_silence": "no"})})
    run = Run(main.model_copy(update={"subflows": {**main.subflows, "survey": own}}), ports)
    await run.tell(Started())
    await run.say("4711")
    await run.say("4")
    for _ in range(3):
        await run.finish()
        await run.fire("no_input")
    assert run.state.ended == "done", "from deep: the caller's caller, which declined"


async def test_an_error_in_a_subflow_takes_the_exit_error(main: Flow, ports: Ports) -> None:
    run = Run(main, ports)
    await run.tell(Started())
    await run.say("4711")
    await run.say("4")
    await run.tell(Failed(where="hearing", why="broken"))
    assert run.said == ["Thanks."], "deep failed: survey goes on by its exit error"
    await run.tell(Failed(where="hearing", why="broken"))
    assert run.state.ended == "broken", "survey failed: main goes on by its exit error"


async def test_a_restart_in_a_subflow_goes_on_there(main: Flow, ports: Ports) -> None:
    run = Run(main, ports)
    await run.tell(Started())
    await run.say("4711")
    await run.say("4")
    await run.finish()
    effects = await run.restart()
    assert run.state.flow == "deep" and not [effect for effect in effects if isinstance(effect, Say)]
    assert await run.say("yes") == ["Thanks."]


async def test_a_block_that_is_gone_after_a_restart_leads_to_the_error_handler(main: Flow, ports: Ports) -> None:
    """The caller was hung up on without a word: the block could not even be left."""
    sorry = MAIN.replace("  broken: {", "  broken: {type: play, text: {en: Sorry.}, exits: {next: bye}}\n  unused: {")
    run = Run(main, ports)
    await run.tell(Started())
    edited = parse_flow(sorry.replace("  order:\n", "  number:\n").replace("start: order", "start: number"), "m.yaml")[
        0
    ]
    other = Run(edited.model_copy(update={"subflows": main.subflows}), ports)
    assert said(await other.engine.resume(RunState.load(run.state.dump()), run.now)) == ["Sorry."]
    await run.say("4711")
    assert (run.state.flow, run.state.stack[0].block) == ("survey", "survey")
    edited = parse_flow(sorry.replace("  survey:\n", "  ask:\n").replace("ok: survey", "ok: ask"), "m.yaml")[0]
    other = Run(edited.model_copy(update={"subflows": main.subflows}), ports)
    failed = Failed(where="app", why="internal error")
    assert said(await other.engine.step(RunState.load(run.state.dump()), failed, run.now)) == ["Sorry."]


def said(effects: list[AnyEffect]) -> list[str]:
    return [effect.text for effect in effects if isinstance(effect, Say)]


@pytest.mark.parametrize("gone", ["survey", "deep"])
async def test_a_subflow_that_is_gone_is_left_by_error_and_nobody_is_hung_up_on(
    main: Flow, ports: Ports, gone: str
) -> None:
    sorry = MAIN.replace("  broken: {", "  broken: {type: play, text: {en: Sorry.}, exits: {next: bye}}\n  unused: {")
    run = Run(main, ports)
    await run.tell(Started())
    await run.say("4711")
    await run.say("4")
    assert run.state.flow == "deep" and [frame.flow for frame in run.state.stack] == ["", "survey"]
    saved = run.state.dump()
    left = {name: flow for name, flow in main.subflows.items() if name != gone}
    edited = parse_flow(sorry, "m.yaml")[0].model_copy(update={"subflows": left})
    other = Run(edited, ports)
    wanted = ["Sorry."] if gone == "survey" else ["Thanks."]
    state = RunState.load(saved)
    assert said(await other.engine.resume(state, run.now)) == wanted
    assert (state.flow, state.attributes["order_id"] if not state.flow else "") in (("", "4711"), ("survey", ""))
    assert said(await other.engine.step(RunState.load(saved), Heard(text="yes"), run.now)) == wanted
    # a caller who hangs up just then is gone, as ever
    state = RunState.load(saved)
    await other.engine.step(state, HungUp(), run.now)
    assert state.gone and state.ended


async def test_people_who_talk_are_not_disturbed_by_a_subflow_that_is_gone(main: Flow, ports: Ports) -> None:
    run = Run(main, ports)
    await run.tell(Started())
    await run.say("4711")
    state = RunState.load(run.state.dump())
    state.phase = "talking"
    other = Run(main.model_copy(update={"subflows": {}}), ports)
    assert await other.engine.resume(state, run.now) == []
    assert await other.engine.step(state, Heard(text="4"), run.now) == []
    await other.engine.step(state, AgentLeft(), run.now)
    assert state.ended == "broken"


PEOPLE = "  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: bye}}\n"
NOBODY = MAIN.replace(PEOPLE, "").replace(": people", ": bye")


@pytest.mark.parametrize(("people", "gone"), [(True, False), (False, False), (True, True), (False, True)])
async def test_a_supervisor_takes_the_caller_from_the_bot_wherever_it_is(
    main: Flow, ports: Ports, people: bool, gone: bool
) -> None:
    """The bot is silent while they talk; afterwards the run goes on as after a queue, or is through where there is none."""
    edited = parse_flow(MAIN if people else NOBODY, "m.yaml")[0].model_copy(update={"subflows": main.subflows})
    run = Run(edited, ports)
    await run.tell(Started())
    await run.say("4711")
    await run.say("4")
    assert run.state.flow == "deep"
    state = RunState.load(run.state.dump())
    other = Run(edited.model_copy(update={"subflows": {}}) if gone else edited, ports)
    assert said(await other.engine.step(state, TakenOver(), run.now)) == []
    assert (state.flow, state.stack, state.phase, set(state.timers)) == ("", [], "talking", {"duration"})
    assert state.block == "people" if people else state.block != "people"
    for event in (Heard(text="4"), Pressed(digit="0"), TimerFired(name="duration")):
        assert said(await other.engine.step(state, event, run.now + 61_000)) == []
    assert state.phase == "talking"
    await other.engine.step(RunState.load(state.dump()), HungUp(), run.now)
    await other.engine.step(state, AgentLeft(), run.now)
    assert state.ended == ("done" if people else "completed")


def test_a_run_goes_over_to_another_flow_with_all_that_its_flows_know() -> None:
    state = RunState(
        contact_id="c", flow_id="main", channel="voice", locale="en", flow="deep",
        attributes={"rating": "4", "order_id": "of the sub-flow", "customer": {"name": "Ann"}},
        stack=[
            Frame(flow="", block="survey", attributes={"order_id": "4711", "customer": {"name": "nobody yet"}}),
            Frame(flow="survey", block="deep", attributes={"topic": "order"}),
        ],
    )  # fmt: skip
    assert frames.known(state) == {
        "order_id": "4711", "topic": "order", "rating": "4", "customer": {"name": "Ann"},
    }  # fmt: skip


async def test_an_end_with_an_outcome_ends_a_flow_that_nobody_called(main: Flow, ports: Ports) -> None:
    run = Run(main.subflows["deep"], ports)
    await run.tell(Started())
    await run.say("yes")
    assert run.state.ended == "completed"


def test_static_prompts_include_those_of_subflows(main: Flow, ports: Ports) -> None:
    prompts = Run(main, ports).engine.static_prompts("en")
    assert "Fine?" in prompts and "Thanks." in prompts and not [text for text in prompts if variables(text)]


async def test_what_comes_back_is_told(main: Flow, ports: Ports) -> None:
    run = Run(main, ports)
    await run.tell(Started())
    for words in ("4711", "4", "yes"):
        await run.say(words)
    await run.finish()
    assert {"stars": "4", "double": "44"} in [effect.values for effect in run.ever(SetAttributes)]


SHIPPED = Path(__file__).parents[2] / "flows" / "subflows"
CALLER = """format: flow/v1
id: caller
title: {{en: Caller, zh-CN: 来电}}
locales: [en, zh-CN]
start: sub
blocks:
  sub: {{type: call, flow: {name}, exits: {{{exits}, error: error}}}}
  people: {{type: queue, exits: {{answered: error, overflow: error, no_agents: error}}}}
  {ends}
  error: {{type: end, disposition: error}}
handlers: {{on_human_request: people, on_error: error}}
"""


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_subflows_keep_the_rules(path: Path) -> None:
    assert [str(problem) for problem in validate(*read_flow(path))] == []


@pytest.mark.parametrize(
    ("name", "moves", "ended", "said"),
    [
        ("survey", ["yes", "five"], "rated", "Thank you for telling us."),
        ("survey", ["yes", "nine", "two", "it took too long"], "rated", "Thank you for telling us."),
        ("survey", ["no"], "declined", "May I ask"),
        ("voicemail", ["my parcel is broken", "+49 30 1234567", "yes"], "left", "Thank you, your message is noted."),
        (
            "voicemail",
            ["it is broken", "+49 30 1234567", "no", "it is late", "+49 30 1234567", "yes"],
            "left",
            "it is late",
        ),
        ("after_hours", ["no"], "done", "We are closed"),
        ("after_hours", ["yes", "call me", "+49 30 1234567", "yes"], "left", "We are closed"),
    ],
)
async def test_shipped_subflows_lead_to_their_outcomes(
    ports: Ports, name: str, moves: list[str], ended: str, said: str
) -> None:
    outcomes = read_flow(SHIPPED / f"{name}.yaml")[0].outcomes
    text = CALLER.format(
        name=name,
        exits=", ".join(f"{outcome}: {outcome}" for outcome in outcomes),
        ends="\n  ".join(f"{outcome}: {{type: end, disposition: {outcome}}}" for outcome in outcomes),
    )
    caller = parse_flow(text, str(SHIPPED.parent / "caller.yaml"))
    assert [str(problem) for problem in validate(*caller)] == []
    run = Run(caller[0], ports)
    await run.tell(Started())
    for words in moves:
        await run.say(words)
    await run.finish()
    assert run.state.ended == ended
    assert any(said in effect.text for effect in run.ever(Say)), [effect.text for effect in run.ever(Say)]
