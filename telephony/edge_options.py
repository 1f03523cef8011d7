"""Settings of the edge: where calls come in, from whom, and how many."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class EdgeOptions(BaseModel):
    """Kamailio in front of the SIP workers, or (without it) one worker on the SIP port itself."""

    model_config = ConfigDict(extra="forbid")

    kamailio: Literal["auto", "on", "off", "external"] = Field(
        default="auto",
        description="auto = used when it is installed; on = required; off = one worker listens on the SIP port; "
        "external = somebody else runs it with the configuration that `warmline edge` writes",
    )
    host: str = Field(
        default="127.0.0.1", description="address SIP is taken on, UDP and TCP; loopback until opened, e.g. 0.0.0.0"
    )
    port: int = Field(default=5060, ge=1, le=65535, description="SIP port, UDP and TCP; 5060 is what phones expect")
    domain: str = Field(
        default="127.0.0.1",
        description="SIP domain and digest realm of agents' softphones; the address phones register at",
    )
    trunks: list[str] = Field(
        default_factory=list,
        description="IP addresses or networks (CIDR) that may call in without a password: your provider's gateways",
    )
    trust_loopback: bool = Field(
        default=True, description="calls from this machine itself need no password, so that a first call works at once"
    )
    max_calls: int = Field(
        default=8,
        ge=1,
        le=400,
        description="inbound calls at once; more get 503 at once. Workers of 4 calls each are started for it",
    )
    outbound_workers: int = Field(
        default=1, ge=1, le=50, description="SIP workers that ring agents' phones, 4 calls each"
    )
    worker_timeout_s: float = Field(
        default=3.0,
        ge=0.5,
        le=30,
        description="s a worker may take to answer an INVITE before the next one is tried; where that is late too, the caller "
        "gets 503, since the machine is full",
    )

    @field_validator("trunks")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for trunk in value:
            try:
                ip_network(trunk, strict=False)
            except ValueError as error:
                raise ValueError(f"{trunk!r} is neither an IP address nor a network like 192.0.2.0/24") from error
        return value
