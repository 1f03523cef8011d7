"""Plain values that go in and out of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Device = Literal["sip", "uri", "browser"]
Role = Literal["admin", "supervisor", "agent", "designer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUtterance:
    """A final utterance to be stored."""

    utterance_id: str
    contact_id: str
    participant_id: str
    leg_id: str
    role: str
    t0_ms: int
    t1_ms: int
    text: str
    language: str
    confidence: float
    words: list[Any]
    ledger: list[Any]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAffect:
    """What an utterance conveyed by voice, words and context: arousal and valence −1…1, confidence and frustration 0…1.

    `label` is this utterance's own, `trend` the settled one of the conversation, which does not flap.
    """

    utterance_id: str
    arousal: float
    valence: float
    label: str
    confidence: float
    evidence: list[Any]
    frustration: float
    trend: str
    disagreement: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """A committed event, or (seq None) a live one that is only shown."""

    seq: int | None
    conversation_id: str
    contact_id: str | None
    participant_id: str | None
    leg_id: str | None
    type: str
    payload: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRun:
    """A live contact's saved state."""

    contact_id: str
    flow_id: str
    flow_sha: str
    state: bytes
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Skill:
    """What an agent can do, and how well: 1–5."""

    skill: str
    level: int = 3

    @classmethod
    def of(cls, value: Any) -> Skill:
        """As it is stored: a name, or a name with a level."""
        return cls(value) if isinstance(value, str) else cls(value["skill"], value["level"])


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """A user with, for agents, how they are reached and what they take. `queues`: empty = all whose skills they have.

    `next_availability`: chosen for after their contacts; `missed`: offers in a row.
    """

    user_id: str
    name: str
    display_name: str
    roles: tuple[str, ...]
    locale: str
    password_hash: str
    token_epoch: int
    disabled: bool
    device: Device | None = None
    uri: str = ""
    skills: tuple[Skill, ...] = ()
    queues: tuple[str, ...] = ()
    voice_capacity: int = 1
    chat_capacity: int = 2
    availability: str = "offline"
    reason: str = ""
    next_availability: str | None = None
    next_reason: str = ""
    missed: int = 0
