"""Settings of emotion from the voice."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ProsodyOptions(BaseModel):
    """Which weights, and how sure they must be."""

    model_config = ConfigDict(extra="forbid")

    weights: str = Field(
        default="",
        description="model weights: empty = those that come with the product, `research-nc` = those trained on "
        "non-commercial data, or a file (docs/prosody.md)",
    )
    min_confidence: float = Field(
        default=0.45,
        ge=0.25,
        le=0.99,
        description="least calibrated probability of the best label; below it the label is `unknown`. 0.25 is chance",
    )
    caution: float = Field(
        default=2.0,
        ge=1.0,
        le=5.0,
        description="divisor of the evidence: 1 is right for speakers like those trained on; on another corpus that gave a "
        "confidence of 0.80 where 0.56 was right, and callers are strangers too",
    )
    min_voice: float = Field(
        default=0.5,
        ge=0.0,
        le=1.0,
        description="least probability that a voice is heard and not music or noise; below it the label is `unknown`",
    )
    min_voiced_ms: int = Field(
        default=300,
        ge=100,
        le=3000,
        description="ms of voiced speech needed for a label; a `yes` carries no emotion one can trust",
    )
