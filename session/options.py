"""Settings of the store."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class StoreOptions(BaseModel):
    """Where conversations are kept."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        default="",
        description="SQLAlchemy async URL; empty = SQLite file `warmline.db` in the data directory, "
        "so that one machine needs no database server.",
    )
    busy_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="seconds a SQLite writer waits for another; writes here take milliseconds"
    )
    affect_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="days after which what voices conveyed is deleted, and what was learnt of a customer's voice with it; "
        "no longer than its purpose needs (GDPR Art. 5(1)(e), PIPL Art. 19): a month is enough to look into a complaint",
    )
