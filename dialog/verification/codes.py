"""One-time codes: of an app (TOTP, RFC 6238) and those that are sent. Pure but for the webhook."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Protocol

import httpx
import pyotp

from dialog.verification.hashing import same

PERIOD_S = 30
DRIFT = 1  # periods that a phone's clock may be off
NOBODYS = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""Compared against where nobody is enrolled, so that it takes as long."""
HOUR_MS = 3_600_000


class Sender(Protocol):
    """Brings a code to a customer."""

    async def send(self, call_id: str, *, to: str, by: str, code: str, locale: str, valid_s: float) -> None:
        """Raises OSError when it was not taken."""


@dataclass(frozen=True, slots=True)
class CodeRules:
    """How codes are made and how long they live."""

    digits: int = 6
    valid_s: float = 300.0
    tries: int = 3
    per_hour: int = 5


def new_code(digits: int) -> str:
    """Random digits."""
    return "".join(secrets.choice("0123456789") for _ in range(digits))


def new_totp_secret() -> str:
    """160 random bits as base32."""
    return pyotp.random_base32()


def totp_uri(secret: str, account: str, issuer: str) -> str:
    """What an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret, interval=PERIOD_S).provisioning_uri(name=account, issuer_name=issuer)


def totp_step(secret: str, code: str, now_ms: int) -> int | None:
    """The period whose code this is, at most `DRIFT` from now; every one is compared, whichever fits."""
    totp = pyotp.TOTP(secret or NOBODYS, interval=PERIOD_S)
    now = now_ms // 1000 // PERIOD_S
    fitting = [step for step in range(now - DRIFT, now + DRIFT + 1) if same(totp.generate_otp(step), code)]
    return fitting[-1] if fitting and secret else None


class WebhookSender:
    """Posts each code to one URL, once: the call's id is the idempotency key."""

    def __init__(
        self, url: str, token: str, timeout_s: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout_s = timeout_s
        self._transport = transport

    async def send(self, call_id: str, *, to: str, by: str, code: str, locale: str, valid_s: float) -> None:
        """Raises OSError; its text holds neither the code nor the address."""
        if not self._url:
            raise OSError("codes cannot be sent: dialog.verification.webhook is not set")
        body = {"to": to, "by": by, "code": code, "locale": locale, "valid_s": round(valid_s)}
        try:
            async with httpx.AsyncClient(timeout=self._timeout_s, transport=self._transport) as client:
                answer = await client.post(self._url, json=body, headers={**self._headers, "Idempotency-Key": call_id})
        except httpx.HTTPError as error:
            raise OSError(f"the webhook of codes did not answer ({type(error).__name__})") from None
        if not answer.is_success:
            raise OSError(f"the webhook of codes answered {answer.status_code}")
