"""Agents on registered softphones of another vendor; one presses Transfer, and the caller hears the other."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests.e2e.sound import spells, tone
from tests.e2e.waiting import asked, happens
from tests.e2e.world import Instance
from tests.telephony.baresip import Baresip, baresip, needs_baresip

pytestmark = [needs_baresip, pytest.mark.slow]
CALLER, ANN, BOB, CID = 1100, 700, 500, 300


async def test_the_transfer_key_of_a_registered_phone(instance: Instance, tmp_path: Path) -> None:
    """Ann names nobody, and as her phone hangs up on that, the caller is Bob's; Bob names Cid, who has the caller then."""
    people = {name: instance.agent(name) for name in ("ann", "bob", "cid")}
    tokens = {name: token for name, (token, _) in people.items()}

    def phone(name: str, hz: int) -> AbstractAsyncContextManager[Baresip]:
        home = f"<sip:{name}@127.0.0.1:{instance.sip}>;auth_user={name};auth_pass={people[name][1]};regint=60"
        return baresip(tmp_path / name, home, hz, 240)

    async def happened(kind: str) -> None:
        await asyncio.to_thread(instance.wait, conversation, kind, 40)

    async with phone("ann", ANN) as at_ann, phone("bob", BOB) as at_bob, phone("cid", CID) as at_cid:
        sound = {"play": str(tone(tmp_path / "caller.wav", CALLER, 240))}
        steps = (asked("consent"), {"dtmf": "2"}, asked("ask"), {"dtmf": "0"}, happens("queue.accepted"), sound)
        caller, conversation = await asyncio.to_thread(instance.call, *steps)
        await happened("queue.entered")
        instance.available(tokens["ann"])
        await at_ann.told("CALL_ESTABLISHED")
        await happened("party.joined")
        await at_ann.press("transfer", "nobody")
        assert (await at_ann.told("TRANSFER_FAILED"))["param"] == "404 Not Found"
        await happened("queue.returned")
        instance.available(tokens["bob"])
        await at_bob.hears(1)
        instance.available(tokens["cid"])
        await at_bob.press("transfer", "cid")
        await happened("transfer.completed")
        await at_bob.told("CALL_CLOSED")
        await at_cid.hears(1)
        await at_cid.press("hangup")
        await asyncio.to_thread(instance.ended, conversation)
        await asyncio.to_thread(caller.report, 20)
    at_caller = caller.folder / "heard.wav"
    assert spells(at_caller, CID)[0][0] > spells(at_caller, BOB)[-1][1]
    for one in (at_bob, at_cid):
        assert spells(one.heard()[-1], CALLER)
