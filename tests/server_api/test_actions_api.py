"""Approvals, experiments and filter packs over the API: who may, once only, audited, and a restart in between."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dialog.actions.options import ActionOptions
from dialog.actions.outside import Outside
from dialog.actions.runs import WorkflowRun
from dialog.experiment.assign import Experiments
from dialog.filter.service import Filters
from server.experiments import ExperimentDesk
from server.following import Following
from server.workflow_runs import StoredRuns
from session.model import EventRow
from session.store import Store
from tests.dialog.test_actions import FINE, PAID, Bank, office, paths, wanted
from tests.dialog.test_filter import PACK


async def contact(store: Store) -> tuple[str, str]:
    conversation = await store.create_conversation(language="en")
    return conversation, await store.add_contact(
        conversation, channel="voice", direction="inbound", initiation_method="call"
    )


async def audit(store: Store) -> list[dict[str, Any]]:
    async with store.reading() as session:
        rows = await session.scalars(select(EventRow).where(EventRow.type == "audit").order_by(EventRow.seq))
        return [row.payload for row in rows]


async def test_approval_over_the_api_counts_once_even_over_a_restart(world: Any, tmp_path: Path) -> None:
    bank, runs = Bank(PAID, FINE), StoredRuns(world.store)
    conversation, contact_id = await contact(world.store)
    call_id = f"{contact_id}:refund:1"
    _, actions = office(tmp_path, bank, runs)  # type: ignore[arg-type]
    assert (await actions.perform(wanted(5000.0, call_id))).outcome == "needs_approval"
    async with await world.as_user("sue") as sue, await world.as_user("amy") as amy:
        (listed,) = (await sue.get("/api/approvals")).json()
        assert (
            listed["id"] == call_id and listed["inputs"]["amount"] == 5000 and listed["conversation_id"] == conversation
        )
        assert (await amy.get("/api/approvals")).status_code == 403
        assert (await amy.post(f"/api/approvals/{call_id}/approve", json={})).status_code == 403
        answers = await asyncio.gather(
            *(sue.post(f"/api/approvals/{call_id}/approve", json={"note": "fine"}) for _ in range(3))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        assert (await sue.post(f"/api/approvals/{call_id}/reject", json={})).status_code == 409
        assert (await sue.post("/api/approvals/none/approve", json={})).status_code == 404
    outside, _ = office(tmp_path, bank, runs)  # type: ignore[arg-type]
    assert sum(await asyncio.gather(outside.approved(), outside.approved())) == 1
    assert paths(bank) == ["POST /pay/7", "PUT /told/7"]
    told = [(entry["what"], entry["by"]) for entry in await audit(world.store)]
    assert told[0] == ("begun", "flow") and ("fine", "sue") in told and told[-1][0] == "done"
    assert all("5000" not in str(entry) for entry in await audit(world.store))


async def test_a_rejected_run_does_nothing(world: Any, tmp_path: Path) -> None:
    bank, runs = Bank(PAID, FINE), StoredRuns(world.store)
    outside, actions = office(tmp_path, bank, runs)  # type: ignore[arg-type]
    await actions.perform(wanted(5000.0))
    async with await world.as_user("sue") as sue:
        assert (await sue.post("/api/approvals/c1:refund:1/reject", json={"note": "no"})).json() == {
            "status": "rejected"
        }
        (listed,) = (await sue.get("/api/approvals", params={"status": "rejected"})).json()
    assert (listed["decided_by"], listed["note"]) == ("sue", "no")
    assert await outside.approved() == 0 and not bank.asked


async def test_runs_come_back_from_the_store_as_they_were(world: Any) -> None:
    runs = StoredRuns(world.store)
    run = WorkflowRun(id="x", workflow="w", folder="f", sha="s", definition="d", inputs={"a": 1}, undone=["b"], at=2)
    assert await runs.begin(run) == run
    other = WorkflowRun(id="x", workflow="w2", folder="f", sha="s", definition="d")
    assert await runs.begin(other) == run and await runs.load("x") == run
    assert await runs.in_status("running") == [run] and await runs.in_status("done") == []


async def expose(store: Store, count: int, rates: dict[str, tuple[int, int]]) -> None:
    """`rates`: variant → successes and transfers of 10."""
    for unit in range(count):
        for variant, (good, moved) in rates.items():
            met = {"experiment": "greeting", "variant": variant, "control": "plain", "unit": f"{variant}{unit}"}
            await store.append("c", "experiment.exposed", met)
            outcome = {**met, "success": unit % 10 < good, "transferred": unit % 10 < moved}
            await store.append("c", "experiment.outcome", outcome)


async def test_experiments_are_shown_promoted_and_stopped(world: Any) -> None:
    await expose(world.store, 150, {"plain": (8, 1), "warm": (3, 6)})
    async with await world.as_user("sue") as sue, await world.as_user("amy") as amy:
        (shown,) = (await sue.get("/api/experiments")).json()
        warm = shown["variants"][1]
        assert shown["control"] == "plain" and warm["exposed"] == 150 and warm["transfer_rate"] == 0.6
        assert warm["against_control"]["sure"] and warm["against_control"]["high"] < 0
        desk = ExperimentDesk(world.store)
        await desk.read()
        assert await desk.guard() == [("greeting", "warm")] and await desk.guard() == []
        assert (await sue.get("/api/experiments/greeting")).json()["variants"][1]["stopped"]
        assert (await amy.post("/api/experiments/greeting/promote", json={"variant": "plain"})).status_code == 403
        assert (await sue.post("/api/experiments/greeting/promote", json={"variant": "loud"})).status_code == 404
        assert (await sue.post("/api/experiments/none/promote", json={"variant": "plain"})).status_code == 404
        assert (await sue.post("/api/experiments/greeting/promote", json={"variant": "plain"})).status_code == 200
        for lift in (5e-324, -1e-200, 1e-7):  # found: an internal error
            none = await sue.get("/api/experiments/sample-size", params={"rate": 0.5, "lift": lift})
            assert none.status_code == 422
        needed = await sue.get("/api/experiments/sample-size", params={"rate": 0.5, "lift": 0.05})
        assert needed.json() == {"per_variant": 1565}
    experiments = Experiments("s", await desk.choices())
    assert experiments.variant("greeting", {"plain": 1, "warm": 1}, "anybody") == ("plain", False)
    assert [entry["by"] for entry in await audit(world.store)] == ["guardrail", "sue"]


async def test_packs_are_read_again_and_a_bad_one_is_told(world: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(PACK)
    filters = Filters.load(tmp_path, ["mine"])
    world.app.state.following = Following(world.store, Outside(ActionOptions()), filters, Experiments())
    async with await world.as_user("root") as root, await world.as_user("sue") as sue:
        assert (await sue.post("/api/filters/reload")).status_code == 403
        path.write_text(PACK.replace("{sure}", "{shure}"))
        (told,) = (await root.post("/api/filters/reload")).json()
        assert "filter-pattern" in told["problems"][0] and told["before"] == told["after"]
        path.write_text(PACK.replace("money", "riches"))
        (told,) = (await root.post("/api/filters/reload")).json()
        assert told["problems"] == [] and told["before"] != told["after"]
        (pack,) = (await sue.get("/api/filters")).json()
        assert pack == {"id": "mine", "sha": told["after"], "rules": 1}
    assert [entry["by"] for entry in await audit(world.store)] == ["root", "root"]


async def test_following_takes_up_approvals_choices_and_packs(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.following.EVERY_S", 0.01)
    (tmp_path / "mine.yaml").write_text(PACK)
    bank = Bank(PAID, FINE)
    outside, actions = office(tmp_path, bank)
    following = Following(world.store, outside, Filters.load(tmp_path, ["mine"]), Experiments("s"))
    await actions.perform(wanted(5000.0))
    assert await StoredRuns(world.store).move("c1:refund:1", "waiting", "approved", by="sue")
    await expose(world.store, 1, {"plain": (1, 0)})
    await ExperimentDesk(world.store).promote("greeting", "plain", "sue")
    task = asyncio.create_task(following.run())
    try:
        async with asyncio.timeout(20):
            await bank.second.wait()
            while "greeting" not in following.experiments.choices:  # noqa: ASYNC110 - set by the loop under test
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert following.experiments.choices["greeting"].promoted == "plain"
