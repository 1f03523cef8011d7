"""Each rule finds its mistake, at its line, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialog.flow import load_flow, parse_flow, schema
from dialog.reference import rules_page
from dialog.rulebook import rule
from dialog.validate import validate
from dialog.yamlfile import FileError

FLOWS = Path(__file__).parents[2] / "flows"
DOCS = Path(__file__).parents[2] / "docs"

GOOD = """format: flow/v1
id: small
title: {en: Small}
locales: [en]
start: ask
blocks:
  ask:
    type: menu
    prompt: {en: "Sales or support?"}
    no_match: {en: "Pardon?"}
    options:
      - {id: sales, key: "1"}
      - {id: support, key: "2"}
    exits: {sales: people, support: people, no_match: bye}
  people:
    type: queue
    exits: {answered: bye, overflow: bye, no_agents: bye}
  bye:
    type: end
    text: {en: "Bye."}
handlers: {on_human_request: people, on_error: bye}
"""


def problems_of(text: str) -> list[str]:
    try:
        flow, document = parse_flow(text, "f.yaml")
    except FileError as error:
        return [str(problem) for problem in error.problems]
    return [str(problem) for problem in validate(flow, document)]


def test_a_good_flow_has_no_problems() -> None:
    assert problems_of(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("type: menu", "type: dance", "f.yaml:8: E block-type-unknown ", "unknown type 'dance'; accepted are start, play, menu"),
        ("no_match: bye}", "no_match: nowhere}", "f.yaml:14: E target-unknown ", "leads to 'nowhere', which is no block"),
        ("support: people, no_match", "no_match", "f.yaml:14: E exit-missing ", "exit 'support' is missing"),
        ("no_match: bye}", "no_match: bye, more: bye}", "f.yaml:14: E exit-unknown ", "no exit 'more'; accepted:"),
        ('key: "2"', 'key: "1"', "f.yaml:13: E key-taken ", "key 1 is used by 'sales' already"),
        ("locales: [en]", "locales: [en, zh-CN]", "f.yaml:9: E locale-missing ", "prompt has no wording for zh-CN"),
        ("  bye:\n", "  lost:\n    type: end\n  bye:\n", "f.yaml:18: E unreachable ", "'lost' is never reached"),
        ("on_human_request: people, ", "", "f.yaml:21: E human-unreachable ", "handlers.on_human_request is missing"),
        ("on_human_request: people", "on_human_request: bye", "f.yaml:21: E human-unreachable ", "'bye' leads to no person"),
        (", on_error: bye", "", "f.yaml:21: E error-unhandled ", "on_error is missing"),
        ("start: ask", "start: nobody", "f.yaml:5: E target-unknown ", "there is no block 'nobody'"),
        ("title: {en: Small}", "title: {en: Small}\nid: twice", "f.yaml:4: E key-twice ", "key 'id' is given twice"),
        ('{en: "Pardon?"}', '{en: "{{secret}}?"}', "f.yaml:10: E attribute-unset ", "reads 'secret', which no path to it sets"),
        ('{en: "Pardon?"}', '{en: "Pardon, {{company?"}', "f.yaml:10: E expression ", "{{ or }} without the other, which would be said as it is; close it"),
        ("type: queue", "type: collect\n    slot: a\n    prompt: {en: A}\n    no_match: {en: A}\n    min: 9\n    max: 6", "f.yaml:15: E shape ", "min is 9, but max is 6"),
        ("type: queue", "type: queue\n    colour: red", "f.yaml:17: E shape ", "blocks.people.colour: is not known here"),
        ("type: queue", "type: queue\n    priority: true", "f.yaml:15: E shape ", "priority: write a number, not yes or no"),
        ("type: queue", "type: queue\n    overflow: {wait_s: true}", "f.yaml:17: E shape ", "wait_s: Input should be a number"),
        ("type: queue", 'type: queue\n    priority: "1 +"', "f.yaml:17: E expression ", "is not a CEL expression"),
        ("on_error: bye}", "on_error: bye, on_emotion: {when: 'true', goto: bye}}", "f.yaml:21: E emotion-without-consent ", "emotion without consent"),
        ("on_error: bye}", "on_error: bye, on_hangup: ask}", "f.yaml:21: E hangup-speaks ", "nobody is there any more"),
        ("type: queue", "type: queue\n    priority: \"emotion.turns > 1 ? 60 : 50\"", "f.yaml:17: E emotion-before-consent ", "before consent was asked"),
        ("locales: [en]", "locales: [en", "f.yaml:5: E yaml ", "not readable as YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(old: str, new: str, place: str, words: str) -> None:
    assert old in GOOD
    found = problems_of(GOOD.replace(old, new, 1))
    assert any(problem.startswith(place) and words in problem for problem in found), found


def test_a_loop_without_the_caller() -> None:
    loop = GOOD.replace("no_match: bye}", "no_match: one}").replace(
        "  bye:\n",
        "  one:\n    type: play\n    text: {en: One}\n    exits: {next: two}\n"
        "  two:\n    type: play\n    text: {en: Two}\n    exits: {next: one}\n  bye:\n",
    )
    assert [p for p in problems_of(loop) if "one → two → one" in p]


def test_shipped_flows_load() -> None:
    flow = load_flow(FLOWS / "support.yaml")
    assert flow.asks_to_record
    assert len(flow.sha) == 64


def test_load_refuses_a_flow_with_errors(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace("no_match: bye}", "no_match: nowhere}"))
    with pytest.raises(FileError, match=r"bad\.yaml:14: E target-unknown block 'ask'"):
        load_flow(path)


def test_published_schema_is_current() -> None:
    published = (FLOWS / "flow-v1.schema.json").read_text(encoding="utf-8")
    assert published == schema(), "run `warmline flow schema --out flows/flow-v1.schema.json`"


def test_page_of_rules_is_current() -> None:
    published = (DOCS / "flow-rules.md").read_text(encoding="utf-8")
    assert published == rules_page(), "run `warmline flow rules --out docs/flow-rules.md`"


@pytest.mark.parametrize("name", ["exit-missing", "Exit", "exit_missing", ""])
def test_a_rule_id_is_taken_once_and_spelt_one_way(name: str) -> None:
    with pytest.raises(ValueError, match="rule id"):
        rule(name, "E", "something is wrong", "mend it")
