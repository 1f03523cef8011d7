"""A caller's page goes away in mid-call and comes back; or a chat becomes a call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.api.ports import NotNow, WebCall
from server.calls.contact import Contact
from server.calls.options import CallOptions
from session import wire
from session.queries import Queries
from tests.calls.house import ASKS, House, open_house
from tests.calls.test_chat import FLOW, begin, control, said

SHORT = CallOptions(page_return_s=0.0)


def answers(house: House) -> None:
    """Workers answer every browser."""

    async def ask(_leg: str, body: Any, _result: Any) -> Any:
        house.orders.append(body)
        return wire.SdpAnswer(sdp="v=0")

    hub: Any = house.controller.hub
    hub.ask = ask


async def offer(house: House, conversation: str | None = None, *, resume: bool = False, slow: bool = False) -> WebCall:
    call = await control(house).offer_webrtc(
        "v=0", conversation_id=conversation, customer_id=None, locale="en", remote="", slow=slow, resume=resume
    )
    await house.quiet()
    return call


async def web_call(house: House, conversation: str | None = None, *, slow: bool = False) -> tuple[Contact, str]:
    answers(house)
    call = await offer(house, conversation, slow=slow)
    await house.tell(wire.LegProgress(leg_id=call.leg_id, state="up"))
    return house.controller.legs[call.leg_id][1], call.leg_id


async def test_a_page_that_is_reloaded_has_its_call_again(tmp_path: Path) -> None:
    async with open_house(tmp_path, ASKS) as house:
        contact, first = await web_call(house)
        await house.ended(first, "page_gone")
        assert contact.phase == "flow"
        (away,) = await house.events(contact, "customer.away")
        assert away["leg_id"] == first  # a page that slept knows by it that its line was given up
        again = await offer(house, contact.conversation_id, resume=True)
        house.orders.clear()
        await house.tell(wire.LegProgress(leg_id=again.leg_id, state="up"))
        assert (again.conversation_id, again.contact_id) == (contact.conversation_id, contact.contact_id)
        assert house.controller.legs[again.leg_id][1] is contact
        assert [order.leg_id for order in house.of(wire.PlaySpeech)] == [again.leg_id]
        assert house.spoken() == ["People?"]  # asked anew: they may not have heard it
        assert house.of(wire.SetHearing)[-1].leg_id == again.leg_id
        assert len(await house.events(contact, "contact.started")) == 1
        await house.said()
        await house.tell(wire.DtmfReceived(leg_id=again.leg_id, digit="1", source="rfc4733"))
        assert contact.phase == "queued"


async def test_who_waits_keeps_the_place_and_who_talks_the_agent(tmp_path: Path) -> None:
    async with open_house(tmp_path, ASKS) as house:
        ids = await house.agents("amy")
        contact, first = await web_call(house)
        house.controller.set_availability(ids["amy"], "busy")
        await house.said()
        await house.tell(wire.DtmfReceived(leg_id=first, digit="1", source="rfc4733"))
        assert contact.phase == "queued"
        await house.ended(first, "failed", "network")
        second = (await offer(house, contact.conversation_id, resume=True)).leg_id
        await house.tell(wire.LegProgress(leg_id=second, state="up"))
        assert contact.phase == "queued"
        assert house.of(wire.PlayFile)[-1].leg_id == second  # the music
        house.controller.set_availability(ids["amy"], "available")
        await house.quiet()
        agent = await house.answered_by_agent(contact)
        # The page is loaded again before anybody missed it.
        third = (await offer(house, contact.conversation_id, resume=True)).leg_id
        assert house.of(wire.HangupLeg, second)[-1].reason == "moved"
        house.orders.clear()
        await house.tell(wire.LegProgress(leg_id=third, state="up"))
        mixed = {order.leg_id: order.hears for order in house.of(wire.MixLeg)}
        assert mixed == {third: [agent], agent: [third]}
        await house.tell(wire.RecordingClosed(leg_id=second, path="/r/2.wav", duration_ms=5, rate=16_000))
        await house.ended(second, "moved", "local")
        assert contact.phase == "talking"
        recordings = await Queries(house.store).history(contact.conversation_id)
        assert recordings is not None
        assert [r["leg_id"] for r in recordings.recordings] == [second]


async def test_an_agent_hears_a_tone_while_the_customers_page_is_away(tmp_path: Path) -> None:
    async with open_house(tmp_path, ASKS) as house:
        ids = await house.agents("amy")
        contact, first = await web_call(house)
        await house.said()
        await house.tell(wire.DtmfReceived(leg_id=first, digit="1", source="rfc4733"))
        house.controller.set_availability(ids["amy"], "available")
        await house.quiet()
        agent = await house.answered_by_agent(contact)
        await house.ended(first, "page_gone")
        (tone,) = house.of(wire.PlayTone, agent)
        assert (tone.tone, tone.loop) == ("courtesy", True)
        second = (await offer(house, contact.conversation_id, resume=True)).leg_id
        await house.tell(wire.LegProgress(leg_id=second, state="up"))
        assert house.of(wire.StopPlay, agent)[-1].play_id == tone.play_id
        assert len(house.of(wire.PlayTone, agent)) == 1


async def test_who_does_not_come_back_has_hung_up(tmp_path: Path) -> None:
    async with open_house(tmp_path, ASKS, SHORT) as house:
        contact, leg = await web_call(house)
        await house.ended(leg, "page_gone")
        await contact.over.wait()
        assert (await house.events(contact, "contact.ended"))[0]["reason"] == "page_gone"
        with pytest.raises(NotNow):
            await offer(house, contact.conversation_id, resume=True)


@pytest.mark.parametrize(("reason", "party"), [("hangup", "local"), ("no_rtp", "network"), ("worker_lost", "error")])
async def test_other_ends_are_ends(tmp_path: Path, reason: str, party: Any) -> None:
    async with open_house(tmp_path, ASKS) as house:
        contact, leg = await web_call(house)
        await house.ended(leg, reason, party)
        assert contact.phase == "ended"


async def test_hanging_up_while_away_ends_at_once(tmp_path: Path) -> None:
    async with open_house(tmp_path, ASKS) as house:
        contact, leg = await web_call(house)
        await house.ended(leg, "page_gone")
        await control(house).hang_up(contact.conversation_id)
        await contact.over.wait()
        assert [end["reason"] for end in await house.events(contact, "contact.ended")] == ["hangup"]


async def test_a_page_that_closes_its_line_as_it_hangs_up_has_hung_up(tmp_path: Path) -> None:
    async with open_house(tmp_path, ASKS) as house:
        contact, leg = await web_call(house)
        await control(house).hang_up(contact.conversation_id)
        await house.quiet()
        await house.ended(leg, "page_gone")
        assert [end["reason"] for end in await house.events(contact, "contact.ended")] == ["hangup"]


async def test_the_pace_is_the_callers(tmp_path: Path) -> None:
    async with open_house(tmp_path, ASKS) as house:
        contact, leg = await web_call(house, slow=True)
        assert house.of(wire.PlaySpeech)[-1].style == "slow"
        await control(house).pace(contact.conversation_id, slow=False)
        await house.ended(leg, "page_gone")
        again = await offer(house, contact.conversation_id)
        await house.tell(wire.LegProgress(leg_id=again.leg_id, state="up"))
        assert house.of(wire.PlaySpeech)[-1].style == ""


async def test_a_chat_that_becomes_a_call_stays_one_conversation(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        chat = await begin(house)
        contact, leg = await web_call(house, chat.conversation_id)
        assert contact.conversation_id == chat.conversation_id
        assert chat.phase == "ended"
        assert await house.events(contact, "conversation.ended") == []
        await house.said()
        await control(house).message(contact.conversation_id, "no", role="customer", user_id=None)
        await house.quiet()
        assert contact.run.block == "bye"  # what is typed beside the call is the call's
        assert (await said(house, contact))[0] == "Hello."
        await house.ended(leg, "hangup")
        assert len(await house.events(contact, "conversation.ended")) == 1
