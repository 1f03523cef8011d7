"""A withdrawal in mid-call: the leg stops first, then everything that was found is gone, also from what agents see."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from dialog import effects as fx
from dialog import events as ev
from server.calls import control as control_module
from server.calls.affect import MoodSnapshot
from server.calls.caller_side import CallerSide
from server.calls.contact import Contact
from server.calls.control import Control
from server.calls.controller import Controller
from server.calls.mixer import Mixer
from server.calls.orders import carry_out
from server.calls.snapshot import PartySnapshot, Phase, QueueSnapshot, RoomSnapshot
from session import wire
from session.queries import Queries
from session.store import Store
from tests.calls.test_affect import ANGRY
from tests.calls.test_recovery import CROSS, taken_back
from tests.session.rows import utterance

QUEUE = QueueSnapshot(
    queue="support", skills=[], priority=50, reason="the caller's tone of voice", summary="Wants: order",
    facts={"mood": "angry", "intent": "order"}, enqueued_at=0, overflow_s=None,
)  # fmt: skip


class Hub:
    """Keeps what the leg is told, and whether anything felt was still in the store at that moment."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.hearings: list[wire.Hearing] = []
        self.felt_then: list[int] = []

    async def command(self, _leg_id: str, body: Any) -> None:
        if isinstance(body, wire.SetHearing) and body.leg_id == "leg-1":
            self.hearings.append(body.hearing)
            found = await Queries(self.store).events_after(0)
            self.felt_then.append(sum(event.type == "affect" for event in found))


async def felt(store: Store) -> tuple[Contact, Hub]:
    """A live contact that waits in the queue, with consent, after one angry sentence."""
    saved = MoodSnapshot(trend=CROSS.dump())
    contact = await taken_back(
        store, sensitive=False, phase="queued", consents={"emotion": True}, given=True, mood=saved
    )
    hub = Hub(store)
    contact.around = cast(Any, SimpleNamespace(store=store))
    contact.caller = CallerSide(cast(Any, hub), contact.customer, Path("music"), ["en"], [])
    contact.queue = QUEUE
    contact.run.feeling = ev.Feeling(label="angry", turns=2)
    await contact.resume(None)
    ref = contact.customer
    said = utterance(ref.contact_id, ref.participant_id, ref.leg_id)
    await store.add_utterance(ref.conversation_id, said)
    event = wire.UtteranceFinal(
        leg_id=ref.leg_id, utterance_id=said.utterance_id, t0_ms=0, t1_ms=1, text="hello", language="en", confidence=0.9,
        emotion=ANGRY,
    )  # fmt: skip
    assert await contact.feelings.heard(1_000_000, event) is not None
    await contact.listening.turn(True)
    assert hub.hearings[-1].emotion == contact.feelings.consent is not None
    return contact, hub


async def kinds(store: Store, contact: Contact) -> list[str]:
    return [e.type for e in await Queries(store).events_after(0, conversation_id=contact.conversation_id)]


@pytest.mark.parametrize("way", ["flow", "staff"])
async def test_the_leg_stops_first_then_all_is_deleted(tmp_path: Path, way: str) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    contact, hub = await felt(store)
    assert "affect" in await kinds(store, contact)
    if way == "flow":
        await carry_out(contact, fx.WithdrawConsent(purposes=["emotion"]), 0.0)
    else:
        contact._mailbox = type(contact._mailbox)(maxsize=10)
        contact.start()
        contact.around = cast(Any, SimpleNamespace(store=store, ended=lambda _contact: None))
        controller = SimpleNamespace(store=store, contact_in=lambda _conversation: contact)
        control = Control(cast(Controller, controller), cast(Any, None))
        await control.withdraw(contact.conversation_id, "emotion", by="agent")
        await contact.close()
    assert (hub.hearings[-1].emotion, hub.hearings[-1].baseline) == (None, b"")
    assert hub.felt_then[-1] == 1  # the leg was told before the rows went
    seen = await kinds(store, contact)
    assert "affect" not in seen
    assert seen.count("consent.withdrawn") == 1
    assert contact.queue is not None
    assert (contact.queue.facts, contact.queue.reason) == ({"intent": "order"}, "")
    saved = msgspec.json.encode(contact.snapshot())
    assert contact.snapshot().mood is None
    assert b"angry" not in saved
    await store.close()


async def test_nobody_withdraws_from_a_conversation_that_is_none(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    control = Control(cast(Controller, SimpleNamespace(store=store)), cast(Any, None))
    with pytest.raises(LookupError):
        await control.withdraw("nothing", "emotion", by="caller")
    await store.close()


async def test_a_busy_actor_does_not_keep_the_leg_listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_module, "WITHDRAW_S", 0.05)
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    contact, hub = await felt(store)
    contact._mailbox = type(contact._mailbox)(maxsize=10)
    contact.around = cast(Any, SimpleNamespace(store=store, ended=lambda _contact: None))
    contact.start()
    slow = asyncio.Event()

    async def waits() -> None:
        await slow.wait()

    contact.post(waits)
    controller = SimpleNamespace(store=store, contact_in=lambda _conversation: contact)
    control = Control(cast(Controller, controller), cast(Any, None))
    await control.withdraw(contact.conversation_id, "emotion", by="caller")
    assert (hub.hearings[-1].emotion, contact.feelings.consent) == (None, None)
    assert hub.felt_then[-1] == 1  # before the rows went, though the actor never came to it
    assert "affect" not in await kinds(store, contact)
    slow.set()
    await contact.close()
    await store.close()


@pytest.mark.parametrize("phase", ["queued", "talking"])
async def test_the_callers_key_reaches_the_flow_in_every_phase(tmp_path: Path, phase: Phase) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    contact, hub = await felt(store)
    contact.phase = phase

    async def step(_run: Any, event: ev.AnyFlowEvent, _now_ms: int) -> list[fx.AnyEffect]:
        assert event == ev.Pressed(digit="9")
        return [fx.WithdrawConsent(purposes=["emotion"])]

    contact.engine = cast(Any, SimpleNamespace(step=step, flow=contact.engine.flow))
    pressed = wire.DtmfReceived(leg_id=contact.customer.leg_id, digit="9", source="rfc4733")
    await contact.on_report(contact.customer, wire.Report(seq=9, at=0, event=pressed))
    assert hub.hearings[-1].emotion is None
    assert "affect" not in await kinds(store, contact)
    await store.close()


@pytest.mark.parametrize("phase", ["queued", "talking"])
async def test_a_leg_is_told_after_a_restart_that_consent_is_gone(tmp_path: Path, phase: Phase) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    anna = PartySnapshot(
        party_id="p", role="agent", purpose="offer", user_id="anna", name="Anna", leg_id="leg-2", connected=True
    )
    room = RoomSnapshot(parties=[anna], principal="p") if phase == "talking" else RoomSnapshot()
    contact = await taken_back(store, sensitive=False, phase=phase, consents={"emotion": True}, room=room)
    hub = Hub(store)
    contact.around = cast(Any, SimpleNamespace(store=store, hub=hub))
    contact.caller = CallerSide(cast(Any, hub), contact.customer, Path("music"), ["en"], [])
    contact.room.mixer = Mixer(cast(Any, hub))
    contact.queueing = cast(Any, SimpleNamespace(place=lambda: None))
    contact.handover = cast(Any, SimpleNamespace(resumed=lambda: asyncio.sleep(0)))
    contact.queue, contact.up = QUEUE, True
    contact.run.last_why = contact.run.reason = "emotion.label == 'angry'"
    await contact.resume("music")
    assert (hub.hearings[-1].emotion, hub.hearings[-1].speech) == (None, phase == "talking")
    assert (contact.queue.facts, contact.queue.reason) == ({"intent": "order"}, "")
    assert b"angry" not in msgspec.json.encode(contact.snapshot())
    assert contact.caller.listening is (phase == "talking")  # a withdrawal now must not open the ear of who waits
    await store.close()
