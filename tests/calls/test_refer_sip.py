"""An agent presses Transfer on a real softphone, over real SIP, through our own workers; judged by what people hear."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.calls.options import CallOptions
from tests.calls.test_outside_sip import AGENT_HZ, CALLER_HZ, OUTSIDE_HZ, exchange, heard, until
from tests.ports import free_port
from tests.telephony.baresip import baresip, needs_baresip
from tests.telephony.phone_world import tone

pytestmark = [pytest.mark.e2e, pytest.mark.slow, needs_baresip]

PEOPLE = """
format: flow/v1
id: people
title: {en: P}
locales: [en]
start: people
blocks:
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end, disposition: done}
"""


async def test_an_agent_transfers_on_her_phone(tmp_path: Path) -> None:
    """First to a number that no rule allows: her phone hangs up on that, and the customer is hers again. Then to one that is allowed."""
    outside = free_port()
    options = CallOptions(numbers_allowed=["4712"], trunk=f"sip:{{number}}@127.0.0.1:{outside}")
    ours, theirs = tone(tmp_path / "ours.wav", 60, CALLER_HZ), tone(tmp_path / "theirs.wav", 20, OUTSIDE_HZ)
    async with baresip(tmp_path / "amy", "<sip:amy@127.0.0.1>;regint=0", AGENT_HZ, 120) as amy:
        uri = f"sip:amy@127.0.0.1:{amy.port}"
        async with exchange(tmp_path, {"people": PEOPLE}, options, [*options.dial_rules(), uri]) as (house, port):
            controller = house.controller
            await controller.users.add("amy", password_hash="-", roles=["agent"], device="uri", uri=uri)
            await controller.reload_agents()
            (user_id,) = controller.cards
            controller.set_availability(user_id, "available")
            answering = await house.phone(outside, "--wav", str(theirs), "--hangup-after", "4")
            call = await house.caller(port, "people", {"play": str(ours)}, max_s=60)

            async def is_hers(times: int) -> None:
                await amy.told("CALL_ESTABLISHED", times)
                (contact,) = controller.contacts.values()

                def both() -> bool:
                    agent = contact.room.agent
                    return agent is not None and agent.connected and contact.phase == "talking"

                await until("the customer is hers", both, 40)
                await amy.hears(times)

            await is_hers(1)
            await amy.press("transfer", "4799")
            assert (await amy.told("TRANSFER_FAILED"))["param"] == "403 Forbidden"
            await is_hers(2)
            assert len(await house.kinds("queue.returned")) == 1
            assert not answering.seen("incoming")

            await amy.press("transfer", "4712")
            await amy.told("CALL_CLOSED")  # by her phone, on the good news
            await until("the outside phone is done", lambda: answering.seen("ended"))
            await asyncio.wait_for(call.wait(), 120)
            asked = [(event["code"], event.get("to")) for event in await house.kinds("transfer.by_phone")]
            assert asked == [(403, "…799"), (0, "…712")]
            assert (await house.kinds("contact.ended"))[-1]["disposition"] == "done"
    for hz in (AGENT_HZ, OUTSIDE_HZ):
        assert heard(tmp_path / "people.wav", hz), f"the caller did not hear {hz} Hz"
    assert heard(answering.record, CALLER_HZ)
    assert [heard(file, CALLER_HZ) for file in amy.heard()] == [True, True]
