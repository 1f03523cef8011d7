"""What of the caller is recognised, judged and recorded: as the flow wants it, and as far as the caller agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialog import effects as fx
from dialog import events as ev
from dialog.text import match_locale
from server.calls.snapshot import without_mood
from session.consent import tells_mood
from session.policy import EMOTION

if TYPE_CHECKING:
    from server.calls.contact import Contact


class Listening:
    """One contact's; works in its actor but for `hush`."""

    def __init__(self, contact: Contact) -> None:
        self.wanted: fx.Expect | None = None
        """What the flow waits for."""
        self._contact = contact

    @property
    def may_record(self) -> bool:
        """Is sound recorded where nothing pauses it?"""
        contact = self._contact
        allowed = contact.run.consents.get("recording", not contact.engine.flow.asks_to_record)
        return allowed and not contact.refused and contact.run.recording == "on" and not contact.media.masked

    @property
    def private(self) -> bool:
        """What the caller says or presses is theirs alone: it is neither recorded nor heard by supervisors."""
        return self._contact.customer.sensitive or self._contact.media.masked

    async def turn(self, on: bool, wanted: fx.Expect | None = None) -> None:
        """Recognise the caller's speech or not, in the way the flow and the caller's consent want it."""
        contact, self.wanted = self._contact, wanted
        prompt = contact.engine.flow.recognition.prompt or {}
        hint = prompt.get(match_locale(list(prompt), contact.language) or "", "")
        await contact.caller.listen(
            on and not contact.media.holding,
            emotion=contact.feelings.consent if contact.media.analysis else None,
            baseline=contact.feelings.baseline,
            wanted=wanted,
            hint=hint,
        )

    async def renew(self) -> None:
        """As before, with what is allowed now."""
        await self.turn(self._contact.caller.listening, self.wanted)

    async def agreed(self, effect: fx.GrantConsent) -> None:
        """The caller answered a question for consent."""
        await self._contact.feelings.answered(effect)
        await self.renew()

    async def withdraw(self, purpose: str, by: str) -> None:
        """The caller took consent back: the leg stops first, then all that was found is deleted. Raises `ConsentError`."""
        if purpose == EMOTION:
            self.forget_mood()
            self._contact.run.consents[EMOTION] = False
            await self.hush()
        await self._contact.feelings.withdraw(purpose, by)
        await self.renew()

    async def hush(self) -> None:
        """Judge the caller's voice no more, from now on. May be called beside the actor, which may be busy."""
        self._contact.feelings.stop()
        await self.renew()

    def forget_mood(self) -> None:
        """Of what the flow and the queue remember."""
        contact, run = self._contact, self._contact.run
        contact.mood = None
        run.feeling = ev.Feeling()
        run.last_why = "" if tells_mood(run.last_why) else run.last_why
        run.reason = "" if tells_mood(run.reason) else run.reason
        if contact.queue is not None:
            contact.queue = without_mood(contact.queue)
