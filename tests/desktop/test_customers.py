"""The customer's panel: three layers, each fact with its source and end; nothing of who did not prove who they are."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import update

from dialog.library import FlowFolder
from dialog.verification.directory import FileDirectory
from server.desktop.catalogue import catalogues
from server.desktop.customers import Customers, NoCustomer
from server.desktop.knowledge import KnowledgeDesk
from server.desktop.profiler import Profiler
from server.desktop.tickets import TicketDesk
from server.desktop.wrapups import NoContact, WrapUps
from session.consent import ConsentError
from session.consents import Consents
from session.model import utcnow
from session.model_desktop import ProfileFactRow, WrapUpRow
from session.policy import POLICIES
from session.profiles import Profiles
from session.store import Store
from session.types import NewAffect, StoredEvent
from tests.session.rows import call, utterance

FLOWS = Path(__file__).parents[2] / "flows"


class Known(KnowledgeDesk):
    """The sample customers, and no articles."""

    def folders(self, flow_id: str = "") -> list[FlowFolder]:
        people = FileDirectory.read(FLOWS / "customers.sample.yaml")
        folder = SimpleNamespace(path=FLOWS, ports=SimpleNamespace(customers=people), articles=[])
        return [cast("FlowFolder", folder)]


@pytest.fixture
def customers(store: Store) -> Customers:
    return Customers(store, Known(None), Profiles(store, 30))


async def prove(store: Store, conversation: str, contact: str, level: int = 2) -> StoredEvent:
    """As the app does it when a caller has proven who they are."""
    await store.set_conversation(conversation, auth_level=level, customer_id="100001")
    step = {"block": "who", "type": "verify", "exit": "passed", "why": "proven: birth_date, pin", "ms": 1, "flow": ""}
    event = await store.append(
        conversation, "verify", {"result": "passed", "level": level, "customer": "100001"}, contact_id=contact
    )
    await store.append(conversation, "decision", step, contact_id=contact)
    assert event is not None
    return event


async def asked(store: Store, conversation: str, contact: str, intent: str) -> StoredEvent:
    step = {"block": "ask", "type": "understand", "exit": intent, "why": "", "ms": 1, "flow": ""}
    event = await store.append(conversation, "decision", step, contact_id=contact)
    assert event is not None
    return event


async def test_nobody_has_a_profile_before_they_proved_who_they_are(store: Store, customers: Customers) -> None:
    conversation, contact, _, _ = await call(store)
    await store.set_conversation(
        conversation, context={"order_no": "A17", "customer": {"name": "secret"}}, language="en"
    )
    await store.append(
        conversation,
        "queue.entered",
        {"queue": "support", "reason": "asked", "summary": "Wants: order_status", "facts": {"language": "en"}},
        contact_id=contact,
    )
    panel = await customers.of_conversation(conversation)
    assert (panel.customer_id, panel.name, panel.verified_level, panel.identity_how) == (None, "", 0, "")
    assert [(fact.key, fact.value, fact.source) for fact in panel.attributes] == [("order_no", "A17", "conversation")]
    assert panel.handed_over == {"reason": "asked", "summary": "Wants: order_status", "facts": {"language": "en"}}
    await store.set_conversation(conversation, customer_id="100001")  # claimed, not proven
    assert (await customers.of_conversation(conversation)).name == ""
    await prove(store, conversation, contact, level=1)
    panel = await customers.of_conversation(conversation)
    assert (panel.name, panel.phones, panel.behaviour, panel.conversations) == ("Alex Morgan", [], [], [])
    with pytest.raises(NoCustomer):
        await customers.of_conversation("none")
    with pytest.raises(NoCustomer):
        await customers.panel("424242")


async def test_what_one_contact_proved_is_not_proven_in_the_next(store: Store, customers: Customers) -> None:
    """Who answers a callback, or calls after writing, need not be who had the PIN: the agent is told to ask again."""
    conversation, contact, _, _ = await call(store)
    await prove(store, conversation, contact)
    called = await store.add_contact(conversation, channel="voice", direction="outbound", initiation_method="callback")
    panel = await customers.of_conversation(conversation)
    assert panel.verified_level == 2, "the one who had it is still there"
    await store.stamp_contact(contact, ended=True)
    panel = await customers.of_conversation(conversation)
    assert (panel.verified_level, panel.identity_how) == (1, "earlier")
    assert (panel.name, panel.phones, panel.behaviour, panel.conversations) == ("Alex Morgan", [], [], [])
    await prove(store, conversation, called)
    assert (await customers.of_conversation(conversation)).verified_level == 2
    await store.stamp_contact(called, ended=True)
    assert (await customers.of_conversation(conversation)).verified_level == 2, "the form at the end is of that call"


async def test_three_layers_of_a_verified_customer(store: Store, customers: Customers) -> None:
    profiler = Profiler(store, customers)
    earlier, first, _, _ = await call(store)
    await prove(store, earlier, first)
    await profiler.take(await asked(store, earlier, first, "order_status"))
    await store.stamp_contact(first, disposition="solved", ended=True)
    conversation, contact, _, _ = await call(store)
    await profiler.take(await prove(store, conversation, contact))
    await profiler.take(await asked(store, conversation, contact, "order_status"))
    await profiler.take(await asked(store, conversation, contact, "yes"))
    panel = await customers.of_conversation(conversation)
    assert (panel.customer_id, panel.name, panel.tier, panel.flags) == (
        "100001",
        "Alex Morgan",
        "gold",
        ["prefers_email"],
    )
    assert (panel.verified_level, panel.identity_how) == (2, "birth_date, pin")
    assert "order_status" in {fact.key for fact in panel.attributes if fact.source == "directory"}
    behaviour = {fact.key: fact.value for fact in panel.behaviour}
    assert behaviour == {
        "channels_30d": {"voice": 2},
        "contacts_30d": 2,
        "last_dispositions": ["solved"],
        "repeated_intents": {"order_status": 2},
    }
    for fact in panel.behaviour:
        assert fact.source and fact.purpose and 0 < fact.confidence <= 1 and fact.expires_at is not None
    (past,) = panel.conversations  # not the present one
    assert (past.conversation_id, past.channels, past.disposition) == (earlier, ["voice"], "solved")
    assert panel.affect == []
    async with store.writing() as session:
        await session.execute(update(ProfileFactRow).values(expires_at=utcnow() - timedelta(seconds=1)))
    assert (await customers.of_conversation(conversation)).behaviour == []  # expired ones are not shown
    await customers.profiles.expire()


async def test_feelings_are_kept_with_consent_only_and_go_with_it(store: Store, customers: Customers) -> None:
    profiler, consents = Profiler(store, customers), Consents(store)
    conversation, contact, participant, leg = await call(store)
    await profiler.take(await prove(store, conversation, contact))

    async def feels(number: int, frustration: float) -> None:
        affect = NewAffect(
            utterance_id=f"u{number}", arousal=0.5, valence=-0.5, label="angry", confidence=0.8, evidence=[],
            frustration=frustration, trend="angry", disagreement="", model="m",
        )  # fmt: skip
        assert token is not None
        event = await consents.add_affect(token, affect, contact_id=contact, participant_id=participant, leg_id=leg)
        assert event is not None
        await profiler.take(event)

    token = await consents.record(
        conversation, contact, purposes=["emotion"], given=True, wording="May we?", policy=POLICIES["eu"]
    )
    await feels(1, 0.3)
    await feels(2, 0.6)
    (fact,) = (await customers.of_conversation(conversation)).affect
    assert fact.value == {"mood": "angry", "frustration": 0.6, "direction": "rising"}
    assert fact.expires_at is not None and fact.expires_at - fact.observed_at <= timedelta(hours=4)
    await consents.withdraw(conversation, "emotion", by="caller")
    assert (await customers.of_conversation(conversation)).affect == []
    assert token is not None
    with pytest.raises(ConsentError):
        await customers.profiles.felt(token, "100001", "mood_trend", {}, 1.0)
    with pytest.raises(ValueError, match="consent"):
        await customers.profiles.put("100001", "affect", {}, conversation)

    token = await consents.record(
        conversation, contact, purposes=["emotion"], given=True, wording="May we?", policy=POLICIES["eu"]
    )
    await feels(3, 0.3)
    await customers.profiles.over(conversation)  # nobody agreed that it is kept
    assert (await customers.of_conversation(conversation)).affect == []
    await consents.record(
        conversation, contact, purposes=["emotion_history"], given=True, wording="Keep?", policy=POLICIES["eu"]
    )
    token = await consents.emotion(conversation, "100001")
    await feels(4, 0.4)
    await customers.profiles.over(conversation)
    assert len((await customers.panel("100001")).affect) == 1
    await consents.withdraw(conversation, "emotion_history", by="caller")
    assert (await customers.panel("100001")).affect == []


async def finished(store: Store, contact: str) -> str | None:
    async with store.reading() as session:
        row = await session.get(WrapUpRow, contact)
    return row.summary_final if row else None


async def test_the_form_is_filled_in_and_what_the_agent_makes_of_it_is_measured(store: Store) -> None:
    tickets = TicketDesk(store, catalogues(FLOWS))
    wrapups = WrapUps(store, Known(None), tickets, lambda _flow: FLOWS, FLOWS)
    conversation, contact, participant, leg = await call(store)
    await asked(store, conversation, contact, "refund_status")
    for role, text in (
        ("customer", "Where is my refund? It has not arrived."),
        ("customer", "[hidden]"),
        ("agent", "Your refund was paid out on Monday."),
        ("customer", "Great, thank you."),
    ):
        await store.add_utterance(conversation, utterance(contact, participant, leg, text, role=role))
    form = await wrapups.prefill(contact)
    assert (form.intent, form.intent_title, form.disposition) == ("refund_status", "where a refund is", "solved")
    assert form.summary.splitlines()[0] == "Reason: where a refund is." and "hidden" not in form.summary
    assert ("solved", "Solved") in form.dispositions
    assert ("solved", "已解决") in (await wrapups.prefill(contact, "zh-CN")).dispositions
    edited = form.summary.replace("Monday", "Tuesday")
    moved = await wrapups.finish(contact, by="amy", disposition="solved", summary=edited)
    assert moved is not None and 0 < moved < 0.1
    assert await wrapups.edits() == (1, moved)
    again = await wrapups.prefill(contact)  # what was measured stays measured
    assert again.summary == form.summary and await wrapups.edits() == (1, moved)
    other_call = await call(store)
    payload = {"user_id": "amy", "disposition": "solved", "summary": "as it was", "follow_up": "call back"}
    await store.append(other_call[0], "contact.wrapup", payload, contact_id=other_call[1])
    running = asyncio.create_task(wrapups.run())  # after a restart
    while await finished(store, other_call[1]) != "as it was":  # noqa: ASYNC110
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    with pytest.raises(NoContact):
        await wrapups.prefill("none")
    with pytest.raises(NoContact):
        await wrapups.finish("none", by="amy", disposition="solved")


async def test_a_suggestion_that_the_agent_cleared_is_not_taken_for_theirs(store: Store) -> None:
    """Empty words are the agent's; no words at all leave the suggestion, and are no edit of none."""
    wrapups = WrapUps(store, Known(None), TicketDesk(store, catalogues(FLOWS)), lambda _flow: FLOWS, FLOWS)
    ends: list[tuple[float | None, str, bool]] = []
    for given in ("", None):
        conversation, contact, participant, leg = await call(store)
        for role, text in (("customer", "Where is my refund?"), ("agent", "I will call you back tomorrow.")):
            await store.add_utterance(conversation, utterance(contact, participant, leg, text, role=role))
        form = await wrapups.prefill(contact)
        assert form.follow_up
        moved = await wrapups.finish(contact, by="amy", disposition="solved", summary=given, follow_up=given)
        async with store.reading() as session:
            row = await session.get(WrapUpRow, contact)
        assert row is not None
        ends.append((moved, row.follow_up, row.summary_final == form.summary))
    assert ends == [(1.0, "", False), (None, "I will call you back tomorrow", True)]
    assert await wrapups.edits() == (1, 1.0)


@pytest.mark.parametrize("way", ["on_human_request", "human", "human_request"])
async def test_a_plain_wish_for_a_person_is_said_in_words(store: Store, way: str) -> None:
    wrapups = WrapUps(store, Known(None), TicketDesk(store, catalogues(FLOWS)), lambda _flow: FLOWS, FLOWS)
    for language, words, first in (
        ("en", "wanted to talk to a person", "Reason: wanted to talk to a person."),
        ("zh-CN", "要求人工服务", "来电原因：要求人工服务。"),
    ):
        conversation, contact, _, _ = await call(store)
        await store.set_conversation(conversation, language=language)
        await asked(store, conversation, contact, way)
        await store.append(conversation, "queue.entered", {"reason": "asked for a person"}, contact_id=contact)
        form = await wrapups.prefill(contact)
        assert (form.intent, form.intent_title) == ("human_request", words)
        assert form.summary.splitlines()[0] == first
    await asked(store, conversation, contact, "refund_status")
    await asked(store, conversation, contact, way)
    assert (await wrapups.prefill(contact)).intent == "refund_status"  # what they have come for says more
    await asked(store, conversation, contact, "on_error")
    assert (await wrapups.prefill(contact)).intent == "refund_status"
