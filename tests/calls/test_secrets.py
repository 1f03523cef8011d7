"""What callers give to prove who they are is in no row, no event, no log and no order, and the recording pauses meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from sqlalchemy import text

from dialog.engine import FlowEngine
from dialog.flow import parse_flow
from dialog.verification.codes import CodeRules
from dialog.verification.directory import FileDirectory
from dialog.verification.ports import VerificationPorts
from dialog.verification.sending import CodePerformer
from dialog.verification.stored import StoredAttempts, StoredCodes, StoredProgress, StoredVoices
from dialog.verification.vault import Vault
from session import wire
from session.consents import Consents
from session.policy import POLICIES
from session.voiceprints import Voiceprints
from tests.calls.house import House, open_house
from tests.dialog.verify_world import flow

CUSTOMERS = Path(__file__).parents[2] / "flows" / "customers.sample.yaml"


class Post:
    def __init__(self) -> None:
        self.codes: list[str] = []

    async def send(self, call_id: str, *, to: str, by: str, code: str, locale: str, valid_s: float) -> None:
        self.codes.append(code)


async def verifying(house: House, post: Post, source: str) -> None:
    """The house's flow, over the real tables."""
    customers, vault = FileDirectory.read(CUSTOMERS), Vault(bytes(32))
    codes = StoredCodes(house.store, vault, customers, post, CodeRules())
    voices = StoredVoices(house.store, vault)
    house.ports = replace(
        house.ports,
        customers=customers,
        attempts=StoredAttempts(house.store),
        performer=CodePerformer(house.ports.performer, codes),
        verification=VerificationPorts(codes, StoredProgress(house.store, 5), voices),
    )
    house.engines["main"] = FlowEngine(parse_flow(source)[0], house.ports)
    conversation = await house.store.create_conversation(language="en")
    contact = await house.store.add_contact(
        conversation, channel="voice", direction="inbound", initiation_method="inbound"
    )
    policy = POLICIES["eu"]
    await Consents(house.store).record(
        conversation, contact, purposes=["voiceprint"], given=True, wording="?", policy=policy
    )
    consent = await Voiceprints(house.store).consent(contact)
    assert consent is not None
    await voices.enrol(consent, "100001", [np.ones(256, np.float32) / 16])


async def everything(house: House) -> bytes:
    """All rows of all tables, and all orders to the leg."""
    found: list[Any] = []
    async with house.store.reading() as session:
        names = await session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        for name in list(names):
            found += [repr(tuple(row)) for row in await session.execute(text(f'SELECT * FROM "{name}"'))]  # noqa: S608
    return "\n".join(found).encode() + msgspec.json.encode(house.orders)


SAID = {
    "pin": ("8 1 3 5", "8135"),
    "last_four": ("8 1 3 5", "8135"),
    "birth_date": ("the seventeenth of June 1973", "17061973"),
    "totp": ("8 1 3 5 7 2", "813572"),
    "sent_code": ("8 1 3 5 7 2", "813572"),
    "name": ("Bartholomew Featherstone", ""),
    "postcode": ("z z nine nine", ""),
    "voiceprint": ("9 8 1 3 5 7 2 0", ""),
}


@pytest.mark.parametrize("factor", list(SAID))
async def test_no_answer_is_stored_logged_or_recorded(
    factor: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, keys = SAID[factor]
    level = 2 if factor in ("pin", "totp", "sent_code") else 1
    others = {"name": ("name", "postcode"), "postcode": ("postcode", "name")}.get(factor, (factor,))
    post = Post()
    async with open_house(tmp_path, {"main": flow(*others, level=level)}) as house:
        await verifying(house, post, flow(*others, level=level))
        await house.call(caller="demo")
        hearing = [one.hearing for one in house.orders if isinstance(one, wire.SetHearing)][-1]
        assert hearing.private and not hearing.partials
        assert (hearing.voiceprint is not None) == (factor == "voiceprint")
        pauses = [one.action for one in house.orders if isinstance(one, wire.RecordLeg)]
        assert pauses[-1] == "pause"
        voice = np.linspace(-1, 1, 256).astype("<f4").tobytes()
        await house.tell(
            wire.UtteranceFinal(
                leg_id="leg-1", utterance_id="u", t0_ms=0, t1_ms=900, text=said, language="en", confidence=1.0, voice=voice,
                words=[wire.Word(text=word, t0_ms=0, t1_ms=1) for word in said.split()],
            )
        )  # fmt: skip
        for key in keys:
            await house.tell(wire.DtmfReceived(leg_id="leg-1", digit=key, source="rfc4733"))
        await house.quiet()
        seen = await everything(house) + "".join(capsys.readouterr()).encode()
        assert b"[hidden]" in seen and b"verify" in seen
        for secret in filter(None, (said, said.replace(" ", ""), keys, *post.codes)):
            assert secret.encode() not in seen, factor
        if factor == "voiceprint":
            assert voice[:32].hex().encode() not in seen and repr(voice[:8])[2:-1].encode() not in seen
