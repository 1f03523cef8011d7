"""The number that a call comes from: anybody can send a false one, so it says who may be calling, and little more."""

from __future__ import annotations

from typing import ClassVar, Literal

from dialog.verification.factors.base import Answer, Asked, Begun, Factor


class KnownNumber(Factor):
    """Proven without a question when the call comes from one of the customer's numbers."""

    silent: ClassVar[bool] = True

    type: Literal["known_number"]

    async def begin(self, asked: Asked) -> Begun:
        """Theirs, or not."""
        return "proven" if asked.known_number else "skip"

    async def check(self, asked: Asked, answer: Answer) -> bool:
        """Nothing is asked, so nothing is answered."""
        return False
