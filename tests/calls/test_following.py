"""Supervisors stay with the customer they listen to: through the flow, the queue and the next agent, until the contact ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.api.ports import NotNow
from server.api.views import Supervising, Target
from server.calls.showing import Showing
from session import wire
from tests.calls.desk_house import FLOW, Desk, open_desk, people
from tests.calls.house import OPTIONS, open_house

AFTERWARDS = {
    "main": """
format: flow/v1
id: main
title: {en: M}
locales: [en]
start: people
blocks:
  people: {type: queue, priority: 50, exits: {answered: pin, overflow: bye, no_agents: bye}}
  pin: {type: collect, slot: card, min: 4, max: 4, sensitive: true, prompt: {en: The last four please.},
        no_match: {en: Pardon.}, exits: {ok: more, failed: more}}
  more: {type: menu, prompt: {en: "Anything else?"}, no_match: {en: Pardon.}, options: [{id: people, key: "1"}],
         exits: {people: again, no_match: bye}}
  again: {type: queue, priority: 50, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end, disposition: bye, text: {en: Goodbye.}}
""",
    "bank": FLOW["bank"],
}
OUT = """
format: flow/v1
id: main
title: {en: M}
locales: [en]
start: ask
blocks:
  ask: {type: menu, prompt: {en: "Outside?"}, no_match: {en: Pardon.}, options: [{id: out, key: "1"}], exits: {out: out, no_match: bye}}
  out: {type: transfer, target: number, to: "+4930123456", exits: {connected: ask, busy: bye, no_answer: bye, failed: bye}}
  bye: {type: end, disposition: bye, text: {en: Goodbye.}}
"""
BOT = wire.played("leg-1")
ALONE: tuple[list[str], list[str], list[str]] = ([], [], [])


async def listens(desk: Desk, mode: Supervising) -> str:
    """Sam, an agent and supervisor on a softphone, listens in: the leg. Amy takes no further calls."""
    desk.house.controller.set_availability(desk.ids["amy"], "break")
    await desk.free("sam")
    joined = await desk.control.supervision.join(desk.ids["sam"], desk.contact.contact_id, mode, None)
    assert joined.leg_id is not None
    await desk.house.tell(wire.LegProgress(leg_id=joined.leg_id, state="up"))
    return joined.leg_id


async def leaves(desk: Desk, who: str = "amy") -> None:
    await desk.control.desk.hang_up(desk.ids[who], desk.contact.contact_id)
    await desk.house.quiet()


async def press(desk: Desk, *digits: str) -> None:
    for digit in digits:
        await desk.house.tell(wire.DtmfReceived(leg_id="leg-1", digit=digit, source="rfc4733"))


def told(desk: Desk, leg: str) -> tuple[list[str], list[str], list[str]]:
    """Whom it hears, who hears it, who hears what is played to it."""
    order = desk.house.of(wire.MixLeg, leg)[-1]
    return order.hears, order.sends_to, order.plays_to


def shown(desk: Desk) -> str:
    """The supervisor's mode, as people in the call see it."""
    view = Showing(desk.house.controller).contact(desk.contact, "")
    return next(party.mode for party in view.parties if party.role == "supervisor")


async def acts(desk: Desk) -> list[tuple[str, ...]]:
    """What was written down of the supervisor."""
    found = await desk.house.events(desk.contact, "supervise.followed")
    assert all(one["user_id"] == desk.ids["sam"] and one["party_id"] for one in found)
    return [(one["phase"], one["agent"], one["mode"]) for one in found]


async def test_who_whispers_stays_through_the_bot_and_the_queue_to_the_next_agent(tmp_path: Path) -> None:
    async with open_desk(tmp_path, AFTERWARDS) as desk:
        amy = (await desk.talk()).leg_id
        leg = await listens(desk, "whisper")
        assert leg in desk.hears(amy)
        before = len(desk.house.of(wire.MixLeg, leg))
        await leaves(desk)
        assert desk.contact.phase == "flow"
        assert not desk.house.of(wire.HangupLeg, leg)
        assert told(desk, leg) == ([BOT], [], [])  # the flow asks for digits that are nobody's to hear
        await press(desk, "1", "2", "3", "4")
        assert told(desk, leg) == (["leg-1", BOT], [], [])
        since = [order.hears for order in desk.house.of(wire.MixLeg, leg)[before:]]
        assert ["leg-1" in hears for hears in since] == [False] * (len(since) - 1) + [True]  # at no moment before
        assert shown(desk) == "monitor"
        assert told(desk, "leg-1") == ([], [leg], [leg])
        with pytest.raises(NotNow, match="nobody is there to whisper to"):
            await desk.control.supervision.mode(desk.ids["sam"], desk.contact.contact_id, "whisper")
        await press(desk, "1")
        assert desk.contact.phase == "queued"
        assert told(desk, leg) == ([BOT], [], [])
        assert desk.control.desk.view(desk.ids["sam"]).offers == []
        await desk.free("bob")
        bob = await desk.pick_up("bob")
        assert desk.hears(leg) == {"leg-1", bob}
        assert desk.hears(bob) == {"leg-1", leg}
        assert desk.hears("leg-1") == {bob}
        assert not desk.listened_to(leg)
        assert shown(desk) == "whisper"
        assert await acts(desk) == [
            ("flow", "", "monitor"), ("queued", "", "monitor"), ("talking", desk.ids["bob"], "whisper"),
        ]  # fmt: skip
        await desk.house.ended("leg-1")
        assert desk.house.of(wire.HangupLeg, leg)
        assert desk.control.desk.view(desk.ids["sam"]).status == "idle"
        assert [len(await desk.house.events(desk.contact, f"supervise.{act}")) for act in ("joined", "left")] == [1, 1]


async def test_who_talks_to_all_is_unheard_in_the_queue_and_may_go_back_to_listening(tmp_path: Path) -> None:
    async with open_desk(tmp_path, AFTERWARDS) as desk:
        await desk.talk()
        leg = await listens(desk, "barge")
        await desk.control.desk.transfer(desk.ids["amy"], desk.contact.contact_id, Target("queue", "billing"))
        await desk.house.quiet()
        assert (desk.contact.phase, shown(desk)) == ("queued", "monitor")
        assert told(desk, leg) == ([BOT], [], [])
        assert told(desk, "leg-1") == ([], [], [leg])
        supervision, sam, contact_id = desk.control.supervision, desk.ids["sam"], desk.contact.contact_id
        with pytest.raises(NotNow, match="nobody talks"):
            await supervision.mode(sam, contact_id, "barge")
        with pytest.raises(NotNow, match="nobody talks"):
            await supervision.join(desk.ids["bob"], contact_id, "monitor", "v=0")
        await supervision.mode(sam, contact_id, "monitor")
        await desk.free("bob")
        bob = await desk.pick_up("bob")
        assert desk.hears("leg-1") == {bob}
        assert desk.hears(leg) == {"leg-1", bob}
        await supervision.mode(sam, contact_id, "barge")
        assert desk.together("leg-1", bob, leg)
        await desk.control.desk.transfer(desk.ids["bob"], contact_id, Target("flow", "bank"))
        await desk.house.quiet()
        assert (desk.contact.flow_id, shown(desk)) == ("bank", "barge")  # heard by the caller beside the bot
        assert told(desk, "leg-1") == ([leg], [leg], [leg])
        await supervision.leave(sam, contact_id)
        assert told(desk, "leg-1") == ALONE
        assert desk.house.of(wire.HangupLeg, leg)


async def test_a_parked_customer_is_not_listened_to_but_their_music_is(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.talk()
        leg = await listens(desk, "monitor")
        await desk.control.desk.park(desk.ids["amy"], desk.contact.contact_id)
        await desk.house.quiet()
        assert told(desk, leg) == ([BOT], [], [])
        code = desk.contact.keeping.code
        await desk.control.desk.take_parked(desk.ids["bob"], code, "v=0")
        bob = await desk.pick_up("bob")
        assert desk.hears(leg) == {"leg-1", bob}
        assert told(desk, "leg-1")[2] == []
        await desk.control.desk.park(desk.ids["bob"], desk.contact.contact_id)
        desk.contact.post(lambda: desk.contact.timers.fired("park"))
        await desk.house.quiet()
        assert desk.contact.phase == "queued"
        assert told(desk, leg) == ([BOT], [], [])
        assert [where for where, _, _ in await acts(desk)] == ["parked", "talking", "parked", "queued"]


async def test_who_waits_for_somebody_outside_is_not_listened_to(tmp_path: Path) -> None:
    async with open_desk(tmp_path, {"main": OUT}) as desk:
        desk.contact = await desk.house.call()
        leg = await listens(desk, "monitor")
        assert told(desk, leg) == (["leg-1", BOT], [], [])
        await press(desk, "1")
        assert desk.contact.phase == "transfer"
        assert told(desk, leg) == ([BOT], [], [])
        outside = desk.house.dialled().leg_id
        await desk.house.tell(wire.LegProgress(leg_id=outside, state="up"))
        assert desk.contact.phase == "talking"
        assert desk.hears(leg) == {"leg-1", outside}
        await desk.house.ended(outside)
        assert desk.contact.phase == "flow"
        assert told(desk, leg) == (["leg-1", BOT], [], [])
        assert [where for where, _, _ in await acts(desk)] == ["transfer", "talking", "flow"]


async def test_a_lost_agent_leaves_the_supervisor_with_the_customer(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        amy = (await desk.talk()).leg_id
        leg = await listens(desk, "monitor")
        await desk.house.ended(amy, "page_gone", "network")
        desk.contact.post(lambda: desk.contact.timers.fired(f"away:{desk.contact.room.principal}"))
        await desk.house.quiet()
        assert desk.contact.phase == "queued"
        assert told(desk, leg) == ([BOT], [], [])
        await desk.free("bob")
        bob = await desk.pick_up("bob")
        assert desk.hears(leg) == {"leg-1", bob}


async def test_a_phone_that_still_rings_may_be_answered_in_the_queue(tmp_path: Path) -> None:
    async with open_desk(tmp_path, AFTERWARDS) as desk:
        await desk.talk()
        await desk.free("sam")
        desk.house.controller.set_availability(desk.ids["amy"], "break")
        joined = await desk.control.supervision.join(desk.ids["sam"], desk.contact.contact_id, "monitor", None)
        await desk.control.desk.transfer(desk.ids["amy"], desk.contact.contact_id, Target("queue", "billing"))
        await desk.house.quiet()
        assert joined.leg_id is not None
        await desk.house.tell(wire.LegProgress(leg_id=joined.leg_id, state="up"))
        assert told(desk, joined.leg_id) == ([BOT], [], [])
        assert await acts(desk) == []
        await desk.control.supervision.leave(desk.ids["sam"], desk.contact.contact_id)
        assert told(desk, "leg-1") == ALONE


@pytest.mark.parametrize(("policy", "tones"), [("nobody", 0), ("agents", 1), ("everybody", 1)])
async def test_the_next_agent_is_told_of_who_listens_as_the_policy_says(
    tmp_path: Path, policy: str, tones: int
) -> None:
    options = OPTIONS.model_copy(update={"supervision_tone": policy})
    async with open_desk(tmp_path, AFTERWARDS, options) as desk:
        await desk.talk()
        await listens(desk, "monitor")
        await desk.control.desk.transfer(desk.ids["amy"], desk.contact.contact_id, Target("queue", "billing"))
        await desk.free("bob")
        bob = await desk.pick_up("bob")
        assert len([tone for tone in desk.house.of(wire.PlayTone, bob) if not tone.loop]) == tones


async def test_after_a_restart_they_listen_on_in_the_queue(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.talk()
        leg = await listens(desk, "whisper")
        await desk.control.desk.transfer(desk.ids["amy"], desk.contact.contact_id, Target("queue", "billing"))
        await desk.house.quiet()
    async with open_house(tmp_path, FLOW) as house:
        await house.controller.reload_agents()
        again = people(house)
        again.contact = await house.resumed(desk.contact)
        assert told(again, leg) == ([BOT], [], [])
        await again.free("bob")

        async def ask(leg_id: str, body: object, _result: object) -> wire.SdpAnswer:
            await house._command(leg_id, body)  # type: ignore[arg-type]
            return wire.SdpAnswer(sdp="v=0")

        house.controller.hub.ask = ask  # type: ignore[method-assign,assignment]
        bob = await again.pick_up("bob")
        assert again.hears(bob) == {"leg-1", leg}
        assert [where for where, _, _ in await acts(again)] == ["queued", "talking"]


async def test_who_watches_a_chat_stays_too(tmp_path: Path) -> None:
    async with open_desk(tmp_path, AFTERWARDS) as desk:
        supervision = desk.control.supervision
        conversation = await desk.control.open_chat(customer_id=None, locale="en")
        await desk.house.quiet()
        contact = desk.house.controller.contact_in(conversation)
        assert contact is not None
        desk.contact = contact
        await desk.free("bob")
        offer = desk.control.desk.view(desk.ids["bob"]).offers[0]
        await desk.control.desk.accept(desk.ids["bob"], offer.offer_id, None)
        await supervision.join(desk.ids["sam"], contact.contact_id, "barge", None)
        await leaves(desk, "bob")
        assert contact.phase == "flow"
        assert [p.user_id for p in contact.room.parties.values()] == [desk.ids["sam"]]
        assert await acts(desk) == [("flow", "", "barge")]
        await supervision.take_over(desk.ids["sam"], contact.contact_id)
        assert [p.name for p in contact.room.serving()] == ["Sam"]
        assert desk.house.orders == []
