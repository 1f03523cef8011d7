"""Proof of identity: PIN hashes, the sample customer directory, and lock-out with back-off."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import argon2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dialog import yamlfile
from dialog.ports import Customer

# 19 MiB and two passes: OWASP's least for argon2id, ~35 ms here; the lock-out is what protects four digits.
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$oQ3qU8TgNneBxZEWlY/6og$pByVj2aDNI5fRuYpNvXYn1k9Ejdde4l9JePMdRgDaHI"
_LONGEST_LOCK_MS = 24 * 3600 * 1000
_FORGET_MS = 24 * 3600 * 1000
_MOST_KEYS = 100_000


def hash_pin(pin: str) -> str:
    """Salted argon2id hash of a PIN, for the directory."""
    return _HASHER.hash(pin)


async def check_pin(customer: Customer | None, pin: str) -> bool:
    """Compare in constant time, in a thread; nobody takes as long as somebody, and never fits."""
    stored = customer.pin_hash if customer is not None and customer.pin_hash else _NOBODY
    right = await asyncio.to_thread(_compare, stored, pin)
    return right and stored is not _NOBODY


def _compare(stored: str, pin: str) -> bool:
    try:
        return _HASHER.verify(stored, pin)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def normal_number(number: str) -> str:
    """Digits of a phone number without leading zeros of dialling; SIP users stay as they are, in lower case."""
    if re.fullmatch(r"[+\d\s().-]+", number):
        return re.sub(r"\D", "", number).lstrip("0")
    return number.strip().lower()


class CustomerEntry(BaseModel):
    """One customer of a directory file."""

    model_config = ConfigDict(extra="forbid")

    customer_no: str = Field(pattern=r"^\d{3,16}$", description="what is keyed in")
    name: str = ""
    phones: list[str] = Field(default_factory=list, description="numbers or SIP users that this customer calls from")
    pin_hash: str = Field(pattern=r"^\$argon2id\$", description="made by `warmline flow hash-pin`")
    facts: dict[str, str | dict[str, str]] = Field(
        default_factory=dict, description="what the bot may tell once verified; a text, or a text by locale"
    )


class CustomerFile(BaseModel):
    """A directory file."""

    model_config = ConfigDict(extra="forbid")

    format: str = Field(pattern=r"^customers/v1$")
    customers: list[CustomerEntry]


class FileDirectory:
    """`CustomerDirectory` over a file read once: for trying out, and for tests."""

    def __init__(self, customers: Sequence[CustomerEntry]) -> None:
        self._by_number = {entry.customer_no: self._customer(entry) for entry in customers}
        self._by_phone = {
            normal_number(phone): self._by_number[entry.customer_no] for entry in customers for phone in entry.phones
        }

    @classmethod
    def read(cls, path: Path) -> FileDirectory:
        """Raises `yamlfile.FileError` naming file and line."""
        document = yamlfile.read(path)
        try:
            return cls(CustomerFile.model_validate(document.data).customers)
        except ValidationError as error:
            raise yamlfile.FileError(
                [
                    document.problem(item["loc"], f"{'.'.join(map(str, item['loc']))}: {item['msg']}")
                    for item in error.errors()
                ]
            ) from None

    async def find(self, *, phone: str = "", customer_no: str = "") -> Customer | None:
        """By customer number, else by phone."""
        if customer_no:
            return self._by_number.get(customer_no)
        return self._by_phone.get(normal_number(phone)) if phone else None

    @staticmethod
    def _customer(entry: CustomerEntry) -> Customer:
        facts: dict[str, Any] = dict(entry.facts)
        return Customer(customer_id=entry.customer_no, name=entry.name, pin_hash=entry.pin_hash, facts=facts)


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    locks: int = 0
    locked_until: int = 0
    last: int = 0


class MemoryAttempts:
    """`Attempts` in this process: after `attempts` wrong tries a lock, each one twice as long; a day forgets."""

    def __init__(self, attempts: int = 3, lockout_s: float = 900.0) -> None:
        self._attempts = attempts
        self._lockout_ms = round(lockout_s * 1000)
        self._tries: dict[str, _Tries] = {}

    async def locked_ms(self, keys: Sequence[str], now_ms: int) -> int:
        """The longest wait among the keys."""
        waits = [self._tries[key].locked_until - now_ms for key in keys if key in self._tries]
        return max([0, *waits])

    async def failed(self, keys: Sequence[str], now_ms: int) -> None:
        """Count for every key."""
        for key in keys:
            tries = self._tries.setdefault(key, _Tries())
            if now_ms - tries.last > _FORGET_MS:
                tries.wrong = tries.locks = 0
            tries.last = now_ms
            tries.wrong += 1
            if tries.wrong >= self._attempts:
                tries.locked_until = now_ms + min(self._lockout_ms * 2**tries.locks, _LONGEST_LOCK_MS)
                tries.locks += 1
                tries.wrong = 0
        if len(self._tries) > _MOST_KEYS:
            oldest = min(self._tries, key=lambda key: self._tries[key].last)
            del self._tries[oldest]

    async def passed(self, keys: Sequence[str]) -> None:
        """Start from zero."""
        for key in keys:
            self._tries.pop(key, None)
