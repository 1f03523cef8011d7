"""One-time codes: from an authenticator app, or sent by text message or e-mail."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from dialog.events import Heard
from dialog.text import Localised, spoken_digits
from dialog.verification.factors.base import Answer, Asked, Spoken


class _Code(Spoken):
    """A code by key or voice."""

    digits: int = Field(default=6, ge=4, le=10, description="how many; the last one ends the entry")

    def digit_count(self) -> int:
        """As many as it has."""
        return self.digits

    def read(self, heard: Heard, locale: str) -> Answer | None:
        """Digits that were said."""
        digits = spoken_digits(heard.text)
        return Answer(digits=digits) if digits else None


class Totp(_Code):
    """The code that an authenticator app shows (RFC 6238, half a minute, each once)."""

    type: Literal["totp"]

    async def check(self, asked: Asked, answer: Answer) -> bool:
        """For now, and not used before."""
        customer_id = asked.customer.customer_id if asked.customer else ""
        return await asked.ports.codes.check_totp(customer_id, answer.digits, asked.now_ms)


class SentCode(_Code):
    """A code that is sent when this is asked: to the address on file, never to one that the caller names."""

    sent: ClassVar[bool] = True

    type: Literal["sent_code"]
    by: Literal["sms", "email"] = "sms"
    resent: Localised | None = Field(default=None, description="said when `*` had a new code sent; default: `ask`")

    def wordings(self) -> dict[str, dict[str, str]]:
        """And after another code was sent."""
        found = super().wordings()
        return found | {"factors.sent_code.resent": self.resent} if self.resent else found

    async def check(self, asked: Asked, answer: Answer) -> bool:
        """The newest one."""
        customer_id = asked.customer.customer_id if asked.customer else ""
        return await asked.ports.codes.check_sent(customer_id, answer.digits, asked.now_ms)
