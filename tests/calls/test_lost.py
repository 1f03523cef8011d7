"""Callers whom a mistake of ours would have left on a dead line, and records that would never have ended."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from server.api.views import Target
from server.calls import journal
from server.calls.ledger import TurnLedger
from server.calls.recovery import recover
from server.calls.requeueing import requeue
from session import wire
from session.model import Contact as ContactRow
from session.store import Store
from tests.calls.house import open_house
from tests.calls.test_chat import FLOW as QUEUE
from tests.calls.test_transfers import flow

WAITING = {
    "main": """
format: flow/v1
id: main
title: {en: M}
locales: [en]
start: people
blocks:
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: bye}}
  sorry: {type: end, disposition: sorry, text: {en: Something broke.}}
  bye: {type: end}
handlers: {on_error: sorry}
"""
}


async def broken(contact: Any) -> None:
    async def work() -> None:
        raise RuntimeError("a bug of ours")

    contact.post(work)


@pytest.mark.parametrize("flows", [WAITING, flow()])
async def test_what_breaks_in_the_queue_or_while_it_rings_gives_the_caller_back(
    tmp_path: Path, flows: dict[str, str]
) -> None:
    async with open_house(tmp_path, flows) as house:
        contact = await house.call()
        await house.quiet()
        assert contact.phase in ("queued", "transfer")
        await broken(contact)
        await house.quiet()
        assert contact.phase == "flow"  # the flow ends it by its own words, or there are none and it hangs up
        assert house.controller.desk.desk.waiting == {}
        await house.said()
        assert house.of(wire.HangupLeg, "leg-1")


async def test_a_flow_that_breaks_at_the_end_leaves_no_open_contact(tmp_path: Path) -> None:
    async with open_house(tmp_path, QUEUE) as house:
        contact = await house.call()

        async def breaks(*_: Any) -> Any:
            raise RuntimeError("a bug of ours")

        cast(Any, contact).engine = type("Broken", (), {"step": breaks, "flow": contact.engine.flow})()
        await house.ended("leg-1")
        assert contact.phase == "ended"
        async with house.store.reading() as session:
            row = await session.scalar(select(ContactRow).where(ContactRow.id == contact.contact_id))
        assert row is not None
        assert row.ended_at is not None
        assert house.controller.contacts == {}


async def test_a_talk_outlives_its_agents_account(tmp_path: Path) -> None:
    """Somebody who is made no agent during a restart is still the one whom the caller hears."""
    async with open_house(tmp_path, WAITING) as house:
        ids = await house.agents("amy")
        house.controller.set_availability(ids["amy"], "available")
        contact = await house.call()
        await house.quiet()
        leg = await house.answered_by_agent(contact)
    async with open_house(tmp_path, WAITING) as house:
        await recover(house.controller)  # no agents were read: there is none any more
        again = house.controller.contacts[contact.contact_id]
        assert again.agent is not None
        saved = again.agent.snapshot()
        assert (saved.user_id, saved.name, saved.leg_id, saved.connected) == (ids["amy"], "Amy", leg, True)
        assert leg in house.controller.legs  # so that the caller is had back when it ends
        again.up, again.waiting_for_leg = True, False
        await house.ended(leg)
        assert again.phase == "flow"


async def test_a_database_that_fails_as_the_agent_answers_loses_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the customer hears music for ever, and the agent nothing."""
    append, failed = Store.append, list[str]()

    async def fails_once(store: Store, conversation_id: str, kind: str, payload: Any, **more: Any) -> Any:
        if kind == "queue.accepted" and not failed:
            failed.append(kind)
            raise OSError("the database is away")
        return await append(store, conversation_id, kind, payload, **more)

    async with open_house(tmp_path, WAITING) as house:
        ids = await house.agents("amy")
        house.controller.set_availability(ids["amy"], "available")
        contact = await house.call()
        await house.quiet()
        monkeypatch.setattr(Store, "append", fails_once)
        leg = await house.answered_by_agent(contact)
        assert failed
        assert contact.phase != "talking"  # the flow's error handler has them
        assert house.of(wire.HangupLeg, leg)
        assert not [h for h in house.controller.desk.desk.agents[ids["amy"]].held.values() if h.acw_until_ms is None]


@pytest.mark.parametrize("free", [True, False])
async def test_who_rings_over_a_restart_can_still_answer(tmp_path: Path, free: bool) -> None:
    async with open_house(tmp_path, WAITING) as house:
        ids = await house.agents("amy")
        house.controller.set_availability(ids["amy"], "available")
        contact = await house.call()
        await house.quiet()
        assert contact.agent is not None
        offer = contact.agent.offer_id
        await house.quiet()
    async with open_house(tmp_path, WAITING) as house:
        await house.controller.reload_agents()
        house.controller.set_availability(ids["amy"], "available" if free else "break")
        await recover(house.controller)
        again = house.controller.contacts[contact.contact_id]
        again.up, again.waiting_for_leg = True, False
        again.post(lambda: again.resume(None))
        await house.quiet()
        if not free:
            assert again.agent is None
            return
        assert again.agent is not None
        assert again.agent.offer_id == offer  # the page that shows it may take it
        await house.answered_by_agent(again)
        assert again.phase == "talking"


def test_the_stages_of_a_turn_add_up_when_they_are_finer_than_the_clock() -> None:
    ledger = TurnLedger()
    ledger.heard(1_000, [wire.Stage(name="asr", ms=200.0)])
    ledger.answered("p1", 30.7)
    event = wire.PlayStarted(leg_id="l", play_id="p1", at_ms=0, ledger=[wire.Stage(name="synthesis", ms=69.8)])
    stages = ledger.audible(1_100, event)
    assert stages is not None
    assert sum(stage.ms for stage in stages) == pytest.approx(200.0 + 100.0, abs=0.11)
    assert all(stage.ms >= 0 for stage in stages)


async def test_legs_that_end_while_the_database_is_locked_have_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who copies the database may lock it for a while: a report of that time was lost, and its contact never ended."""
    async with open_house(tmp_path, WAITING) as house:
        ids = await house.agents("amy")
        house.controller.set_availability(ids["amy"], "available")
        one, other = await house.call("leg-1"), await house.call("leg-2")
        agent = await house.answered_by_agent(one)
        monkeypatch.setattr(journal, "AGAIN_S", (0.0, 0.0))
        asked = 0

        async def locked(*_given: Any, **_more: Any) -> None:
            nonlocal asked
            asked += 1
            raise OperationalError("INSERT", {}, Exception("database is locked"))

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(house.store, "update_leg", locked)
            await house.ended("leg-1")
            assert asked == 3
            worker = SimpleNamespace(worker_id="sip-in-0", incarnation="i", legs={agent, "leg-2"})
            await house.controller.on_worker_lost(cast(Any, worker))
            await house.quiet()
        assert one.phase == other.phase == "ended"
        assert house.controller.contacts == {} and house.controller.legs == {}
        assert not house.controller.desk.desk.agents[ids["amy"]].held


async def test_a_report_that_the_database_takes_late_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, WAITING) as house:
        contact = await house.call()
        monkeypatch.setattr(journal, "AGAIN_S", (0.0,))
        append, refused = house.store.append, []

        async def late(conversation: str, kind: str, *given: Any, **more: Any) -> Any:
            if kind == "leg.ended" and not refused:
                refused.append(kind)
                raise OperationalError("INSERT", {}, Exception("database is locked"))
            return await append(conversation, kind, *given, **more)

        monkeypatch.setattr(house.store, "append", late)
        await house.ended("leg-1")
        assert refused and len(await house.events(contact, "leg.ended")) == 1


@pytest.mark.parametrize("phase", ["queued", "talking"])
async def test_who_hangs_up_while_the_database_is_locked_leaves_nobody_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    """Nothing of it can be written: still nobody waits at the desk, no phone rings on, and agents take other calls."""
    async with open_house(tmp_path, WAITING) as house:
        ids = await house.agents("amy", "bob")
        for user_id in ids.values():
            house.controller.set_availability(user_id, "available")
        contact = await house.call()
        await house.quiet()
        amy = await house.answered_by_agent(contact)
        if phase == "talking":
            me = contact.agent
            assert me is not None
            target = Target("agent", ids["bob"] if me.user_id == ids["amy"] else ids["amy"])
            contact.post(lambda: _asks(contact, me, target))
            await house.quiet()
            bob = contact.room.parties[contact.consults.now.party]
        else:
            contact.post(lambda: _requeued(contact))
            await house.quiet()
            bob = contact.agent
        await bob.answer_in_browser("v=0")
        if phase == "talking":
            await house.tell(wire.LegProgress(leg_id=bob.leg_id, state="up"))
        assert contact.phase == phase
        monkeypatch.setattr(journal, "AGAIN_S", ())

        async def locked(*_given: Any, **_more: Any) -> None:
            raise OperationalError("INSERT", {}, Exception("database is locked"))

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(house.store, "append", locked)
            await house.ended("leg-1")
        await house.quiet()
        desk = house.controller.desk.desk
        assert house.controller.contacts == {} and desk.waiting == {}
        assert not any(agent.held or agent.status == "offered" for agent in desk.agents.values())
        assert house.of(wire.HangupLeg, bob.leg_id)
        assert house.of(wire.HangupLeg, amy)


async def _asks(contact: Any, me: Any, target: Target) -> None:
    await contact.consults.begin(me, target)


async def _requeued(contact: Any) -> None:
    await requeue(contact, "lost")


async def test_an_agent_whose_coming_cannot_be_written_down_is_let_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent heard nothing, the customer music, and when the agent had left the flow still waited for one."""
    async with open_house(
        tmp_path, {"main": WAITING["main"].replace("bye: {type: end}", "bye: {type: end, text: {en: Bye.}}")}
    ) as house:
        ids = await house.agents("amy")
        house.controller.set_availability(ids["amy"], "available")
        contact = await house.call()
        await house.quiet()
        append = house.store.append

        async def locked(conversation: str, kind: str, *given: Any, **more: Any) -> Any:
            if kind == "party.joined":
                raise OperationalError("INSERT", {}, Exception("database is locked"))
            return await append(conversation, kind, *given, **more)

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(house.store, "append", locked)
            agent = await house.answered_by_agent(contact)
        assert {order.leg_id: order.hears for order in house.of(wire.MixLeg)} == {"leg-1": [agent], agent: ["leg-1"]}
        assert not contact.caller.music_id
        await house.ended(agent)
        assert house.spoken()[-1] == "Bye."
