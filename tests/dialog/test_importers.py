"""Flows of Amazon Connect and Twilio Studio become flows that pass validation, with a report of what was lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dialog.flow import Flow, load_flow
from dialog.importers import connect, twilio
from dialog.importers.connect import import_connect
from dialog.importers.draft import Imported, ImportFailed, plain
from dialog.importers.twilio import import_twilio

SAMPLES = Path(__file__).parents[1] / "data" / "imports"


def brought_in(folder: Path, name: str) -> tuple[Imported, Flow]:
    work = import_connect if name == "connect" else import_twilio
    imported = work(SAMPLES / f"{name}.json", name, ["en", "zh-CN"])
    imported.write(folder)
    assert [str(problem) for problem in imported.problems if problem.severity == "E"] == []
    return imported, load_flow(folder / f"{name}.yaml")


def grades(imported: Imported) -> dict[str, str]:
    return {note.source: note.grade for note in imported.notes}


@pytest.mark.parametrize("name", ["connect", "twilio"])
def test_every_supported_element_is_in_the_sample_and_told_of(tmp_path: Path, name: str) -> None:
    data = json.loads((SAMPLES / f"{name}.json").read_text())
    elements = data["Actions"] if name == "connect" else data["states"]
    types = {item["Type" if name == "connect" else "type"] for item in elements}
    supported = set(connect.ACTIONS if name == "connect" else twilio.WIDGETS)
    assert supported - types <= {"EndFlowExecution"}
    imported, _ = brought_in(tmp_path, name)
    told = {note.source for note in imported.notes}
    named = {item["Identifier" if name == "connect" else "name"] for item in elements}
    assert named - told <= {"setqueue"}  # part of the queue block that it leads to
    assert all(note.why for note in imported.notes if note.grade != "exact")


def test_connect(tmp_path: Path) -> None:
    imported, flow = brought_in(tmp_path, "connect")
    kinds = {name: block.type for name, block in flow.blocks.items()}
    assert kinds == {
        "entry": "start", "language": "set", "record": "media", "tier": "set", "welcome": "play", "open": "hours",
        "closed": "play", "callback": "callback", "menu": "menu", "again": "branch", "what": "understand",
        "number": "collect", "tolambda": "http", "isopen": "branch", "tellopen": "play", "tellpaid": "play",
        "split": "branch", "third": "transfer", "other": "transfer", "toqueue": "queue", "full": "play", "bye": "end",
        "finish": "end",
    }  # fmt: skip
    blocks = {name: block.model_dump(by_alias=True) for name, block in flow.blocks.items()}
    assert blocks["welcome"]["text"]["en"] == "Welcome to Northwind Heating , {{caller_name}}."
    assert blocks["welcome"]["exits"] == {"next": "open", "failed": "open"}
    assert blocks["menu"]["exits"] == {
        "key_1": "what", "key_2": "number", "key_star": "split", "no_match": "again", "no_input": "again",
    }  # fmt: skip
    assert blocks["what"]["exits"] == {"no_hot_water": "toqueue", "book_maintenance": "tolambda", "unknown": "toqueue"}
    assert (blocks["number"]["max"], blocks["number"]["exits"]["no_input"]) == (8, "toqueue")
    assert [case["when"] for case in blocks["isopen"]["cases"]] == [
        "string(bill_state) == 'open'", "string(bill_state).startsWith('late')", "double(bill_state) > double('3')",
    ]  # fmt: skip
    assert blocks["tellpaid"]["exits"]["next"] == "bye"  # over what has no equivalent
    assert blocks["toqueue"]["queue"] == "repairs"
    assert blocks["third"]["exits"] == {
        "connected": "bye",
        "no_answer": "toqueue",
        "busy": "toqueue",
        "failed": "toqueue",
    }
    assert blocks["again"]["cases"] == [{"exit": "again", "when": "visits.again <= 2"}]
    found = grades(imported)
    assert (found["metrics"], found["tolambda"], found["number"]) == ("lost", "approximated", "exact")
    assert (tmp_path / "calendars.yaml").exists()
    report = (tmp_path / "connect.import.md").read_text()
    assert "| metrics | CheckMetricData |  | lost |" in report
    assert "no words in zh-CN" in report


def test_twilio(tmp_path: Path) -> None:
    imported, flow = brought_in(tmp_path, "twilio")
    blocks = {name: block.model_dump(by_alias=True) for name, block in flow.blocks.items()}
    assert blocks["main_menu"]["exits"] == {
        "key_1": "hours", "key_2": "booking", "no_match": "main_menu_again", "no_input": "main_menu_again",
    }  # fmt: skip
    assert blocks["main_menu"]["options"][0]["say"]["en"] == ["opening hours"]
    assert "split_keys" not in blocks and "split_words" not in blocks
    assert blocks["find"]["url"] == "https://api.bluebike.example/bookings/{{booking_input}}"
    assert blocks["find"]["query"] == {"shop": "{{shop}}"}
    assert [case["when"] for case in blocks["state"]["cases"]] == [
        "string(state) == 'out' || string(state) == 'riding'", "string(state) == ''",
    ]  # fmt: skip
    assert blocks["people"]["queue"] == "front_desk"
    assert blocks["workshop"]["to"] == "+4930555123"
    assert flow.start == "entry" and blocks["entry"]["exits"]["next"] == "hello"
    found = grades(imported)
    assert (found["mail"], found["split_keys"], found["riding"]) == ("lost", "exact", "approximated")


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "bad.json:1: no JSON"), ("[]", "not a JSON object"), ("{}", "bad.json:1: no ")],
)
@pytest.mark.parametrize("work", [import_connect, import_twilio])
def test_what_is_no_flow_is_told(tmp_path: Path, text: str, says: str, work: object) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ImportFailed, match=says):
        work(path, "bad", ["en"])  # type: ignore[operator]


def _in_a_row(count: int) -> str:
    states = [
        {"name": f"n{i}", "type": "z", "transitions": [{"event": "e", "next": f"n{i + 1}"}]} for i in range(count)
    ]
    begin = {"name": "t", "type": "trigger", "transitions": [{"event": "incomingCall", "next": "n0"}]}
    return json.dumps({"states": [*states, begin], "initial_state": "t"})


@pytest.mark.parametrize(
    ("work", "text", "says"),
    [
        (import_twilio, '{"states": ["a"], "initial_state": "a"}', "a shape"),
        (import_twilio, '{"states": [{"name": "a", "type": "say-play", "properties": []}], "initial_state": "a"}', "a shape"),
        (import_connect, '{"Actions": ["a"], "StartAction": "a"}', "a shape"),
        (import_connect, '{"Actions": [], "StartAction": "a", "Metadata": 5}', "a shape"),
        (import_twilio, _in_a_row(3000), "in a row"),
        (import_twilio, "[" * 100_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_hostile_exports_are_told_not_thrown(tmp_path: Path, work: object, text: str, says: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ImportFailed, match=f"bad.json:1: .*{says}"):
        work(path, "bad", ["en"])  # type: ignore[operator]


def test_names() -> None:
    assert [plain(text) for text in ("Main menu!", "findBill", "1st", "呼叫")] == [
        "main_menu",
        "find_bill",
        "b_1st",
        "b",
    ]
