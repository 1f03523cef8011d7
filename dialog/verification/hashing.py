"""Secrets are kept as argon2id hashes and compared in constant time; nobody's secret costs as much as somebody's."""

from __future__ import annotations

import asyncio
import hmac

import argon2

# 19 MiB and two passes: OWASP's least for argon2id, ~35 ms here; the lock-out is what protects four digits.
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$oQ3qU8TgNneBxZEWlY/6og$pByVj2aDNI5fRuYpNvXYn1k9Ejdde4l9JePMdRgDaHI"
"""Hash that fits nothing, compared against where there is no secret."""


def hash_secret(secret: str) -> str:
    """Salted argon2id hash of a PIN, last digits or a code."""
    return _HASHER.hash(secret)


def matches(stored: str, secret: str) -> bool:
    """One argon2 operation, whatever is stored; False for an empty or broken hash."""
    try:
        right = _HASHER.verify(stored or NOBODY, secret)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return right and bool(stored)


async def fits(stored: str, secret: str) -> bool:
    """`matches` in a thread, since it takes long on purpose."""
    return await asyncio.to_thread(matches, stored, secret)


def same(left: str, right: str) -> bool:
    """Equal, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())
