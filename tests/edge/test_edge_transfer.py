"""An agent presses Transfer on a registered softphone of another vendor: through Kamailio to the app, and the answer back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from session import wire
from tests.edge.world import INTERNAL, SECRET, an_edge, needs_kamailio
from tests.telephony.baresip import baresip, needs_baresip
from tests.telephony.phone_world import App, worker

pytestmark = [pytest.mark.e2e, needs_kamailio, needs_baresip]


async def nothing(app: App, event: wire.LegEvent) -> None:
    """The test gives the orders."""


async def test_baresip_passes_its_call_on(tmp_path: Path) -> None:
    async with an_edge() as edge:
        edge.agent("ann", "s3cret")
        await edge.start()
        home = f"127.0.0.1:{edge.options.port}"
        async with (
            baresip(tmp_path / "ann", f"<sip:ann@{home}>;auth_user=ann;auth_pass=s3cret;regint=60") as ann,
            worker(
                tmp_path, nothing, "sip-out-0",
                dial_user=INTERNAL, dial_secret=SECRET, dial_proxy=f"sip:{home};lr", dial_domain=home,
            ) as world,
        ):  # fmt: skip
            async with asyncio.timeout(40):
                while not await edge.rpc.registered("ann"):  # noqa: ASYNC110 - Kamailio tells nobody
                    await asyncio.sleep(0.1)
            app = world.app

            async def rung(leg_id: str, to: str, count: int) -> wire.TransferAsked:
                """Ann takes a call and presses Transfer."""
                await app.order(wire.DialLeg(leg_id=leg_id, role="agent", target=f"sip:ann@{home}", may_transfer=True))
                await app.wait(wire.LegProgress, leg_id=leg_id, state="up")
                await ann.told("CALL_ESTABLISHED", count)
                await ann.press("transfer", to)
                return await app.wait(wire.TransferAsked, leg_id=leg_id)

            asked = await rung("one", "bob", 1)
            assert asked.to == f"sip:bob@{home}"
            await app.order(wire.TellTransfer(leg_id="one", transfer_id=asked.transfer_id, code=486))
            assert (await ann.told("TRANSFER_FAILED"))["param"] == "486 Busy Here"
            assert (await app.wait(wire.LegEnded, leg_id="one")).party == "remote"  # baresip 1.0 ends its call on this

            asked = await rung("two", f"sip:+4930123@{home}", 2)
            assert asked.to == f"sip:+4930123@{home}"
            await app.order(wire.TellTransfer(leg_id="two", transfer_id=asked.transfer_id, code=200))
            assert (await app.wait(wire.LegEnded, leg_id="two")).party == "remote"
            assert len(app.seen(wire.TransferAsked)) == 2
            assert {event.leg_id for event in app.seen(wire.LegProgress)} == {"one", "two"}, "somebody else was called"
