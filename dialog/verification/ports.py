"""What verification needs from outside, as protocols: attempts, one-time codes, progress of dropped calls, voices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from session.consent import VoiceprintConsent

Voice = NDArray[np.float32]
Sent = Literal["sent", "limited", "failed"]


@dataclass(frozen=True, slots=True)
class Customer:
    """What the directory knows. `facts` values are strings or maps locale → string; the `_hash`es are argon2.

    `birth_date` is YYYY-MM-DD. `reach` names where one-time codes go: `sms` → number, `email` → address. `tier`, `flags` and
    `locale` are for the agent's screen.
    """

    customer_id: str
    name: str = ""
    pin_hash: str = field(default="", repr=False)
    facts: dict[str, Any] = field(default_factory=dict, repr=False)
    birth_date: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    last_four: dict[str, str] = field(default_factory=dict, repr=False)
    reach: dict[str, str] = field(default_factory=dict, repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    tier: str = ""
    flags: tuple[str, ...] = ()
    locale: str = ""


class CustomerDirectory(Protocol):
    """Where customers are looked up."""

    async def find(self, *, phone: str = "", customer_no: str = "") -> Customer | None:
        """By phone number (any spelling) or by customer number. Raises OSError when unreachable."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A try that was taken. `wait_ms` > 0: it was refused, and nothing may be looked at. `locks`: keys it locked."""

    keys: tuple[str, ...] = ()
    wait_ms: int = 0
    locks: tuple[str, ...] = ()


class Attempts(Protocol):
    """Wrong tries per key (customer, calling number), so that a new call does not start from zero."""

    async def locked_ms(self, keys: Sequence[str], now_ms: int) -> int:
        """How long until a try is allowed; 0 = now."""

    async def take(self, keys: Sequence[str], now_ms: int) -> Ticket:
        """Count one wrong try for every key at once, before the answer is looked at; or refuse."""

    async def passed(self, ticket: Ticket, wrong_before: int = 0) -> None:
        """The answer was right: neither this try nor `wrong_before` earlier ones of the same factor in this call count."""

    async def unlock(self, keys: Sequence[str]) -> int:
        """Forget what is known of these keys; how many were known."""


class Codes(Protocol):
    """One-time codes: from an app (TOTP), or sent."""

    async def check_totp(self, customer_id: str, code: str, now_ms: int) -> bool:
        """Right for now and not used before; as much work for nobody."""

    async def send(self, call_id: str, customer_id: str, by: str, locale: str, now_ms: int) -> Sent:
        """Make a code and send it; the same `call_id` is sent once. `sent` also for nobody, who gets none."""

    async def check_sent(self, customer_id: str, code: str, now_ms: int) -> bool:
        """The newest code, not used, not too old, not tried too often; as much work for nobody."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a dropped call had come."""

    customer_id: str
    proven: tuple[str, ...]
    wrong: int


class ProgressKeeper(Protocol):
    """What a caller who was cut off had proven, for the same number and customer, for minutes."""

    async def save(self, number: str, progress: Progress, now_ms: int) -> None:
        """Keep (over what was kept for this number)."""

    async def load(self, number: str, now_ms: int) -> Progress | None:
        """What was kept, if it is young enough."""

    async def forget(self, number: str) -> None:
        """The verification is over."""


class Voices(Protocol):
    """Voiceprints, and the phrases that were asked for."""

    async def consent(self, contact_id: str) -> VoiceprintConsent | None:
        """What the caller of this contact agreed to in it."""

    async def enrolled(self, customer_id: str) -> VoiceprintConsent | None:
        """The consent under which a voiceprint of this customer is kept; None where there is none."""

    async def compare(self, customer_id: str, voice: Voice) -> float:
        """Likeness −1…1 to the customer's voiceprint; −1 where there is none."""

    async def enrol(self, consent: VoiceprintConsent, customer_id: str, voices: Sequence[Voice]) -> None:
        """Keep the mean of these. Raises `ConsentError` without the consent."""

    async def delete(self, customer_id: str, by: str) -> bool:
        """Delete the voiceprint and end its consent; False when there was none."""

    async def fresh_phrase(self, customer_id: str, count: int) -> str:
        """So many digits that were never asked of this customer."""


@dataclass(frozen=True, slots=True)
class VerificationPorts:
    """All of them but the attempts, which are with the run's other ports."""

    codes: Codes
    progress: ProgressKeeper
    voices: Voices
