"""What wrong answers cost, per customer and per calling number: a lock after so many, each further one twice as long.

A try is *taken* (counted as wrong) before the answer is looked at, and given back when it was right. So however many
calls guess at once, no more guesses are looked at than one after the other would get. A right answer gives back no more
than its own call's wrong ones of the same factor: who knows a birth date gets no further guesses at the PIN by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from dialog.verification.ports import Ticket

LONGEST_LOCK_MS = 24 * 3600 * 1000
FORGET_MS = 24 * 3600 * 1000
MOST_KEYS = 100_000


def customer_key(customer_no: str) -> str:
    """Key of a customer number, known or not."""
    return "customer:" + _digest(customer_no)


def number_key(number: str) -> str:
    """Key of a calling number."""
    return "number:" + _digest(number)


def _digest(value: str) -> str:
    """Not readable at a glance in the database; no protection against somebody who tries all numbers."""
    return hashlib.blake2b(value.encode(), digest_size=16, person=b"wl-lockout").hexdigest()


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """After `attempts` wrong tries of a customer, or `number_attempts` from a number, a lock of `lockout_s`."""

    attempts: int = 3
    number_attempts: int = 6
    lockout_s: float = 900.0

    def limit(self, key: str) -> int:
        """Wrong tries of this key until it is locked."""
        return self.number_attempts if key.startswith("number:") else self.attempts


@dataclass(slots=True)
class Tries:
    """What is known of one key. Times are UTC epoch milliseconds."""

    wrong: int = 0
    locked_until: int = 0
    last: int = 0

    def wait_ms(self, now_ms: int) -> int:
        """Until the next try is allowed."""
        return max(0, self.locked_until - now_ms)

    def take(self, limit: int, lockout_s: float, now_ms: int) -> bool:
        """Count a try as wrong; True when it locks. Only where `wait_ms` is 0."""
        if now_ms - self.last > FORGET_MS:
            self.wrong = 0
        self.wrong, self.last = self.wrong + 1, now_ms
        if self.wrong % limit:
            return False
        locks = self.wrong // limit - 1
        self.locked_until = now_ms + min(round(lockout_s * 1000) * 2 ** min(locks, 30), LONGEST_LOCK_MS)
        return True

    def give_back(self, tries: int, unlock: bool) -> None:
        """The answer was right: this try, and earlier ones of the same call, do not count."""
        self.wrong = max(0, self.wrong - tries)
        if unlock:
            self.locked_until = 0


class MemoryAttempts:
    """`Attempts` in this process."""

    def __init__(self, attempts: int = 3, lockout_s: float = 900.0, number_attempts: int = 6) -> None:
        self._policy = LockPolicy(attempts, number_attempts, lockout_s)
        self._tries: dict[str, Tries] = {}

    async def locked_ms(self, keys: Sequence[str], now_ms: int) -> int:
        """The longest wait among the keys."""
        return max([0, *(self._tries[key].wait_ms(now_ms) for key in keys if key in self._tries)])

    async def take(self, keys: Sequence[str], now_ms: int) -> Ticket:
        """Count for every key, or for none when one is locked."""
        if wait := await self.locked_ms(keys, now_ms):
            return Ticket(tuple(keys), wait_ms=wait)
        policy = self._policy
        locked = [
            key
            for key in keys
            if self._tries.setdefault(key, Tries()).take(policy.limit(key), policy.lockout_s, now_ms)
        ]
        if len(self._tries) > MOST_KEYS:
            del self._tries[min(self._tries, key=lambda key: self._tries[key].last)]
        return Ticket(tuple(keys), locks=tuple(locked))

    async def passed(self, ticket: Ticket, wrong_before: int = 0) -> None:
        """This try and the same call's wrong ones before it do not count."""
        for key in ticket.keys:
            if key in self._tries:
                self._tries[key].give_back(1 + wrong_before, key in ticket.locks)

    async def unlock(self, keys: Sequence[str]) -> int:
        """Forget these; how many were known."""
        return sum(self._tries.pop(key, None) is not None for key in keys)
