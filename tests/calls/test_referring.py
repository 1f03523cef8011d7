"""Transfer pressed on a softphone: who is meant, who may, what the phone is told, and where the customer is all the while."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.api.views import Target
from server.calls.consults import REFUSAL_MS
from server.calls.recovery import recover
from server.calls.referring import target_of
from session import wire
from tests.calls.desk_house import FLOW, Desk, open_desk, people
from tests.calls.house import NUMBER, open_house

HOME = "warm.example"


async def presses(desk: Desk, leg_id: str, to: str) -> None:
    """The worker took a REFER of this leg, and said 202."""
    await desk.house.tell(wire.TransferAsked(leg_id=leg_id, transfer_id="t", to=to))


def told(desk: Desk, leg_id: str) -> list[int]:
    """What the phone was told, in the end."""
    found = desk.house.of(wire.TellTransfer, leg_id)
    assert all(order.transfer_id == "t" for order in found)
    return [order.code for order in found]


MEANT: list[tuple[str, Target | str | None]] = [
    (f"sip:bob@{HOME}", "bob"),
    (f"sip:Bob@{HOME}:5060;transport=tcp", "bob"),
    (f"sip:b%6fb@{HOME}", "bob"),
    ("sip:uri@phones.example", "uri"),  # by the address of their phone
    (f"sip:billing@{HOME}", Target("queue", "billing")),
    (f"sip:bank@{HOME}", Target("flow", "bank")),
    (f"sip:{NUMBER}@{HOME}", Target("number", NUMBER)),
    (f"tel:{NUMBER}", Target("number", NUMBER)),
    ("sip:desk@elsewhere.example", Target("sip", "sip:desk@elsewhere.example")),
    (f"sip:bob@{HOME}:5999", Target("sip", f"sip:bob@{HOME}:5999")),
    (f"sip:nobody@{HOME}", None),
    (f"sip:{HOME}", None),
]


async def test_who_is_meant(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        for to, meant in MEANT:
            target = Target("agent", desk.ids[meant]) if isinstance(meant, str) else meant
            assert target_of(desk.house.controller.around, to) == target, to


async def test_whose_phone_may_ask(tmp_path: Path) -> None:
    """Of the workers' legs: people of the house, never a customer's and never somebody's outside."""
    async with open_desk(tmp_path) as desk:
        me = await desk.talk("sam")
        assert desk.house.of(wire.DialLeg, me.leg_id)[0].may_transfer
        assert not desk.house.of(wire.AnswerLeg, "leg-1")[0].may_transfer
        await desk.ask("sam", Target("number", NUMBER))
        assert not desk.house.dialled().may_transfer


@pytest.mark.parametrize("to", ["bob", "uri", NUMBER])
async def test_the_customer_is_passed_on(tmp_path: Path, to: str) -> None:
    """The agent stays in the line, and the phone is told of the success before its call ends."""
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk("sam")).leg_id
        await desk.free("bob", "uri")
        await presses(desk, mine, f"sip:{to}@{HOME}" if to != "uri" else "sip:uri@phones.example")
        assert desk.plays("leg-1") == "music"
        assert told(desk, mine) == []
        desk.safe()
        party = desk.contact.consults.target
        assert party is not None
        theirs = (await desk.answers(Target("agent", to))).leg_id if to == "bob" else party.leg_id
        if to != "bob":
            await desk.house.tell(wire.LegProgress(leg_id=theirs, state="up"))
        assert desk.together("leg-1", theirs)
        last = [order for order in desk.house.orders if isinstance(order, wire.TellTransfer | wire.HangupLeg)]
        assert [type(order).__name__ for order in last] == ["TellTransfer", "HangupLeg"]
        assert told(desk, mine) == [200]
        (begun,) = await desk.house.events(desk.contact, "transfer.by_phone")
        assert (begun["by"], begun["code"]) == (desk.ids["sam"], 0)
        (started,) = await desk.house.events(desk.contact, "transfer.started")
        assert (started["by"], started["blind"]) == (desk.ids["sam"], True)
        assert NUMBER not in str([begun, started])
        desk.safe()


@pytest.mark.parametrize("to", ["billing", "bank"])
async def test_to_a_queue_or_a_flow(tmp_path: Path, to: str) -> None:
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk("sam")).leg_id
        await presses(desk, mine, f"sip:{to}@{HOME}")
        assert told(desk, mine) == [200]
        assert desk.house.of(wire.HangupLeg, mine)
        assert desk.contact.phase == ("queued" if to == "billing" else "flow")
        desk.safe()


async def test_whoever_does_not_come(tmp_path: Path) -> None:
    """The agent has the call back, the phone is told why, and may ask again."""
    ends = [
        ("busy", "remote", 486),
        ("no_answer", "remote", 408),
        ("declined", "remote", 603),
        ("worker_lost", "error", 503),
    ]
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk("sam")).leg_id
        for reason, party, code in ends:
            await presses(desk, mine, f"sip:{NUMBER}@{HOME}")
            rung = desk.contact.consults.target
            assert rung is not None
            await desk.house.ended(rung.leg_id, reason, party)
            assert told(desk, mine)[-1] == code
            assert desk.together("leg-1", mine)
            assert desk.plays("leg-1") == ""
            desk.safe()
        assert len(told(desk, mine)) == len(ends)


async def test_an_agent_who_declines_gives_the_call_back(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk("sam")).leg_id
        await desk.free("bob")
        await presses(desk, mine, f"sip:bob@{HOME}")
        bob = desk.party("bob")
        await desk.control.desk.decline(desk.ids["bob"], bob.offer_id)
        await desk.house.quiet()
        assert told(desk, mine) == [603]
        assert desk.together("leg-1", mine)


REFUSED = [
    (f"sip:nobody@{HOME}", 404),
    (f"sip:bob@{HOME}", 480),  # away
    (f"sip:amy@{HOME}", 486),  # in another call
    (f"sip:sam@{HOME}", 486),  # oneself
    ("tel:+4989123456", 403),
    (f"sip:+4989123456@{HOME}", 403),
    ("sip:+4989123456@gateway.example", 480),  # the trunk's own address: the worker refuses it
]


async def test_who_cannot_be_reached(tmp_path: Path) -> None:
    """Nothing has changed, the phone is told, and so is the conversation, without the number."""
    async with open_desk(tmp_path) as desk:
        await desk.talk("amy", "leg-0")
        mine = (await desk.talk("sam")).leg_id
        placed = len(desk.house.of(wire.DialLeg))
        desk.house.refuses = wire.DialLeg
        for to, code in REFUSED:
            await presses(desk, mine, to)
            assert told(desk, mine)[-1] == code, to
            assert len(desk.house.of(wire.DialLeg)) == placed
            assert desk.together("leg-1", mine)
            desk.safe()
        refused = await desk.house.events(desk.contact, "transfer.refused")
        asked = await desk.house.events(desk.contact, "transfer.by_phone")
        assert {event["by"] for event in refused} == {desk.ids["sam"]}
        assert [event["code"] for event in asked] == [code for _, code in REFUSED] == told(desk, mine)
        assert len(refused) == len(REFUSED)
        assert "4989123456" not in str([refused, asked])


async def test_not_while_somebody_is_asked_already(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk("sam")).leg_id
        await desk.free("bob")
        await desk.ask("sam", Target("agent", "bob"))
        await presses(desk, mine, f"sip:{NUMBER}@{HOME}")
        assert told(desk, mine) == [491]
        assert desk.contact.consults.target is desk.party("bob")
        await desk.step("sam", "cancel")
        assert told(desk, mine) == [491]  # of the page's own consultation the phone hears nothing


async def test_a_phone_that_hangs_up_at_once_leaves_the_customer_with_whoever_answers(tmp_path: Path) -> None:
    """Some take 202 for the end of it."""
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk("sam")).leg_id
        await presses(desk, mine, f"sip:{NUMBER}@{HOME}")
        await desk.house.ended(mine)
        assert desk.plays("leg-1") == "ringback"
        desk.safe()
        rung = desk.contact.consults.target
        assert rung is not None
        await desk.house.tell(wire.LegProgress(leg_id=rung.leg_id, state="up"))
        assert desk.together("leg-1", rung.leg_id)
        assert told(desk, mine) == []
        desk.safe()


@pytest.mark.parametrize("soon", [True, False])
async def test_a_phone_that_hangs_up_on_the_bad_news(tmp_path: Path, soon: bool) -> None:
    """baresip does: the customer did not end the talk, and waits at the old place. An agent who hangs up later ends it."""
    async with open_desk(tmp_path) as desk:
        me = await desk.talk("sam")
        mine, place = me.leg_id, desk.contact.queue
        assert place is not None
        await presses(desk, mine, f"sip:{NUMBER}@{HOME}")
        rung = desk.contact.consults.target
        assert rung is not None
        await desk.house.ended(rung.leg_id, "busy")
        assert told(desk, mine) == [486]
        if not soon:
            me.refused_ms -= REFUSAL_MS
        await desk.house.ended(mine)
        assert desk.contact.phase == ("queued" if soon else "flow")
        if soon:
            assert desk.contact.queue is not None
            assert desk.contact.queue.enqueued_at == place.enqueued_at
            assert desk.plays("leg-1") == "music"
        desk.safe()


async def test_the_customer_hangs_up_meanwhile(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk("sam")).leg_id
        await presses(desk, mine, f"sip:{NUMBER}@{HOME}")
        await desk.house.ended("leg-1")
        assert told(desk, mine) == [487]
        assert desk.contact.phase == "ended"


async def test_a_supervisor_who_listens_passes_nobody_on(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        await desk.talk("amy")
        await desk.control.supervision.join(desk.ids["sam"], desk.contact.contact_id, "monitor", None)
        await desk.house.quiet()
        leg = await desk.pick_up("sam")
        await presses(desk, leg, f"sip:{NUMBER}@{HOME}")
        assert told(desk, leg) == [603]
        assert desk.contact.consults.now is None


async def test_a_restart_of_the_app_in_the_middle(tmp_path: Path) -> None:
    """The phone still learns what came of it."""
    async with open_desk(tmp_path) as desk:
        mine = (await desk.talk("sam")).leg_id
        await presses(desk, mine, f"sip:{NUMBER}@{HOME}")
        rung = desk.contact.consults.target
        assert rung is not None
        theirs, contact_id = rung.leg_id, desk.contact.contact_id
    async with open_house(tmp_path, FLOW) as house:
        await house.controller.reload_agents()
        await recover(house.controller)
        desk = people(house)
        desk.contact = house.controller.contacts[contact_id]
        await house.quiet()
        await house.ended(theirs, "busy")
        assert told(desk, mine) == [486]
        desk.safe()
