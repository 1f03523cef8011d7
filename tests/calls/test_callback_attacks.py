"""Callbacks under attack: cancelled, restarted, drained, called in again, limited, booked twice, at every awkward moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from dialog import effects as fx
from server.calls import bookings
from session import wire
from session.callbacks import Callback, Callbacks
from tests.calls.house import OPTIONS, House, open_house
from tests.calls.test_calling_back import agent, booked, calling, flows, keeps, overflowed, press, row_of


async def said_yes(house: House) -> str:
    """The customer answers and wants to talk: their leg."""
    leg = house.dialled().leg_id
    await house.tell(wire.LegProgress(leg_id=leg, state="up"))
    await press(house, "1", leg)
    return leg


def locked() -> OperationalError:
    return OperationalError("UPDATE", {}, Exception("database is locked"))


# ------------------------------------------------------------------ cancelled at the wrong moment


async def test_who_cancels_while_the_call_is_being_made_is_not_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of the contact are being written, the phone does not ring yet."""
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        open_call = house.controller.admission.call_out

        async def slowly(*given: Any) -> Any:
            assert await house.controller.callbacks.cancel(row.id, "kim")
            return await open_call(*given)

        monkeypatch.setattr(house.controller.admission, "call_out", slowly)
        amy = await agent(house)
        assert not house.of(wire.DialLeg)
        assert (await row_of(house, row.id)).status == "cancelled"
        assert house.controller.desk.desk.agents[amy].status == "idle"
        assert not [c for c in house.controller.contacts.values() if c.callback is not None]


async def test_a_colleague_at_the_same_switchboard_does_not_hang_up_on_the_customer(tmp_path: Path) -> None:
    """One number for a whole company: who is being called back is on the line, so this is somebody else."""
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        await agent(house)
        leg = await said_yes(house)
        await house.call("leg-2")
        await house.quiet()
        assert not house.of(wire.HangupLeg, leg)
        assert (await row_of(house, row.id)).status == "dialling"


# ------------------------------------------------------------------ the app


async def test_a_draining_app_calls_nobody(tmp_path: Path) -> None:
    """The call would be cut off after a moment, and count as a try."""
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        house.controller.draining = True
        await agent(house)
        assert not house.of(wire.DialLeg)
        kept = await row_of(house, row.id)
        assert (kept.status, kept.attempts) == ("waiting", 0)


async def test_tries_that_a_restart_cut_off_never_end_a_promise(tmp_path: Path) -> None:
    """Nobody knows whether the phone rang: called once more rather than never."""
    async with open_house(tmp_path, flows("priority: 50").copy()) as house:
        _, row = await booked(house)
        await Callbacks(house.store).change(row.id, status="dialling", attempts=row.retries + 1)
    async with open_house(tmp_path, flows()) as house:
        await house.controller.callbacks.start()
        again = await row_of(house, row.id)
        assert again.status == "waiting"
        assert again.attempts == row.retries, "and only once more"


async def test_lines_that_are_full_never_end_a_promise(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        house.full = True
        await agent(house)
        desk = house.controller.desk
        for _ in range(4):
            desk.do(desk.desk.tick(desk.desk.waiting[row.id].not_before_ms))
            await house.quiet()
        kept = await row_of(house, row.id)
        assert (kept.status, kept.attempts) == ("waiting", 0)


async def test_more_wait_than_are_read_at_once(tmp_path: Path) -> None:
    """`callbacks_most` may be 10,000: after a restart the first thousand had their places."""
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        async with house.store.writing() as session:
            from session.model_callback import CallbackRow

            fields = {**_values(row)}
            session.add_all(CallbackRow(**{**fields, "id": f"x{n}", "key": f"k{n}"}) for n in range(1005))
    async with open_house(tmp_path, flows()) as house:
        await house.controller.callbacks.start()
        assert len(house.controller.desk.desk.waiting) == 1006


def _values(row: Callback) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


async def test_a_booking_that_is_asked_for_again_at_the_start_has_one_place(tmp_path: Path) -> None:
    """A chat goes on at once after a restart, and asks for its booking again while places are being given back."""
    async with open_house(tmp_path, flows()) as house:
        contact = await overflowed(house)
        wanted: list[fx.BookCallback] = []
        book = house.controller.callbacks.book

        async def kept(contact: Any, asked: fx.BookCallback) -> Any:
            wanted.append(asked)
            return await book(contact, asked)

        house.controller.callbacks.book = kept  # type: ignore[method-assign]
        await press(house, "1")
        (row,) = await Callbacks(house.store).listed()
        callbacks = house.controller.callbacks
        await callbacks.start()
        assert len(house.controller.desk.desk.waiting) == 1
        assert (await book(contact, wanted[0])).outcome == "booked"
        assert [place for place in house.controller.desk.desk.waiting] == [row.id]


async def test_a_booking_that_is_asked_for_again_is_kept_however_many_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, flows(), OPTIONS.model_copy(update={"callbacks_most": 1})) as house:
        contact = await overflowed(house)
        book, results = house.controller.callbacks.book, []

        async def twice(contact: Any, asked: fx.BookCallback) -> Any:
            results.append(await book(contact, asked))
            results.append(await book(contact, asked))
            return results[-1]

        house.controller.callbacks.book = twice  # type: ignore[method-assign]
        await press(house, "1")
        assert [result.outcome for result in results] == ["booked", "booked"]
        assert contact.phase == "flow"


async def test_a_database_that_is_away_for_a_moment_loses_no_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the turn, and when the call has ended: nobody else would ever look at the row again."""
    monkeypatch.setattr(bookings, "FIRST_WAIT_S", 0.001, raising=False)
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        read, fails = Callbacks.get, [2]

        async def get(rows: Callbacks, callback_id: str) -> Callback | None:
            if fails[0]:
                fails[0] -= 1
                raise locked()
            return await read(rows, callback_id)

        monkeypatch.setattr(Callbacks, "get", get)
        amy = await agent(house)
        await house.quiet()
        leg = house.dialled().leg_id
        fails[0] = 2
        await house.ended(leg, "busy")
        await house.quiet()
        again = await row_of(house, row.id)
        assert (again.status, again.attempts, again.outcome) == ("waiting", 1, "busy")
        assert house.controller.desk.desk.agents[amy].status == "idle"


# ------------------------------------------------------------------ whom, how often


async def test_calls_back_count_among_the_calls_of_an_hour(tmp_path: Path) -> None:
    """Whoever makes us call pays nothing: beyond `calls.per_hour` a promise is kept later, not broken."""
    async with open_house(tmp_path, flows(), OPTIONS.model_copy(update={"per_hour": 1})) as house:
        _, row = await booked(house)
        house.controller.around.placed.take("outside")
        await agent(house)
        assert not house.of(wire.DialLeg)
        kept = await row_of(house, row.id)
        assert (kept.status, kept.attempts) == ("waiting", 0)
        desk = house.controller.desk
        assert desk.desk.waiting[row.id].not_before_ms > desk.now() + 3_000_000


@pytest.mark.parametrize("number", ["+4930999000", "030999000", "0049 30 999000"])
async def test_we_do_not_call_ourselves(tmp_path: Path, number: str) -> None:
    """Our own number would answer, and two bots would talk at our cost."""
    options = OPTIONS.model_copy(update={"region": "DE", "caller_id": "+4930999000"})
    async with open_house(tmp_path, flows(), options) as house:
        contact = await overflowed(house)
        wanted = replace_wanted(contact.contact_id, number)
        result = await house.controller.callbacks.book(contact, wanted)
        assert result.outcome == "failed"
        assert await Callbacks(house.store).listed() == []


@pytest.mark.parametrize("number", ["+49900123456", "0900 123456", "0049 (0)900-123456", "+49(0)900123456"])
async def test_a_premium_number_is_refused_however_it_is_written(tmp_path: Path, number: str) -> None:
    options = OPTIONS.model_copy(update={"region": "DE", "numbers_allowed": ["+49*"], "numbers_refused": ["+49900*"]})
    async with open_house(tmp_path, flows(), options) as house:
        contact = await overflowed(house)
        result = await house.controller.callbacks.book(contact, replace_wanted(contact.contact_id, number))
        assert result.outcome == "failed"
        assert await Callbacks(house.store).listed() == []


def replace_wanted(contact_id: str, number: str) -> fx.BookCallback:
    return fx.BookCallback(
        callback_id=f"{contact_id}:offer:1",
        number=number,
        queue="support",
        skills=[],
        priority=50,
        keep_place=True,
        at_ms=None,
        hours=[],
        timezone="",
        retries=0,
        retry_after_s=60.0,
        locale="en",
        reason="",
        summary="",
        facts={},
    )


async def test_a_number_that_is_no_longer_allowed_is_given_up(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
    async with open_house(tmp_path, flows(), OPTIONS.model_copy(update={"numbers_allowed": ["+4930*"]})) as house:
        await house.controller.callbacks.start()
        await agent(house)
        assert not house.of(wire.DialLeg)
        assert (await row_of(house, row.id)).status == "failed"
        assert house.controller.desk.desk.waiting == {}


async def test_who_calls_in_again_keeps_the_place_that_they_had(tmp_path: Path) -> None:
    """Their call takes the promise back, which must not cost them the time that they have waited."""
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        again = await house.call("leg-2")
        await house.quiet()
        assert again.queue is not None
        assert again.queue.enqueued_at == row.enqueued_at
        assert keeps(house, again.contact_id, row)


# ------------------------------------------------------------------ calls that we cut off


@pytest.mark.parametrize(("reason", "party"), [("worker_lost", "error"), ("drained", "local"), ("no_rtp", "network")])
async def test_who_is_cut_off_while_they_wait_again_is_called_again(tmp_path: Path, reason: str, party: str) -> None:
    """They did not hang up. What we cut off is not the last try, however many there were."""
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        await agent(house)
        leg = await said_yes(house)
        assert calling(house).phase == "queued"
        await Callbacks(house.store).change(row.id, attempts=row.retries + (reason != "no_rtp"))
        await house.ended(leg, reason, party)
        again = await row_of(house, row.id)
        assert (again.status, again.attempts, again.outcome) == ("waiting", row.retries, reason)
        assert row.id in house.controller.desk.desk.waiting


async def test_an_end_that_cannot_be_written_down_forgets_no_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        await agent(house)

        async def refuse(*_given: Any, **_more: Any) -> None:
            raise locked()

        with monkeypatch.context() as away:
            away.setattr(house.store, "stamp_contact", refuse)
            await house.ended(house.dialled().leg_id, "no_answer")
        await house.quiet()
        assert (await row_of(house, row.id)).status == "waiting"


# ------------------------------------------------------------------ the agent


async def test_an_agent_who_declines_leaves_the_customer_in_their_place(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        amy = await agent(house)
        await said_yes(house)
        contact = calling(house)
        assert contact.agent is not None
        desk = house.controller.desk
        (offer,) = desk.desk.waiting[contact.contact_id].offers
        desk.do(desk.desk.declined(offer, desk.now()))
        await house.quiet()
        assert contact.phase == "queued"
        assert not desk.desk.waiting[contact.contact_id].offers and keeps(house, contact.contact_id, row)
        assert (await row_of(house, row.id)).status == "dialling"
        desk.do(desk.desk.tick(desk.now() + 31_000))
        await house.quiet()
        assert contact.agent is not None and contact.agent.card is not None and contact.agent.card.user_id == amy


async def test_who_hangs_up_while_the_agent_is_rung_is_not_called_again(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        amy = await agent(house)
        leg = await said_yes(house)
        await house.ended(leg)
        over = await row_of(house, row.id)
        assert (over.status, over.outcome) == ("failed", "hung up while waiting")
        assert house.controller.desk.desk.agents[amy].status == "idle"
        assert house.controller.desk.desk.waiting == {}


async def test_the_agent_goes_away_while_the_customers_phone_rings(tmp_path: Path) -> None:
    async with open_house(tmp_path, flows()) as house:
        await booked(house)
        amy = await agent(house)
        house.controller.set_availability(amy, "offline", force=True)
        await house.quiet()
        await said_yes(house)
        contact = calling(house)
        assert contact.phase == "queued" and contact.agent is None
        house.controller.set_availability(amy, "available")
        await house.quiet()
        assert contact.agent is not None


@pytest.mark.parametrize("phase", ["ringing", "greeted", "waiting", "talking"])
async def test_a_killed_app_calls_nobody_twice_and_forgets_nobody(tmp_path: Path, phase: str) -> None:
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        amy = await agent(house)
        leg = house.dialled().leg_id
        if phase == "ringing":
            await house.tell(wire.LegProgress(leg_id=leg, state="ringing"))
        if phase in ("greeted", "waiting", "talking"):
            await house.tell(wire.LegProgress(leg_id=leg, state="up"))
        if phase in ("waiting", "talking"):
            house.controller.set_availability(amy, "offline", force=True) if phase == "waiting" else None
            await press(house, "1", leg)
        if phase == "talking":
            await house.answered_by_agent(calling(house))
    async with open_house(tmp_path, flows()) as house:
        from server.calls import recovery

        await house.controller.reload_agents()
        await recovery.recover(house.controller)
        await house.controller.callbacks.start()
        await house.quiet()
        assert (await row_of(house, row.id)).status == "dialling"
        assert not house.of(wire.DialLeg) and row.id not in house.controller.desk.desk.waiting
        contact = calling(house)
        house._place(house._pick("sip-out"), leg)
        await house.ended(leg)
        await house.quiet()
        over = await row_of(house, row.id)
        expected = {"ringing": "waiting", "greeted": "waiting", "waiting": "failed", "talking": "done"}
        assert over.status == expected[phase], contact.phase


async def test_who_was_talked_to_is_not_called_again_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the call was written down, that of the promise not any more."""
    async with open_house(tmp_path, flows()) as house:
        _, row = await booked(house)
        await agent(house)
        leg = await said_yes(house)
        talk = await house.answered_by_agent(calling(house))

        async def killed(*given: Any, **more: Any) -> None:
            return None

        monkeypatch.setattr(house.controller.callbacks, "_ended", killed)
        await house.ended(talk)
        await house.said()
        await house.ended(leg)
        assert (await row_of(house, row.id)).status == "dialling"
    async with open_house(tmp_path, flows()) as house:
        await house.controller.callbacks.start()
        assert (await row_of(house, row.id)).status == "done"
        assert house.controller.desk.desk.waiting == {}
