"""What a restarted app must still know of a call before its worker's first resent report is committed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from dialog.events import Feeling
from dialog.flow import Recognition
from dialog.state import RunState
from prosody.fusion import Affect
from prosody.trend import Trend
from server.calls import journal
from server.calls.affect import MoodSnapshot
from server.calls.contact import Contact
from server.calls.controller import Controller
from server.calls.feelings import Feeler
from server.calls.journal import LegRef
from server.calls.recovery import recover
from server.calls.snapshot import ContactSnapshot, PartySnapshot, Phase, RoomSnapshot
from server.calls.writing import Writing
from session import wire
from session.consents import Consents
from session.policy import POLICIES
from session.store import Store

SPOKEN = "seven three nine one"


async def no_vector(_text: str) -> NDArray[np.float32]:
    raise OSError("inference is away")


class Restarted:
    """A controller just after a start: a real store, no worker yet."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.contacts: dict[str, Contact] = {}
        self.legs: dict[str, tuple[LegRef, Contact]] = {}
        self.cards = {"anna": SimpleNamespace(user_id="anna", name="Anna", target="", device="browser")}
        flow = SimpleNamespace(sha="s", recognition=Recognition(), asks_to_record=False)
        self.dialog = SimpleNamespace(engine=lambda _flow, _sha: SimpleNamespace(flow=flow))
        feeler = Feeler(Consents(store), None, no_vector)
        self.around = SimpleNamespace(
            hub=None, music=Path("music.wav"), ended=lambda _contact: None, feeler=feeler, legs=self.legs, handled={}
        )
        self.writing = Writing(cast(Controller, self))
        nothing = lambda *_: None  # noqa: E731
        assign = lambda *_, queue, channel: None  # noqa: E731
        self.desk = SimpleNamespace(do=nothing, now=lambda: 0, desk=SimpleNamespace(assign=assign))

    def adopt(self, contact: Contact) -> None:
        self.contacts[contact.contact_id] = contact
        self.legs[contact.customer.leg_id] = (contact.customer, contact)

    def later(self, _delay_s: float, _work: Any) -> None:
        """The claim of workers is not what is tested here."""


async def taken_back(
    store: Store,
    *,
    sensitive: bool,
    phase: Phase,
    room: RoomSnapshot = RoomSnapshot(),  # noqa: B008
    refused: bool = False,
    consents: dict[str, bool] | None = None,
    given: bool = False,
    mood: MoodSnapshot | None = None,
) -> Contact:
    conversation = await store.create_conversation(language="en")
    contact = await store.add_contact(conversation, channel="voice", direction="inbound", initiation_method="inbound")
    participant = await store.add_participant(contact, role="customer")
    await store.add_leg(leg_id="leg-1", participant_id=participant, transport="sip", remote="", worker_id="sip-in-0")
    run = RunState(contact_id=contact, flow_id="f", channel="voice", locale="en", sensitive=sensitive)
    run.consents = consents or {}
    if given:
        await Consents(store).record(
            conversation, contact, purposes=["emotion"], given=True, wording="May we?", policy=POLICIES["eu"]
        )
    snapshot = ContactSnapshot(
        conversation_id=conversation,
        contact_id=contact,
        flow_id="f",
        language="en",
        languages=["en"],
        phase=phase,
        customer_leg_id="leg-1",
        customer_participant_id=participant,
        bot_participant_id=participant,
        run=msgspec.Raw(run.dump()),
        room=room,
        refused=refused,
        policy="eu",
        mood=mood,
    )
    await store.save_run(contact, flow_id="f", flow_sha="s", state=msgspec.json.encode(snapshot))
    controller = Restarted(store)
    await recover(cast(Controller, controller))
    found = controller.contacts[contact]
    await found.close()
    return found


@pytest.mark.parametrize("sensitive", [True, False])
async def test_a_spoken_pin_resent_after_a_restart_is_not_written_down(tmp_path: Path, sensitive: bool) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    contact = await taken_back(store, sensitive=sensitive, phase="flow")
    heard = wire.UtteranceFinal(
        leg_id="leg-1",
        utterance_id="u1",
        t0_ms=0,
        t1_ms=900,
        text=SPOKEN,
        normalised=SPOKEN,
        language="en",
        confidence=0.9,
        words=[wire.Word(text=SPOKEN, t0_ms=0, t1_ms=900)],
        ledger=[],
    )
    await journal.commit(store, contact.customer, wire.Report(seq=1, at=1_000, event=heard), "incarnation")
    await store.close()
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert (SPOKEN.encode() in written) is not sensitive


async def test_a_caller_on_hold_over_a_restart_can_be_taken_back(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    anna = PartySnapshot(
        party_id="p", participant_id="p", role="agent", purpose="offer", user_id="anna", name="Anna", leg_id="leg-2", desk_id="k", connected=True
    )  # fmt: skip
    room = RoomSnapshot(parties=[anna], principal="p", customer_held=True)
    contact = await taken_back(store, sensitive=False, phase="talking", room=room)
    await store.close()
    assert contact.agent is not None
    assert contact.agent.name == "Anna"
    assert contact.room.customer_held  # else "take back" changes nothing, and the caller hears music for ever
    assert contact.room.snapshot() == room


@pytest.mark.parametrize("refused", [True, False])
async def test_a_refused_recording_is_deleted_over_a_restart_too(tmp_path: Path, refused: bool) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    contact = await taken_back(store, sensitive=False, phase="flow", refused=refused)
    contact.around = cast(Any, SimpleNamespace(store=store))
    sound = tmp_path / "r.wav"
    sound.write_bytes(b"RIFF")
    closed = wire.RecordingClosed(leg_id="leg-1", path=str(sound), duration_ms=1, rate=16000)
    await contact.on_report(contact.customer, wire.Report(seq=1, at=0, event=closed))
    assert sound.exists() is not refused
    assert contact.snapshot().refused is refused
    await store.close()


CROSS = Trend(at=1000.0).heard(Affect("angry", 0.8, -0.7, 0.9, chances={"angry": 0.9, "neutral": 0.1}), 1001.0)


@pytest.mark.parametrize(("answered", "given"), [(True, True), (True, False), (False, True)])
async def test_a_mood_survives_a_restart_while_its_consent_stands(tmp_path: Path, answered: bool, given: bool) -> None:
    """The token is read from the store: without the row, or without the answer in this call, all is forgotten."""
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    saved = MoodSnapshot(trend=CROSS.dump(), context=(2, 30.0, 1, False))
    consents = {"emotion": True} if answered else {}
    contact = await taken_back(store, sensitive=False, phase="flow", consents=consents, given=given, mood=saved)
    contact.around = cast(Any, SimpleNamespace(store=store))
    contact.run.feeling = Feeling(label="angry", turns=2)
    assert contact.snapshot().mood == saved  # until the leg has shown up it is only carried on
    await contact.resume(None)
    kept = answered and given
    assert (contact.feelings.consent is not None) is kept
    assert contact.snapshot().mood == (saved if kept else None)
    assert contact.run.feeling.label == ("angry" if kept else "unknown")
    await store.close()
