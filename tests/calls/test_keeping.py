"""Calls that the server holds: pages that are reloaded, second tabs, parked customers, phones changed in mid-shift."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.api.ports import NotNow
from server.calls.showing import utc
from session import wire
from telephony.edge import AGENT_HEADER
from tests.calls.desk_house import Desk, open_desk
from tests.calls.house import WORD


async def rejoin(desk: Desk, who: str = "amy") -> str:
    """Another page of theirs asks for their place; its leg, not up yet."""
    back = await desk.control.desk.rejoin(desk.ids[who], desk.contact.contact_id, "v=0")
    return back.leg_id


async def test_a_page_that_is_reloaded_comes_back_into_the_call(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        party = await desk.talk()
        await desk.control.desk.mute(desk.ids["amy"], desk.contact.contact_id, True)
        began = party.since_ms = party.since_ms - 60_000  # a minute ago
        await desk.house.ended(party.leg_id, "page_gone")
        assert desk.plays("leg-1") == "courtesy"
        assert not desk.listened_to("leg-1")
        (view,) = desk.control.desk.view(desk.ids["amy"]).contacts
        assert view.state == "away"
        desk.safe()
        leg = await rejoin(desk)
        await desk.house.tell(wire.LegProgress(leg_id=leg, state="up"))
        assert desk.plays("leg-1") == ""
        assert desk.hears(leg) == {"leg-1"}
        assert not desk.hears("leg-1")  # still muted: a reload opens no microphone
        assert desk.house.of(wire.MuteLeg, leg)[-1].on
        await desk.control.desk.mute(desk.ids["amy"], desk.contact.contact_id, False)
        assert desk.together("leg-1", leg)
        (told,) = await desk.house.events(desk.contact, "party.returned")
        assert (told["leg_id"], told["replaced"]) == (leg, "")
        assert told["away_ms"] < 60_000  # of this absence
        (view,) = desk.control.desk.view(desk.ids["amy"]).contacts
        assert view.since == utc(began)  # the talk did not begin anew


async def test_the_newest_page_wins_and_the_other_is_told(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        first = (await desk.talk()).leg_id
        second = await rejoin(desk)
        assert desk.together("leg-1", first)  # until the new one is up the old one talks on
        assert not desk.house.of(wire.HangupLeg, first)
        third = await rejoin(desk)
        assert desk.house.of(wire.HangupLeg, second)
        await desk.house.tell(wire.LegProgress(leg_id=third, state="up"))
        assert desk.together("leg-1", third)
        assert desk.house.of(wire.HangupLeg, first)[-1].reason == "replaced"
        (told,) = await desk.house.events(desk.contact, "party.returned")
        assert (told["leg_id"], told["replaced"]) == (third, first)
        await desk.house.ended(first, "replaced", "local")
        assert desk.together("leg-1", third)
        fourth = await rejoin(desk)
        await desk.house.ended(fourth, "ice_failed", "network")  # a tab that never connects takes nothing
        assert desk.together("leg-1", third)
        desk.safe()


async def test_who_does_not_come_back_loses_the_customer_to_the_queue(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        party = await desk.talk()
        contact = desk.contact
        place = contact.queue.enqueued_at if contact.queue else 0
        await desk.house.ended(party.leg_id, "page_gone")
        desk.house.controller.set_availability(desk.ids["amy"], "break")
        contact.post(lambda: contact.timers.fired(f"away:{party.party_id}"))
        await desk.house.quiet()
        assert (contact.phase, desk.plays("leg-1")) == ("queued", "music")
        assert contact.queue is not None
        assert (contact.queue.enqueued_at, contact.queue.priority) == (place, 80)
        with pytest.raises(NotNow):
            await rejoin(desk)
        await desk.free("bob")
        await desk.pick_up("bob")
        assert desk.contact.phase == "talking"
        desk.safe()
        await desk.house.ended(desk.party("bob").leg_id)
        assert desk.house.spoken()[-1] == "Goodbye."  # the flow goes on as after any talk


@pytest.mark.parametrize("taker", ["bob", "sam"])
async def test_parked_and_taken_by_another(tmp_path: Path, taker: str) -> None:
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk()).leg_id
        code = await desk.control.desk.park(desk.ids["amy"], desk.contact.contact_id)
        await desk.house.quiet()
        assert (desk.contact.phase, desk.plays("leg-1")) == ("parked", "music")
        assert desk.house.of(wire.HangupLeg, mine)
        assert not desk.house.controller.desk.desk.agents[desk.ids["amy"]].held
        (parked,) = desk.control.desk.parked()
        assert (parked.code, parked.by) == (code, "Amy")
        with pytest.raises(NotNow):
            await desk.control.desk.take_parked(desk.ids[taker], "1", None)
        taken = await desk.control.desk.take_parked(desk.ids[taker], code, "v=0" if taker == "bob" else None)
        assert (taken.sdp is None) is (taker == "sam")
        await desk.house.ended(taken.leg_id or "", "no_answer")
        assert desk.contact.phase == "parked"
        taken = await desk.control.desk.take_parked(desk.ids[taker], code, "v=0" if taker == "bob" else None)
        await desk.house.tell(wire.LegProgress(leg_id=taken.leg_id or "", state="up"))
        assert desk.together("leg-1", taken.leg_id or "")
        assert desk.plays("leg-1") == ""
        assert desk.control.desk.parked() == []
        assert desk.house.controller.desk.desk.agents[desk.ids[taker]].contact_id == desk.contact.contact_id


@pytest.mark.parametrize("taker", ["bob", "sam"])
async def test_who_takes_a_parked_customer_is_offered_nobody_until_they_answer_or_do_not(
    tmp_path: Path, taker: str
) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.talk()
        code = await desk.control.desk.park(desk.ids["amy"], desk.contact.contact_id)
        desk.house.controller.set_availability(desk.ids["amy"], "break")
        await desk.free(taker)
        agent = desk.house.controller.desk.desk.agents[desk.ids[taker]]
        taken = await desk.control.desk.take_parked(agent.agent_id, code, "v=0" if taker == "bob" else None)
        another = await desk.house.call("leg-2")
        await desk.house.quiet()
        assert (another.phase, agent.offer_id, agent.status) == ("queued", None, "communicating")
        await desk.house.ended(taken.leg_id or "", "no_answer")
        assert agent.offer_id is not None, "the phone is free again"
        assert not agent.held


async def test_a_database_that_fails_as_somebody_takes_a_customer_leaves_them_to_be_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.talk()
        code = await desk.control.desk.park(desk.ids["amy"], desk.contact.contact_id)
        await desk.house.quiet()

        async def broken(**given: object) -> None:
            raise OSError("disk full")

        with monkeypatch.context() as disk:
            disk.setattr(desk.house.store, "add_leg", broken)
            for who, sdp in (("bob", "v=0"), ("sam", None)):
                with pytest.raises(NotNow, match="something broke"):
                    await desk.control.desk.take_parked(desk.ids[who], code, sdp)
            await dial(desk, code)
        assert desk.house.of(wire.RejectLeg, "leg-9")
        taken = await desk.control.desk.take_parked(desk.ids["bob"], code, "v=0")
        await desk.house.tell(wire.LegProgress(leg_id=taken.leg_id or "", state="up"))
        assert desk.together("leg-1", taken.leg_id or "")


async def dial(desk: Desk, code: str, login: str = "sam", word: str = WORD, leg: str = "leg-9") -> None:
    """Somebody dials *5 and the code on a phone; the edge says whose password came with it."""
    house = desk.house
    event = wire.LegOffered(
        leg_id=leg, transport="sip", from_uri=f"sip:{login}@warm.example", to_uri=f"sip:*5{code}@warm.example",
        headers={AGENT_HEADER.lower(): f"{word} {login}"},
    )  # fmt: skip
    worker = house._pick("sip-in")
    house._place(worker, leg)
    await house.controller.on_report(worker, house._report(event))
    await asyncio.gather(*house.controller._tasks)
    await house.quiet()


async def test_a_parked_customer_is_taken_by_dialling(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.talk()
        code = await desk.control.desk.park(desk.ids["amy"], desk.contact.contact_id)
        await dial(desk, code, word="guessed")  # no edge of ours says so
        await dial(desk, code, login="mallory")
        await dial(desk, "999")
        assert [order.code for order in desk.house.of(wire.RejectLeg, "leg-9")] == [403, 403, 404]
        assert desk.contact.phase == "parked"
        desk.house.refuses = wire.AnswerLeg  # hung up at once
        await dial(desk, code, leg="leg-7")
        desk.house.refuses = None
        assert desk.contact.phase == "parked"
        assert not desk.contact.room.parties
        await dial(desk, code)
        answer = desk.house.of(wire.AnswerLeg, "leg-9")[-1]
        assert (answer.role, answer.may_transfer) == ("agent", True)
        assert desk.contact.phase == "parked"  # until the line is up
        await dial(desk, code, login="bob", leg="leg-8")
        assert desk.house.of(wire.RejectLeg, "leg-8")[-1].code == 480
        await desk.house.tell(wire.LegProgress(leg_id="leg-9", state="up"))
        assert desk.together("leg-1", "leg-9")
        assert desk.plays("leg-1") == ""
        assert desk.control.desk.view(desk.ids["sam"]).status == "interacting"
        assert [c.parties[1].name for c in desk.control.desk.view(desk.ids["sam"]).contacts] == ["Sam"]
        assert len(desk.house.controller.contacts) == 1  # no caller came
        await desk.house.ended("leg-9")
        desk.safe()


async def test_nobody_is_parked_for_ever(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.talk()
        await desk.control.desk.park(desk.ids["amy"], desk.contact.contact_id)
        desk.house.controller.set_availability(desk.ids["amy"], "break")
        desk.contact.post(lambda: desk.contact.timers.fired("park"))
        await desk.house.quiet()
        assert desk.contact.phase == "queued"
        assert desk.contact.queue is not None
        assert desk.contact.queue.priority == 80
        desk.safe()


async def test_the_recording_is_paused_by_the_agent_and_never_forced(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.talk()
        me, contact = desk.ids["amy"], desk.contact
        await desk.control.desk.record(me, contact.contact_id, False)
        assert desk.house.of(wire.RecordLeg)[-1].action == "pause"
        assert desk.control.desk.view(me).contacts[0].recording == "paused"
        await desk.control.desk.record(me, contact.contact_id, True)
        assert desk.house.of(wire.RecordLeg)[-1].action == "resume"
        contact.refused = True
        with pytest.raises(NotNow, match="did not agree"):
            await desk.control.desk.record(me, contact.contact_id, True)


async def test_another_phone_in_mid_shift(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        me = desk.ids["amy"]
        with pytest.raises(NotNow, match="password"):
            await desk.control.desk.set_device(me, "sip", "")
        with pytest.raises(ValueError, match="uri"):
            await desk.control.desk.set_device(me, "uri", "amy")
        await desk.control.desk.set_device(me, "uri", "sip:amy@home.example")
        desk.contact = await desk.house.call()
        await desk.free("amy")
        assert desk.house.dialled().target == "sip:amy@home.example"
        await desk.pick_up("amy")
        with pytest.raises(NotNow, match="in a call"):
            await desk.control.desk.set_device(me, "browser", "")
        await desk.house.ended(desk.party("amy").leg_id)
        await desk.control.desk.set_device(me, "browser", "")
        assert desk.control.desk.view(me).device == "browser"
