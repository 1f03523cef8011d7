"""A version is everything that its calls depend on: collected, laid out again, compared by meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialog.actions.options import ActionOptions
from dialog.actions.outside import Outside
from dialog.actions.runs import WorkflowRun
from dialog.gate import look
from dialog.snapshots import SnapshotFolder, acting, collect
from dialog.versions_beside import difference
from session.flow_contents import Snapshot, sha_of

FLOW = """format: flow/v1
id: bank
title: {en: Bank}
locales: [en]
start: open
blocks:
  open: {type: hours, calendar: office, exits: {open: decide, closed: bye, holiday: bye, emergency: bye}}
  decide: {type: action, rule: fee, in: {days: 1 + 2}, sets: [percent], exits: {done: ask, failed: people, needs_approval: people}}
  ask: {type: call, flow: survey, exits: {done: bye, error: people}}
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end, text: {en: Goodbye}}
handlers: {on_human_request: people, on_error: people}
"""
SURVEY = """format: flow/v1
id: survey
title: {en: Survey}
locales: [en]
outcomes: [done]
start: thanks
blocks:
  thanks: {type: play, text: {en: Thank you}, exits: {next: over}}
  over: {type: end, outcome: done}
"""
RULES = """format: rules/v1
id: fee
inputs: {days: {type: number}}
outputs: {percent: {type: number}}
rows:
  - {id: early, when: {days: "< 7"}, then: {percent: 1.5}}
  - {id: free, then: {percent: 0}}
"""
CALENDAR = "calendars: {office: {weekly: {mon-sun: ['00:00-24:00']}}}\n"
ARTICLE = """format: knowledge/v1
articles:
  - {id: fees, version: 1, questions: {en: [what does it cost]}, answer: {en: It costs nothing.}}
"""
WORKFLOW = """format: workflow/v1
id: block
inputs: {card: string}
steps:
  - {id: note, set: {done: "yes"}}
"""


def intent(name: str, *examples: str) -> str:
    return f"format: intent/v1\nintent: '{name}'\nexamples: {{en: [{', '.join(examples)}]}}\n"


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    root = tmp_path / "flows"
    pack = root / "packs" / "bank"
    for path, text in {
        pack / "bank.yaml": FLOW,
        pack / "bank.flowtest.yaml": "format: flowtest/v1\nflow: bank\n",
        pack / "calendars.yaml": CALENDAR,
        pack / "intents" / "card.yaml": intent("card", "my card is gone", "I lost my card"),
        pack / "knowledge" / "bank.yaml": ARTICLE,
        pack / "rules" / "fee.yaml": RULES,
        pack / "workflows" / "block.yaml": WORKFLOW,
        root / "intents" / "yes.yaml": intent("yes", "sure"),
        root / "intents" / "parcel.yaml": intent("parcel", "where is it"),
        root / "subflows" / "survey.yaml": SURVEY,
        root / "subflows" / "other.yaml": SURVEY.replace("survey", "other"),
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def taken(flows: Path) -> Snapshot:
    return collect(flows / "packs" / "bank" / "bank.yaml", flows)


def test_what_belongs_to_a_flow_and_nothing_else(flows: Path) -> None:
    before = taken(flows)
    assert sorted(before.files) == [
        "intents/yes.yaml",
        "packs/bank/bank.flowtest.yaml",
        "packs/bank/bank.yaml",
        "packs/bank/calendars.yaml",
        "packs/bank/intents/card.yaml",
        "packs/bank/knowledge/bank.yaml",
        "packs/bank/rules/fee.yaml",
        "packs/bank/workflows/block.yaml",
        "subflows/survey.yaml",
    ]
    for unrelated in ("intents/parcel.yaml", "subflows/other.yaml"):
        (flows / unrelated).write_text("changed")
    assert taken(flows) == before
    (flows / "subflows" / "survey.yaml").write_text(SURVEY.replace("Thank you", "Thanks"))
    assert taken(flows).sha != before.sha


def test_laid_out_it_is_what_it_was_whatever_becomes_of_the_folder(flows: Path, tmp_path: Path) -> None:
    snapshot = taken(flows)
    for path in snapshot.files:
        (flows / path).write_text("broken: [")
    placed = SnapshotFolder(tmp_path / "versions", flows).place(snapshot, flows / "packs" / "bank" / "bank.yaml")
    gate = look(placed)
    assert gate.flow is not None and gate.open, gate.refusal
    assert gate.flow.sha == snapshot.sha
    assert gate.flow.subflows["survey"].blocks["thanks"].model_dump()["text"]["en"] == "Thank you"
    assert "office" in gate.flow.calendars


def test_problems_are_named_after_the_files_that_people_edit(flows: Path, tmp_path: Path) -> None:
    rules, card = flows / "packs" / "bank" / "rules" / "fee.yaml", flows / "packs" / "bank" / "intents" / "card.yaml"
    rules.write_text("rows: 3\n")
    card.write_text("format: intent/v2\n")
    placed = SnapshotFolder(tmp_path / "v", flows).place(taken(flows), flows / "packs" / "bank" / "bank.yaml")
    refusal = look(placed).refusal
    assert f"{rules}:1: E " in refusal and f"{card}:1: E " in refusal
    assert str(tmp_path / "v") not in refusal


def test_a_path_that_leads_out_is_refused(flows: Path, tmp_path: Path) -> None:
    bad = Snapshot("bank", "bank.yaml", {"bank.yaml": FLOW, "../../evil.yaml": "x"})
    with pytest.raises(ValueError, match="outside the folder of flows"):
        SnapshotFolder(tmp_path / "v", flows).place(bad, flows / "packs" / "bank" / "bank.yaml")
    assert not list(tmp_path.rglob("evil.yaml"))


def test_a_text_of_before_snapshots_takes_what_lies_beside_it_now(flows: Path, tmp_path: Path) -> None:
    old = Snapshot("bank", "", {"": FLOW}, sha=sha_of(FLOW))
    placed = SnapshotFolder(tmp_path / "v", flows).place(old, flows / "packs" / "bank" / "bank.yaml")
    gate = look(placed)
    assert gate.open and gate.flow is not None and gate.flow.sha == old.sha


def test_changes_beside_the_flow_are_told_by_meaning(flows: Path, tmp_path: Path) -> None:
    real = flows / "packs" / "bank" / "bank.yaml"
    folder = SnapshotFolder(tmp_path / "v", flows)
    before = folder.place(taken(flows), real)
    pack = flows / "packs" / "bank"
    (pack / "intents" / "card.yaml").write_text(intent("card", "I lost my card", "block it"))
    (pack / "intents" / "loan.yaml").write_text(intent("loan", "lend me money"))
    (pack / "knowledge" / "bank.yaml").write_text(ARTICLE.replace("nothing", "a lot"))
    (pack / "rules" / "fee.yaml").write_text("# a note\n" + RULES.replace("1.5", "2"))
    (pack / "workflows" / "block.yaml").unlink()
    (pack / "calendars.yaml").write_text(CALENDAR.replace("mon-sun", "mon-fri"))
    (flows / "subflows" / "survey.yaml").write_text(SURVEY.replace("Thank you", "Thanks"))
    assert [str(change) for change in difference(before, folder.place(taken(flows), real))] == [
        "~ survey / thanks: wording text (en): Thank you → Thanks",
        '~ intent \'card\': examples (en): ["my card is gone"] → ["block it"]',
        "~ article 'fees': wording answer (en): It costs nothing. → It costs a lot.",
        "~ rules 'fee': rows.early.then.percent: 1.5 → 2",
        "- workflow 'block'",
        "~ calendar 'office': weekly mon-sun removed (was [\"00:00-24:00\"])",
        "~ calendar 'office': weekly mon-fri added: [\"00:00-24:00\"]",
        "+ intent 'loan' (1 examples)",
    ]


async def test_runs_of_workflows_find_the_rules_they_began_with(flows: Path, tmp_path: Path) -> None:
    pack = flows / "packs" / "bank"
    snapshot = taken(flows)
    name = acting({path: sha_of(text) for path, text in snapshot.files.items()}, "packs/bank/")
    old = Outside(ActionOptions(mock=True)).performer(pack)
    assert old._workflows.folder == f"bank@{name}"  # type: ignore[attr-defined]
    (pack / "rules" / "fee.yaml").write_text(RULES.replace("1.5", "2"))
    outside = Outside(ActionOptions(mock=True))
    outside.performer(pack)
    run = WorkflowRun(
        id="c:1", workflow="block", folder=f"bank@{name}", sha="", definition=WORKFLOW, status="approved",
        inputs={"card": "1"},
    )  # fmt: skip
    await outside.runs.begin(run)
    assert await outside.approved() == 0
    kept = await outside.runs.load("c:1")
    assert kept is not None and kept.status == "approved"  # nobody has its rules: it waits, and is not lost
    places = SnapshotFolder(tmp_path / "v", flows)

    async def find(wanted: str) -> Path | None:
        return places.place(snapshot, pack / "bank.yaml").file.parent if wanted == name else None

    outside.find = find
    assert await outside.approved() == 1
    kept = await outside.runs.load("c:1")
    assert kept is not None and kept.status == "done"
