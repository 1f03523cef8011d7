"""Agents ask, pass on, confer: whatever legs they have and whatever dies meanwhile, the customer is somewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import pytest

from server.api.ports import NotNow
from server.api.views import Target
from server.calls.recovery import recover
from session import wire
from tests.calls.desk_house import FLOW, OUTSIDE, open_desk, people
from tests.calls.house import open_house

SAM, BOB, URI = Target("agent", "sam"), Target("agent", "bob"), Target("agent", "uri")
PAIRS = [(asker, target) for asker in ("amy", "sam") for target in (BOB, SAM, URI, OUTSIDE) if asker != target.to]


def name(value: object) -> str:
    return value if isinstance(value, str) else value.to if isinstance(value, Target) else str(value)


@pytest.mark.parametrize(("asker", "target"), PAIRS, ids=name)
async def test_asked_alone_then_the_customer_is_theirs(tmp_path: Path, asker: str, target: Target) -> None:
    """Attended transfer, on every pair of kinds of legs."""
    async with open_desk(tmp_path) as desk:
        me = await desk.talk(asker)
        mine, mine_party = me.leg_id, me.party_id
        assert desk.together("leg-1", mine)
        (view,) = desk.control.desk.view(desk.ids[asker]).contacts
        assert (view.asker, view.asked) == (None, None)
        assert desk.listened_to("leg-1")
        assert desk.listened_to(mine)
        await desk.free("bob", "sam", "uri")
        await desk.ask(asker, target)
        (view,) = desk.control.desk.view(desk.ids[asker]).contacts
        assert desk.contact.consults.now is not None
        assert (view.asker, view.asked) == (mine_party, desk.contact.consults.now.party)
        assert desk.plays("leg-1") == "music"
        assert not desk.hears("leg-1")
        assert not desk.listened_to("leg-1")  # a held customer is not transcribed
        party = await desk.answers(target)
        theirs = party.leg_id
        assert desk.together(mine, theirs)
        assert not desk.listened_to(mine)  # what colleagues say to each other is not the customer's to read
        assert not desk.listened_to(theirs)
        await desk.step(asker, "swap")
        assert desk.together("leg-1", mine)
        assert desk.plays(theirs) == "music"
        await desk.step(asker, "swap")
        assert desk.together(mine, theirs)
        desk.safe()
        await desk.step(asker, "complete")
        assert desk.together("leg-1", theirs)
        assert desk.plays("leg-1") == desk.plays(theirs) == ""
        assert desk.house.of(wire.HangupLeg, mine)
        assert desk.listened_to("leg-1") is (target is not OUTSIDE)
        assert not desk.house.controller.desk.desk.agents[desk.ids[asker]].held
        await desk.house.ended(mine, party="local")  # is nobody's any more
        desk.safe()
        await desk.house.ended(theirs)
        assert desk.contact.phase == "flow"
        assert desk.house.spoken()[-1] == "Goodbye."


@pytest.mark.parametrize(("asker", "target"), PAIRS, ids=name)
@pytest.mark.parametrize("left", [False, True], ids=["stays", "leaves"])
@pytest.mark.parametrize("lost", [False, True], ids=["declines", "worker lost"])
async def test_who_is_rung_and_never_comes(tmp_path: Path, asker: str, target: Target, left: bool, lost: bool) -> None:
    """Blind transfer: back to the asker; blonde, when the asker has left: to the queue, at the old place and ahead."""
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk(asker)).leg_id
        await desk.free("bob", "sam", "uri")
        me, contact = desk.ids[asker], desk.contact
        place = contact.queue.enqueued_at if contact.queue else 0
        await desk.control.desk.transfer(me, contact.contact_id, target)
        await desk.house.quiet()
        party = contact.consults.target
        assert party is not None
        if left:
            await desk.step(asker, "complete")
            assert desk.house.of(wire.HangupLeg, mine)
            assert desk.plays("leg-1") == "ringback"
        desk.safe()
        for user_id in desk.ids.values():  # nobody else takes the customer in this test
            if user_id != party.user_id:
                desk.house.controller.set_availability(user_id, "break", force=True)
        if party.leg_id:
            await desk.house.ended(party.leg_id, *(("worker_lost", "error") if lost else ("busy", "remote")))
        else:
            await desk.control.desk.decline(party.user_id, party.offer_id)
            await desk.house.quiet()
        assert contact.consults.now is None
        desk.safe()
        if left:
            assert contact.phase == "queued"
            assert contact.queue is not None
            assert (contact.queue.enqueued_at, contact.queue.priority) == (place, 80)
            assert desk.plays("leg-1") == "music"
        else:
            assert desk.together("leg-1", mine)
            assert desk.plays("leg-1") == ""
            assert desk.listened_to("leg-1")


@pytest.mark.parametrize(("asker", "target"), PAIRS, ids=name)
async def test_who_is_asked_dies_in_the_middle(tmp_path: Path, asker: str, target: Target) -> None:
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk(asker)).leg_id
        await desk.free("bob", "sam", "uri")
        await desk.ask(asker, target)
        party = await desk.answers(target)
        await desk.house.ended(party.leg_id, "worker_lost", "error")
        desk.safe()
        if party.transport == "webrtc":  # a page that may come back: the asker is still there
            assert party.away
            await desk.step(asker, "cancel")
        assert desk.together("leg-1", mine)
        assert desk.plays("leg-1") == ""


@pytest.mark.parametrize(("asker", "target"), PAIRS, ids=name)
@pytest.mark.parametrize("answered", [False, True])
async def test_the_askers_line_dies_in_the_middle(tmp_path: Path, asker: str, target: Target, answered: bool) -> None:
    """Who was asked gets the customer; a browser's place is kept first."""
    async with open_desk(tmp_path) as desk:
        me = await desk.talk(asker)
        await desk.free("bob", "sam", "uri")
        await desk.ask(asker, target)
        if answered:
            await desk.answers(target)
        await desk.house.ended(me.leg_id, "worker_lost", "error")
        desk.safe()
        if asker == "amy":
            assert desk.contact.room.parties[me.party_id].away
            desk.contact.post(lambda: desk.contact.timers.fired(f"away:{me.party_id}"))
            await desk.house.quiet()
        desk.safe()
        if not answered:
            assert desk.plays("leg-1") == "ringback"
            await desk.answers(target)
        theirs = next(p for p in desk.contact.room.serving())
        assert theirs is not me
        assert desk.together("leg-1", theirs.leg_id)


@pytest.mark.parametrize("target", [BOB, SAM, OUTSIDE], ids=name)
@pytest.mark.parametrize("step", ["complete", "conference", "blind"])
async def test_what_cannot_be_put_together_stays_as_it_was(tmp_path: Path, target: Target, step: str) -> None:
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk()).leg_id
        await desk.free("bob", "sam")
        if step == "blind":
            await desk.control.desk.transfer(desk.ids["amy"], desk.contact.contact_id, target)
            await desk.house.quiet()
            desk.house.refuses = wire.MixLeg
            await desk.answers(target)
        else:
            await desk.ask("amy", target)
            theirs = (await desk.answers(target)).leg_id
            desk.house.refuses = wire.MixLeg
            with pytest.raises(NotNow):
                await desk.step("amy", step)
        desk.house.refuses = None
        desk.contact.post(desk.contact.room.settle)
        await desk.house.quiet()
        desk.safe()
        assert not desk.house.of(wire.HangupLeg, mine)
        assert desk.together(*(("leg-1", mine) if step == "blind" else (mine, theirs)))


async def test_four_confer_and_any_may_go(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        legs = ["leg-1", (await desk.talk()).leg_id]
        await desk.free("bob", "sam")
        for target in (BOB, SAM, OUTSIDE):
            await desk.ask("amy", target)
            assert not desk.hears("leg-1")
            legs.append((await desk.answers(target)).leg_id)
            await desk.step("amy", "conference")
            assert desk.together(*legs)
        view = desk.control.desk.view(desk.ids["bob"]).contacts[0]  # each agent sees them all, and may act
        assert [p.role for p in view.parties] == ["customer", "agent", "agent", "agent", "outside"]
        outside = view.parties[4].party_id
        await desk.control.desk.hold(desk.ids["bob"], desk.contact.contact_id, True, outside)
        await desk.house.quiet()
        assert desk.together(*legs[:4])
        assert desk.plays(legs[4]) == "music"
        await desk.control.desk.keypad(desk.ids["bob"], desk.contact.contact_id, outside, "12#")
        assert [(o.leg_id, o.digits) for o in desk.house.of(wire.SendDtmf)] == [(legs[4], "12#")]
        await desk.control.desk.hang_up(desk.ids["amy"], desk.contact.contact_id)  # who began it leaves
        await desk.house.quiet()
        assert desk.together("leg-1", legs[2], legs[3])
        await desk.control.desk.drop(desk.ids["bob"], desk.contact.contact_id, outside)
        await desk.house.quiet()
        assert desk.house.of(wire.HangupLeg, legs[4])
        await desk.house.ended(legs[2])
        assert desk.together("leg-1", legs[3])
        await desk.house.ended("leg-1")
        assert desk.house.of(wire.HangupLeg, legs[3])
        assert desk.contact.phase == "ended"
        assert not any(agent.held for agent in desk.house.controller.desk.desk.agents.values())


async def test_to_queues_and_flows(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.talk()
        me, contact = desk.ids["amy"], desk.contact
        desk.house.controller.set_availability(me, "break")
        with pytest.raises(NotNow, match="no such flow"):
            await desk.control.desk.transfer(me, contact.contact_id, Target("flow", "nowhere"))
        with pytest.raises(NotNow, match="cannot be asked"):
            await desk.control.desk.consult(me, contact.contact_id, Target("flow", "bank"))
        assert contact.phase == "talking"
        place = contact.queue.enqueued_at if contact.queue else 0
        await desk.control.desk.transfer(me, contact.contact_id, Target("queue", "billing", "wants money back"))
        await desk.house.quiet()
        assert (contact.phase, desk.plays("leg-1")) == ("queued", "music")
        assert contact.queue is not None
        assert (contact.queue.queue, contact.queue.reason, contact.queue.enqueued_at) == (
            "billing",
            "wants money back",
            place,
        )
        await desk.free("sam")
        leg = await desk.pick_up("sam")
        assert desk.together("leg-1", leg)
        await desk.control.desk.transfer(desk.ids["sam"], contact.contact_id, Target("flow", "bank"))
        await desk.house.quiet()
        assert (contact.phase, contact.flow_id, desk.house.spoken()[-1]) == ("flow", "bank", "This is the bank.")
        assert desk.house.of(wire.HangupLeg, leg)
        assert desk.listened_to("leg-1")


async def test_a_queue_that_there_is_not_takes_nobody(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk()).leg_id
        me, contact_id = desk.ids["amy"], desk.contact.contact_id
        for order in (desk.control.desk.transfer, desk.control.desk.consult):
            with pytest.raises(NotNow, match="no such queue"):
                await order(me, contact_id, Target("queue", "bilding"))
        assert desk.together("leg-1", mine)


@pytest.mark.parametrize(("first", "then"), [("hangup", "transfer"), ("complete", "cancel"), ("flow", "flow")])
async def test_two_orders_at_once_and_the_first_ends_my_part(tmp_path: Path, first: str, then: str) -> None:
    """A second click, or another tab: what is asked by somebody who has left meanwhile changes nothing."""
    async with open_desk(tmp_path) as desk:
        await desk.talk()
        me, contact_id, control = desk.ids["amy"], desk.contact.contact_id, desk.control.desk
        await desk.free("bob", "sam")
        if first == "complete":
            await desk.ask("amy", SAM)
        orders = {
            "hangup": lambda: control.hang_up(me, contact_id),
            "transfer": lambda: control.transfer(me, contact_id, BOB),
            "flow": lambda: control.transfer(me, contact_id, Target("flow", "bank")),
            "complete": lambda: control.consult_step(me, contact_id, "complete"),
            "cancel": lambda: control.consult_step(me, contact_id, "cancel"),
        }
        done = await asyncio.gather(orders[first](), orders[then](), return_exceptions=True)
        assert [type(one) for one in done] == [type(None), NotNow]
        await desk.house.quiet()
        desk.safe()
        assert (desk.contact.consults.now is not None) is (first == "complete")
        assert desk.house.spoken().count("This is the bank.") == (first == "flow")


@pytest.mark.parametrize(("one", "other"), [("bob", "sam"), ("sam", "uri"), ("uri", "bob")])
async def test_a_queue_is_asked(tmp_path: Path, one: str, other: str) -> None:
    """The first declines, the next one of the queue is rung for the same question."""
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk()).leg_id
        await desk.free(one)
        party = await desk.ask("amy", Target("queue", "experts"))
        first = desk.contact.room.parties[party.party_id]
        await desk.control.desk.decline(desk.ids[one], first.offer_id)
        await desk.house.quiet()
        assert desk.contact.consults.now is not None
        await desk.free(other)
        leg = await desk.pick_up(other)
        assert desk.together(mine, leg)
        desk.safe()
        await desk.step("amy", "cancel")
        assert desk.together("leg-1", mine)
        assert desk.house.of(wire.HangupLeg, leg)


async def test_who_has_room_for_two_calls_is_not_offered_their_own_question(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.house.controller.users.set_agent(desk.ids["amy"], device="browser", voice_capacity=2)
        await desk.house.controller.reload_agents()
        mine = (await desk.talk()).leg_id
        party = await desk.ask("amy", Target("queue", "experts"))
        assert (party.user_id, desk.control.desk.view(desk.ids["amy"]).offers) == ("", [])
        await desk.free("bob")
        assert desk.together(mine, await desk.pick_up("bob"))


@pytest.mark.parametrize("target", [BOB, SAM, OUTSIDE], ids=name)
@pytest.mark.parametrize("stage", ["ringing", "answered", "left"])
async def test_the_app_is_restarted_in_the_middle(tmp_path: Path, target: Target, stage: str) -> None:
    async with open_desk(tmp_path) as desk:
        me = await desk.talk()
        await desk.free("bob", "sam")
        await desk.ask("amy", target)
        if stage == "answered":
            await desk.answers(target)
        elif stage == "left":
            await desk.step("amy", "complete")
        before = desk.contact
    async with open_house(tmp_path, FLOW) as house:
        await house.controller.reload_agents()
        again = people(house)
        await again.free("bob", "sam")
        await recover(house.controller)
        again.contact = house.controller.contacts[before.contact_id]
        again.contact.up, again.contact.waiting_for_leg = True, False

        async def ask(leg_id: str, body: wire.LegCommand, _result: object) -> wire.SdpAnswer:
            await house._command(leg_id, body)
            return wire.SdpAnswer(sdp="v=0")

        hub: object = house.controller.hub
        hub.ask = ask  # type: ignore[attr-defined]
        again.contact.post(lambda: again.contact.resume(None))
        await house.quiet()
        again.safe()
        party = again.contact.consults.target
        assert party is not None
        if stage != "answered":
            party = await again.answers(target)
        if stage == "left":
            assert again.together("leg-1", party.leg_id)
            return
        assert again.together(me.leg_id, party.leg_id)
        assert again.plays("leg-1") == "music"
        if stage == "answered":  # music that was ordered before by a name that nobody knows any more
            assert [order.play_id for order in house.of(wire.StopPlay, party.leg_id)] == [None]
        await again.step("amy", "complete")
        assert again.together("leg-1", party.leg_id)


async def test_one_thing_at_a_time_and_only_whom_one_may_reach(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.talk()
        me, contact = desk.ids["amy"], desk.contact
        for target, why in (
            (Target("agent", "nobody"), "no such agent"),
            (Target("agent", "bob"), "away"),
            (Target("agent", "amy"), "in the call already"),
            (Target("number", "+19005550100"), "no rule"),
            (Target("number", "help"), "no telephone number"),
        ):
            with pytest.raises(NotNow, match=why):
                await desk.control.desk.consult(me, contact.contact_id, target)
        assert desk.plays("leg-1") == ""  # nobody was put on hold for that
        with pytest.raises(NotNow, match="asking nobody"):
            await desk.step("amy", "complete")
        await desk.ask("amy", OUTSIDE)
        with pytest.raises(NotNow, match="already"):
            await desk.control.desk.consult(me, contact.contact_id, OUTSIDE)
        with pytest.raises(NotNow, match="answered yet"):
            await desk.step("amy", "swap")
        with pytest.raises(NotNow, match="not in this call"):
            await desk.step("bob", "cancel")
        await desk.house.ended("leg-1")
        assert desk.house.of(wire.HangupLeg, desk.house.dialled().leg_id)
        with pytest.raises(NotNow, match="not in this call"):
            await desk.step("amy", "cancel")


@pytest.mark.parametrize("reason", ["gone", "never_came"])
async def test_whose_audio_breaks_off_is_sent_away_and_the_customer_is_not_left_in_silence(
    tmp_path: Path, reason: Literal["gone", "never_came"]
) -> None:
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk()).leg_id
        await desk.ask("amy", OUTSIDE)
        theirs = (await desk.answers(OUTSIDE)).leg_id
        silent = wire.PeerHeard(leg_id=mine, peer_leg_id=theirs, heard=False, reason=reason)
        await desk.house.tell(silent)  # the customer is held: the asker's leg is the one that notices
        assert [order.reason for order in desk.house.of(wire.HangupLeg, theirs)] == ["failed"]
        await desk.house.tell(silent)
        assert len(desk.house.of(wire.HangupLeg, theirs)) == 1
        await desk.house.ended(theirs, "failed", "local")
        assert desk.together("leg-1", mine)
        await desk.ask("amy", OUTSIDE)
        theirs = (await desk.answers(OUTSIDE)).leg_id
        await desk.step("amy", "complete")
        assert desk.together("leg-1", theirs)
        await desk.house.tell(wire.PeerHeard(leg_id="leg-1", peer_leg_id=theirs, heard=False, reason="ordered"))
        assert not desk.house.of(wire.HangupLeg, theirs)
        await desk.house.tell(wire.PeerHeard(leg_id="leg-1", peer_leg_id=theirs, heard=False, reason=reason))
        assert [order.reason for order in desk.house.of(wire.HangupLeg, theirs)] == ["failed"]
        await desk.house.ended(theirs, "failed", "local")
        assert desk.contact.queue is not None  # the flow's answer to a lost agent: the queue again
        assert desk.contact.queue.priority == 90
