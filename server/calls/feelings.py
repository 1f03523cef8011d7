"""A contact's consent to have its caller's voice analysed, and everything that is done under it.

Without the token nothing here runs: no request to judge a voice carries one, no words are read for their mood, no row
is written, and nothing of the flow's steps is counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
import structlog
from numpy.typing import NDArray

from dialog import effects as fx
from dialog import events as ev
from prosody.words import WordsModel
from server.calls.affect import Mood, MoodSnapshot
from server.calls.journal import HIDDEN_KEPT, LegRef
from session import wire
from session.consent import ConsentError, EmotionConsent
from session.consents import Consents
from session.policy import EMOTION, HISTORY, POLICIES, PolicyName
from session.types import NewAffect

log = structlog.get_logger(__name__)

VECTOR_S = 0.5  # s to wait for a sentence vector; the voice alone is judged without

Embed = Callable[[str], Awaitable[NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class Feeler:
    """What all contacts share. `words` may be missing: then voices alone are judged."""

    consents: Consents
    words: WordsModel | None
    embed: Embed


def words_model() -> WordsModel | None:
    """The model of what words convey; voices are judged alone without it."""
    try:
        return WordsModel.load()
    except (OSError, ValueError) as error:
        log.error("feelings.no_words_model", error=str(error))
        return None


class Feelings:
    """One contact's."""

    def __init__(self, feeler: Feeler, ref: LegRef, policy: PolicyName) -> None:
        self.policy: PolicyName = policy
        self.consent: EmotionConsent | None = None
        self.baseline = b""
        """For the leg: what earlier calls taught of this voice."""
        self._feeler = feeler
        self._ref = ref
        self._customer_id = ""
        self._learnt = b""
        self._mood = Mood(feeler.words)
        self._early: deque[str] = deque(maxlen=HIDDEN_KEPT)
        """Utterances kept by their voice alone, for those that turn out to hold no words."""

    async def answered(self, effect: fx.GrantConsent) -> None:
        """The flow asked, the caller answered: written first, then in force."""
        consent = await self._feeler.consents.record(
            self._ref.conversation_id,
            self._ref.contact_id,
            purposes=effect.purposes,
            given=effect.given,
            wording=effect.wording,
            policy=POLICIES[self.policy],
        )
        # A yes of an earlier call in this conversation begins nothing here: this call has to be asked as well.
        if EMOTION in effect.purposes or (HISTORY in effect.purposes and self.consent is not None):
            self._took(consent)
            if self._customer_id:
                await self.verified(self._customer_id)

    def stop(self) -> None:
        """From now on nothing is analysed, and what was found is forgotten here."""
        self._took(None)

    async def withdraw(self, purpose: str, by: str) -> None:
        """Delete what was kept. For `emotion`, call `stop` and tell the leg first. Raises `ConsentError`."""
        await self._feeler.consents.withdraw(self._ref.conversation_id, purpose, by=by)
        if purpose == HISTORY:
            self.baseline = self._learnt = b""
            if self.consent is not None:
                self._took(await self._feeler.consents.emotion(self._ref.conversation_id))

    async def verified(self, customer_id: str) -> None:
        """We know who calls: begin with what earlier calls taught, if they agreed to that."""
        self._customer_id = customer_id
        consents = self._feeler.consents
        if self.consent is None:
            await consents.forget_refused(self._ref.conversation_id, customer_id)
            return
        self._took(await consents.emotion(self._ref.conversation_id, customer_id))
        if self.consent is not None:
            self.baseline = await consents.baseline(self.consent, customer_id)

    def shown(self) -> tuple[str, float] | None:
        """The settled mood's label and the frustration (0…1), for the desk; None without consent."""
        if self.consent is None:
            return None
        feeling = self._mood.feeling()
        return feeling.label, feeling.frustration

    async def felt(self, event: wire.UtteranceFelt) -> None:
        """Keep and show what the voice of an utterance conveyed whose words are still to come; `heard` revises it."""
        if self._may_judge(event.utterance_id) and await self._keep(self._mood.felt(event), early=True):
            self._early.append(event.utterance_id)

    async def dropped(self, utterance_id: str) -> None:
        """There were no words in it, or they turned out to be private: what the voice seemed to convey goes."""
        if utterance_id in self._early:
            self._early.remove(utterance_id)
            await self._feeler.consents.drop_affect(self._ref.conversation_id, utterance_id)

    async def heard(self, at_ms: int, event: wire.UtteranceFinal) -> ev.Feeling | None:
        """Judge, keep and show what an utterance of the customer conveyed; the mood after it, or None without consent."""
        if not self._may_judge(event.utterance_id) or self.consent is None:
            await self.dropped(event.utterance_id)
            return None
        if event.baseline and self.consent.keep:
            self._learnt = event.baseline
        vector = await self._vector(event.text)
        if self.consent is None:
            return None
        affect, feeling = self._mood.heard(event, vector, at_ms / 1000)
        return feeling if await self._keep(affect) else None

    def left(self, exit_name: str, at_ms: int) -> None:
        """The flow left a block."""
        if self.consent is not None:
            self._mood.left(exit_name, at_ms / 1000)

    def waited(self, ms: int, at_ms: int, *, passed_on: bool) -> None:
        """The caller waited, and (`passed_on`) somebody else took over."""
        if self.consent is None:
            return
        self._mood.waited(ms / 1000, at_ms / 1000)
        if passed_on:
            self._mood.passed_on(at_ms / 1000)

    async def ended(self) -> None:
        """The call is over: keep what was learnt of a verified customer's voice, if they agreed."""
        if self.consent is None or not self.consent.keep or not self._learnt or not self._customer_id:
            return
        try:
            await self._feeler.consents.keep_baseline(self.consent, self._customer_id, self._learnt)
        except ConsentError as error:
            log.info("feelings.baseline_not_kept", contact=self._ref.contact_id, why=str(error))

    def snapshot(self) -> MoodSnapshot | None:
        """For a restarted app; nothing without consent."""
        return None if self.consent is None else self._mood.snapshot()

    async def resume(self, saved: MoodSnapshot | None, customer_id: str) -> bool:
        """After a restart: the token is read from the store again. False when the consent is gone meanwhile."""
        self._customer_id = customer_id
        self._took(await self._feeler.consents.emotion(self._ref.conversation_id, customer_id))
        if self.consent is None:
            return False
        if saved is not None:
            self._mood.restore(saved)
        return True

    def _may_judge(self, utterance_id: str) -> bool:
        return self.consent is not None and not self._ref.sensitive and utterance_id not in self._ref.hidden

    async def _keep(self, affect: NewAffect, *, early: bool = False) -> bool:
        """False where the consent is gone, which also ends what is analysed here."""
        if self.consent is None:
            return False
        try:
            await self._feeler.consents.add_affect(
                self.consent,
                affect,
                contact_id=self._ref.contact_id,
                participant_id=self._ref.participant_id,
                leg_id=self._ref.leg_id,
                early=early,
            )
        except ConsentError as error:
            log.info("feelings.not_kept", contact=self._ref.contact_id, why=str(error))
            self.stop()
        return self.consent is not None  # it may be stopped meanwhile, by somebody beside the actor

    def _took(self, consent: EmotionConsent | None) -> None:
        self.consent = consent
        if consent is None:
            self.baseline = self._learnt = b""
            self._mood = Mood(self._feeler.words)

    async def _vector(self, text: str) -> NDArray[np.float32] | None:
        try:
            async with asyncio.timeout(VECTOR_S):
                return await self._feeler.embed(text)
        except (OSError, TimeoutError) as error:
            log.info("feelings.no_vector", error=repr(error))
            return None
