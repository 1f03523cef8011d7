"""Supervisors in a call: who hears them, what is written down, taking over."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.api.history import CALLER_SEES
from server.api.ports import NotNow
from server.api.views import Target
from session import wire
from session.queries import Queries
from tests.calls.desk_house import Desk, open_desk


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


async def test_whoever_is_alone_with_a_supervisor_goes_back_to_the_flow(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        _, _, leg = await watching(desk, "whisper")
        await desk.control.desk.hang_up(desk.ids["amy"], desk.contact.contact_id)
        await desk.house.quiet()
        assert desk.contact.phase == "flow"
        assert desk.house.of(wire.HangupLeg, leg)


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
