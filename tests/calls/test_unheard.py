"""A prompt that could not be spoken, from the worker's report to the record, the flow and the consent."""

from __future__ import annotations

from pathlib import Path

from server.calls.contact import Contact
from session import wire
from tests.calls.house import House, open_house
from tests.dialog.test_unheard import NOTICE

FLOWS = {"main": NOTICE.replace("id: f\n", "id: main\n")}


async def cannot_be_spoken(house: House, contact: Contact, spoken: str = "") -> None:
    (play_id,) = contact.customer.plays
    report = wire.PlayFinished(
        leg_id=contact.customer.leg_id,
        play_id=play_id,
        outcome="failed",
        spoken=spoken,
        at_ms=0,
        played_ms=1,
        error="no voice",
    )
    await house.tell(report)


async def test_a_notice_that_nobody_heard_is_in_the_record_as_failed_and_is_no_consent(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOWS) as house:
        contact = await house.call()
        await cannot_be_spoken(house, contact, "We ")
        assert house.spoken() == ["We record this."] * 2
        await cannot_be_spoken(house, contact)
        said = await house.events(contact, "bot.said")
        assert [(e["outcome"], e["text"], e["planned"], e["error"]) for e in said] == [
            ("failed", "We ", "We record this.", "no voice"),
            ("failed", "", "We record this.", "no voice"),
        ]
        assert "recording" not in contact.run.consents
        assert not await house.events(contact, "consent")
        (decision,) = await house.events(contact, "decision")
        assert (decision["exit"], decision["why"]) == ("on_error", "speech: block may could not be heard")
        assert contact.phase == "queued"  # a person needs no voice of ours


async def test_a_key_before_the_notice_sounds_agrees_to_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOWS) as house:
        contact = await house.call()
        await cannot_be_spoken(house, contact)
        await house.tell(wire.DtmfReceived(leg_id=contact.customer.leg_id, digit="1", source="rfc4733"))
        assert contact.run.consents == {}
        assert contact.run.block == "may"
