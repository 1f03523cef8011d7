"""Settings of recognition."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class AsrOptions(BaseModel):
    """Which model, where it runs, and when it is believed."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(
        default="whisper-base",
        description="name of an installed model (`warmline models`) or the folder of any CTranslate2 Whisper model; "
        "base is the largest that keeps up with several calls on two cores",
    )
    device: Literal["cpu", "cuda", "auto"] = Field(
        default="cpu", description="where it runs; auto = GPU if one is there"
    )
    compute_type: str = Field(
        default="int8", description="CTranslate2 arithmetic: int8 on CPU, float16 or int8_float16 on CUDA"
    )
    threads: int = Field(
        default=2, ge=1, le=64, description="CPU threads of one decode; measured: two beat two decodes of one"
    )
    beam: int = Field(
        default=2, ge=1, le=10, description="beam width of finals; 5 costs 40 % more for under 0.5 points"
    )
    margin_s: float = Field(
        default=4.5, ge=4.0, le=22, description="s of silence appended to an utterance; below 4 s accuracy collapses"
    )
    least_window_s: float = Field(
        default=8.0, ge=8, le=30, description="s of the shortest window; shorter ones lose accuracy"
    )
    word_times: bool = Field(
        default=False,
        description="true gives finals the time of each word, for 35–65 ms more per final on two cores",
    )
    second_look_logprob: float = Field(
        default=-0.9,
        le=0,
        description="mean log probability below which a final is decoded again in the full 30 s window",
    )
    reject_logprob: float = Field(
        default=-1.2, le=0, description="mean log probability below which words are taken for invented and dropped"
    )
    reject_compression: float = Field(
        default=2.4, ge=1, description="zlib ratio of the text above which it is a repetition; OpenAI's own threshold"
    )
    speech_probability: float = Field(
        default=0.5, ge=0.05, le=0.95, description="Silero probability from which a 32 ms frame counts as speech"
    )
    least_speech_ms: int = Field(
        default=96,
        ge=32,
        le=1000,
        description="ms of frames that count as speech an utterance needs; the shortest words have 130",
    )
    clear_voice: float = Field(
        default=0.87,
        ge=0,
        le=1,
        description="mean Silero probability of an utterance's four best frames from which it is surely "
        "a voice; measured: 1 % of human sentences lie below, no noise of ESC-10 above",
    )
    unclear_logprob: float = Field(
        default=-0.6,
        le=0,
        description="mean log probability that words need when the voice is not clear (isolated digits at 8 kHz)",
    )
    queue: int = Field(
        default=64,
        ge=4,
        le=4096,
        description="decodes that may wait; at 0.3 s each more would be answered too late anyway",
    )
