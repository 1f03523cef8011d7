"""Settings of the app, its web side and the supervisor."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ServerOptions(BaseModel):
    """Where the pages are, where things are kept, how the whole stops."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(default="127.0.0.1", description="address of the pages and the API; loopback until opened")
    port: int = Field(default=8080, ge=1, le=65535, description="port of the pages and the API")
    data_dir: Path = Field(default=Path("var"), description="folder of database, recordings, models and keys")
    run_dir: Path | None = Field(
        default=None, description="folder of sockets and process state; empty = `run` in the data folder"
    )
    drain_timeout_s: float = Field(
        default=120.0,
        ge=0,
        le=86400,
        description="s that current calls may go on after SIGTERM before they are hung up; chats are not waited for, they go on with the next start",
    )
    secure_cookies: bool = Field(
        default=False, description="true when pages are served over HTTPS, so that login cookies never travel in clear"
    )
    session_hours: float = Field(
        default=12.0, gt=0, le=720, description="hours until a login ends; a shift and its overtime"
    )
    offers_per_minute: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="browser calls one address may start in a minute; keeps one page from taking all legs",
    )
    metrics_token: str = Field(
        default="",
        description="bearer token with which another machine may read /metrics; empty = this machine only",
        repr=False,
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least level that is logged"
    )
    log_format: Literal["console", "json"] = Field(default="console", description="for people or for machines")
