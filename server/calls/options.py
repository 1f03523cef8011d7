"""Settings of calls that this server places: to numbers outside, and back to customers."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_PATTERN = re.compile(r"\+?[0-9]*\*?")
_TRUNK = re.compile(r"sips?:[^\s@]*\{number\}[^\s@]*@[A-Za-z0-9.-]+(:\d{1,5})?(;transport=(udp|tcp|tls))?")


class CallOptions(BaseModel):
    """Nothing outside is called unless numbers are allowed here: who calls at our cost is our loss."""

    model_config = ConfigDict(extra="forbid")

    numbers_allowed: list[str] = Field(
        default_factory=list,
        description="numbers that flows may call, as +49… or an extension, `*` at the end for any more digits "
        '(`["+49*", "+8610*", "4711"]`); empty = none, so that nobody calls at our cost',
    )
    numbers_refused: list[str] = Field(
        default_factory=list,
        description="numbers never called though allowed above, such as premium ones: `+49900*`",
    )
    trunk: str = Field(
        default="",
        description="SIP address by which numbers are reached, with {number} in it: `sip:{number}@gateway.example`; empty = no "
        "numbers are called",
    )
    region: str = Field(
        default="",
        pattern=r"^([A-Z]{2})?$",
        description="country (ISO 3166, such as DE or CN) of numbers without a country code; empty = these are extensions",
    )
    caller_id: str = Field(
        default="",
        pattern=r"^(\+?[0-9]{3,15})?$",
        description="number shown to whom we call, which must be ours; empty = the trunk's own",
    )
    per_hour: int = Field(
        default=60,
        ge=1,
        le=10_000,
        description="calls placed to numbers and SIP addresses in an hour; more fail at once, callbacks wait",
    )
    longest_s: float = Field(
        default=7200.0,
        ge=60,
        le=86_400,
        description="s a call to a number or SIP address may last; then the bot has the caller",
    )
    record_outside: bool = Field(
        default=False,
        description="go on recording while the caller talks to somebody outside, who was never asked; allowed in few places",
    )
    rejoin_s: float = Field(
        default=60.0,
        ge=5,
        le=600,
        description="s a customer waits, with a courtesy tone, for an agent whose page is gone; a reload takes 3, a change of laptop 40",
    )
    park_s: float = Field(
        default=300.0,
        ge=10,
        le=3600,
        description="s a parked customer waits to be taken; then they are in the queue again, ahead of those who came since",
    )
    supervision_tone: Literal["nobody", "agents", "everybody"] = Field(
        default="nobody",
        description="who hears a short signal when a supervisor begins or ends listening in; some countries' laws want everybody",
    )
    page_return_s: float = Field(
        default=30.0,
        ge=0,
        le=300,
        description="s that a caller's place is kept when their page goes away without hanging up, as by a reload: a telephone "
        "needs some ten to load a page again",
    )
    callback_flow: str = Field(
        default="callback",
        pattern=r"^[a-z0-9_]+$",
        description="id of the flow that greets a customer who is called back",
    )
    callback_ring_s: float = Field(default=25.0, ge=5, le=120, description="s a customer's phone rings; six rings")
    callbacks_most: int = Field(
        default=200,
        ge=1,
        le=10_000,
        description="callbacks that wait at once; more are not booked, since nobody could make them",
    )

    @field_validator("numbers_allowed", "numbers_refused")
    @classmethod
    def _patterns(cls, value: list[str]) -> list[str]:
        for pattern in value:
            if not _PATTERN.fullmatch(pattern) or pattern in ("", "+"):
                raise ValueError(f"{pattern!r} is no number; write +49*, +4930123456 or an extension such as 4711")
        return value

    @model_validator(mode="after")
    def _whole(self) -> CallOptions:
        if self.trunk and not _TRUNK.fullmatch(self.trunk):
            raise ValueError(
                f"trunk {self.trunk!r} must be a SIP address with {{number}}, like sip:{{number}}@gateway.example"
            )
        return self

    def dial_rules(self) -> list[str]:
        """The allowed numbers as addresses on the trunk, for the workers and the edge, which check again."""
        return [self.trunk.replace("{number}", pattern) for pattern in self.numbers_allowed] if self.trunk else []
