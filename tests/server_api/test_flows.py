"""Versions of flows over the API: gates, locks, plans, roll-back, and calls that stay on the version they began with."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from dialog.effects import Perform
from dialog.engine import FlowEngine
from dialog.events import Started
from dialog.options import DialogOptions, NumberOptions
from dialog.ports import Understood, Vectors
from dialog.service import Dialog
from dialog.state import CallerInfo
from server.publishing import NotPublished, Publishing
from session.flow_contents import Snapshot
from session.flow_versions import FlowVersions, Version
from session.store import Store
from tests.shop import shop

FLOW = shop(
    "{goodbye: bye, unknown: people}",
    """\
  people:
    type: queue
    exits: {answered: bye, overflow: bye, no_agents: bye}
""",
)
NEW = FLOW.replace("How can I help you", "What is it")
TESTS = """format: flowtest/v1
flow: shop
tests:
  - name: bye
    steps: [{expect: help you}, {say: bye}, {expect: goodbye}]
    assert: {ended: completed}
"""
NEW_TESTS = TESTS.replace("help you", "what is it")


class Hashed:
    async def embed(self, texts: Sequence[str], query: bool = True) -> Vectors:
        rows = [np.frombuffer(hashlib.sha256(text.encode()).digest() * 3, dtype=np.uint8) for text in texts]
        vectors: Vectors = np.stack(rows).astype(np.float32) - 127.5
        return vectors


class Words:
    async def classify(self, text: str, allowed: Sequence[str] | None = None) -> Understood:
        return Understood("goodbye" if text == "bye" else "unknown", 0.9)

    async def match(self, text: str, options: Sequence[Sequence[str]]) -> int | None:
        return None


def load(root: Path, published: dict[str, Snapshot] | None = None) -> Dialog:
    options = DialogOptions(numbers={"*": NumberOptions(flow="shop")})
    dialog = Dialog.load(options, root=root, data_dir=None, embedder=Hashed(), published=published)
    folder = dialog.folder("shop")
    folder.ports = replace(folder.ports, understanding=Words())
    folder._ready.set()  # what is learnt is tested elsewhere
    return dialog


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "flows" / "intents").mkdir(parents=True)
    (tmp_path / "flows" / "shop.yaml").write_text(FLOW)
    (tmp_path / "flows" / "customers.sample.yaml").write_text("format: customers/v1\ncustomers: []\n")
    return tmp_path


@pytest.fixture
async def publishing(world: Any, root: Path) -> Publishing:
    found = Publishing(load(root), world.store)
    await found.start()
    world.app.state.publishing = found
    return found


async def handed_in(client: httpx.AsyncClient, text: str = NEW, tests: str = NEW_TESTS) -> Any:
    answer = await client.post("/api/flows/shop/versions", json={"text": text, "tests": tests})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def draft(publishing: Publishing, text: str, tests: str, by: str) -> Version:
    return (await publishing.hand_in("shop", text, by=by, tests=tests, note=""))[0]


def greeting(publishing: Publishing) -> str:
    flow = publishing.served()["shop"]
    return str(flow.blocks["ask"].model_dump()["prompt"]["en"])


async def test_only_designers_and_admins(world: Any, publishing: Publishing) -> None:
    async with await world.as_user("amy") as agent:
        assert (await agent.get("/api/flows")).status_code == 403
    async with world.client() as nobody:
        assert (await nobody.get("/api/flows")).status_code == 401
        assert (await nobody.post("/api/flows/shop/publish", json={"number": 1})).status_code == 401


async def test_from_draft_to_live_and_back(world: Any, publishing: Publishing) -> None:
    async with await world.as_user("dee") as client:
        assert (await client.get("/api/flows")).json()[0]["number"] == 0
        old = await handed_in(client, FLOW, TESTS)
        new = await handed_in(client)
        assert (old["number"], new["number"], new["problems"]) == (1, 2, [])
        assert greeting(publishing) == "How can I help you"
        answer = await client.post("/api/flows/shop/publish", json={"number": 2})
        assert answer.status_code == 200, answer.text
        assert (answer.json()["live"]["number"], answer.json()["live"]["by"]) == (2, "dee")
        assert "no-test-exit" in {problem["rule"] for problem in answer.json()["problems"]}
        assert greeting(publishing) == "What is it"
        shown = (await client.get("/api/flows/shop/diff", params={"from": 0, "to": 2})).json()
        assert [change["text"] for change in shown] == ["~ ask: wording prompt (en): How can I help you → What is it"]
        refused = await client.post("/api/flows/shop/publish", json={"number": 1})
        assert refused.status_code == 409
        assert "version 2 was made live by dee on 20" in refused.json()["detail"]
        assert (await client.post("/api/flows/shop/rollback", json={})).status_code == 404
        assert (await client.post("/api/flows/shop/rollback", json={"number": 1})).json()["number"] == 1
        assert greeting(publishing) == "How can I help you"
        assert (await client.post("/api/flows/shop/rollback", json={"why": "better"})).json()["number"] == 2
        audit = (await client.get("/api/flows/shop/audit")).json()
        assert [(a["action"], a["number"]) for a in audit][:3] == [("rollback", 2), ("rollback", 1), ("publish", 2)]
        assert (await client.get("/api/flows/shop/versions/2")).json()["text"] == NEW


@pytest.mark.parametrize(
    ("text", "tests", "says"),
    [
        ("blocks: [", NEW_TESTS, "E yaml"),
        (NEW.replace("goodbye: bye", "goodbye: nowhere"), NEW_TESTS, "nowhere"),
        (NEW.replace("id: shop", "id: bank"), NEW_TESTS, "E id-other"),
        (NEW, TESTS, "shop.flowtest.yaml:5: E test-fails scenario 'bye', step 1: the bot does not say 'help you'"),
        (NEW, "", "E no-tests"),
        (NEW, "format: flowtest/v2", "flowtest"),
    ],
)
async def test_what_is_broken_is_not_published(
    world: Any, publishing: Publishing, text: str, tests: str, says: str
) -> None:
    async with await world.as_user("dee") as client:
        number = (await handed_in(client, text, tests))["number"]
        refused = await client.post("/api/flows/shop/publish", json={"number": number})
        assert refused.status_code == 422
        assert says in refused.json()["detail"]
        assert greeting(publishing) == "How can I help you"
        assert (await client.get("/api/flows/shop/audit")).json()[0]["action"] == "refused"


async def test_a_live_call_stays_on_its_version_also_over_a_restart(
    world: Any, publishing: Publishing, root: Path
) -> None:
    store: Store = world.store
    engine = publishing._dialog.answering("100").engine
    state = engine.new_state(contact_id="c", channel="voice", locale="en", caller=CallerInfo())
    await engine.step(state, Started(), 0)
    conversation = await store.create_conversation(language="en")
    contact = await store.add_contact(conversation, channel="voice", direction="inbound", initiation_method="inbound")
    await store.save_run(contact, flow_id="shop", flow_sha=engine.flow.sha, state=state.dump())
    async with await world.as_user("dee") as client:
        await client.post("/api/flows/shop/publish", json={"number": (await handed_in(client))["number"]})
    assert publishing._dialog.answering("100").engine.flow.sha != engine.flow.sha
    # the app is killed; by then the file on disk is broken, too
    (root / "flows" / "shop.yaml").write_text("format: flow/v1\nblocks: [")
    dialog = load(root, await FlowVersions(store).published())
    again = Publishing(dialog, store)
    await again.start()
    assert greeting(again) == "What is it"
    found = dialog.engine("shop", engine.flow.sha)
    assert found is not None and found.flow.blocks["ask"] == engine.flow.blocks["ask"]


RULES = """format: rules/v1
id: fee
inputs: {days: {type: number}}
outputs: {percent: {type: number}}
rows: [{id: all, then: {percent: 1}}]
"""
ARTICLE = """format: knowledge/v1
articles: [{id: fees, version: 1, questions: {en: [what does it cost]}, answer: {en: Nothing.}}]
"""


async def fee(engine: FlowEngine) -> Any:
    work = Perform(call_id="c:1", block="b", kind="rule", request={"id": "fee", "inputs": {"days": 3}}, timeout_ms=1000)
    return (await engine.ports.performer.perform(work)).values["percent"]


async def test_a_version_is_everything_that_lies_beside_the_flow(world: Any, root: Path) -> None:
    beside = {root / "flows" / "rules" / "fee.yaml": RULES, root / "flows" / "knowledge" / "shop.yaml": ARTICLE}
    for path, text in beside.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    publishing = Publishing(load(root), world.store)
    await publishing.start()
    dialog = publishing._dialog
    old = dialog.answering("100").engine
    # the designer changes table, article and intents; nothing that answers is touched until the version is published
    (root / "flows" / "rules" / "fee.yaml").write_text(RULES.replace("percent: 1}", "percent: 2}"))
    (root / "flows" / "knowledge" / "shop.yaml").write_text(ARTICLE.replace("Nothing", "A lot"))
    version = await draft(publishing, FLOW, TESTS, "ann")
    shown = [str(change) for change in await publishing.difference("shop", 0, version.number)]
    assert shown == []
    snapshot = await publishing.versions.snapshot(version.sha)
    assert snapshot is not None
    _, loaded = dialog.loader.version(snapshot)
    assert loaded is not None
    loaded.folder.ports = replace(loaded.folder.ports, understanding=Words())
    loaded.folder._ready.set()
    await publishing.publish("shop", version.number, by="ann")
    new = dialog.answering("100").engine
    assert (await fee(old), await fee(new)) == (1, 2)
    assert (old.ports.knowledge.answers("en"), new.ports.knowledge.answers("en")) == (["Nothing."], ["A lot."])
    # a call of each is under way when the app is killed, and the folder is emptied meanwhile
    for engine in (old, new):
        state = engine.new_state(contact_id="c", channel="voice", locale="en", caller=CallerInfo())
        conversation = await world.store.create_conversation(language="en")
        contact = await world.store.add_contact(
            conversation, channel="voice", direction="inbound", initiation_method="inbound"
        )
        await world.store.save_run(contact, flow_id="shop", flow_sha=engine.flow.sha, state=state.dump())
    for path in (*beside, root / "flows" / "shop.yaml"):
        path.unlink()
    again = load(root, await FlowVersions(world.store).published())
    await Publishing(again, world.store).start()
    found = [again.engine("shop", engine.flow.sha) for engine in (old, new)]
    assert [await fee(engine) for engine in found if engine] == [1, 2]
    assert again.answering("100").engine is found[1]


async def test_planned_publications_happen_also_after_a_restart(
    world: Any, publishing: Publishing, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = datetime.now(UTC) + timedelta(hours=1)
    async with await world.as_user("dee") as client:
        number = (await handed_in(client))["number"]
        naive = await client.post("/api/flows/shop/publish", json={"number": number, "at": "2026-12-24T18:00:00"})
        assert naive.status_code == 422 and "zone" in naive.json()["detail"]
        answer = await client.post("/api/flows/shop/publish", json={"number": number, "at": due.isoformat()})
        assert answer.json()["plan"]["number"] == number
    again = Publishing(load(root), world.store)
    await again.start()
    await again._run_plans()
    assert greeting(again) == "How can I help you"
    monkeypatch.setattr("server.publishing.utcnow", lambda: due + timedelta(seconds=1))
    await again._run_plans()
    assert greeting(again) == "What is it"
    # another app of the same store, or the one that was told by the command, follows
    await publishing._take_up()
    assert greeting(publishing) == "What is it"
    assert await again.versions.plans() == []


async def test_a_plan_that_no_longer_fits_is_told_and_harms_nothing(
    world: Any, publishing: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = datetime.now(UTC) + timedelta(hours=1)
    versions = publishing.versions
    await draft(publishing, NEW, NEW_TESTS, "ann")
    await draft(publishing, FLOW, TESTS, "bob")
    await publishing.plan("shop", 1, due, by="ann")
    await publishing.publish("shop", 2, by="bob")
    monkeypatch.setattr("server.publishing.utcnow", lambda: due + timedelta(seconds=1))
    await publishing._run_plans()
    assert greeting(publishing) == "How can I help you"
    last = (await versions.audit("shop"))[0]
    assert last.action == "plan failed" and "made live by bob" in last.why
    with pytest.raises(NotPublished):
        await draft(publishing, "nothing", "", "ann")
        await publishing.publish("shop", 3, by="ann")


async def test_following_goes_on_after_what_nobody_foresaw(
    publishing: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 0

    async def run() -> None:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise ValueError("not foreseen")
        raise asyncio.CancelledError

    monkeypatch.setattr("server.publishing.FOLLOW_S", 0)
    monkeypatch.setattr(publishing, "_run_plans", run)
    with pytest.raises(asyncio.CancelledError):
        await publishing.follow()
    assert tried == 2


async def test_two_who_publish_at_once(world: Any, publishing: Publishing) -> None:
    for by in ("ann", "bob"):
        await draft(publishing, NEW + f"# {by}\n", NEW_TESTS, by)
    done = await asyncio.gather(
        publishing.publish("shop", 1, by="ann"), publishing.publish("shop", 2, by="bob"), return_exceptions=True
    )
    assert sorted(type(item).__name__ for item in done) == ["ChangedMeanwhile", "Published"]
