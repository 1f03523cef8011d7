"""One module a factor; `AnyFactor` is what the `verify` block may list."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dialog.verification.factors.base import Answer, Asked, Begun, Factor
from dialog.verification.factors.code import SentCode, Totp
from dialog.verification.factors.known import BirthDate, Name, Postcode
from dialog.verification.factors.number import KnownNumber
from dialog.verification.factors.secret import LastFour, Pin
from dialog.verification.factors.voice import Voiceprint

AnyFactor = Annotated[
    Pin | LastFour | BirthDate | Postcode | Name | Totp | SentCode | KnownNumber | Voiceprint,
    Field(discriminator="type"),
]

__all__ = ["Answer", "AnyFactor", "Asked", "Begun", "Factor"]
