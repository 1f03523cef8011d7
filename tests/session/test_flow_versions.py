"""Versions of flows in the store: what is live, plans, and nobody overwriting what they have not seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, select, text

from session import migrate, model_flows
from session.flow_contents import Snapshot
from session.flow_versions import ChangedMeanwhile, FlowVersions, VersionUnknown
from session.model import Base
from session.model_flows import FlowFile
from session.store import Store


def bank(text: str, **beside: str) -> Snapshot:
    files = {"packs/bank/bank.yaml": text, "packs/bank/bank.flowtest.yaml": "t", **beside}
    return Snapshot("bank", "packs/bank/bank.yaml", files)


async def test_versions_are_numbered_and_one_is_live(store: Store) -> None:
    versions = FlowVersions(store)
    assert await versions.live() == {}
    one = await versions.hand_in(bank("one"), by="ann", note="first")
    two = await versions.hand_in(bank("two"), by="ann")
    assert (one.number, one.base, two.number, two.base) == (1, 0, 2, 0)
    live = await versions.publish("bank", 1, by="ann")
    assert (live.number, live.revision, live.sha) == (1, 1, bank("one").sha)
    assert [(v.number, v.live) for v in await versions.versions("bank")] == [(2, False), (1, True)]
    content = await versions.snapshot(bank("one").sha)
    assert content == bank("one") and (content.text, content.tests) == ("one", "t")
    assert (await versions.published())["bank"] == content
    with pytest.raises(VersionUnknown, match="no version 9"):
        await versions.publish("bank", 9, by="ann")


async def test_texts_are_kept_once_whatever_versions_hold_them(store: Store) -> None:
    versions = FlowVersions(store)
    one, two = bank("one", intent="ask", rules="a"), bank("one", intent="ask", rules="b")
    assert one.sha != two.sha
    for snapshot in (one, two, one):
        await versions.remember(snapshot)
    async with store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(FlowFile)) == 5
    assert {kept.sha for kept in await versions.kept()} == {one.sha, two.sha}
    assert await versions.snapshot(two.sha) == two


async def test_nobody_overwrites_what_they_have_not_seen(store: Store) -> None:
    versions = FlowVersions(store)
    await versions.hand_in(bank("ann's"), by="ann")
    await versions.hand_in(bank("bob's"), by="bob")
    await versions.publish("bank", 1, by="ann")
    with pytest.raises(ChangedMeanwhile, match=r"version 1 was made live by ann on \d{4}-"):
        await versions.publish("bank", 2, by="bob")
    seen = (await versions.live())["bank"].revision
    assert (await versions.publish("bank", 2, by="bob", base=seen)).revision == 2
    back = await versions.publish("bank", 1, by="bob", base=2, action="rollback", why="callers complain")
    assert (back.number, back.revision) == (1, 3)
    audit = await versions.audit("bank")
    assert [(a.action, a.by, a.number) for a in audit] == [
        ("rollback", "bob", 1), ("publish", "bob", 2), ("publish", "ann", 1), ("hand in", "bob", 2), ("hand in", "ann", 1),
    ]  # fmt: skip
    assert (audit[0].before_sha, audit[0].after_sha, audit[0].why) == (
        bank("bob's").sha, bank("ann's").sha, "callers complain",
    )  # fmt: skip


async def test_plans(store: Store) -> None:
    versions = FlowVersions(store)
    await versions.hand_in(bank("one"), by="ann")
    due = datetime.now(UTC) + timedelta(hours=1)
    plan = await versions.plan("bank", 1, due, by="ann")
    assert await versions.plans(due=due - timedelta(seconds=1)) == []
    assert await versions.plans(due=due) == [plan]
    assert await versions.settle(plan, "cancelled", by="bob")
    assert not await versions.settle(plan, "done", by="system")
    assert await versions.plans("bank") == []
    assert [a.action for a in await versions.audit()] == ["plan cancelled", "plan", "hand in"]


async def test_the_migration_makes_the_tables_of_the_models(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        return [item for item in found if any(f"'{table}" in str(item) for table in tables)]

    tables = [
        t.__tablename__ for t in vars(model_flows).values() if isinstance(t, type) and hasattr(t, "__tablename__")
    ]
    assert len(tables) == 6
    async with store.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_texts_of_before_snapshots_survive_the_migration_and_back(store: Store) -> None:
    versions = FlowVersions(store)
    await versions.hand_in(Snapshot("old", "", {"": "the flow", ".flowtest.yaml": "its test"}), by="ann")
    await versions.publish("old", 1, by="ann")

    def there_and_back(connection: Connection) -> list[tuple[str, str]]:
        config = Config()
        config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.downgrade(config, "0007")
        found = [(row[0], row[1]) for row in connection.execute(text("SELECT text, tests FROM flow_content"))]
        command.upgrade(config, "head")
        return found

    async with store.engine.begin() as connection:
        assert await connection.run_sync(there_and_back) == [("the flow", "its test")]
    found = (await versions.published())["old"]
    assert (found.whole, found.text, found.tests) == (False, "the flow", "its test")
