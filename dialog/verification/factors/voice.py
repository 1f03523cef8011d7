"""The customer's voice, saying digits that were never asked of them before: a recording does not have them."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field
from rapidfuzz.distance import Levenshtein

from dialog.events import Heard
from dialog.text import spoken_digits
from dialog.verification.factors.base import Answer, Asked, Begun, Spoken
from session.consent import VoiceprintConsent

MISHEARD = 1  # digits of a phrase that recognition may get wrong
PHRASE_MS = 30_000  # a phrase is worth nothing after this


class Voiceprint(Spoken):
    """Compared with the voiceprint that the customer agreed to. `ask` says `{{phrase}}`, a row of random digits."""

    type: Literal["voiceprint"]
    digits: int = Field(default=8, ge=6, le=12, description="digits to say; eight are about three seconds of voice")

    def digit_count(self) -> int:
        """Of the phrase."""
        return self.digits

    async def begin(self, asked: Asked) -> Begun:
        """Only for who is enrolled."""
        return "ask" if await self.consent(asked) is not None else "skip"

    async def consent(self, asked: Asked) -> VoiceprintConsent | None:
        """The customer's, as long as it stands."""
        return await asked.ports.voices.enrolled(asked.customer.customer_id) if asked.customer else None

    def read(self, heard: Heard, locale: str) -> Answer | None:
        """The digits and the voice that said them."""
        digits = spoken_digits(heard.text)
        voice = np.frombuffer(heard.voice, dtype="<f4") if heard.voice else None
        return Answer(digits=digits, voice=voice) if digits else None

    async def check(self, asked: Asked, answer: Answer) -> bool:
        """The words of this very phrase, in the customer's voice; both are looked at, whatever the first one says."""
        said = repeats(asked.phrase, answer.digits)
        customer_id = asked.customer.customer_id if asked.customer else ""
        if answer.voice is None:
            return False
        alike = await asked.ports.voices.compare(customer_id, answer.voice)
        return said and alike >= asked.options.voice_accept


def repeats(phrase: str, said: str) -> bool:
    """Were these the digits that were asked for, but for what recognition may get wrong?"""
    return bool(phrase) and Levenshtein.distance(phrase, said) <= MISHEARD
