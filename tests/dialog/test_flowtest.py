"""The flow tests themselves: what they take, what they tell when something is wrong, faults and coverage."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dialog.effects import Perform
from dialog.events import Performed
from dialog.flow import Flow, parse_flow
from dialog.flowtest import ReadTests, read_tests, schema
from dialog.flowtest.running import Result, junit, run_text
from dialog.options import DialogOptions
from dialog.ports import Ports, Understood
from dialog.understanding import normal
from dialog.yamlfile import FileError
from tests.shop import shop

FLOWS = Path(__file__).parents[2] / "flows"

FLOW = shop(
    "{order_status: look, unknown: people}",
    """\
  look:
    type: http
    url: "https://shop.example/orders/1"
    extract: {state: order.state}
    exits: {ok: tell, http_error: broken, timeout: broken}
  tell:
    type: play
    text: {en: "Your order is {{state}}."}
    exits: {next: bye}
  broken:
    type: play
    text: {en: I cannot look that up.}
    exits: {next: people}
  people:
    type: queue
    queue: support
    text: {en: A colleague takes over.}
    overflow: {wait_s: 60}
    exits: {answered: bye, overflow: bye, no_agents: bye}
""",
)
TESTS = """format: flowtest/v1
flow: shop
given:
  http: {look: {status: 200, body: {order: {state: packed}}}}
tests:
  - name: order
    steps:
      - expect: how can I help
      - say: where is my order
      - expect: is packed
    assert: {ended: completed, attributes: {state: packed}, not_visited: [people], prompts: [help, packed, goodbye]}
  - name: the shop's system is slow
    given: {http: {look: {fails: timeout}}, queues: {"*": {wait_s: 90}}}
    steps:
      - say: where is my order
      - expect: cannot look that up
      - expect: goodbye
    assert: {ended: completed, queue: support, visited: [look, broken, people, bye]}
  - name: only over the phone
    levels: [sip]
    steps: [{expect: help}]
"""


class Words:
    """Knows what is needed here."""

    async def classify(self, text: str, allowed: Sequence[str] | None = None) -> Understood:
        known = {"where is my order": "order_status", "an agent please": "human_request"}
        return Understood(known.get(normal(text), "unknown"), 0.9)

    async def match(self, text: str, options: Sequence[Sequence[str]]) -> int | None:
        return None


class Mocking:
    """Answers http by the mock it is given."""

    async def perform(self, work: Perform) -> Performed:
        if work.mock is None:
            return Performed(call_id=work.call_id, outcome="http_error")
        assert work.mock["status"] == 200
        return Performed(call_id=work.call_id, outcome="ok", values={"state": work.mock["body"]["order"]["state"]})


@pytest.fixture
def shop(ports: Ports) -> Ports:
    return replace(ports, understanding=Words(), performer=Mocking())


def flow(text: str = FLOW) -> Flow:
    return parse_flow(text)[0]


def written(folder: Path, text: str = TESTS) -> ReadTests:
    path = folder / "shop.flowtest.yaml"
    path.write_text(text)
    return read_tests(path)


async def run(folder: Path, ports: Ports, flow_text: str = FLOW, text: str = TESTS, faults: bool = False) -> Result:
    return await run_text(written(folder, text), flow(flow_text), ports, DialogOptions(), faults=faults)


async def test_answers_of_business_systems_and_queues_come_from_the_test(tmp_path: Path, shop: Ports) -> None:
    result = await run(tmp_path, shop)
    assert result.ok, result.lines()
    assert [outcome.skipped for outcome in result.outcomes] == ["", "", "its levels are sip"]


async def test_a_failure_tells_where_what_and_the_whole_talk(tmp_path: Path, shop: Ports) -> None:
    result = await run(tmp_path, shop, text=TESTS.replace("is packed", "is delivered"))
    assert not result.ok
    lines = "\n".join(result.lines())
    path = tmp_path / "shop.flowtest.yaml"
    assert f"FAIL  {path}:10: order" in lines
    assert "step 3 (expect: is delivered): the bot does not say 'is delivered'" in lines
    assert "in block 'bye'; said last: How can I help you | Your order is packed. | Goodbye" in lines
    assert "attributes: {'http_status': 0, 'state': 'packed'}" in lines
    assert "bot [tell]: Your order is packed." in lines


async def test_reports_for_programs(tmp_path: Path, shop: Ports) -> None:
    result = await run(tmp_path, shop, text=TESTS.replace("is packed", "is delivered"))
    data = json.loads(json.dumps(result.data()))
    assert [test["ok"] for test in data["scenarios"]] == [False, True, True]
    assert data["scenarios"][0]["failed"]["block"] == "bye"
    assert data["coverage"]["blocks"]["look"] == {"taken": ["ok", "timeout"], "not_taken": ["http_error"]}
    suite = ElementTree.fromstring(junit([result]))[0]  # noqa: S314
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")


async def test_coverage_names_exits_that_no_test_takes(tmp_path: Path, shop: Ports) -> None:
    result = await run(tmp_path, shop)
    assert result.coverage is not None
    problems = [str(problem) for problem in result.coverage.problems(parse_flow(FLOW, "shop.yaml")[1])]
    assert any("shop.yaml:11: W no-test-exit block 'ask': no test takes exit 'unknown'" in text for text in problems)
    assert not any("'look': no test takes exit 'ok'" in text for text in problems)
    assert "people     1/3   answered, no_agents" in result.coverage.table()


async def test_faults_of_every_kind_end_well(tmp_path: Path, shop: Ports) -> None:
    result = await run(tmp_path, shop, faults=True)
    assert result.ok, result.lines()
    kinds = {(fault.kind, fault.block) for fault in result.faults}
    assert kinds >= {
        ("hangup", "ask"), ("silence", "ask"), ("understanding times out", "ask"), ("understanding fails", "ask"),
        ("perform timeout", "look"), ("perform http_error", "look"), ("perform lost", "look"), ("restart", "ask"),
        ("speech", "ask"), ("speech", "tell"),
    }  # fmt: skip


OUTSIDE = """format: flow/v1
id: shop
title: {en: Shop}
locales: [en]
start: photo
blocks:
  photo:
    type: visual
    prompt: {en: Send us a picture}
    analysers: [ocr]
    exits: {received: details, rejected: details, none: people}
  details:
    type: converse
    goal: find out the order number
    agent: model
    slots: [{name: order, kind: order_number, ask: {en: Which order is it}}]
    exits: {done: call_back, gave_up: people, human: people}
  call_back:
    type: callback
    offer: {en: Shall we call you back}
    no_match: {en: "Yes or no?"}
    booked: {en: We call you.}
    exits: {booked: bye, refused: bye, failed: people}
  people: {type: queue, text: {en: A colleague takes over.}, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end, text: {en: Goodbye}}
handlers: {on_human_request: people, on_error: people, on_silence: bye}
"""
OUTSIDE_TESTS = """format: flowtest/v1
flow: shop
tests:
  - name: broken vase
    given: {number: "+4930123456", uploads: {vase: {accepted: true}}}
    steps: [{expect: picture}, {upload: vase}, {expect: which order}, {say: "4711002"}, {expect: call you back}, {press: "1"}]
    assert: {ended: completed, prompts: [We call you]}
"""


async def test_pictures_models_and_callbacks_are_broken_too(tmp_path: Path, shop: Ports) -> None:
    result = await run(tmp_path, shop, OUTSIDE, OUTSIDE_TESTS, faults=True)
    assert result.ok, result.lines()
    kinds = {(fault.kind, fault.block) for fault in result.faults}
    assert kinds >= {
        ("inspect rejected", "photo"), ("inspect lost", "photo"), ("think gives up", "details"),
        ("think babbles", "details"), ("think lost", "details"), ("callback failed", "call_back"),
        ("callback lost", "call_back"),
    }  # fmt: skip


async def test_work_that_a_restart_asks_for_again_gets_the_answer_it_had(tmp_path: Path, shop: Ports) -> None:
    flow_text = """format: flow/v1
id: shop
title: {en: Shop}
locales: [en]
start: ask
blocks:
  ask: {type: menu, prompt: {en: One for your parcel}, no_match: {en: One please}, options: [{id: where, key: "1"}], exits: {where: look, no_match: bye, no_input: bye}}
  look: {type: action, workflow: look, sets: [place], exits: {done: told, needs_approval: bye, failed: bye}}
  told: {type: play, text: {en: "It is in {{place}}."}, exits: {next: ask}}
  bye: {type: end, text: {en: Goodbye}}
handlers: {on_human_request: bye, on_error: bye, on_silence: bye}
"""
    tests = """format: flowtest/v1
flow: shop
tests:
  - name: it moves
    given: {actions: {look: [{values: {place: Ulm}}, {values: {place: Bonn}}]}}
    steps: [{press: "1"}, {expect: in Ulm}, {press: "1"}, {expect: in Bonn}]
"""
    result = await run(tmp_path, shop, flow_text, tests, faults=True)
    assert result.ok, result.lines()
    assert ("restart", "look") in {(fault.kind, fault.block) for fault in result.faults}


async def test_a_callback_that_fails_without_a_word_is_found(tmp_path: Path, shop: Ports) -> None:
    silent = OUTSIDE.replace("failed: people", "failed: gone").replace("  bye: {", "  gone: {type: end}\n  bye: {")
    result = await run(tmp_path, shop, silent, OUTSIDE_TESTS, faults=True)
    broken = {(fault.kind, fault.why) for fault in result.faults if not fault.ok}
    assert ("callback failed", "the run ends without a word") in broken


@pytest.mark.parametrize(
    ("old", "new", "kind", "why"),
    [
        (", on_silence: bye}", "}", "silence", "still asking after 12 silences"),
        (", on_error: people", "", "understanding fails", "given up after errors, without a word"),
        (", on_error: people", "", "speech", "given up after errors, without a word"),
    ],
)
async def test_faults_find_what_no_scenario_shows(
    tmp_path: Path, shop: Ports, old: str, new: str, kind: str, why: str
) -> None:
    assert old in FLOW
    result = await run(tmp_path, shop, FLOW.replace(old, new), faults=True)
    assert all(outcome.ok for outcome in result.outcomes)
    assert any(fault.kind == kind and why in fault.why for fault in result.faults), result.lines()


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (
            "      - say: where is my order\n      - expect: is packed",
            "      - {say: hi, press: '1'}",
            9,
            "exactly one thing",
        ),
        ("expect: how can I help", "expects: how can I help", 8, "not known here"),
        ("assert: {ended", "assert: {endet", 11, "not known here"),
        ("{look: {fails: timeout}}", "{look: {fails: never}}", 13, "'timeout', 'http_error' or 'lost'"),
        ("name: only over the phone", "name: order", 19, "both called 'order'"),
        ("given:\n", "given:\n  clock: soon\n", 4, "is no time"),
        ("given:\n", "given:\n  timezone: Mars/Olympus\n", 4, "is no time zone"),
    ],
)
def test_a_bad_file_is_told_by_line(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    with pytest.raises(FileError) as caught:
        written(tmp_path, TESTS.replace(old, new, 1))
    assert f"shop.flowtest.yaml:{line}: E " in str(caught.value)
    assert says in str(caught.value)


def test_the_clock_is_of_its_zone(tmp_path: Path) -> None:
    given = "given:\n  clock: 2026-07-01T09:00:00\n  timezone: Europe/Berlin\n"
    read = written(tmp_path, TESTS.replace("given:\n", given, 1))
    assert read.tests[0].given.start_ms == 1_782_889_200_000  # 07:00 UTC
    assert read.tests[1].given.http["look"].fails == "timeout"  # type: ignore[union-attr]


def test_the_published_schema_is_current() -> None:
    assert (FLOWS / "flowtest-v1.schema.json").read_text() == schema()
