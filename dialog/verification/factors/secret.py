"""Digits that the customer knows or can read from something they have: a PIN, the last four of a card."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dialog.events import Heard
from dialog.text import spoken_digits
from dialog.verification.factors.base import Answer, Asked, Spoken
from dialog.verification.hashing import fits


class Digits(Spoken):
    """Digits by key or voice, compared with a hash."""

    digits: int = Field(default=4, ge=3, le=12, description="how many; the last one ends the entry")

    def digit_count(self) -> int:
        """As many as it has."""
        return self.digits

    def read(self, heard: Heard, locale: str) -> Answer | None:
        """Digits that were said."""
        digits = spoken_digits(heard.text)
        return Answer(digits=digits) if digits else None


class Pin(Digits):
    """A PIN."""

    type: Literal["pin"]

    async def check(self, asked: Asked, answer: Answer) -> bool:
        """By its hash."""
        return await fits(asked.customer.pin_hash if asked.customer else "", answer.digits)


class LastFour(Digits):
    """The last digits of a card, a telephone number or an identity document."""

    type: Literal["last_four"]
    of: Literal["card", "phone", "id"] = "card"

    async def check(self, asked: Asked, answer: Answer) -> bool:
        """By their hash."""
        return await fits(asked.customer.last_four.get(self.of, "") if asked.customer else "", answer.digits)
