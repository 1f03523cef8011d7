"""Every rule of the flow's validation that has no other test: a bad file, the exact line and rule, and nothing without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialog.flow import parse_flow
from dialog.validate import validate
from dialog.yamlfile import FileError, Problem

GOOD = """format: flow/v1
id: small
title: {en: Small}
locales: [en]
inputs: {order_id: {type: string}}
start: begin
blocks:
  begin:
    type: start
    exits: {next: open}
  open:
    type: hours
    calendar: shop
    exits: {open: consent, closed: bye, holiday: bye, emergency: bye}
  consent:
    type: consent
    purposes: [recording]
    prompt: {en: "May we record?"}
    again: {en: "Yes or no?"}
    exits: {given: quiet, refused: ask}
  quiet:
    type: media
    record: pause
    exits: {next: card}
  card:
    type: collect
    slot: card
    sensitive: true
    prompt: {en: "Your card number?"}
    no_match: {en: "Pardon?"}
    exits: {ok: look, failed: ask}
  look:
    type: http
    url: https://shop.example/orders/{{order_id}}
    extract: {total: order.total}
    mock: {body: {order: {total: 3}}}
    exits: {ok: tell, http_error: ask, timeout: ask}
  tell:
    type: play
    text: {en: "It costs {{ total * 2 }}."}
    exits: {next: ask}
  ask:
    type: menu
    prompt: {en: "Sales or survey?"}
    no_match: {en: "Pardon?"}
    options:
      - {id: sales, key: "1"}
      - {id: survey, key: "2"}
    exits: {sales: people, survey: survey, no_match: bye}
  survey:
    type: call
    flow: survey@2
    in: {topic: small, order: "= order_id"}
    out: {stars: rating}
    exits: {rated: bye, declined: bye, error: bye}
  people:
    type: queue
    exits: {answered: bye, overflow: bye, no_agents: bye}
  bye:
    type: end
    text: {en: "Bye."}
handlers: {on_human_request: people, on_error: bye}
"""
SURVEY = """format: flow/v1
id: survey
version: 2
title: {en: Survey}
locales: [en]
inputs: {topic: {}, order: {optional: true}}
outcomes: [rated, declined]
start: ask
blocks:
  ask:
    type: collect
    slot: rating
    min: 1
    max: 1
    prompt: {en: "How many stars?"}
    no_match: {en: "One to five?"}
    exits: {ok: thanks, failed: no}
  thanks: {type: end, outcome: rated}
  "no": {type: end, outcome: declined}
"""
CALENDARS = "calendars: {shop: {timezone: Europe/Berlin, weekly: {mon-fri: ['09:00-18:00']}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "subflows").mkdir()
    (tmp_path / "subflows" / "survey.yaml").write_text(SURVEY)
    (tmp_path / "calendars.yaml").write_text(CALENDARS)
    return tmp_path


def problems(folder: Path, text: str) -> list[Problem]:
    try:
        return validate(*parse_flow(text, str(folder / "small.yaml")))
    except FileError as error:
        return error.problems


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_the_good_flow_and_its_subflow_have_no_problems(folder: Path) -> None:
    assert problems(folder, GOOD) == []
    path = folder / "subflows" / "survey.yaml"
    assert validate(*parse_flow(path.read_text(), str(path))) == []


AT_LINE = [
    # rule, severity, what is replaced, by what, words of the line that is named
    ("attribute-unset", "E", "total * 2", "totl * 2", "totl * 2"),
    ("attribute-unset", "E", "{{order_id}}", "{{order_nr}}", "{{order_nr}}"),
    ("attribute-unset", "E", '"= order_id"', '"= rating"', '"= rating"'),
    ("attribute-maybe-unset", "W", "Sales or survey?", "{{total}}: sales or survey?", "{{total}}: sales"),
    ("attribute-maybe-unset", "W", "{type: string}", "{type: string, optional: true}", "url: https"),
    ("expression", "E", "total * 2", "total *", "total *"),
    ("sensitive-recorded", "E", "    record: pause", "    record: start", "sensitive: true"),
    ("sensitive-recorded", "E", "given: quiet", "given: card", "sensitive: true"),
    ("sensitive-said", "E", "May we record?", "{{card}}: may we record?", "may we"),
    ("sensitive-said", "E", '"= order_id"', '"= card"', '"= card"'),
    ("calendar-unknown", "E", "calendar: shop", "calendar: store", "calendar: store"),
    ("subflow-unknown", "E", "survey@2", "polls", "flow: polls"),
    ("subflow-version", "E", "survey@2", "survey@3", "survey@3"),
    ("subflow-exit", "E", "rated: bye, declined", "declined", "exits: {declined"),
    ("subflow-exit", "E", "rated: bye, ", "rated: bye, mad: bye, ", "exits: {rated"),
    ("subflow-input", "E", "topic: small, order", "order", "  survey:"),
    ("subflow-input", "E", "topic: small", "topic: small, mood: bad", "mood: bad"),
    ("outcome-unknown", "E", '"Bye."}\n', '"Bye."}\n    outcome: rated\n', "    outcome: rated"),
    ("timeout-without-limit", "E", "on_error: bye}", "on_error: bye, on_timeout: bye}", "on_timeout"),
    ("secret-literal", "E", "extract:", "headers: {X-Api-Key: 9fQ-Zk2-77}\n    extract:", "9fQ-Zk2-77"),
    ("secret-literal", "E", "/{{order_id}}", "/{{order_id}}?token=abcdef1234", "token=abcdef"),
    ("secret-literal", "E", "extract:", "headers: {A: Bearer abcdefghij0123456789}\n    extract:", "Bearer abc"),
    ("secret-literal", "E", '"Bye."', '"sk_live_abcdefghij0123456789"', "sk_live"),
    ("http-without-mock", "W", "    mock: {body: {order: {total: 3}}}\n", "", "  look:"),
    ("cost-per-turn", "W", "start: begin", "turn_budget_cents: 0.05\nstart: begin", "  card:"),
    ("fallback-missing", "E", "overflow: bye", "overflow: people", "overflow: people"),
    ("human-unreachable", "E", "on_human_request: people", "on_human_request: bye", "handlers:"),
    ("human-unreachable", "E", "on_human_request: people, ", "", "handlers:"),
    ("hangup-speaks", "E", "on_error: bye}", "on_error: bye, on_hangup: ask}", "handlers:"),
    ("locale-missing", "E", '{en: "Bye."}', '{en: "Bye.", chat: {en: ""}}', '"Bye."'),
    ("locale-extra", "E", '{en: "Bye."}', '{en: "Bye.", chat: {fr: Adieu}}', '"Bye."'),
    ("exit-unknown", "E", "{next: card}", "{next: card, more: card}", "exits: {next: card"),
    ("target-unknown", "E", "{next: card}", "{next: {voice: card, chat: nowhere}}", "nowhere"),
    ("key-taken", "E", 'key: "2"', 'key: "1"', "id: survey, key"),
    ("menu-long", "W", '      - {id: sales, key: "1"}\n', "".join(f'      - {{id: o{n}, key: "{n}"}}\n' for n in range(3, 9)), "    options:"),
    ("prompt-long", "W", '"Bye."', '"' + "good bye " * 40 + '"', "good bye"),
    ("analysis-before-consent", "E", "    record: pause", "    analysis: true\n    record: pause", "analysis: true"),
    ("shape", "E", "    record: pause\n", "", "  quiet:"),
    ("shape", "E", "start: begin", "timezone: Mars/Base\nstart: begin", "Mars"),
    ("unreachable", "E", "given: quiet", "given: card", "  quiet:"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "severity", "old", "new", "words"), AT_LINE)
def test_a_breach_is_named_with_line_and_rule(
    folder: Path, rule: str, severity: str, old: str, new: str, words: str
) -> None:
    assert GOOD.count(old) >= 1
    bad = GOOD.replace(old, new, 1)
    found = [(p.rule.id, p.severity, p.line) for p in problems(folder, bad)]
    assert (rule, severity, line_of(bad, words)) in found, [str(p) for p in problems(folder, bad)]


def test_a_subflow_that_calls_back_is_a_recursion(folder: Path) -> None:
    path = folder / "subflows" / "survey.yaml"
    again = "  thanks:\n    type: call\n    flow: small\n    exits: {error: no}\n"
    path.write_text(SURVEY.replace("  thanks: {type: end, outcome: rated}\n", again))
    (folder / "small.yaml").write_text(GOOD)
    found = [p for p in problems(folder, GOOD) if p.rule.id == "subflow-recursion"]
    assert [p.line for p in found] == [line_of(GOOD, "flow: survey@2")]
    assert "small → survey → small" in str(found[0])


def test_a_subflow_without_outcomes(folder: Path) -> None:
    path = folder / "subflows" / "survey.yaml"
    path.write_text(SURVEY.replace("outcomes: [rated, declined]\n", "").replace(", outcome: rated", "").replace(", outcome: declined", ""))  # fmt: skip
    assert "subflow-outcomes" in {p.rule.id for p in problems(folder, GOOD)}


def test_an_outcome_that_no_end_has(folder: Path) -> None:
    text = SURVEY.replace("[rated, declined]", "[rated, declined, angry]")
    assert [(p.rule.id, p.line) for p in problems(folder, text)] == [("outcome-unused", 7)]


def test_a_calendar_without_time_zone(folder: Path) -> None:
    (folder / "calendars.yaml").write_text("calendars: {shop: {weekly: {mon: ['09:00-18:00']}}}\n")
    assert [(p.rule.id, p.severity, p.line) for p in problems(folder, GOOD)] == [
        ("timezone-missing", "W", line_of(GOOD, "calendar: shop"))
    ]


@pytest.mark.parametrize(
    ("calendar", "words"),
    [
        ("{timezone: Berlin, weekly: {}}", "IANA"),
        ("{weekly: {monday: ['09:00-18:00']}}", "no days"),
        ("{weekly: {mon: ['9-18']}}", "time span"),
        ("{weekly: {}, holidays: {country: Atlantis}}", "ISO 3166"),
        ("{weekly: {}, holidays: {country: DE, subdivision: XX}}", "subdivision"),
    ],
)
def test_a_bad_calendar_is_named_with_its_file(folder: Path, calendar: str, words: str) -> None:
    (folder / "calendars.yaml").write_text(f"calendars:\n  shop: {calendar}\n")
    (found,) = problems(folder, GOOD)
    assert found.file.endswith("calendars.yaml") and found.line == 2 and words in found.message


def test_people_more_than_three_answers_away() -> None:
    questions = "".join(
        f'  q{n}:\n    type: collect\n    slot: s{n}\n    prompt: {{en: "Number?"}}\n    no_match: {{en: "Pardon?"}}\n'
        f"    exits: {{ok: {'people' if n == 5 else f'q{n + 1}'}, failed: bye}}\n"
        for n in range(1, 6)
    )
    text = (
        "format: flow/v1\nid: far\ntitle: {en: Far}\nlocales: [en]\nstart: q1\nblocks:\n"
        + questions
        + "  people:\n    type: queue\n    exits: {answered: bye, overflow: bye, no_agents: bye}\n  bye: {type: end}\n"
        + "handlers: {on_error: bye}\n"
    )
    found = [(p.line, p.message) for p in validate(*parse_flow(text)) if p.rule.id == "human-unreachable"]
    assert [message.split(":")[0] for _, message in found] == ["block 'q1'", "block 'q2'", "handlers.on_human_request is missing"]  # fmt: skip
    assert found[0][0] == 7


@pytest.mark.parametrize(("declined", "rules"), [("bye", []), ("told", ["attribute-maybe-unset"])])
def test_what_a_subflow_brings_is_there_where_it_surely_came(folder: Path, declined: str, rules: list[str]) -> None:
    old = "{rated: bye, declined: bye, error: bye}\n"
    new = f"{{rated: told, declined: {declined}, error: bye}}\n"
    told = '  told:\n    type: play\n    text: {en: "{{stars}} stars."}\n    exits: {next: bye}\n'
    assert [p.rule.id for p in problems(folder, GOOD.replace(old, new + told))] == rules


VERIFY = """  prove:
    type: verify
    factors: [{type: pin, ask: {en: "Your PIN?"}}]
    level: 1
    ask_number: {en: "Customer number?"}
    wrong: {en: "Wrong."}
    exits: {passed: bye, failed: bye, locked: bye, unavailable: bye}
"""


@pytest.mark.parametrize(
    ("exits", "early"),
    [
        ("{given: prove, refused: prove}", False),
        ("{given: quiet, refused: ask}", True),
    ],
)
def test_nobody_is_verified_before_they_were_asked(folder: Path, exits: str, early: bool) -> None:
    begin = "{open: prove" if early else "{open: consent"
    text = GOOD.replace("{given: quiet, refused: ask}", exits).replace("{open: consent", begin)
    text = text.replace("closed: bye", "closed: consent").replace("  survey:\n", VERIFY + "  survey:\n")
    found = [p.line for p in problems(folder, text) if p.rule.id == "verify-before-consent"]
    assert found == ([line_of(text, "  prove:")] if early else [])
