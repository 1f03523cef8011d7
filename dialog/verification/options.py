"""Settings of verification."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from dialog.verification.levels import DEFAULT_LEVELS, Levels, check_levels


class VerificationOptions(BaseModel):
    """Levels, one-time codes, voiceprints, and what is kept of a dropped call."""

    model_config = ConfigDict(extra="forbid")

    levels: Levels = Field(
        default_factory=lambda: {level: [list(one) for one in options] for level, options in DEFAULT_LEVELS.items()},
        description="level → combinations of factors that give it; a calling number and a voice, which can be forged, "
        "give no more than 1 whatever is written here. docs/verification.md explains the default",
    )
    number_attempts: int = Field(
        default=6,
        ge=1,
        le=100,
        description="wrong answers from one calling number, over calls and customers, before it must wait; twice a customer's, "
        "since a family or a small office shares a number",
    )
    resume_min: float = Field(
        default=5.0,
        ge=0,
        le=60,
        description="minutes within which a caller who was cut off goes on at the factor reached, from the same number; 0 = never",
    )
    key: str = Field(
        default="",
        repr=False,
        description="32 bytes as base64 that encrypt voiceprints and TOTP secrets in the database; empty = made once and kept in "
        "`verification.key` in the data folder. Without it both are lost",
    )
    webhook: str = Field(
        default="",
        pattern=r"^(https?://.+)?$",
        description="URL that sends one-time codes: gets a POST with `to`, `by` (sms, email), `code`, `locale`, `valid_s`; empty = "
        "codes cannot be sent, and a flow that needs one takes `unavailable`",
    )
    webhook_token: str = Field(default="", repr=False, description="sent as `Authorization: Bearer …` with each code")
    webhook_timeout_s: float = Field(
        default=5.0,
        gt=0,
        le=30,
        description="s until sending a code counts as failed; the caller hears the question meanwhile",
    )
    code_digits: int = Field(default=6, ge=4, le=10, description="digits of a code that is sent")
    code_valid_s: float = Field(
        default=300.0,
        ge=30,
        le=3600,
        description="s for which a code may be given; a text message can take a minute or two",
    )
    code_tries: int = Field(default=3, ge=1, le=10, description="wrong answers after which a code is void")
    codes_per_hour: int = Field(
        default=5,
        ge=1,
        le=60,
        description="codes sent to one customer in an hour; more is somebody who wants to annoy them",
    )
    voice_accept: float = Field(
        default=0.81,
        ge=-1,
        le=1,
        description="least likeness (cosine) of a voice to the voiceprint; lets in about 1 % of strangers on the telephone, and "
        "refuses every eighth owner after one sentence: docs/verification.md",
    )
    voice_days: int = Field(
        default=365, ge=1, le=3650, description="days after which a voiceprint that nobody used is deleted"
    )

    @field_validator("levels")
    @classmethod
    def _sound(cls, levels: Levels) -> Levels:
        check_levels(levels)
        return levels
