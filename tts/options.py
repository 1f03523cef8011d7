"""Settings of the bot's voice."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

EngineName = Literal["hibari", "kokoro", "espeak"]


def _default_order() -> dict[str, list[EngineName]]:
    return {"en": ["hibari", "kokoro", "espeak"], "zh": ["kokoro", "espeak"], "*": ["espeak"]}


class TtsOptions(BaseModel):
    """Which engine says what, how loud, and what is kept."""

    model_config = ConfigDict(extra="forbid")

    engines: dict[str, list[EngineName]] = Field(
        default_factory=_default_order,
        description="language (`*` = any other) → engines in the order they are tried; measured: hibari is ten times "
        "faster than Kokoro but knows English only",
    )
    voices: dict[EngineName, str] = Field(
        default={"hibari": "heart", "kokoro": "zf_xiaoxiao"},
        description="voice of each engine when the flow names none; hibari carries `heart`, Kokoro's are files in "
        "`kokoro/voices` of the models folder",
    )
    rate: Literal[16000, 24000] = Field(
        default=16000,
        description="Hz of the audio handed to legs; legs mix, record and bridge at 16 kHz, so it is resampled once here",
    )
    level_dbfs: float = Field(
        default=-20.0,
        ge=-40,
        le=-10,
        description="dBFS RMS of speech, the same for every engine; telephony's usual level",
    )
    speed: float = Field(default=1.0, ge=0.5, le=2.0, description="factor of speaking pace; 1 = the voice's own")
    threads: int = Field(
        default=2,
        ge=1,
        le=16,
        description="CPU threads of one Kokoro synthesis; with two it runs faster than real time",
    )
    late_s: float = Field(
        default=6.0,
        ge=1,
        le=60,
        description="s of silence that a caller hears before the rest of a prompt is spoken by the last engine of its language, which "
        "is the quickest; on a machine that is overloaded a robot is better than a dead line",
    )
    espeak_timeout_s: float = Field(
        default=10.0, ge=1, le=60, description="s after which espeak-ng is killed; it needs ~10 ms for a sentence"
    )
    cache_dir: str = Field(
        default="", description="folder of the prompt cache; empty = `cache/tts` beside the models folder"
    )
    cache_mb: int = Field(
        default=256,
        ge=1,
        le=65536,
        description="MB of prompts kept on disk, least recently used dropped; ~30 KB per clause",
    )
    memory_mb: int = Field(
        default=32,
        ge=1,
        le=4096,
        description="MB of recent clauses kept in memory only; sentences with caller's facts stay here",
    )
