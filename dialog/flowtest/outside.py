"""What a flow under test needs from outside: customers and answers given by the test, and ports that break on demand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from dialog.calendars import Switches
from dialog.effects import Perform
from dialog.events import Performed
from dialog.flowtest.scenario import ActionAnswer, Given, HttpAnswer
from dialog.ports import Found, Knowledge, Performer, Ports, Understanding, Understood
from dialog.verification.directory import CustomerEntry, FileDirectory
from dialog.verification.hashing import hash_secret
from dialog.verification.lockout import MemoryAttempts
from dialog.verification.memory import memory_ports
from dialog.verification.ports import Customer, CustomerDirectory
from dialog.verification.sending import CodePerformer

LOST = "lost"
"""Outcome of what is never told: the block's own time limit must find out."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a port during a run: which, and the block in which the run was."""

    port: str
    block: str


@dataclass
class Breaker:
    """Counts the calls of all ports, and makes one of them fail."""

    block: str = ""
    """Where the run is now; the player says so."""
    calls: list[Call] = field(default_factory=list)
    armed: tuple[int, type[Exception]] | None = None
    """Which call (from 0) fails, and how."""

    def passed(self, port: str) -> None:
        """A port is called. Raises what it is armed with."""
        self.calls.append(Call(port, self.block))
        if self.armed is not None and self.armed[0] == len(self.calls) - 1:
            raise self.armed[1](f"{port} is broken by the test")


@dataclass(frozen=True)
class BreakableUnderstanding:
    """`Understanding` that may fail."""

    inner: Understanding
    breaker: Breaker

    async def classify(self, text: str, allowed: Sequence[str] | None = None) -> Understood:
        """As `Understanding.classify`."""
        self.breaker.passed("understanding")
        return await self.inner.classify(text, allowed)

    async def match(self, text: str, options: Sequence[Sequence[str]]) -> int | None:
        """As `Understanding.match`."""
        self.breaker.passed("understanding")
        return await self.inner.match(text, options)


@dataclass(frozen=True)
class BreakableKnowledge:
    """`Knowledge` that may fail."""

    inner: Knowledge
    breaker: Breaker

    async def search(self, text: str, locale: str, level: int = 0) -> Found | None:
        """As `Knowledge.search`."""
        self.breaker.passed("knowledge")
        return await self.inner.search(text, locale, level)

    def answers(self, locale: str) -> list[str]:
        """As `Knowledge.answers`."""
        return self.inner.answers(locale)


@dataclass(frozen=True)
class BreakableCustomers:
    """`CustomerDirectory` that knows the test's own customers first, and may fail."""

    own: CustomerDirectory
    inner: CustomerDirectory
    breaker: Breaker

    async def find(self, *, phone: str = "", customer_no: str = "") -> Customer | None:
        """As `CustomerDirectory.find`."""
        self.breaker.passed("customers")
        found = await self.own.find(phone=phone, customer_no=customer_no)
        return found or await self.inner.find(phone=phone, customer_no=customer_no)


@dataclass
class GivenPerformer:
    """`Performer` that answers as the test says; what it says nothing of goes to the real one."""

    given: Given
    inner: Performer
    asked: dict[str, list[str]] = field(default_factory=dict)
    """Block or workflow → ids of what was asked of it: an id that comes again, after a restart, gets the same answer."""
    broken: dict[str, str] = field(default_factory=dict)
    """Block → outcome that it gets whatever else is given."""

    async def perform(self, work: Perform) -> Performed:
        """As `Performer.perform`; `ms` is virtual."""
        if outcome := self.broken.get(work.block):
            return Performed(call_id=work.call_id, outcome=outcome, why="broken by the test", ms=work.timeout_ms)
        if work.kind == "http":
            return await self._http(work)
        names = (work.block, str(work.request.get("id", "")))
        answer = next((a for name in names if (a := self._action(name, work.call_id)) is not None), None)
        if answer is None:
            return await self.inner.perform(work)
        return Performed(
            call_id=work.call_id, outcome=answer.outcome, values=answer.values, why="by the test", ms=answer.delay_ms
        )

    async def _http(self, work: Perform) -> Performed:
        listed = self.given.http.get(work.block)
        if listed is None:
            return await self.inner.perform(work)
        answer: HttpAnswer = _nth(
            listed if isinstance(listed, list) else [listed], self._number(work.block, work.call_id)
        )
        if answer.fails is not None:
            ms = work.timeout_ms if answer.fails == "timeout" else answer.delay_ms
            return Performed(call_id=work.call_id, outcome=answer.fails, why="by the test", ms=ms)
        mock = {"status": answer.status, "body": answer.body, "delay_ms": answer.delay_ms}
        return await self.inner.perform(
            Perform(
                call_id=work.call_id, kind="http", block=work.block, request=work.request,
                timeout_ms=work.timeout_ms, mock=mock,
            )
        )  # fmt: skip

    def _action(self, name: str, call_id: str) -> ActionAnswer | None:
        listed = self.given.actions.get(name)
        if listed is None:
            return None
        return _nth(listed if isinstance(listed, list) else [listed], self._number(name, call_id))

    def _number(self, name: str, call_id: str) -> int:
        ids = self.asked.setdefault(name, [])
        if call_id not in ids:
            ids.append(call_id)
        return ids.index(call_id)


_Answer = TypeVar("_Answer", HttpAnswer, ActionAnswer)


def _nth(items: list[_Answer], number: int) -> _Answer:
    return items[min(number, len(items) - 1)]


def given_ports(
    ports: Ports, given: Given, *, calendars: Iterable[str], attempts: int, lockout_s: float
) -> tuple[Ports, Breaker]:
    """`ports` as one scenario sees them, without wrong tries of before; and what breaks them."""
    breaker = Breaker()
    entries = [
        CustomerEntry(
            customer_no=item.customer_no, name=item.name, phones=item.phones, facts=item.facts,
            pin_hash=hash_secret(item.pin or "no PIN"),
        )
        for item in given.customers
    ]  # fmt: skip
    customers = BreakableCustomers(FileDirectory(entries), ports.customers, breaker)
    every = given.hours.get("*")
    hours = {name: state for name in calendars if (state := given.hours.get(name, every)) is not None}
    verification = memory_ports(customers)
    return (
        replace(
            ports,
            understanding=BreakableUnderstanding(ports.understanding, breaker),
            knowledge=BreakableKnowledge(ports.knowledge, breaker),
            customers=customers,
            verification=verification,
            switches=Switches(hours),
            attempts=MemoryAttempts(attempts, lockout_s),
            performer=GivenPerformer(given, CodePerformer(ports.performer, verification.codes)),
            stopwatch=lambda: 0.0,
        ),
        breaker,
    )
