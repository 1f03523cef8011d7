"""Supervisors in a call: who hears them, what is written down, taking over."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dialog import effects as fx
from server.api.history import CALLER_SEES
from server.api.ports import NotNow, Turned
from server.api.views import Target
from server.calls.orders import carry_out
from server.calls.requeueing import elsewhere
from session import wire
from session.queries import Queries
from tests.calls.desk_house import FLOW, Desk, open_desk, people
from tests.calls.house import ASKS, open_house

BANK = FLOW["bank"].replace("id: bank", "id: main")


async def watching(desk: Desk, mode: str) -> tuple[str, str, str]:
    """Sue listens in to Amy's call: user, Amy's leg, Sue's leg."""
    sue = await desk.house.controller.users.add("sue", password_hash="-", roles=["supervisor"], display_name="Sue")
    mine = (await desk.talk()).leg_id
    joined = await desk.control.supervision.join(sue.user_id, desk.contact.contact_id, mode, "v=0")  # type: ignore[arg-type]
    assert desk.house.of(wire.OfferLeg)[-1].role == "supervisor"
    assert desk.together("leg-1", mine)
    await desk.house.tell(wire.LegProgress(leg_id=joined.leg_id, state="up"))
    return sue.user_id, mine, joined.leg_id


async def test_monitor_whisper_barge_and_back(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        sue, amy, leg = await watching(desk, "monitor")
        assert desk.hears(leg) == {"leg-1", amy}
        assert desk.hears("leg-1") == {amy}
        assert desk.hears(amy) == {"leg-1"}
        supervision, contact_id = desk.control.supervision, desk.contact.contact_id
        await supervision.mode(sue, contact_id, "whisper")
        assert desk.hears(amy) == {"leg-1", leg}
        assert desk.hears("leg-1") == {amy}  # the customer hears nothing of it
        assert not desk.listened_to(leg)  # and reads nothing of it
        await desk.control.desk.hold(desk.ids["amy"], contact_id, True, None)
        assert desk.hears(leg) == {amy}  # a held customer is nobody's to hear
        await desk.control.desk.hold(desk.ids["amy"], contact_id, False, None)
        await supervision.mode(sue, contact_id, "barge")
        assert desk.together("leg-1", amy, leg)
        await supervision.mode(sue, contact_id, "monitor")
        assert desk.hears("leg-1") == {amy}
        await supervision.leave(sue, contact_id)
        assert desk.together("leg-1", amy)
        assert desk.house.of(wire.HangupLeg, leg)
        written = await Queries(desk.house.store).events_after(0, conversation_id=desk.contact.conversation_id)
        acts = [(e.type, e.payload.get("mode")) for e in written if e.type.startswith("supervise.")]
        assert acts == [
            ("supervise.joined", "monitor"), ("supervise.mode", "whisper"), ("supervise.mode", "barge"),
            ("supervise.mode", "monitor"), ("supervise.left", None),
        ]  # fmt: skip
        assert not any(kind.startswith("supervise") for kind in CALLER_SEES)
        assert not [t for t in desk.house.of(wire.PlayTone) if not t.loop]  # by default nobody is told


async def test_taking_over(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        sue, amy, leg = await watching(desk, "monitor")
        desk.house.refuses = wire.MixLeg
        with pytest.raises(NotNow, match="as before"):
            await desk.control.supervision.take_over(sue, desk.contact.contact_id)
        desk.house.refuses = None
        assert not desk.house.of(wire.HangupLeg, amy)
        await desk.control.supervision.take_over(sue, desk.contact.contact_id)
        assert desk.together("leg-1", leg)
        assert desk.house.of(wire.HangupLeg, amy)
        assert desk.listened_to("leg-1")
        assert desk.contact.agent is not None
        assert desk.contact.agent.name == "Sue"
        desk.safe()
        await desk.control.desk.hang_up(sue, desk.contact.contact_id)
        await desk.house.quiet()
        assert desk.contact.phase == "flow"


async def with_the_bot(desk: Desk, mode: str = "monitor") -> tuple[str, str]:
    """Sam, who is an agent too, listens in while the bot talks with a caller: user, leg."""
    await desk.free("sam")
    desk.contact = await desk.house.call()
    await desk.house.quiet()
    sam = desk.ids["sam"]
    joined = await desk.control.supervision.join(sam, desk.contact.contact_id, mode, None)  # type: ignore[arg-type]
    assert joined.leg_id is not None
    await desk.house.tell(wire.LegProgress(leg_id=joined.leg_id, state="up"))
    return sam, joined.leg_id


def told(desk: Desk, leg: str) -> tuple[list[str], list[str], list[str]]:
    order = desk.house.of(wire.MixLeg, leg)[-1]
    return order.hears, order.sends_to, order.plays_to


BOT = wire.played("leg-1")


async def test_the_bot_and_its_caller_are_listened_to(tmp_path: Path) -> None:
    """And the supervisor stays when a person has the caller; meanwhile nothing is offered to them."""
    async with open_desk(tmp_path, ASKS) as desk:
        sam, leg = await with_the_bot(desk)
        contact_id, supervision = desk.contact.contact_id, desk.control.supervision
        assert told(desk, leg) == (["leg-1", BOT], [], [])
        assert told(desk, "leg-1") == ([], [leg], [leg])
        assert desk.control.desk.view(sam).status == "communicating"
        with pytest.raises(NotNow, match="nobody is there to whisper to"):
            await supervision.mode(sam, contact_id, "whisper")
        await supervision.mode(sam, contact_id, "barge")
        assert told(desk, "leg-1") == ([leg], [leg], [leg])
        assert desk.listened_to(leg)  # the caller hears it: it is in the transcript
        await supervision.mode(sam, contact_id, "monitor")
        assert told(desk, "leg-1") == ([], [leg], [leg])
        assert desk.contact.phase == "flow"
        private = fx.Expect(speech=True, digits=True, sensitive=True, wants="digits", digit_count=4)
        desk.contact.post(lambda: carry_out(desk.contact, private, 0.0))
        await desk.house.quiet()
        assert told(desk, leg) == ([BOT], [], [])  # a PIN is nobody's to hear
        open_again = fx.Expect(speech=True, digits=True, sensitive=False, wants="sentence", digit_count=0)
        desk.contact.post(lambda: carry_out(desk.contact, open_again, 0.0))
        await desk.house.quiet()
        assert told(desk, leg) == (["leg-1", BOT], [], [])
        await desk.house.tell(wire.DtmfReceived(leg_id="leg-1", digit="1", source="rfc4733"))
        assert desk.contact.phase == "queued"
        assert desk.control.desk.view(sam).offers == []
        assert told(desk, leg) == ([BOT], [], [])  # what is played to who waits; not what they say to themselves
        await desk.free("bob")
        bob = await desk.pick_up("bob")
        assert desk.hears(leg) == {"leg-1", bob}
        assert told(desk, "leg-1") == ([bob], sorted([bob, leg]), [])
        await supervision.leave(sam, contact_id)
        assert desk.control.desk.view(sam).status == "idle"


async def test_a_supervisor_whose_line_ends_listens_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk(tmp_path, ASKS) as desk:
        sam, leg = await with_the_bot(desk)
        await desk.house.ended(leg)
        assert told(desk, "leg-1") == ([], [], [])
        assert desk.control.desk.view(sam).status == "idle"
        desk.house.full = True
        with pytest.raises(Turned):
            await desk.control.supervision.join(sam, desk.contact.contact_id, "monitor", None)

        async def broken(**given: object) -> None:
            raise OSError("disk full")

        desk.house.full = False
        monkeypatch.setattr(desk.house.store, "add_leg", broken)
        with pytest.raises(NotNow, match="something broke"):
            await desk.control.supervision.join(sam, desk.contact.contact_id, "monitor", None)
        assert desk.control.desk.view(sam).status == "idle"
        assert not desk.contact.room.parties


@pytest.mark.parametrize(("flow", "after"), [("people", "Goodbye."), ("alone", "")])
async def test_taking_over_from_the_bot(tmp_path: Path, flow: str, after: str) -> None:
    """The bot ends its talking; when the supervisor leaves, the flow goes on behind its queue, or is through."""
    async with open_desk(tmp_path, ASKS if flow == "people" else {"main": BANK}) as desk:
        sam, leg = await with_the_bot(desk)
        supervision, contact = desk.control.supervision, desk.contact
        desk.house.refuses = wire.MixLeg
        with pytest.raises(NotNow, match="as before"):
            await supervision.take_over(sam, contact.contact_id)
        desk.house.refuses = None
        assert (contact.phase, desk.control.desk.view(sam).status) == ("flow", "communicating")
        await supervision.take_over(sam, contact.contact_id)
        assert desk.together("leg-1", leg)
        assert told(desk, "leg-1")[2] == []
        assert [order.play_id for order in desk.house.of(wire.StopPlay, "leg-1")][-1] is None
        assert (contact.phase, desk.control.desk.view(sam).status) == ("talking", "interacting")
        assert desk.listened_to("leg-1")
        said = len(desk.house.spoken())
        await desk.house.tell(wire.DtmfReceived(leg_id="leg-1", digit="1", source="rfc4733"))
        await desk.house.said()
        assert (contact.phase, len(desk.house.spoken())) == ("talking", said)
        await desk.control.desk.hang_up(sam, contact.contact_id)
        await desk.house.quiet()
        assert desk.house.spoken()[said:] == ([after] if after else [])
        await desk.house.said()
        assert desk.house.of(wire.HangupLeg, "leg-1")
        written = await desk.house.events(contact, "supervise.takeover")
        assert [(w["user_id"], w["from"]) for w in written] == [(sam, "bot")]


async def test_who_listened_to_the_bot_does_so_after_a_restart(tmp_path: Path) -> None:
    async with open_desk(tmp_path, ASKS) as desk:
        sam, leg = await with_the_bot(desk)
    async with open_house(tmp_path, ASKS) as house:
        await house.controller.reload_agents()
        again = people(house)
        again.contact = await house.resumed(desk.contact)
        assert again.control.desk.view(sam).status == "communicating"
        assert told(again, leg) == (["leg-1", BOT], [], [])
        assert told(again, "leg-1") == ([], [leg], [leg])


async def test_a_chat_is_watched_and_taken_over(tmp_path: Path) -> None:
    """From the bot and from an agent; nobody has a leg, and nobody can be whispered to."""
    async with open_desk(tmp_path, ASKS) as desk:
        supervision, sam = desk.control.supervision, desk.ids["sam"]
        await desk.free("sam")
        conversation = await desk.control.open_chat(customer_id=None, locale="en")
        await desk.house.quiet()
        contact = desk.house.controller.contact_in(conversation)
        assert contact is not None
        with pytest.raises(NotNow, match="nobody is there to whisper to"):
            await supervision.join(sam, contact.contact_id, "whisper", None)
        joined = await supervision.join(sam, contact.contact_id, "monitor", None)
        assert (joined.sdp, joined.leg_id) == (None, None)
        assert desk.control.desk.view(sam).status == "idle"  # reading is no call
        await supervision.take_over(sam, contact.contact_id)
        await desk.house.quiet()
        assert (contact.phase, desk.control.desk.view(sam).status) == ("talking", "interacting")
        (mine,) = desk.control.desk.view(sam).contacts
        assert (mine.channel, [p.role for p in mine.parties]) == ("chat", ["customer", "agent"])
        await desk.control.message(conversation, "1", role="customer", user_id=None)
        await desk.house.quiet()
        assert [m["text"] for m in await desk.house.events(contact, "message") if m["role"] == "bot"] == ["People?"]
        bob = desk.ids["bob"]
        await supervision.join(bob, contact.contact_id, "barge", None)
        await supervision.take_over(bob, contact.contact_id)
        assert [p.name for p in contact.room.serving()] == ["Bob"]
        await desk.control.desk.hang_up(bob, contact.contact_id)
        await desk.house.quiet()
        assert contact.phase == "ended"
        assert desk.house.orders == []


async def test_reassign_priority_force_and_broadcast(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        desks = desk.control.supervision
        sue = (await desk.house.controller.users.add("sue", password_hash="-", roles=["supervisor"])).user_id
        desk.contact = contact = await desk.house.call()
        await desk.house.quiet()
        await desks.priority(sue, contact.contact_id, 90)
        assert desk.house.controller.desk.desk.waiting[contact.contact_id].priority == 90
        await desk.free("sam")
        assert desk.party("sam").state == "ringing"
        await desk.free("bob")
        await desks.reassign(sue, contact.contact_id, Target("agent", "bob"))
        await desk.house.quiet()
        assert [p.user_id for p in contact.room.parties.values()] == [desk.ids["bob"]]
        await desk.pick_up("bob")
        with pytest.raises(NotNow):
            await desks.priority(sue, contact.contact_id, 10)
        await desks.reassign(sue, contact.contact_id, Target("agent", "sam"))
        await desk.house.quiet()
        leg = await desk.pick_up("sam")
        assert desk.together("leg-1", leg)
        await desk.control.desk.set_availability(desk.ids["sam"], "break", "lunch", by=sue)
        assert desk.control.desk.view(desk.ids["sam"]).availability == "break"  # at once, though in a call
        await desks.broadcast(sue, "All hands", [])
        board = desks.board()
        assert [(c.state, c.agent) for c in board.contacts] == [("talking", "Sam")]
        found = await Queries(desk.house.store).events_after(0)
        acts = [e.type for e in found if e.type.startswith("supervise.") or e.type == "broadcast"]
        assert acts == [
            "supervise.priority",
            "supervise.reassign",
            "supervise.reassign",
            "supervise.state",
            "broadcast",
        ]
        assert all(e.payload["by"] == sue for e in found if e.type in acts)


@pytest.mark.parametrize("what", ["declines", "misses", "is taken"])
async def test_who_is_given_to_an_agent_who_does_not_take_them_waits_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """They heard nothing, and were offered to nobody any more."""
    async with open_desk(tmp_path) as desk:
        house, service = desk.house, desk.house.controller.desk
        sue = (await house.controller.users.add("sue", password_hash="-", roles=["supervisor"])).user_id
        desk.contact = contact = await house.call()
        await house.quiet()
        before = contact.queue
        assert before is not None
        await desk.free("sam")  # who is rung
        await desk.free("bob")
        stamp = house.store.stamp_contact

        async def meanwhile(*given: Any, **more: Any) -> None:
            if what == "is taken":
                service.do(service.desk.assign(desk.ids["bob"], "another", service.now()))
            await stamp(*given, **more)

        monkeypatch.setattr(house.store, "stamp_contact", meanwhile)
        await desk.control.supervision.reassign(sue, contact.contact_id, Target("agent", "bob"))
        await house.quiet()
        waits = service.desk.waiting[contact.contact_id]
        if what == "is taken":
            assert not waits.offers
            service.do(service.desk.tick(service.now() + 26_000))
        else:
            (offer,) = waits.offers
            service.do(service.desk.declined(offer, service.now(), missed=what == "misses"))
        await house.quiet()
        assert (contact.phase, contact.queue) == ("queued", before)
        assert service.desk.waiting[contact.contact_id].queue == before.queue
        assert contact.caller.music_id
        assert desk.together("leg-1", await desk.pick_up("sam"))


async def test_an_offer_that_is_late_does_not_undo_a_reassignment(tmp_path: Path) -> None:
    """The desk chose somebody while the contact was busy, and before the supervisor's word was heard."""
    async with open_desk(tmp_path) as desk:
        house = desk.house
        desk.contact = contact = await house.call()
        await house.quiet()
        busy = asyncio.Event()

        async def work() -> None:
            await busy.wait()

        contact.post(work)
        contact.post(lambda: elsewhere(contact, Target("agent", "bob")))
        for who in ("sam", "bob"):
            house.controller.set_availability(desk.ids[who], "available")
        busy.set()
        await house.quiet()
        assert [p.user_id for p in contact.room.parties.values()] == [desk.ids["bob"]]
        assert desk.together("leg-1", await desk.pick_up("bob"))


async def test_an_agent_asks_for_help(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.talk()
        amy, contact_id = desk.ids["amy"], desk.contact.contact_id
        await desk.control.desk.ask_help(amy, contact_id)
        written = await Queries(desk.house.store).events_after(0, conversation_id=desk.contact.conversation_id)
        (told,) = [e for e in written if e.type == "supervise.help"]
        assert (told.contact_id, told.payload["user_id"]) == (contact_id, amy)
        assert told.payload["name"]
        with pytest.raises(NotNow):
            await desk.control.desk.ask_help(desk.ids["bob"], contact_id)  # who is not in it cannot ask from it
