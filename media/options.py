"""Settings of audio in motion."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class MediaOptions(BaseModel):
    """How legs listen, speak and end. Every duration names its unit."""

    model_config = ConfigDict(extra="forbid")

    endpoint_silence_ms: int = Field(
        default=500,
        ge=200,
        le=2000,
        description="ms of silence that end an utterance; people pause up to ~400 ms inside one",
    )
    speculate_silence_ms: int = Field(
        default=160,
        ge=60,
        le=1000,
        description="ms of silence after which the final decode is requested ahead of the decision",
    )
    no_rtp_timeout_s: float = Field(
        default=15.0,
        ge=2,
        le=600,
        description="s without an inbound packet before a leg ends with reason no_rtp; survives a Wi-Fi roam",
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
