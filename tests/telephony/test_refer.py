"""A phone's REFER: read strictly, taken of people of the house alone, told on and never followed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session import wire
from telephony import referrals
from telephony.dial_rules import parse_uri
from telephony.refer import MAX_ADDRESS, Dialog, Malformed, Refer, dialog_of, read_refer
from telephony.refer_tap import Answer
from tests.edge.phones import Dialog as Call
from tests.edge.phones import Message, Phone
from tests.ports import free_port
from tests.telephony.phone_world import App, World, worker

HEAD = (
    "REFER sip:warmline@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5062;branch=z9hG4bKa\r\n"
    'From: "Ann; tag=no" <sip:ann@pbx.example;tag=neither>;tag=hers\r\nTo: <sip:warmline@127.0.0.1>;tag=ours\r\n'
    "Call-ID: one@pbx\r\nCSeq: 7 REFER\r\n"
)


def refer(*headers: str, head: str = HEAD) -> str:
    return head + "".join(f"{header}\r\n" for header in headers) + "Content-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("<sip:bob@pbx.example>", "sip:bob@pbx.example"),
        ('"Bob, sales; <b>" <sip:bob@pbx.example:5061;transport=tcp>;x=1', "sip:bob@pbx.example:5061;transport=tcp"),
        ("Bob <sips:bob@pbx.example>", "sips:bob@pbx.example"),
        ("sip:bob@pbx.example", "sip:bob@pbx.example"),
        ("<sip:bob@pbx.example;method=INVITE>", "sip:bob@pbx.example"),
        ("<sip:+4930123@pbx.example?Subject=hello>", "sip:+4930123@pbx.example"),
        ("<tel:+49-(30)-123;phone-context=pbx.example>", "tel:+4930123"),
    ],
)
def test_what_is_asked_for(written: str, meant: str) -> None:
    assert read_refer(refer(f"Refer-To: {written}")) == Refer(meant, attended=False, number=7)
    folded = refer(f"r:\r\n\t {written}")
    assert read_refer(folded).to == meant


def test_an_attended_transfer_is_told_by_its_replaces() -> None:
    found = read_refer(
        refer("Refer-To: <sip:bob@pbx.example?Subject=a&replaces=two%40pbx%3Bto-tag%3D1%3Bfrom-tag%3D2>")
    )
    assert found == Refer("sip:bob@pbx.example", attended=True, number=7)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Refer-To:",),
        ("Refer-To: <>",),
        ("Refer-To: <sip:bob@pbx.example>", "Refer-To: <sip:eve@pbx.example>"),
        ("Refer-To: <sip:bob@pbx.example>", "r: <sip:eve@pbx.example>"),
        ("Refer-To: <sip:bob@pbx.example>, <sip:eve@pbx.example>",),
        ("Refer-To: <sip:bob@pbx.example",),
        ("Refer-To: <http://pbx.example/>",),
        ("Refer-To: <sip:bob@pbx.example;method=BYE>",),
        ("Refer-To: <sip:bob:secret@pbx.example>",),
        ("Refer-To: <sip:%0d%0aBYE@pbx.example>",),
        ("Refer-To: <sip:bob@[::1]>",),
        ("Refer-To: <tel:>",),
        ("Refer-To: <tel:112;;>",),
        (f"Refer-To: <sip:{'b' * MAX_ADDRESS}@pbx.example>",),
        ("Refer-To: <sip:bób@pbx.example>",),
    ],
)
def test_what_is_malformed_is_said_without_its_address(headers: tuple[str, ...]) -> None:
    with pytest.raises(Malformed) as said:
        read_refer(refer(*headers))
    assert not any(word in str(said.value) for word in ("bob", "eve", "pbx", "112"))


def test_the_number_of_a_request_is_needed() -> None:
    with pytest.raises(Malformed):
        read_refer(refer("Refer-To: <sip:bob@pbx.example>", head=HEAD.replace("7 REFER", "7 BYE")))


def test_of_which_call_it_is() -> None:
    assert dialog_of(refer()) == Dialog("one@pbx", ours="ours", theirs="hers")
    assert dialog_of(refer(head=HEAD.replace(";tag=ours", ""))) is None
    assert dialog_of(refer(head=HEAD.replace(";tag=hers", ""))) is None
    assert dialog_of("REFER") is None


@given(st.text(alphabet=st.sampled_from('<>@;:?&=,."\\ \r\n%0asipteltagmethodREFER-To\0é'), max_size=80))
def test_whatever_is_written_is_an_address_or_malformed(written: str) -> None:
    dialog_of(written)
    with contextlib.suppress(Malformed):
        to = read_refer(refer(f"Refer-To: {written}")).to
        assert to.startswith("tel:") or parse_uri(to)


class Leg:
    """A leg of ours, as far as its transfers go."""

    leg_id, may_transfer, up_at = "leg", True, 1.0

    def __init__(self) -> None:
        self.told: list[str] = []
        self.done = asyncio.Event()

    def notify(self, _event: str, state: str, status_line: str) -> None:
        self.told.append(status_line.strip())
        if state.startswith("terminated"):
            self.done.set()


async def test_a_phone_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that says nothing is a failure; a call that ends is waited for no longer."""
    monkeypatch.setattr(referrals, "PATIENCE_S", 0.0)
    leg, asked = Leg(), list[wire.LegEvent]()
    legs = referrals.Referrals(lambda _dialog: cast(Any, leg), asked.append)
    for count in (1, 2):
        assert legs.take(refer("Refer-To: <sip:bob@pbx.example>")) == Answer(202)
        await asyncio.wait_for(leg.done.wait(), 20)
        leg.done.clear()
        assert leg.told == ["SIP/2.0 100 Trying", "SIP/2.0 503 Service Unavailable"] * count
        assert len(asked) == count
    assert legs.take(refer("Refer-To: <sip:bob@pbx.example>")) == Answer(202)
    legs.forget("leg")  # before anything of it was done
    for _ in range(3):
        await asyncio.sleep(0)
    assert (len(asked), len(leg.told)) == (2, 4)


class Telephone(Phone):
    """Answers the worker's calls with sound; they are kept as seen from its side."""

    def __init__(self, host: str, edge: tuple[str, int], user: str) -> None:
        super().__init__(host, edge, user)
        self.calls: list[Call] = []
        self.invited = 0

    def reply_to(self, message: Message) -> list[str]:
        if message.method != "INVITE":
            return super().reply_to(message)
        contact = message.one("contact").partition("<")[2].partition(">")[0]
        here = f"{message.one('to')};tag=w{self.port}"
        self.calls.append(Call(message.one("call-id"), here, message.one("from"), contact, [], 0))
        self.invited = len({call.call_id for call in self.calls})
        return [self.reply(message, 200, "OK", sdp=True)]


async def nothing(app: App, event: wire.LegEvent) -> None:
    """The test gives the orders."""


@contextlib.asynccontextmanager
async def called_by_a_worker(folder: Path) -> AsyncIterator[tuple[World, Telephone]]:
    phone = Telephone("127.0.0.1", ("127.0.0.1", 0), "ann")
    await phone.open(free_port())
    try:
        async with worker(folder, nothing, "sip-out-0", dial_allowed=[f"sip:ann@127.0.0.1:{phone.port}"]) as world:
            phone.edge = ("127.0.0.1", world.port)
            yield world, phone
    finally:
        phone.close()


async def rung(world: World, phone: Telephone, leg_id: str, *, may_transfer: bool) -> Call:
    """The worker's call to it is up; seen from its side."""
    await world.app.order(
        wire.DialLeg(leg_id=leg_id, role="agent", target=f"sip:ann@127.0.0.1:{phone.port}", may_transfer=may_transfer)
    )
    await world.app.wait(wire.LegProgress, leg_id=leg_id, state="up")
    return phone.calls[-1]


async def told(phone: Telephone, status: str, state: str, event: str = "refer") -> None:
    notify = await phone.heard("NOTIFY")
    assert (notify.body, notify.one("event")) == (f"SIP/2.0 {status}\r\n", event)
    assert notify.one("subscription-state").startswith(state)
    assert notify.one("content-type") == "message/sipfrag;version=2.0"


@pytest.mark.e2e
async def test_an_agents_phone_is_heard_and_nobody_elses(tmp_path: Path) -> None:
    """A call by a phone of a few lines; nothing but what the app says ever comes of what it asks for."""
    bob = "Refer-To: <sip:bob@pbx.example>"
    async with called_by_a_worker(tmp_path) as (world, phone):
        app = world.app
        call = await rung(world, phone, "agent", may_transfer=True)
        for wrong in ((), ("Refer-To: <sip:bob@pbx.example>, <sip:eve@pbx.example>",)):
            assert (await phone.request("REFER", dialog=call, headers=wrong)).status == 400
        attended = f"{bob[:-1]}?Replaces=two%40pbx%3Bto-tag%3D1%3Bfrom-tag%3D2>"
        assert (await phone.request("REFER", dialog=call, headers=[attended])).status == 501
        stranger = replace(call, local=call.local.replace(";tag=w", ";tag=x"))
        assert (await phone.request("REFER", dialog=stranger, headers=[bob])).status == 481
        assert not app.seen(wire.TransferAsked)

        taken = await phone.request("REFER", dialog=call, headers=[bob])
        assert taken.status == 202
        assert taken.message.one("contact") == f"<sip:warmline@127.0.0.1:{world.port}>"
        await told(phone, "100 Trying", "active")
        asked = await app.wait(wire.TransferAsked)
        assert (asked.leg_id, asked.to) == ("agent", "sip:bob@pbx.example")
        assert (await phone.request("REFER", dialog=call, headers=[bob])).status == 491
        await app.order(wire.TellTransfer(leg_id="agent", transfer_id="another", code=200))
        await app.order(wire.TellTransfer(leg_id="agent", transfer_id=asked.transfer_id, code=486))
        await told(phone, "486 Busy Here", "terminated")
        await app.order(wire.TellTransfer(leg_id="agent", transfer_id=asked.transfer_id, code=200))  # told already

        assert (await phone.request("REFER", dialog=call, headers=[bob])).status == 202
        again = f"refer;id={call.cseq}"
        await told(phone, "100 Trying", "active", again)
        second = await app.wait(wire.TransferAsked, count=2)
        await app.order(wire.TellTransfer(leg_id="agent", transfer_id=second.transfer_id, code=200))
        await app.order(wire.HangupLeg(leg_id="agent"))
        await told(phone, "200 OK", "terminated", again)
        await phone.heard("BYE")
        await app.wait(wire.LegEnded, leg_id="agent")
        await app.order(wire.TellTransfer(leg_id="agent", transfer_id=second.transfer_id, code=200))  # nobody is there

        outside = await rung(world, phone, "customer", may_transfer=False)
        for _ in range(2):
            assert (await phone.request("REFER", dialog=outside, headers=[bob])).status == 603
        assert (await phone.request("BYE", dialog=outside)).status == 200
        await app.wait(wire.LegEnded, leg_id="customer")
        assert len(app.seen(wire.TransferAsked)) == 2
        assert phone.invited == 2, "the worker called somebody by itself"
    log = (tmp_path / "sip-out-0.log").read_text()
    assert log.count("sip.transfer_refused") == 1
    assert log.count("sip.transfer_malformed") == 2
    assert log.count("sip.transfer_attended") == 1
    assert "pbx" not in log
