"""A contact's feelings on a real store: nothing without consent, nothing after a withdrawal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import text

from dialog import effects as fx
from dialog import events as ev
from server.calls import journal
from server.calls.feelings import Feeler, Feelings
from server.calls.journal import LegRef
from session import wire
from session.consents import Consents
from session.model import utcnow
from session.policy import PolicyName
from session.queries import Queries
from session.store import Store
from session.types import NewUtterance
from tests.calls.test_affect import ANGRY

YES = fx.GrantConsent(purposes=["emotion"], given=True, wording="May we?")
NO = fx.GrantConsent(purposes=["emotion"], given=False, wording="May we?")
KEEP = fx.GrantConsent(purposes=["emotion_history"], given=True, wording="For later calls too?")


@dataclass
class World:
    store: Store
    ref: LegRef
    asked: list[str] = field(default_factory=list)
    said: int = 0

    def feelings(self, policy: PolicyName = "eu") -> Feelings:
        return Feelings(Feeler(Consents(self.store), None, self.embed), self.ref, policy)

    async def embed(self, words: str) -> NDArray[np.float32]:
        self.asked.append(words)
        return np.ones(384, np.float32) / np.sqrt(np.float32(384))

    async def hears(self, feelings: Feelings, **more: Any) -> ev.Feeling | None:
        self.said += 1
        event = wire.UtteranceFinal(
            leg_id="l", utterance_id=f"u{self.said}", t0_ms=0, t1_ms=900, text="where is it", language="en",
            confidence=0.9, emotion=ANGRY, **more,
        )  # fmt: skip
        ref = self.ref
        await self.store.add_utterance(
            ref.conversation_id,
            NewUtterance(
                utterance_id=event.utterance_id, contact_id=ref.contact_id, participant_id=ref.participant_id,
                leg_id=ref.leg_id, role="customer", t0_ms=0, t1_ms=900, text=event.text, language="en", confidence=0.9,
                words=[], ledger=[], at=utcnow(),
            ),
        )  # fmt: skip
        return await feelings.heard(1000 * self.said, event)

    async def feels(self, feelings: Feelings) -> None:
        """The voice of what `hears` will bring the words of."""
        event = wire.UtteranceFelt(leg_id="l", utterance_id=f"u{self.said + 1}", emotion=ANGRY)
        await journal.commit(self.store, self.ref, wire.Report(seq=90 + self.said, at=1000, event=event), "w")
        await feelings.felt(event)

    async def drops(self, feelings: Feelings) -> None:
        self.said += 1
        await feelings.dropped(f"u{self.said}")

    async def count(self, table: str) -> int:
        async with self.store.engine.connect() as connection:
            found = await connection.scalar(text(f"select count(*) from {table}"))  # noqa: S608
        return int(cast(int, found))

    async def events(self, kind: str) -> list[dict[str, Any]]:
        found = await Queries(self.store).events_after(0, conversation_id=self.ref.conversation_id)
        return [event.payload for event in found if event.type == kind]


async def begin(store: Store) -> World:
    conversation = await store.create_conversation(language="en")
    contact = await store.add_contact(conversation, channel="voice", direction="inbound", initiation_method="inbound")
    participant = await store.add_participant(contact, role="customer")
    leg = f"leg-{contact}"[:36]
    await store.add_leg(leg_id=leg, participant_id=participant, transport="sip", remote="", worker_id="w")
    return World(store, LegRef(leg, "customer", conversation, contact, participant))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    yield await begin(store)
    await store.close()


@pytest.mark.parametrize("answer", [None, NO])
async def test_without_consent_nothing_is_judged_read_or_kept(world: World, answer: fx.GrantConsent | None) -> None:
    feelings = world.feelings()
    if answer is not None:
        await feelings.answered(answer)
    await world.feels(feelings)
    feelings.left("no_match", 0)
    feelings.waited(60_000, 0, passed_on=True)
    assert await world.hears(feelings) is None
    await feelings.ended()
    assert (world.asked, feelings.consent, feelings.snapshot()) == ([], None, None)
    assert await world.count("affect_event") == 0


@pytest.mark.parametrize("policy", ["off", "eu"])
async def test_under_off_a_yes_starts_nothing(world: World, policy: PolicyName) -> None:
    feelings = world.feelings(policy)
    await feelings.answered(YES)
    await world.feels(feelings)
    assert await world.count("affect_event") == (0 if policy == "off" else 1)
    assert (await world.hears(feelings) is None) is (policy == "off")
    assert await world.count("affect_event") == (0 if policy == "off" else 1)


async def test_words_hidden_when_they_came_are_not_read_when_the_question_is_over(world: World) -> None:
    feelings = world.feelings()
    await feelings.answered(YES)
    late = wire.UtteranceFinal(
        leg_id=world.ref.leg_id, utterance_id="u1", t0_ms=0, t1_ms=900, text="and four seven", language="en", confidence=0.9
    )  # fmt: skip
    world.ref.sensitive = True
    await journal.commit(world.store, world.ref, wire.Report(seq=1, at=1000, event=late), "w")
    world.ref.sensitive = False  # the contact has left the block before it comes to this one
    assert await feelings.heard(1000, late) is None
    assert world.asked == []
    world.said = 1
    assert await world.hears(feelings) is not None


async def test_an_utterance_becomes_an_affect_event(world: World) -> None:
    feelings = world.feelings()
    await feelings.answered(YES)
    feeling = await world.hears(feelings)
    assert feeling is not None
    assert feeling.label == "angry"
    (event,) = await world.events("affect")
    assert (event["utterance_id"], event["label"], event["trend"]) == ("u1", "angry", "angry")
    assert {"arousal", "valence", "confidence", "evidence", "frustration", "disagreement"} <= set(event)


async def test_the_voice_is_shown_first_and_revised_by_the_words(world: World) -> None:
    feelings = world.feelings()
    await feelings.answered(YES)
    await world.feels(feelings)
    assert world.asked == []
    assert feelings.snapshot() == world.feelings()._mood.snapshot()  # the mood waits for the words
    await world.hears(feelings)
    early, final = await world.events("affect")
    assert [e["utterance_id"] for e in (early, final)] == ["u1", "u1"]
    assert (early["early"], early["label"], early["trend"], early["frustration"]) == (True, "angry", "unknown", 0.0)
    assert (final["early"], final["trend"]) == (False, "angry")
    assert await world.count("affect_event") == 1


async def test_what_turns_out_to_be_no_speech_is_forgotten(world: World) -> None:
    feelings = world.feelings()
    await feelings.answered(YES)
    await world.feels(feelings)
    await world.drops(feelings)
    assert (await world.count("affect_event"), await world.events("affect")) == (0, [])
    await world.hears(feelings)
    await world.drops(feelings)
    assert await world.count("affect_event") == 1


async def test_a_withdrawal_between_the_voice_and_the_words_deletes_both(world: World) -> None:
    feelings = world.feelings()
    await feelings.answered(YES)
    await world.feels(feelings)
    feelings.stop()
    await feelings.withdraw("emotion", "caller")
    assert await world.hears(feelings) is None
    await world.feels(feelings)
    assert (await world.count("affect_event"), await world.events("affect"), world.asked) == (0, [], [])


async def test_a_voice_heard_while_words_are_hidden_is_not_felt_when_they_come(world: World) -> None:
    feelings = world.feelings()
    await feelings.answered(YES)
    world.ref.sensitive = True
    await world.feels(feelings)
    world.ref.sensitive = False  # the contact has left the block
    await world.feels(feelings)
    assert await world.hears(feelings) is None
    assert (world.asked, await world.count("affect_event")) == ([], 0)


async def test_what_was_felt_before_its_words_turned_out_to_be_private_goes(world: World) -> None:
    feelings = world.feelings()
    await feelings.answered(YES)
    await world.feels(feelings)
    world.ref.sensitive = True  # the flow asks for the PIN before the words are there
    assert await world.hears(feelings) is None
    assert (await world.count("affect_event"), await world.events("affect"), world.asked) == (0, [], [])


async def test_a_pin_is_not_felt(world: World) -> None:
    feelings = world.feelings()
    await feelings.answered(YES)
    world.ref.sensitive = True
    await world.feels(feelings)
    assert await world.hears(feelings) is None
    assert (world.asked, await world.count("affect_event")) == ([], 0)


async def test_withdrawing_stops_and_deletes(world: World) -> None:
    feelings = world.feelings()
    await feelings.answered(YES)
    await world.hears(feelings)
    feelings.stop()
    await feelings.withdraw("emotion", "caller")
    assert await world.hears(feelings) is None
    assert await world.count("affect_event") == 0
    assert await world.events("affect") == []
    (audit,) = await world.events("consent.withdrawn")
    assert (audit["by"], audit["purged"]["affect_rows"]) == ("caller", 1)
    assert feelings.snapshot() is None


async def test_a_withdrawal_behind_its_back_is_noticed_at_the_store(world: World) -> None:
    feelings = world.feelings()
    await feelings.answered(YES)
    await Consents(world.store).withdraw(world.ref.conversation_id, "emotion", by="agent")
    assert await world.hears(feelings) is None
    assert feelings.consent is None
    assert await world.count("affect_event") == 0


async def test_the_voice_alone_is_judged_without_vectors(world: World) -> None:
    async def away(_text: str) -> NDArray[np.float32]:
        raise OSError("inference is away")

    feelings = Feelings(Feeler(Consents(world.store), None, away), world.ref, "eu")
    await feelings.answered(YES)
    feeling = await world.hears(feelings)
    assert feeling is not None
    assert feeling.label == "angry"


# ------------------------------------------------------------------ over calls


async def test_a_voice_is_remembered_for_the_next_call_of_a_verified_customer(world: World) -> None:
    feelings = world.feelings()
    await feelings.answered(YES)
    await feelings.answered(KEEP)
    await feelings.verified("100")
    assert feelings.baseline == b""
    await world.hears(feelings, baseline=b"learnt")
    await feelings.ended()
    later = await begin(world.store)
    later.said = 10
    again = later.feelings()
    await again.answered(YES)
    assert again.consent is not None
    assert not again.consent.keep
    await again.verified("100")
    assert (again.baseline, again.consent.keep) == (b"learnt", True)
    await later.store.set_conversation(
        later.ref.conversation_id, auth_level=2, customer_id="100"
    )  # as the contact does
    await again.withdraw("emotion_history", "caller")
    assert (again.baseline, await world.count("voice_baseline")) == (b"", 0)
    assert not again.consent.keep
    await later.hears(again, baseline=b"more")
    await again.ended()
    assert await world.count("voice_baseline") == 0


@pytest.mark.parametrize("verified", [True, False])
async def test_only_a_verified_customers_voice_is_kept_and_only_if_agreed(world: World, verified: bool) -> None:
    feelings = world.feelings()
    await feelings.answered(YES)
    if verified:
        await feelings.verified("100")  # but keeping was never agreed to
    else:
        await feelings.answered(KEEP)  # but nobody knows who calls
    await world.hears(feelings, baseline=b"learnt")
    await feelings.ended()
    assert await world.count("voice_baseline") == 0


# ------------------------------------------------------------------ another call of the same conversation

RECORD = fx.GrantConsent(purposes=["recording"], given=True, wording="May we record?")
NO_RECORD = fx.GrantConsent(purposes=["recording"], given=False, wording="May we record?")


@pytest.mark.parametrize("answer", [RECORD, NO_RECORD, KEEP])
@pytest.mark.parametrize("policy", ["eu", "off"])
async def test_a_yes_of_an_earlier_call_begins_nothing_in_this_one(
    world: World, answer: fx.GrantConsent, policy: PolicyName
) -> None:
    await world.feelings().answered(YES)
    again = world.feelings(policy)  # the page calls again and goes on with its conversation
    await again.answered(answer)
    assert again.consent is None
    assert await world.hears(again) is None
    assert (world.asked, await world.count("affect_event")) == ([], 0)


async def test_who_is_verified_before_the_question_begins_with_their_own_voice_too(world: World) -> None:
    feelings = world.feelings()
    for answer in (YES, KEEP):
        await feelings.answered(answer)
    await feelings.verified("100")
    await world.hears(feelings, baseline=b"learnt")
    await feelings.ended()
    later = await begin(world.store)
    again = later.feelings()
    await again.verified("100")
    assert (again.consent, again.baseline) == (None, b"")
    await again.answered(YES)
    assert again.consent is not None
    assert (again.baseline, again.consent.keep) == (b"learnt", True)


@pytest.mark.parametrize("refused", [True, False])
async def test_a_no_to_keeping_deletes_also_when_emotion_was_refused(world: World, refused: bool) -> None:
    """They are verified only afterwards, and nothing is analysed: the baseline goes all the same."""
    feelings = world.feelings()
    for answer in (YES, KEEP):
        await feelings.answered(answer)
    await feelings.verified("100")
    await world.hears(feelings, baseline=b"learnt")
    await feelings.ended()
    again = (await begin(world.store)).feelings()
    if refused:
        await again.answered(fx.GrantConsent(purposes=["emotion_history"], given=False, wording="For later calls too?"))
    await again.verified("100")
    assert await world.count("voice_baseline") == (0 if refused else 1)
