"""What every factor does: say how it is asked, take an answer from keys or words, and check it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from dialog.effects import Wanted
from dialog.events import Heard
from dialog.text import Localised
from dialog.verification.levels import FactorName
from dialog.verification.options import VerificationOptions
from dialog.verification.ports import Customer, VerificationPorts, Voice
from session.consent import VoiceprintConsent

Begun = Literal["ask", "proven", "skip", "unavailable"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gave. Never shown, logged or kept."""

    digits: str = field(default="", repr=False)
    texts: tuple[str, ...] = field(default=(), repr=False)
    voice: Voice | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """Of whom, and with what at hand. `customer` is None for a number that nobody has: it is checked all the same.

    `phrase` is what was asked to be said, empty when its time is over.
    """

    customer_id: str
    customer: Customer | None
    ports: VerificationPorts
    options: VerificationOptions
    known_number: bool
    locale: str
    now_ms: int
    phrase: str = field(default="", repr=False)


class Factor(BaseModel):
    """One way to prove who calls."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    silent: ClassVar[bool] = False
    """Nothing is asked."""
    words: ClassVar[bool] = False
    """Any words may be the answer, so they are first asked whether they want a person."""
    sent: ClassVar[bool] = False
    """A code has to be sent first."""

    @property
    def name(self) -> FactorName:
        """As the levels name it."""
        return self.type  # type: ignore[return-value]

    def wordings(self) -> dict[str, dict[str, str]]:
        """All that it may say."""
        return {}

    def question(self) -> dict[str, str]:
        """What is asked."""
        return {}

    def again(self) -> dict[str, str] | None:
        """After a wrong answer; None = the block's wording."""
        return None

    def digit_count(self) -> int:
        """Digits that end the entry by themselves; 0 = keys are no answer."""
        return 0

    def wants(self) -> Wanted:
        """For the recogniser."""
        return "digits" if self.digit_count() else "sentence"

    async def begin(self, asked: Asked) -> Begun:
        """Is it there for this caller?"""
        return "ask"

    async def consent(self, asked: Asked) -> VoiceprintConsent | None:
        """Under which the voice of the answer is compared; None = it is not."""
        return None

    def read(self, heard: Heard, locale: str) -> Answer | None:
        """The answer in these words, or None when there is none."""
        return None

    @abstractmethod
    async def check(self, asked: Asked, answer: Answer) -> bool:
        """Right? As many hash operations for nobody as for somebody."""


class Spoken(Factor):
    """A factor that is asked for."""

    ask: Localised
    wrong: Localised | None = Field(default=None, description="after a wrong answer; default: the block's `wrong`")

    def wordings(self) -> dict[str, dict[str, str]]:
        """Question, and question after a wrong answer."""
        found = {f"factors.{self.type}.ask": self.ask}
        return found | {f"factors.{self.type}.wrong": self.wrong} if self.wrong else found

    def question(self) -> dict[str, str]:
        """What is asked."""
        return self.ask

    def again(self) -> dict[str, str] | None:
        """After a wrong answer."""
        return self.wrong
