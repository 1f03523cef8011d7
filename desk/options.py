"""Settings of queues and agents."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class DeskOptions(BaseModel):
    """How contacts wait for agents and how agents are offered contacts."""

    model_config = ConfigDict(extra="forbid")

    ring_s: float = Field(
        default=20.0,
        ge=3,
        le=120,
        description="s an offer rings before it counts as missed; five rings of a desk phone. Of queues without their own",
    )
    acw_s: float = Field(
        default=60.0,
        ge=0,
        le=3600,
        description="s of after-call work before an agent is free again; wrap-up may end it earlier. Of queues without their own",
    )
    not_responding_s: float = Field(
        default=30.0,
        ge=0,
        le=3600,
        description="s an agent who missed or declined is left alone; softphone agents have no page to come back from",
    )
    acw_extend_s: float = Field(
        default=900.0,
        ge=60,
        le=7200,
        description="s that after-call work can be extended to, from now; who needs longer chooses `busy`",
    )
    reconnect_s: float = Field(
        default=60.0,
        ge=5,
        le=600,
        description="s an agent whose page is gone stays as they were; a reload takes 3, a change of laptop 40",
    )
    callback_dial_s: float = Field(
        default=45.0,
        ge=10,
        le=180,
        description="s an agent is kept free while a customer is called back: it rings 25 s, and the greeting waits for a yes",
    )
    announce_every_s: float = Field(
        default=30.0,
        ge=5,
        le=600,
        description="s between position announcements; shorter ones annoy, longer ones worry",
    )
    handle_time_s: float = Field(
        default=240.0,
        ge=10,
        le=7200,
        description="s of talk and after-call work assumed until ten calls were measured; for waiting estimates",
    )
    hold_music: str = Field(
        default="flows/audio/hold.flac",
        description="audio file played to waiting and held callers, relative to the installation",
    )
