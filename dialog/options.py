"""Settings of what the bot says and does."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from dialog.actions.options import ActionOptions
from dialog.verification.options import VerificationOptions
from session.policy import PolicyName


class NumberOptions(BaseModel):
    """What answers a called number."""

    model_config = ConfigDict(extra="forbid")

    flow: str = Field(
        default="support",
        pattern=r"^[a-z0-9_]+$",
        description="id of the flow that answers; the file `<id>.yaml` in the flows folder",
    )
    locale: str = Field(
        default="en", description="BCP-47 language of the greeting; the bot then follows the caller's language"
    )
    languages: list[str] = Field(
        default=["en", "zh"],
        min_length=1,
        description="languages the recogniser chooses among; one alone is faster and never mistaken",
    )
    emotion: PolicyName = Field(
        default="eu",
        description="what the law where these callers are allows of their voice: `eu`, `cn` (a question of its own), or "
        "`off`; docs/emotion-consent.md. `eu` still analyses nobody whom the flow has not asked and who has not said yes",
    )


class DialogOptions(BaseModel):
    """Flows, understanding and knowledge."""

    model_config = ConfigDict(extra="forbid")

    flows_dir: str = Field(
        default="flows",
        description="folder of flows, intents, knowledge and sample customers, relative to the installation",
    )
    numbers: dict[str, NumberOptions] = Field(
        default_factory=lambda: {"*": NumberOptions()},
        description="called number (the user part of the address, or `web` for the page) → what answers; `*` = all others",
    )
    customers: str = Field(
        default="customers.sample.yaml",
        description="customer directory file, inside the flows folder or by its full path; the sample is for trying out",
    )
    company: dict[str, str] = Field(
        default={"en": "Warmline", "zh-CN": "暖线"}, description="{{company}} in prompts, by locale"
    )
    no_input_s: float = Field(
        default=6.0,
        ge=2,
        le=60,
        description="s of silence after a question before it is asked again; people think for 2–4 s",
    )
    chat_no_input_s: float = Field(
        default=300.0,
        ge=10,
        le=86400,
        description="s of silence in a chat before it is asked again; people type and do other things",
    )
    max_no_input: int = Field(
        default=2, ge=0, le=5, description="times a question is asked again in silence before `on_silence` takes over"
    )
    interdigit_s: float = Field(
        default=4.0, ge=1, le=20, description="s between two keys before the entry counts as finished"
    )
    sure_digits: float = Field(
        default=0.97,
        ge=0,
        le=1,
        description="confidence below which spoken digits are read back for a yes, or, when secret, asked for again; "
        "docs/spoken-digits.md has the measured table",
    )
    intent_min: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="least probability of an intent; 0 = the threshold found by cross-validation at start",
    )
    knowledge_min: float = Field(
        default=0.44,
        ge=0,
        le=1,
        description="least score of an article to be spoken; below it is a gap. On the sample base right answers score "
        "0.45 and more (38 of 42), unrelated questions mostly below 0.44",
    )
    switch_confidence: float = Field(
        default=0.85,
        ge=0,
        le=1,
        description="recogniser confidence at which one word is enough to follow the caller's language",
    )
    lockout_attempts: int = Field(
        default=3, ge=1, le=10, description="wrong PINs in a row, over calls, before a customer or number must wait"
    )
    lockout_s: float = Field(
        default=900.0, ge=1, le=86400, description="s of the first lockout; doubles with each further one, up to a day"
    )

    verification: VerificationOptions = Field(default_factory=VerificationOptions)

    actions: ActionOptions = Field(default_factory=ActionOptions)
    experiment_salt: str = Field(
        default="",
        repr=False,
        description="key by which customers are given variants and recorded; with another one everybody is dealt anew",
    )
    filters: list[str] = Field(
        default=["zh-CN-finance", "zh-CN-advertising", "us-CA", "eu"],
        description="policy packs that bot and agents are held to, files `filters/<id>.yaml` in the flows folder; "
        "docs/content-filter.md",
    )

    def number(self, called: str) -> NumberOptions:
        """What answers `called` (a SIP user, a number, or `web`)."""
        return self.numbers.get(called) or self.numbers.get("*") or NumberOptions()
