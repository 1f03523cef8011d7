"""What a flow run needs from outside, as protocols: vectors, understanding, knowledge, customers, attempts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dialog.calendars import Switches
from dialog.effects import Inspect, Perform, Think
from dialog.events import Inspected, Performed, Thought
from dialog.experiment.assign import Experiments
from dialog.filter.service import Screened
from dialog.verification.memory import memory_ports
from dialog.verification.ports import Attempts, CustomerDirectory, VerificationPorts

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Sentence vectors from the inference worker."""

    async def embed(self, texts: Sequence[str], query: bool = True) -> Vectors:
        """[len(texts), dims], rows of unit length. Raises OSError or TimeoutError when it cannot."""


@dataclass(frozen=True, slots=True)
class Understood:
    """Intent of an utterance: `unknown` when nothing is likely enough; `confidence` 0…1 of the best guess."""

    intent: str
    confidence: float
    ranked: tuple[tuple[str, float], ...] = ()


class Understanding(Protocol):
    """What an utterance asks for."""

    async def classify(self, text: str, allowed: Sequence[str] | None = None) -> Understood:
        """The likeliest intent (among `allowed`), or `unknown`."""

    async def match(self, text: str, options: Sequence[Sequence[str]]) -> int | None:
        """Which option's phrases the text comes closest to, or None."""


@dataclass(frozen=True, slots=True)
class Found:
    """A knowledge article that answers, in the asked language. `score` 0…1."""

    article: str
    version: int
    text: str
    score: float

    @property
    def ref(self) -> str:
        """`id@version`, the form in which it is cited."""
        return f"{self.article}@{self.version}"


class Knowledge(Protocol):
    """Answers that somebody wrote and reviewed."""

    async def search(self, text: str, locale: str, level: int = 0) -> Found | None:
        """The best article above the minimum score, or None (a gap); articles above `level` are as good as not there."""

    def answers(self, locale: str) -> list[str]:
        """Every spoken answer in this locale, to be synthesised ahead."""


class ContentFilter(Protocol):
    """What keeps banned promises out of the bot's mouth; the real one is `dialog.filter.service.Filters`."""

    def screen(self, text: str, locale: str) -> Screened:
        """What the bot may say instead, and the record of each hit."""

    def flag(self, text: str, language: str = "") -> list[dict[str, Any]]:
        """What a person said that is banned: the record of each hit, with its place, reason and advice."""


class NoFilter:
    """Everything may be said."""

    def screen(self, text: str, locale: str) -> Screened:
        """As it is."""
        return Screened(text)

    def flag(self, text: str, language: str = "") -> list[dict[str, Any]]:
        """Nothing."""
        return []


class Assignment(Protocol):
    """Who gets which variant of an experiment; the real one is `dialog.experiment.assign.Experiments`."""

    def unit(self, experiment: str, who: str) -> str:
        """A customer, number or contact as it is recorded: nobody can be found by it."""

    def variant(self, experiment: str, weights: Mapping[str, float], who: str) -> tuple[str, bool]:
        """The variant, always the same for the same `who`; False = there is nothing to test any more."""


class Performer(Protocol):
    """What does things outside for a run; the real one is in `dialog.actions`."""

    async def perform(self, work: Perform) -> Performed:
        """Do it and say what came of it, within `work.timeout_ms` and a little. Raises nothing but CancelledError.

        The same `call_id` may come again (a restart): what changes the world outside happens once.
        """


class NoPerformer:
    """For installations and tests without actions: everything fails at once."""

    async def perform(self, work: Perform) -> Performed:
        """The exit for what could not be done."""
        outcome = "http_error" if work.kind == "http" else "failed"
        return Performed(call_id=work.call_id, outcome=outcome, why="no actions are set up here")


class Inspector(Protocol):
    """Looks at pictures: reads text and codes, finds documents, refuses what must not be kept."""

    async def inspect(self, work: Inspect) -> Inspected:
        """What is in it. Raises nothing but CancelledError."""


class NoInspector:
    """Where nothing is set up, no picture passes."""

    async def inspect(self, work: Inspect) -> Inspected:
        """Rejected."""
        return Inspected(request_id=work.request_id, accepted=False, why="no analysers are set up here")


class Thinker(Protocol):
    """A language model that leads a talk towards a goal."""

    async def think(self, work: Think) -> Thought:
        """How to go on, within `work.timeout_ms`. Raises nothing but CancelledError."""


class NoThinker:
    """Where nothing is set up, the rules ask."""

    async def think(self, work: Think) -> Thought:
        """Give up at once, which leaves it to the rules."""
        return Thought(request_id=work.request_id, move="give_up")


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them."""

    understanding: Understanding
    knowledge: Knowledge
    customers: CustomerDirectory
    attempts: Attempts
    performer: Performer = field(default_factory=NoPerformer)
    filters: ContentFilter = field(default_factory=NoFilter)
    experiments: Assignment = field(default_factory=Experiments)
    verification: VerificationPorts = field(default_factory=memory_ports)
    inspector: Inspector = field(default_factory=NoInspector)
    thinker: Thinker = field(default_factory=NoThinker)
    levels: Mapping[str, int] = field(default_factory=dict)
    """Intent → level that the caller needs before it is answered; 0 for those not named."""
    switches: Switches = field(default_factory=Switches)
    """Calendars that somebody switched by hand."""
    stopwatch: Callable[[], float] = time.perf_counter
    """Seconds, for the timings in the record only; tests give one that stands still."""
