"""Settings of recognition."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

ADDRESS = re.compile(r"tcp:[^\s:]+:\d{1,5}")


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
    replicas: int = Field(
        default=1,
        ge=1,
        le=16,
        description="copies of the model that decode at once; on CPU one with all threads is faster, on a GPU two hide "
        "the copying",
    )
    gpus: list[int] = Field(
        default_factory=lambda: [0], min_length=1, description="CUDA devices used, by number; each runs all replicas"
    )
    batch: int = Field(
        default=8,
        ge=1,
        le=64,
        description="utterances decoded together at most; they gather only while the engine is busy",
    )
    beam: int = Field(
        default=2, ge=1, le=10, description="beam width of finals; 5 costs 40 % more for under 0.5 points"
    )
    margin_s: float = Field(
        default=1.0,
        ge=0.3,
        le=22,
        description="s of silence encoded after an utterance; what follows up to 30 s is silence encoded once",
    )
    least_window_s: float = Field(default=2.0, ge=1, le=30, description="s of the shortest window that is encoded")
    chinese_script: Literal["simplified", "traditional"] = Field(
        default="simplified", description="characters in which Chinese is written"
    )
    second_look_logprob: float = Field(
        default=-1.0,
        le=0,
        description="mean log probability below which a final is decoded again in the full 30 s window",
    )
    second_look_compression: float = Field(
        default=1.8, ge=1, description="zlib ratio of the text above which a final is decoded again"
    )
    second_look_beam: int = Field(default=5, ge=1, le=10, description="beam width of that second look")
    no_speech: float = Field(
        default=0.6, ge=0, le=1, description="probability of no speech that, with a poor score, drops the words"
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
        default=-0.8,
        le=0,
        description="mean log probability that words need when the voice is not clear; single words by telephone lie at "
        "-0.5 to -0.8, what is invented of noise at -0.8 to -1.2",
    )
    surely_spoken: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="probability of no speech, in the second look's full window, below which words of an unclear voice are "
        "believed; single words by telephone have up to 0.19 there, noises of ESC-10 0.30 and more",
    )
    phrase_logprob: float = Field(
        default=-0.5,
        le=0,
        description="mean log probability that phrases need which are often invented (thank you, one thing over and over)",
    )
    queue: int = Field(
        default=64,
        ge=4,
        le=4096,
        description="decodes that may wait; at 0.3 s each more would be answered too late anyway",
    )
    shed_backlog_ms: int = Field(
        default=1000,
        ge=0,
        le=60_000,
        description="ms of work in waiting finals above which no partials are taken; words that late show nothing new",
    )
    degrade_backlog_ms: int = Field(
        default=2000,
        ge=100,
        le=60_000,
        description="ms of work in waiting finals above which they are decoded by the faster policy (narrow beam, one "
        "look, no word times); a caller notices a wait of two seconds",
    )
    pool: list[str] = Field(
        default_factory=list,
        description="tcp:host:port of inference workers on other machines that take the decodes; empty = the one here",
    )
    listen: str = Field(
        default="",
        description="tcp:host:port on which this machine's inference worker answers other machines too; it asks for no "
        "password, so only in a private network; empty = not at all",
    )

    @property
    def engines(self) -> int:
        """Batches that are decoded at the same time."""
        return self.replicas * (1 if self.device == "cpu" else len(self.gpus))

    @field_validator("pool", "listen")
    @classmethod
    def _addresses(cls, value: list[str] | str) -> list[str] | str:
        for address in [value] if isinstance(value, str) else value:
            if address and not ADDRESS.fullmatch(address):
                raise ValueError(f"{address!r} is no address of an inference worker, which is written tcp:host:port")
        return value
