"""`voiceprint`: keep how a verified customer's voice sounds, or delete it. Its consent is asked in a `consent` block before."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from dialog.blocks.base import Asking
from dialog.events import Heard
from dialog.ports import Understood
from dialog.text import Localised, spoken_digits
from dialog.verification.factors.voice import PHRASE_MS, repeats
from session.consent import ConsentError

if TYPE_CHECKING:
    from dialog.turn import Turn

LEAST_LEVEL = 2
"""Whose voice it is must be proven by something else."""


class Voiceprint(Asking):
    """Has `rounds` rows of random digits said and keeps the voice that said them, encrypted; or deletes what is kept.

    `failed` without level 2, without the consent of this very call, or when the digits were not said.
    """

    required: ClassVar[frozenset[str]] = frozenset({"done", "failed"})
    optional: ClassVar[frozenset[str]] = frozenset({"no_input"})
    own_names: ClassVar[frozenset[str]] = frozenset({"phrase"})

    type: Literal["voiceprint"]
    do: Literal["enrol", "delete"] = "enrol"
    ask: Localised = Field(description="asks to say `{{phrase}}`")
    again: Localised | None = Field(default=None, description="after what was not understood; default: `ask`")
    digits: int = Field(default=8, ge=6, le=12, description="in a row; eight are about three seconds of voice")
    rounds: int = Field(default=3, ge=2, le=6, description="rows to say; more of them know the voice better")
    retries: int = Field(default=3, ge=0, le=6)

    def wordings(self) -> dict[str, dict[str, str]]:
        """Its questions."""
        return {"ask": self.ask} | ({"again": self.again} if self.again else {})

    def question(self, turn: Turn) -> dict[str, str]:
        """The row to say."""
        return self.ask

    def asked(self, turn: Turn) -> str:
        """With the row spelled out."""
        return self._words(turn, self.ask)

    async def enter(self, turn: Turn) -> None:
        """Delete, or begin to listen."""
        state, voices = turn.state, turn.ports.verification.voices
        if state.auth_level < LEAST_LEVEL:
            turn.leave("failed", "who calls is not proven")
            return
        if self.do == "delete":
            await voices.delete(state.customer_id, "caller")
            turn.leave("done", "deleted")
            return
        consent = await voices.consent(state.contact_id)
        if consent is None:
            turn.leave("failed", "there is no consent to a voiceprint")
            return
        state.private.voices = []
        turn.expect(sensitive=True, wants="digits", digit_count=self.digits, voiceprint=consent)
        await self._ask(turn, self.ask)

    async def first_look(self, turn: Turn, heard: Heard) -> bool:
        """A row of digits."""
        said, private = spoken_digits(heard.text), turn.state.private
        if not said:
            return False
        turn.stop_speaking()
        phrase = private.phrase if turn.now_ms <= private.phrase_until_ms else ""
        if heard.voice and repeats(phrase, said):
            private.voices.append(heard.voice)
            if len(private.voices) >= self.rounds:
                await self._keep(turn)
            else:
                await self._ask(turn, self.ask)
        else:
            await self._miss(turn)
        return True

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """Something else."""
        turn.stop_speaking()
        if meaning.intent == "no":
            turn.leave("failed", "the caller does not want to")
            return
        await self._miss(turn)

    async def silence(self, turn: Turn) -> None:
        """A row has had its time."""
        await self._new_phrase(turn)
        await super().silence(turn)

    async def resume(self, turn: Turn) -> None:
        """What was said so far is lost: from the beginning."""
        turn.stop_speaking()
        await self.enter(turn)

    async def _keep(self, turn: Turn) -> None:
        voices, private = turn.ports.verification.voices, turn.state.private
        heard, private.voices = private.voices, []
        consent = await voices.consent(turn.state.contact_id)
        try:
            if consent is None:
                raise ConsentError("taken back meanwhile")
            vectors = [np.frombuffer(voice, dtype="<f4") for voice in heard]
            await voices.enrol(consent, turn.state.customer_id, vectors)
        except ConsentError:
            turn.leave("failed", "the consent was taken back")
            return
        turn.leave("done", "enrolled")

    async def _miss(self, turn: Turn) -> None:
        misses = self.missed(turn)
        if misses > self.retries:
            turn.leave("failed", "the digits were not said")
            return
        await self._ask(turn, self.again or self.ask)

    async def _ask(self, turn: Turn, wording: dict[str, str]) -> None:
        await self._new_phrase(turn)
        turn.say(self._words(turn, wording))

    async def _new_phrase(self, turn: Turn) -> None:
        private = turn.state.private
        private.phrase = await turn.ports.verification.voices.fresh_phrase(turn.state.customer_id, self.digits)
        private.phrase_until_ms = turn.now_ms + PHRASE_MS

    def _words(self, turn: Turn, wording: dict[str, str]) -> str:
        return turn.render(wording, {"phrase": " ".join(turn.state.private.phrase)})
