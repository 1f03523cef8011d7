"""A chat that becomes a call, attacked: the call fails, comes twice at once, the chat's end and the call's in any order."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from server.api.ports import NotNow
from session import channel, wire
from tests.calls.house import House, open_house
from tests.calls.test_chat import FLOW, begin, control, said, write
from tests.calls.test_presence import answers, offer, web_call


async def test_a_chat_outlives_a_call_that_does_not_come_up(tmp_path: Path) -> None:
    """The chat was closed first: when the browser's offer was refused, the customer had neither."""
    async with open_house(tmp_path, FLOW) as house:
        chat = await begin(house)

        async def refuse(_leg: str, _body: Any, _result: Any) -> Any:
            raise channel.RemoteError("no codec in common")

        hub: Any = house.controller.hub
        hub.ask = refuse
        with pytest.raises(ValueError, match="no codec"):
            await control(house).offer_webrtc(
                "v=0", conversation_id=chat.conversation_id, customer_id=None, locale="en", remote=""
            )
        await house.quiet()
        assert chat.phase == "flow" and house.controller.contact_in(chat.conversation_id) is chat
        await write(house, chat, "no")
        assert (await said(house, chat))[-1] == "Goodbye."


async def test_two_calls_of_one_chat_at_once_are_one(tmp_path: Path) -> None:
    """A double click, or two tabs: both would have a bot, and staff would see but one of them."""
    async with open_house(tmp_path, FLOW) as house:
        chat = await begin(house)

        async def answer(_leg: str, body: Any, _result: Any) -> Any:
            house.orders.append(body)
            return wire.SdpAnswer(sdp="v=0")

        hub: Any = house.controller.hub
        hub.ask = answer
        api = control(house)

        async def call() -> Any:
            return await api.offer_webrtc(
                "v=0", conversation_id=chat.conversation_id, customer_id=None, locale="en", remote=""
            )

        results = await asyncio.gather(call(), call(), return_exceptions=True)
        await house.quiet()
        assert all(not isinstance(result, Exception) or isinstance(result, NotNow) for result in results)
        calls = [c for c in house.controller.contacts.values() if not c.chat]
        assert len(calls) == 1


async def test_the_call_ends_first_and_then_the_chat(tmp_path: Path) -> None:
    """A person writes in the chat, so it stays beside the call; the conversation ends with the later of both."""
    async with open_house(tmp_path, FLOW) as house:
        chat, leg = await _beside(house)
        await house.ended(leg, "hangup")
        assert await house.events(chat, "conversation.ended") == [] and chat.phase == "talking"
        await control(house).hang_up(chat.conversation_id)
        await house.quiet()
        assert len(await house.events(chat, "conversation.ended")) == 1
        assert house.controller.contacts == {}


async def test_the_chat_ends_first_and_then_the_call(tmp_path: Path) -> None:
    async with open_house(tmp_path, FLOW) as house:
        chat, leg = await _beside(house)
        chat.post(lambda: chat.hang_up("hangup"))
        await house.quiet()
        assert chat.phase == "ended"
        assert await house.events(chat, "conversation.ended") == []
        await house.ended(leg, "hangup")
        assert len(await house.events(chat, "conversation.ended")) == 1
        assert house.controller.contacts == {}


async def test_what_was_proven_in_the_chat_is_proven_anew_in_the_call(tmp_path: Path) -> None:
    """Who speaks is not known to be who wrote: the call begins at level 0, and the chat keeps its own."""
    async with open_house(tmp_path, FLOW) as house:
        chat = await begin(house)
        chat.run.auth_level, chat.run.customer_id, chat.run.proven = 2, "100001", ["pin"]
        contact, _ = await web_call(house, chat.conversation_id)
        assert (contact.run.auth_level, contact.run.customer_id, contact.run.proven) == (0, "", [])
        assert contact.run.consents == {}


async def _beside(house: House) -> tuple[Any, str]:
    """A chat with an agent, and a call of the same customer beside it."""
    ids = await house.agents("amy")
    house.controller.set_availability(ids["amy"], "available")
    chat = await begin(house)
    await write(house, chat, "yes")
    desk = control(house).desk
    (offer,) = desk.view(ids["amy"]).offers
    await desk.accept(ids["amy"], offer.offer_id, None)
    assert chat.phase == "talking"
    contact, leg = await web_call(house, chat.conversation_id)
    assert contact.conversation_id == chat.conversation_id and chat.phase == "talking"
    return chat, leg


async def test_a_chat_outlives_a_call_whose_line_fails(tmp_path: Path) -> None:
    """Answered, and then no way was found between browser and server."""
    async with open_house(tmp_path, FLOW) as house:
        chat = await begin(house)
        answers(house)
        call = await offer(house, chat.conversation_id)
        assert chat.phase == "flow"
        await house.ended(call.leg_id, "ice_failed", "error")
        assert await house.events(chat, "conversation.ended") == []
        await write(house, chat, "no")
        assert (await said(house, chat))[-1] == "Goodbye."
