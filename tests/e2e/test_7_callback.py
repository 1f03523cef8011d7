"""A promise to call back, kept: who called is called on a phone of another vendor when an agent is free, and both talk."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.sound import spells, tone
from tests.e2e.waiting import asked, until
from tests.e2e.world import ROOT, an_instance
from tests.telephony.baresip import baresip, needs_baresip

pytestmark = [needs_baresip, pytest.mark.slow]
AMY, CUSTOMER, NUMBER = 700, 500, "4711"
FLOW = """format: flow/v1
id: again
title: {en: Call me again}
locales: [en]
start: offer
blocks:
  offer:
    type: callback
    offer: {en: "Shall we call you back on {{callback_number}}? Press one for yes."}
    ask: {en: "Which number may we call?"}
    no_match: {en: Press one for yes.}
    booked: {en: We will call you.}
    exits: {booked: bye, refused: people, failed: people}
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end, text: {en: Goodbye.}}
handlers: {on_human_request: people, on_error: people}
"""


def long(sound: Path, hz: int) -> bool:
    """A tone was heard for two seconds and more: long enough that the other side heard something too."""
    return any(stop - start >= 2 for start, stop in spells(sound, hz))


async def test_who_was_promised_a_call_is_called_and_talks_to_the_agent(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    shutil.copytree(ROOT / "flows", flows)
    (flows / "again.yaml").write_text(FLOW)
    async with baresip(tmp_path / "customer", f"<sip:{NUMBER}@127.0.0.1>;regint=0", CUSTOMER, 300) as customer:
        settings = {
            "WARMLINE_DIALOG__FLOWS_DIR": str(flows),
            "WARMLINE_DIALOG__NUMBERS": json.dumps({"*": {"flow": "again"}}),
            "WARMLINE_CALLS__TRUNK": f"sip:{{number}}@127.0.0.1:{customer.port}",
            "WARMLINE_CALLS__NUMBERS_ALLOWED": json.dumps([NUMBER]),
        }
        world = an_instance(**settings)
        instance = await asyncio.to_thread(world.__enter__)
        try:
            token, secret = await asyncio.to_thread(instance.agent, "amy")
            phone = await asyncio.to_thread(
                instance.softphone, "amy", secret, "--wav", str(tone(tmp_path / "amy.wav", AMY, 120))
            )
            caller, conversation = await asyncio.to_thread(
                lambda: instance.call(asked("offer"), {"dtmf": "1"}, who=NUMBER)
            )

            async def happened(kind: str, seconds: float = 40, **what: object) -> None:
                await asyncio.to_thread(lambda: instance.wait(conversation, kind, seconds, **what))

            await happened("callback.booked")
            await asyncio.to_thread(caller.report, 20)
            (waiting,) = instance.ask("GET", "/api/callbacks").json()
            assert (waiting["number"], waiting["queue"], waiting["status"]) == (NUMBER, "support", "waiting")
            refused = instance.ask("DELETE", "/api/queues/support")
            assert (refused.status_code, "called back from it (…711)" in refused.json()["detail"]) == (409, True)

            instance.available(token)
            await customer.told("CALL_ESTABLISHED")
            await happened("bot.said", block="hello")
            await customer.press("sndcode", "1")
            await happened("queue.accepted")
            await happened("party.joined")
            await customer.hears(1)
            await happened("bridge", role="customer", connected=True)
            await asyncio.to_thread(until, "the customer hears Amy", lambda: long(customer.heard()[-1], AMY), 20)
            await asyncio.to_thread(phone.wait, "heard")
            await customer.press("hangup")
            await happened("contact.ended", count=2)
            await asyncio.to_thread(phone.wait, "ended")
            await happened("callback.done", outcome="connected")
            assert instance.ask("GET", "/api/callbacks").json() == []
            assert spells(phone.record, CUSTOMER)
        finally:
            await asyncio.to_thread(world.__exit__, None, None, None)
