"""Opening hours switched by hand: at once, for the calls of one pack, audited, and still there after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from desk.options import DeskOptions
from dialog.actions.options import ActionOptions
from dialog.actions.outside import Outside
from dialog.effects import Say
from dialog.events import Started
from dialog.experiment.assign import Experiments
from dialog.filter.service import Filters
from dialog.options import DialogOptions, NumberOptions
from dialog.service import Dialog
from dialog.state import CallerInfo
from server.cli import hours as command
from server.cli import queue as queue_command
from server.following import Following
from server.publishing import Publishing
from server.queues import Openings, QueueBook
from session.model import EventRow
from session.queues import Queues
from session.store import Store
from tests.server_api.test_flows import Hashed

FLOW = """format: flow/v1
id: {id}
title: {{en: Office}}
locales: [en]
start: there
blocks:
  there: {{type: hours, calendar: office, exits: {{open: hello, closed: night, holiday: night, emergency: flood}}}}
  hello: {{type: end, text: {{en: We are here}}}}
  night: {{type: end, text: {{en: We are closed}}}}
  flood: {{type: end, text: {{en: The house is under water}}}}
  people: {{type: queue, exits: {{answered: hello, overflow: night, no_agents: night}}}}
handlers: {{on_human_request: people, on_error: people}}
"""
CALENDAR = "calendars:\n  office: {weekly: {mon-sun: ['00:00-24:00']}}\n"


LUNCH = "  lunch: {weekly: {mon-sun: ['00:00-24:00']}}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    flows = tmp_path / "flows"
    for folder, name in ((flows, "shop"), (flows / "packs" / "clinic", "clinic")):
        folder.mkdir(parents=True)
        (folder / f"{name}.yaml").write_text(FLOW.format(id=name))
        (folder / "calendars.yaml").write_text(CALENDAR)
    (flows / "customers.sample.yaml").write_text("format: customers/v1\ncustomers: []\n")
    return tmp_path


async def started(store: Store, root: Path) -> tuple[Dialog, Following]:
    following = Following(
        store, Outside(ActionOptions()), Filters.load(root / "filters", []), Experiments(""),
    )  # fmt: skip
    options = DialogOptions(numbers={"1": NumberOptions(flow="shop"), "2": NumberOptions(flow="clinic")})
    dialog = Dialog.load(options, root=root, data_dir=None, embedder=Hashed(), board=following.board)
    await following.read_switches()
    return dialog, following


async def greeting(dialog: Dialog, number: str) -> str:
    engine = dialog.answering(number).engine
    state = engine.new_state(contact_id="c", channel="voice", locale="en", caller=CallerInfo())
    return next(effect.text for effect in await engine.step(state, Started(), 0) if isinstance(effect, Say))


async def test_the_next_caller_meets_the_switch(world: Any, root: Path) -> None:
    dialog, following = await started(world.store, root)
    world.app.state.publishing, world.app.state.following = Publishing(dialog, world.store), following
    assert await greeting(dialog, "2") == "We are here"
    async with await world.as_user("sue") as sue, await world.as_user("amy") as amy:
        assert (await amy.put("/api/hours/clinic/office", json={"state": "emergency"})).status_code == 403
        answer = await sue.put("/api/hours/clinic/office", json={"state": "emergency", "why": "a pipe burst"})
        assert answer.status_code == 200, answer.text
        assert (await greeting(dialog, "2"), await greeting(dialog, "1")) == ("The house is under water", "We are here")
        listed = {(one["pack"], one["calendar"]): one for one in (await amy.get("/api/hours")).json()}
        one = listed["clinic", "office"]
        assert (one["now"], one["by_calendar"], one["by"], one["why"]) == ("emergency", "open", "sue", "a pipe burst")
        assert listed["flows", "office"]["switched"] == "" and listed["flows", "office"]["flows"] == ["shop"]
        # a restart changes nothing
        again, _ = await started(world.store, root)
        assert await greeting(again, "2") == "The house is under water"
        assert (await sue.put("/api/hours/clinic/lunch", json={"state": "closed"})).status_code == 404
        assert (await sue.put("/api/hours/clinic/office", json={"state": "shut"})).status_code == 422
        assert (await sue.delete("/api/hours/clinic/office")).json()["now"] == "open"
    assert await greeting(dialog, "2") == "We are here"
    async with world.store.reading() as session:
        rows = await session.scalars(select(EventRow).where(EventRow.type == "audit").order_by(EventRow.seq))
        told = [(row.payload["by"], row.payload["before"], row.payload["after"], row.payload["why"]) for row in rows]
    assert told == [("sue", "", "emergency", "a pipe burst"), ("sue", "emergency", "", "")]


async def test_a_calendar_that_only_a_queue_asks_is_switched_too(world: Any, root: Path) -> None:
    (root / "flows" / "packs" / "clinic" / "calendars.yaml").write_text(CALENDAR + LUNCH)
    dialog, following = await started(world.store, root)
    world.app.state.publishing, world.app.state.following = Publishing(dialog, world.store), following
    openings = Openings(root / "flows")
    openings.board = following.board
    world.app.state.queues = QueueBook(Queues(world.store), DeskOptions(), openings, root, dialog.flows.values)
    async with await world.as_user("sue") as sue:
        for queue, hours in (("kitchen", "clinic/lunch"), ("ward", "clinic/office")):
            made = await sue.post("/api/queues", json={"queue": queue, "hours": hours})
            assert made.status_code == 201, made.text
        assert openings.is_open("clinic/lunch", 0)
        told = (await sue.put("/api/hours/clinic/lunch", json={"state": "closed", "why": "no gas"})).json()
        assert (told["flows"], told["queues"], told["now"]) == ([], ["kitchen"], "closed")
        assert not openings.is_open("clinic/lunch", 0)
        listed = {(one["pack"], one["calendar"]): one for one in (await sue.get("/api/hours")).json()}
        assert (listed["clinic", "office"]["flows"], listed["clinic", "office"]["queues"]) == (["clinic"], ["ward"])
        assert (await sue.delete("/api/hours/clinic/lunch")).json()["now"] == "open"


def test_the_command_switches_it_as_well(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "flows" / "packs" / "clinic" / "calendars.yaml").write_text(CALENDAR + LUNCH)
    monkeypatch.setenv("WARMLINE_SERVER__DATA_DIR", str(root / "data"))
    monkeypatch.setenv("WARMLINE_DIALOG__FLOWS_DIR", str(root / "flows"))
    shell = CliRunner()
    assert shell.invoke(command.app, ["switch", "clinic/lunch", "closed"]).exit_code == 2
    made = shell.invoke(queue_command.app, ["set", "kitchen", "hours=clinic/lunch"])
    assert made.exit_code == 0, made.output
    assert shell.invoke(command.app, ["switch", "clinic/lunch", "closed"]).exit_code == 0
    assert "SWITCHED to closed" in shell.invoke(command.app, ["list"]).output


def test_the_command_switches_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_SERVER__DATA_DIR", str(tmp_path))
    shell = CliRunner()
    listed = shell.invoke(command.app, ["list"]).output
    assert "clinic/" in listed and "SWITCHED" not in listed
    place = next(line.split()[0] for line in listed.splitlines() if line.startswith("clinic/"))
    told = shell.invoke(command.app, ["switch", place, "emergency", "--why", "flood", "--by", "sue"])
    assert told.exit_code == 0 and f"{place} is emergency until" in told.output
    assert "SWITCHED to emergency by sue" in shell.invoke(command.app, ["list"]).output
    assert "by its calendar again" in shell.invoke(command.app, ["clear", place]).output
    assert "was not switched" in shell.invoke(command.app, ["clear", place]).output
    assert shell.invoke(command.app, ["switch", place, "shut"]).exit_code == 2
    assert shell.invoke(command.app, ["switch", "clinic/lunch", "closed"]).exit_code == 2
