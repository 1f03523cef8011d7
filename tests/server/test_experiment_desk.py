"""Decisions about experiments under attack: from two processes at once, from before a restart, for variants that are gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from dialog.actions.options import ActionOptions
from dialog.actions.outside import Outside
from dialog.experiment.assign import Choice, Experiments
from dialog.filter.service import Filters
from server.experiments import ExperimentDesk
from server.following import Following
from session.store import Store

EVEN = {"plain": 1.0, "warm": 1.0}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    yield store
    await store.close()


async def ended(store: Store, unit: str, variant: str, *, moved: bool) -> None:
    met = {"experiment": "x", "variant": variant, "control": "plain", "unit": unit}
    await store.append("c", "experiment.exposed", met)
    await store.append("c", "experiment.outcome", {**met, "success": not moved, "transferred": moved})


async def test_two_who_decide_first_both_decide(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command of an operator and the guardrail of the app are two processes; neither had decided anything before."""
    await ended(store, "1", "warm", moved=False)
    other = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    read, first = AsyncSession.get, [True]

    async def get(session: AsyncSession, *given: Any, **more: Any) -> Any:
        found = await read(session, *given, **more)
        if first.pop() if first else False:
            await ExperimentDesk(other)._change("x", "guardrail", stop="plain")
        return found

    monkeypatch.setattr(AsyncSession, "get", get)
    try:
        await ExperimentDesk(store).promote("x", "warm", "sue")
    finally:
        await other.close()
    assert (await ExperimentDesk(store).choices())["x"] == Choice("warm", frozenset({"plain"}))


async def test_the_guardrail_stands_where_the_promoted_variant_is_gone(store: Store) -> None:
    """Promoted, and taken out of the file later: its test goes on between the others, and so must the guardrail."""
    desk = ExperimentDesk(store)
    await ended(store, "0", "old", moved=False)
    await desk.promote("x", "old", "sue")
    for number in range(100):
        for variant, moved in (("plain", number % 10 == 0), ("warm", number % 10 < 7)):
            await ended(store, f"{variant}{number}", variant, moved=moved)
    await desk.read()
    assert await desk.guard() == [("x", "warm")]
    gone = Experiments("s", await desk.choices())
    assert gone.variant("x", {**EVEN, "cool": 1.0}, "anybody")[0] in ("plain", "cool")


async def test_what_a_person_promoted_is_theirs(store: Store) -> None:
    """The guardrail says nothing to it any more, not even for the calls that began before."""
    desk = ExperimentDesk(store)
    for number in range(100):
        for variant, moved in (("plain", number % 10 == 0), ("warm", number % 10 < 7)):
            await ended(store, f"{variant}{number}", variant, moved=moved)
    await desk.promote("x", "warm", "sue")
    assert await desk.guard() == []
    await desk.promote("x", "warm", "sue")
    assert (await desk.choices())["x"] == Choice("warm")


async def test_what_was_decided_holds_before_the_first_call_after_a_start(store: Store, tmp_path: Path) -> None:
    """It was read beside the calls, after all events ever written: until then everybody met a test that was over."""
    await ended(store, "1", "warm", moved=False)
    await ExperimentDesk(store).promote("x", "warm", "sue")
    filters = Filters.load(tmp_path, [])
    following = Following(store, Outside(ActionOptions()), filters, Experiments("s"))
    await following.begin()
    assert {following.experiments.variant("x", EVEN, str(who)) for who in range(20)} == {("warm", False)}


async def test_two_readers_of_one_desk_count_once(store: Store) -> None:
    """Two supervisors who look at the same moment."""
    for number in range(20):
        await ended(store, str(number), "warm", moved=False)
    desk = ExperimentDesk(store)
    await asyncio.gather(*(desk.read() for _ in range(3)))
    assert desk.results["x"].variants["warm"].outcomes.n == 20
