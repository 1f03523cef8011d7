"""Settings of the telephone side."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Codec = Literal["G722", "PCMU", "PCMA"]


class SipLegOptions(BaseModel):
    """How one SIP worker listens, negotiates audio and places calls."""

    model_config = ConfigDict(extra="forbid")

    worker_host: str = Field(
        default="127.0.0.1",
        description="address SIP workers listen on; loopback, since callers come through the edge (without an edge: the open address)",
    )
    worker_base_port: int = Field(
        default=5070, ge=1024, le=65000, description="SIP port of worker 0; worker n listens on this + n (UDP and TCP)"
    )
    media_host: str = Field(
        default="127.0.0.1",
        description="address RTP is received on; loopback until opened, then the address phones can reach",
    )
    rtp_base_port: int = Field(
        default=20000,
        ge=1024,
        le=65000,
        description="first RTP port of worker 0; worker n starts at this + n × rtp_ports",
    )
    rtp_ports: int = Field(
        default=40,
        ge=8,
        le=4000,
        description="RTP+RTCP ports per worker: two per call, with room for ports not yet released",
    )
    codecs: list[Codec] = Field(
        default_factory=lambda: list[Codec](["G722", "PCMU", "PCMA"]),
        min_length=1,
        description="audio codecs in order of preference; G.722 first because 16 kHz speech is recognised better than 8 kHz",
    )
    srtp: Literal["off", "optional", "mandatory"] = Field(
        default="optional",
        description="SDES SRTP: taken when the phone has it, unless mandatory (calls without it get 488) or off",
    )
    dtmf: list[Literal["rfc4733", "info"]] = Field(
        default_factory=lambda: list[Literal["rfc4733", "info"]](["rfc4733", "info"]),
        description="ways in which a caller's keys are believed; turn one off when a trunk sends both and keys come double",
    )
    answer_within_s: float = Field(
        default=5.0,
        ge=1,
        le=60,
        description="s an offered call waits for the app before it gets 504 (through the edge 503); silence would be worse",
    )
    retry_after_s: int = Field(default=30, ge=1, le=3600, description="s named in Retry-After of every 503 and 504")
    dial_allowed: list[str] = Field(
        default_factory=list,
        description="targets a call may be placed to besides agents registered at the edge: URIs like sip:desk@pbx.example or "
        "patterns with * inside the user part; empty = none, so that nobody dials at our cost",
    )
    dial_user: str = Field(
        default="", description="digest user for calls placed through the edge; empty = no credentials"
    )
    dial_secret: str = Field(default="", description="password of dial_user", repr=False)
    dial_proxy: str = Field(
        default="",
        description="sip: URI of the edge that placed calls go through, with ;lr; empty = straight to the target",
    )
    dial_domain: str = Field(
        default="",
        description="domain (host or host:port) of agents registered at the edge: sip:NAME@this may be dialled; "
        "empty = the edge's own",
    )
    user_agent: str = Field(
        default="Warmline", description="User-Agent sent; no version, which would only help attackers"
    )
