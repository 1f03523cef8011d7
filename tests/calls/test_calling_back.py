"""Callbacks on the real switchboard and desk: booked with the old place, kept over restarts, made, tried again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from server.calls.contact import Contact
from session import wire
from session.callbacks import Callback, Callbacks
from tests.calls.house import OPTIONS, House, open_house

ROOT = Path(__file__).resolve().parents[2]
MAIN = """
format: flow/v1
id: main
title: {en: M}
locales: [en]
start: people
blocks:
  people:
    type: queue
    announce: {position: false}
    overflow: {wait_s: 600}
    exits: {answered: bye, overflow: offer, no_agents: offer}
  offer:
    type: callback
    offer: {en: "Shall we call {{callback_number}}?"}
    ask: {en: "Which number?"}
    no_match: {en: Pardon}
    queue: support
    retries: 1
    retry_after_s: 60
    %s
    exits: {booked: bye, refused: bye, failed: sorry}
  sorry: {type: end, text: {en: Sorry.}}
  bye: {type: end, text: {en: Goodbye.}}
"""


def flows(more: str = "") -> dict[str, str]:
    return {"main": MAIN % more, "callback": (ROOT / "flows" / "callback.yaml").read_text()}


async def booked(house: House) -> tuple[Contact, Callback]:
    """Somebody waits, nobody takes them, they are promised a call and hang up."""
    contact = await house.call()
    desk = house.controller.desk
    waiting = desk.desk.waiting[contact.contact_id]
    waiting.enqueued_ms -= 90_000  # has waited for a minute and a half
    assert contact.queue is not None
    contact.queue = type(contact.queue)(**{**_fields(contact.queue), "enqueued_at": contact.queue.enqueued_at - 90_000})
    assert waiting.overflow_ms is not None
    desk.do(desk.desk.tick(waiting.overflow_ms))
    await house.quiet()
    await house.tell(wire.DtmfReceived(leg_id="leg-1", digit="1", source="rfc4733"))
    await house.quiet()
    await house.said()
    await house.ended("leg-1", party="local")
    rows = await Callbacks(house.store).listed()
    assert len(rows) == 1
    return contact, rows[0]


def _fields(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


async def agent(house: House) -> str:
    ids = await house.agents("amy")
    house.controller.set_availability(ids["amy"], "available")
    await house.quiet()
    return ids["amy"]


async def row_of(house: House, callback_id: str) -> Callback:
    row = await Callbacks(house.store).get(callback_id)
    assert row is not None
    return row


def calling(house: House) -> Contact:
    return next(c for c in house.controller.contacts.values() if c.callback is not None)


def keeps(house: House, contact_id: str, row: Callback) -> bool:
    """They wait at the desk, which has a clock of its own, since they began to wait."""
    desk = house.controller.desk
    waited = desk.now() - desk.desk.waiting[contact_id].enqueued_ms
    return abs(waited - (Contact.now_ms() - row.enqueued_at)) < 5_000


async def test_the_place_is_kept_and_the_call_is_made(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        began = Contact.now_ms()
        contact, row = await booked(house)
        assert house.spoken() == ["Shall we call 4 7 1 1?", "Goodbye."]
        assert began <= row.enqueued_at + 90_000 <= contact.now_ms()
        told = await house.events(contact, "callback.booked")
        assert (told[0]["number"], told[0]["queue"]) == ("…711", "support")
        assert not house.of(wire.DialLeg)  # nobody is there yet
        amy = await agent(house)
        assert house.controller.desk.desk.agents[amy].status == "reserved"
        dialled = house.dialled()
        assert (dialled.target, dialled.role) == ("sip:4711@gateway.example", "customer")
        await house.tell(wire.LegProgress(leg_id=dialled.leg_id, state="up"))
        assert "You asked us to call you back" in house.spoken()[-1]
        await house.tell(wire.DtmfReceived(leg_id=dialled.leg_id, digit="1", source="rfc4733"))
        called = calling(house)
        assert called.phase == "queued"
        assert called.agent is not None
        assert called.agent.card.user_id == amy
        assert called.conversation_id == contact.conversation_id
        leg = await house.answered_by_agent(called)
        assert called.phase == "talking"
        await house.ended(leg)
        await house.said()
        await house.ended(dialled.leg_id, party="local")
        assert (await row_of(house, row.id)).status == "done"


async def test_a_fault_of_ours_while_dialling_loses_no_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)

        async def broken(*given: Any) -> None:
            raise RuntimeError("not foreseen")

        monkeypatch.setattr(house.controller.admission, "call_out", broken)
        await agent(house)
        again = await row_of(house, row.id)
        assert (again.status, again.attempts) == ("waiting", 1)


@pytest.mark.parametrize("answers", [False, True])
async def test_nobody_there_is_tried_again_and_then_given_up(tmp_path: Path, answers: bool) -> None:
    """A mailbox that answers, too, is nobody."""
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        amy = await agent(house)
        desk = house.controller.desk
        for attempt in (1, 2):
            leg = house.dialled().leg_id
            assert len(house.of(wire.DialLeg)) == attempt
            if answers:
                await house.tell(wire.LegProgress(leg_id=leg, state="up"))
            tried = desk.now()
            await house.ended(leg, "hangup" if answers else "no_answer")
            assert desk.desk.agents[amy].status == "idle"
            again = await row_of(house, row.id)
            if attempt == 1:
                assert (again.status, again.attempts) == ("waiting", 1)
                assert desk.desk.waiting[row.id].not_before_ms >= tried + 60_000
                desk.do(desk.desk.tick(desk.now() + 61_000))
                await house.quiet()
        assert (again.status, again.attempts) == ("failed", 2)
        assert desk.desk.waiting == {}


async def test_a_no_to_the_call_is_the_end_of_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        await agent(house)
        leg = house.dialled().leg_id
        await house.tell(wire.LegProgress(leg_id=leg, state="up"))
        await house.tell(wire.DtmfReceived(leg_id=leg, digit="2", source="rfc4733"))
        await house.said()
        await house.ended(leg, party="local")
        assert (await row_of(house, row.id)).status == "cancelled"


async def test_the_customers_own_call_cancels_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        contact, row = await booked(house)
        await house.call("leg-2")
        await house.quiet()
        assert (await row_of(house, row.id)).status == "cancelled"
        assert row.id not in house.controller.desk.desk.waiting
        told = await house.events(contact, "callback.cancelled")
        assert told[0]["by"] == "the customer's own call"


async def test_somebody_elses_call_does_not(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        await house.call("leg-2", caller="4712")
        await house.quiet()
        assert (await row_of(house, row.id)).status == "waiting"


async def test_staff_cancel_while_it_rings(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        amy = await agent(house)
        leg = house.dialled().leg_id
        assert await house.controller.callbacks.cancel(row.id, "kim")
        await house.quiet()
        assert house.of(wire.HangupLeg, leg)
        assert house.controller.desk.desk.agents[amy].status == "idle"
        await house.ended(leg, "cancelled", "local")
        assert (await row_of(house, row.id)).status == "cancelled"
        assert not await house.controller.callbacks.cancel(row.id, "kim")


async def test_who_cancels_just_before_it_is_dialled_is_not_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        callbacks, read = house.controller.callbacks, Callbacks.get

        async def get(rows: Callbacks, callback_id: str) -> Callback | None:
            found = await read(rows, callback_id)
            if found is not None and found.status == "waiting":
                assert await callbacks.cancel(callback_id, "kim")
            return found

        monkeypatch.setattr(Callbacks, "get", get)
        await agent(house)
        assert not house.of(wire.DialLeg)
        assert (await row_of(house, row.id)).status == "cancelled"


async def test_the_place_survives_a_restart(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
    async with open_house(tmp_path, flows()) as house:
        await house.controller.callbacks.start()
        assert keeps(house, row.id, row)
        await agent(house)
        assert house.dialled().target == "sip:4711@gateway.example"


async def test_a_restart_in_the_middle_of_a_try_tries_again(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        await agent(house)
        assert (await row_of(house, row.id)).status == "dialling"
    async with open_house(tmp_path, flows()) as house:
        await house.controller.callbacks.start()
        again = await row_of(house, row.id)
        assert (again.status, again.attempts) == ("waiting", 1)
        assert house.controller.desk.desk.waiting[row.id].not_before_ms > house.controller.desk.now()


async def test_the_same_booking_twice_is_one(tmp_path: Path) -> None:
    """A step that is carried out again after a restart."""
    async with open_house(tmp_path, flows()) as house:
        contact = await house.call()
        await house.quiet()
        desk = house.controller.desk
        overflows = desk.desk.waiting[contact.contact_id].overflow_ms
        assert overflows is not None
        desk.do(desk.desk.tick(overflows))
        await house.quiet()
        asked: list[Any] = []
        book = house.controller.callbacks.book

        async def twice(contact: Contact, wanted: Any) -> Any:
            asked.append(wanted)
            await book(contact, wanted)
            return await book(contact, wanted)

        house.controller.callbacks.book = twice  # type: ignore[method-assign]
        await house.tell(wire.DtmfReceived(leg_id="leg-1", digit="1", source="rfc4733"))
        await house.quiet()
        assert len(asked) == 1
        assert len(await Callbacks(house.store).listed()) == 1


async def test_who_was_told_that_it_failed_is_not_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database took its time: the row was there after all, and a customer who was told "sorry" was called."""
    monkeypatch.setattr("server.calls.bookings.BOOKING_S", 0.05)
    async with open_house(tmp_path, flows()) as house:
        contact = await house.call()
        await house.quiet()
        desk = house.controller.desk
        overflows = desk.desk.waiting[contact.contact_id].overflow_ms
        assert overflows is not None
        desk.do(desk.desk.tick(overflows))
        await house.quiet()
        callbacks = house.controller.callbacks
        book, go_on = callbacks._rows.book, asyncio.Event()

        async def slowly(row: Callback) -> bool:
            await go_on.wait()
            return await book(row)

        take_back = callbacks._take_back

        async def taken_back(key: str, booking: asyncio.Task[Any]) -> None:
            go_on.set()
            await take_back(key, booking)

        monkeypatch.setattr(callbacks._rows, "book", slowly)
        monkeypatch.setattr(callbacks, "_take_back", taken_back)
        await house.tell(wire.DtmfReceived(leg_id="leg-1", digit="1", source="rfc4733"))
        await house.quiet()
        assert house.spoken()[-1] == "Sorry."
        assert await Callbacks(house.store).listed() == []
        (row,) = await Callbacks(house.store).listed(("cancelled",))
        assert row.outcome == "by the customer was told that it failed"
        assert row.id not in desk.desk.waiting


@pytest.mark.parametrize("options", [OPTIONS.model_copy(update={"numbers_allowed": ["+49*"]}), OPTIONS.model_copy(update={"callback_flow": "none"})])  # fmt: skip
async def test_what_could_not_be_called_is_not_promised(tmp_path: Path, options: Any) -> None:
    async with open_house(tmp_path, flows(), options) as house:
        contact = await house.call()
        desk = house.controller.desk
        overflows = desk.desk.waiting[contact.contact_id].overflow_ms
        assert overflows is not None
        desk.do(desk.desk.tick(overflows))
        await house.quiet()
        await house.tell(wire.DtmfReceived(leg_id="leg-1", digit="1", source="rfc4733"))
        await house.quiet()
        assert house.spoken()[-1] == "Sorry."
        assert await Callbacks(house.store).listed() == []


async def test_without_a_line_the_next_try_comes_later(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        house.full = True
        amy = await agent(house)
        assert (await row_of(house, row.id)).status == "waiting"
        assert house.controller.desk.desk.agents[amy].status == "idle"


async def test_outside_the_hours_nobody_is_called(tmp_path: Path) -> None:
    begin = f"{(datetime.now(UTC).hour + 12) % 24:02}:00"  # half a day away at any hour
    closed = f'window: {{from: "{begin}", to: "{begin[:-1]}9", timezone: UTC}}'
    async with open_house(tmp_path, flows(closed)) as house:
        _, row = await booked(house)
        assert row.not_before > row.enqueued_at + 3_600_000
        await agent(house)
        assert not house.of(wire.DialLeg)


# ------------------------------------------------------------------ attacks


async def overflowed(house: House, caller: str = "4711", leg: str = "leg-1") -> Contact:
    """Somebody calls, waits too long, and is offered a call."""
    contact = await house.call(leg, caller)
    await house.quiet()
    desk = house.controller.desk
    overflows = desk.desk.waiting[contact.contact_id].overflow_ms
    assert overflows is not None
    desk.do(desk.desk.tick(overflows))
    await house.quiet()
    return contact


async def press(house: House, digits: str, leg: str = "leg-1") -> None:
    for digit in digits:
        await house.tell(wire.DtmfReceived(leg_id=leg, digit=digit, source="rfc4733"))
    await house.quiet()


@pytest.mark.parametrize("caller", ["anonymous", "Anonymous", "unavailable", "restricted", "unknown", "private"])
async def test_a_withheld_number_is_asked_for(tmp_path: Path, caller: str) -> None:
    """`anonymous` is what a network writes for nobody. It was offered as a number, and was everybody's who withholds theirs."""
    async with open_house(tmp_path, flows()) as house:
        contact = await overflowed(house, caller)
        assert contact.run.caller.number == ""
        assert house.spoken()[-1] == "Which number?"
        await press(house, "030123456#")
        assert house.spoken()[-1] == "Shall we call 0 3 0 1 2 3 4 5 6?"
