"""The ports of verification within this process: for tests, trials and flow tests. Nothing outlives it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dialog.verification.codes import HOUR_MS, CodeRules, Sender, new_code, totp_step
from dialog.verification.hashing import fits, hash_secret
from dialog.verification.ports import Customer, CustomerDirectory, Progress, Sent, VerificationPorts, Voice
from session.consent import ConsentError, VoiceprintConsent


@dataclass(slots=True)
class _Sent:
    call_id: str
    code_hash: str
    at_ms: int
    tries: int = 0
    used: bool = False


class NoSender:
    """Nothing is set up: every code fails to be sent."""

    async def send(self, call_id: str, *, to: str, by: str, code: str, locale: str, valid_s: float) -> None:
        """Raises OSError."""
        raise OSError("codes cannot be sent here")


class MemoryCodes:
    """`Codes`. `totp`: customer → base32 secret."""

    def __init__(
        self,
        customers: CustomerDirectory,
        sender: Sender | None = None,
        rules: CodeRules | None = None,
        totp: dict[str, str] | None = None,
    ) -> None:
        self._customers = customers
        self._sender = sender or NoSender()
        self._rules = rules or CodeRules()
        self.totp = totp or {}
        self._last_step: dict[str, int] = {}
        self._sent: dict[str, list[_Sent]] = {}

    async def check_totp(self, customer_id: str, code: str, now_ms: int) -> bool:
        """Right for now, and newer than the last that was used."""
        step = totp_step(self.totp.get(customer_id, ""), code, now_ms)
        if step is None or step <= self._last_step.get(customer_id, 0):
            return False
        self._last_step[customer_id] = step
        return True

    async def send(self, call_id: str, customer_id: str, by: str, locale: str, now_ms: int) -> Sent:
        """Make one and send it."""
        sent = self._sent.setdefault(customer_id, [])
        if any(one.call_id == call_id for one in sent):
            return "sent"
        if sum(now_ms - one.at_ms < HOUR_MS for one in sent) >= self._rules.per_hour:
            return "limited"
        code = new_code(self._rules.digits)
        sent.append(_Sent(call_id, hash_secret(code), now_ms))
        customer = await self._customers.find(customer_no=customer_id)
        to = customer.reach.get(by, "") if customer is not None else ""
        if not to:
            sent[-1].used = True
            return "sent"
        try:
            await self._sender.send(call_id, to=to, by=by, code=code, locale=locale, valid_s=self._rules.valid_s)
        except OSError:
            sent.remove(sent[-1])
            return "failed"
        return "sent"

    async def check_sent(self, customer_id: str, code: str, now_ms: int) -> bool:
        """The newest one."""
        newest = next(iter(reversed(self._sent.get(customer_id, []))), None)
        if newest is not None and (
            newest.used or newest.tries >= self._rules.tries or now_ms - newest.at_ms > self._rules.valid_s * 1000
        ):
            newest = None
        if newest is not None:
            newest.tries += 1
        right = await fits(newest.code_hash if newest else "", code)
        if newest is None or not right or newest.used:
            return False
        newest.used = True
        return True


class MemoryProgress:
    """`ProgressKeeper`."""

    def __init__(self, minutes: float = 5.0) -> None:
        self._keep_ms = round(minutes * 60_000)
        self._kept: dict[str, tuple[Progress, int]] = {}

    async def save(self, number: str, progress: Progress, now_ms: int) -> None:
        """Keep."""
        self._kept[number] = progress, now_ms

    async def load(self, number: str, now_ms: int) -> Progress | None:
        """If young enough."""
        progress, at_ms = self._kept.get(number, (None, 0))
        return progress if now_ms - at_ms <= self._keep_ms else None

    async def forget(self, number: str) -> None:
        """It is over."""
        self._kept.pop(number, None)


@dataclass(slots=True)
class MemoryVoices:
    """`Voices`; `consents` by contact are given by the test."""

    consents: dict[str, VoiceprintConsent] = field(default_factory=dict)
    templates: dict[str, tuple[VoiceprintConsent, Voice]] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=dict)

    async def consent(self, contact_id: str) -> VoiceprintConsent | None:
        """As given."""
        return self.consents.get(contact_id)

    async def enrolled(self, customer_id: str) -> VoiceprintConsent | None:
        """As kept."""
        kept = self.templates.get(customer_id)
        return kept[0] if kept else None

    async def compare(self, customer_id: str, voice: Voice) -> float:
        """Cosine."""
        kept = self.templates.get(customer_id)
        return likeness(kept[1], voice) if kept else -1.0

    async def enrol(self, consent: VoiceprintConsent, customer_id: str, voices: Sequence[Voice]) -> None:
        """Keep the mean."""
        if consent not in self.consents.values():
            raise ConsentError("there is no consent to a voiceprint")
        self.templates[customer_id] = consent, mean(voices)

    async def delete(self, customer_id: str, by: str) -> bool:
        """Forget."""
        return self.templates.pop(customer_id, None) is not None

    async def fresh_phrase(self, customer_id: str, count: int) -> str:
        """Never twice."""
        return fresh(self.asked.setdefault(customer_id, set()), count)


def fresh(asked: set[str], count: int) -> str:
    """Digits that are not among `asked`, and are added to it; no digit follows itself, which is hard to say and to hear."""
    while True:
        digits = secrets.choice("0123456789")
        while len(digits) < count:
            digits += secrets.choice([digit for digit in "0123456789" if digit != digits[-1]])
        if digits not in asked:
            asked.add(digits)
            return digits


def mean(voices: Sequence[Voice]) -> Voice:
    """The direction between several voices' vectors, unit length."""
    middle = np.mean(np.stack(voices), axis=0)
    return np.asarray(middle / max(float(np.linalg.norm(middle)), 1e-9), dtype=np.float32)


def likeness(template: Voice, voice: Voice) -> float:
    """Cosine of two unit vectors; −1 for vectors that cannot be compared."""
    return float(template @ voice) if template.shape == voice.shape else -1.0


class Nobody:
    """A directory without customers."""

    async def find(self, *, phone: str = "", customer_no: str = "") -> Customer | None:
        """Nobody."""
        return None


def memory_ports(customers: CustomerDirectory | None = None) -> VerificationPorts:
    """All of them, in this process; codes fail to be sent."""
    return VerificationPorts(MemoryCodes(customers or Nobody()), MemoryProgress(), MemoryVoices())
