"""Settings of what flows may do outside."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

_HOST = re.compile(r"(https?://)?(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?|(https?://)?\[[0-9A-Fa-f:]+\](:\d{1,5})?")


class ActionOptions(BaseModel):
    """Requests to business systems."""

    model_config = ConfigDict(extra="forbid")

    allowed_hosts: list[str] = Field(
        default_factory=list,
        description="hosts that flows may call, like `api.example.com`, `*.example.com`, or `http://10.0.0.5:8080` (without "
        "http:// only https is allowed; without a port, the usual one); empty = none, so no file can reach into the network",
    )
    secrets: dict[str, SecretStr] = Field(
        default_factory=dict,
        repr=False,
        description='name → secret that flows refer to; best in the environment: WARMLINE_DIALOG__ACTIONS__SECRETS=\'{"name": "…"}\'',
    )
    mock: bool = Field(
        default=False, description="answer requests with the `mock` of their block, to try flows without the systems"
    )
    connections: int = Field(
        default=50, ge=1, le=1000, description="requests at once; more wait, within their time limit"
    )

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, hosts: list[str]) -> list[str]:
        for host in hosts:
            if not _HOST.fullmatch(host):
                raise ValueError(f"{host!r} is no host; write like `api.example.com` or `http://10.0.0.5:8080`")
        return hosts
