"""Settings of audio in motion."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class MediaOptions(BaseModel):
    """How legs listen, speak and end. Every duration names its unit."""

    model_config = ConfigDict(extra="forbid")

    endpoint_least_ms: int = Field(
        default=240,
        ge=160,
        le=1000,
        description="ms of silence before an utterance may end, however finished it sounds; pauses for breath are longer",
    )
    endpoint_most_ms: int = Field(
        default=1200,
        ge=400,
        le=4000,
        description="ms of silence that end an utterance, however unfinished it sounds; longer feels like a dead line",
    )
    endpoint_unheard_ms: int = Field(
        default=600,
        ge=200,
        le=2000,
        description="ms of silence that end an utterance whose words have not come yet; a busy recogniser delays no turn "
        "for longer",
    )
    endpoint_digits_ms: int = Field(
        default=1000,
        ge=300,
        le=4000,
        description="ms of silence that end dictated digits when nobody knows how many come; people pause up to ~700 ms "
        "between groups",
    )
    speculate_silence_ms: int = Field(
        default=120,
        ge=60,
        le=1000,
        description="ms of silence after which the final decode is requested ahead of the decision; its words decide when "
        "that falls. Earlier costs more decodes for nothing: at 120 ms 7 % more than at 160 ms",
    )
    no_rtp_timeout_s: float = Field(
        default=15.0,
        ge=2,
        le=600,
        description="s without an inbound packet before a leg ends with reason no_rtp; survives a Wi-Fi roam",
    )
    silent_after_s: float = Field(
        default=1.5,
        ge=0.5,
        le=60,
        description="s without an inbound packet before a leg is reported silent, so that whoever talks to it may be told "
        "to wait; looked at twice a second, so a page that was reloaded is noticed within 2 s",
    )
    max_utterance_s: float = Field(
        default=28.0, ge=5, le=29.5, description="s after which an utterance is cut; Whisper sees at most 30 s"
    )
    webrtc_workers: int = Field(
        default=2, ge=1, le=64, description="WebRTC leg processes; one per core keeps every core used"
    )
    webrtc_legs_per_worker: int = Field(
        default=8,
        ge=1,
        le=64,
        description="legs one WebRTC process takes; ~3 % of a core each, more would share one interpreter lock",
    )
    webrtc_bind: str = Field(
        default="127.0.0.1", description="address ICE candidates are gathered on; loopback until opened"
    )
    stun_url: str = Field(
        default="", description="stun:host:port for servers behind NAT; empty = none, nothing leaves the machine"
    )
    turn_url: str = Field(default="", description="turn:host:port handed to browsers and used by legs; empty = none")
    turn_secret: str = Field(
        default="", description="coturn static-auth-secret, for time-limited credentials", repr=False
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.endpoint_least_ms > self.endpoint_most_ms:
            raise ValueError(
                f"endpoint_least_ms ({self.endpoint_least_ms}) must not exceed endpoint_most_ms ({self.endpoint_most_ms})"
            )
        return self
