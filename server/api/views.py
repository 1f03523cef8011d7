"""What agents and supervisors are shown of live contacts: shapes of the API. Times are UTC; `_ms` are durations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Availability = Literal["offline", "available", "busy", "break", "meal", "meeting", "training", "away"]
Status = Literal["idle", "offered", "reserved", "interacting", "communicating", "acw", "not_responding", "error"]
Device = Literal["browser", "sip", "uri"]
Channel = Literal["voice", "video", "chat"]
PartyRole = Literal["customer", "agent", "outside", "supervisor"]
PartyState = Literal["ringing", "connected", "held", "away"]
Mode = Literal["active", "monitor", "whisper", "barge"]
Supervising = Literal["monitor", "whisper", "barge"]
TargetKind = Literal["agent", "queue", "flow", "number", "sip"]
Recording = Literal["on", "paused", "off"]


@dataclass(frozen=True, slots=True)
class Target:
    """To whom a contact is to go: an agent (login or id), a queue, a flow, a number or a SIP address. `note`: for them alone."""

    kind: TargetKind
    to: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody in a contact. `me`: whoever asks; `held` hear music; `away`: their page or line is gone, their place is kept."""

    party_id: str
    role: PartyRole
    name: str
    state: PartyState
    mode: Mode
    transport: Literal["sip", "webrtc", "chat"]
    me: bool


@dataclass(frozen=True, slots=True)
class OfferView:
    """A contact that rings at an agent until `until`; `why` explains the desk's choice."""

    offer_id: str
    contact_id: str
    conversation_id: str
    channel: Channel
    queue: str
    reason: str
    summary: str
    facts: dict[str, str]
    customer_name: str
    waited_ms: int
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact that an agent is in, or does after-call work for. `emotion` and `frustration` only with consent.

    `asker` and `asked`: the parties of a consultation or of a transfer that still rings; None when nobody is asked.
    """

    contact_id: str
    conversation_id: str
    channel: Channel
    queue: str
    customer_id: str | None
    customer_name: str
    state: Literal["connected", "held", "away", "acw"]
    since: datetime
    acw_until: datetime | None
    emotion: str | None
    frustration: float | None
    muted: bool
    recording: Recording
    parties: list[Party]
    asker: str | None
    asked: str | None
    parked: str | None


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many contacts of a kind at once."""

    voice: int
    chat: int


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue as its agents see it. `service_level`: share answered in `sl_target_s`, of the last while; None = none yet."""

    queue: str
    name: str
    waiting: int
    longest_wait_ms: int
    service_level: float | None
    sl_target_s: float


@dataclass(frozen=True, slots=True)
class AgentView:
    """What an agent's page shows of the agent. `missed`: offers in a row; `registered`: of a softphone."""

    availability: Availability
    reason: str
    next_availability: Availability | None
    status: Status
    since: datetime
    until: datetime | None
    missed: int
    device: Device
    uri: str
    registered: bool | None
    capacity: Capacity
    contacts: list[ContactView]
    offers: list[OfferView]
    queues: list[QueueView]


@dataclass(frozen=True, slots=True)
class Taken:
    """A contact was taken. `sdp` and `leg_id` only in a browser: phones ring, and chats have no leg."""

    sdp: str | None
    leg_id: str | None
    contact_id: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Rejoined:
    """The agent's browser is in the call (again)."""

    sdp: str
    leg_id: str


@dataclass(frozen=True, slots=True)
class Parked:
    """A customer who waits to be taken back by a code."""

    code: str
    contact_id: str
    customer_name: str
    since: datetime
    by: str


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """Somebody or something that a contact may be transferred to."""

    kind: Literal["agent", "queue", "flow", "number"]
    to: str
    name: str
    state: Literal["free", "busy", "away", "offline"] | None
    detail: str


@dataclass(frozen=True, slots=True)
class BoardAgentContact:
    """Whom an agent serves, and how that customer feels."""

    contact_id: str
    customer_name: str
    emotion: str | None
    frustration: float | None
    since: datetime


@dataclass(frozen=True, slots=True)
class BoardAgent:
    """One line of the agents' grid."""

    user_id: str
    name: str
    availability: Availability
    status: Status
    since: datetime
    until: datetime | None
    contacts: list[BoardAgentContact]
    skills: list[str]


@dataclass(frozen=True, slots=True)
class BoardQueue:
    """One line of the queues' grid."""

    queue: str
    name: str
    waiting: int
    longest_wait_ms: int
    service_level: float | None
    answered: int
    abandoned: int
    offered: int
    agents_available: int


@dataclass(frozen=True, slots=True)
class BoardContact:
    """One live contact. `waited_ms`: in the queue, 0 elsewhere."""

    contact_id: str
    conversation_id: str
    state: str
    queue: str
    waited_ms: int
    agent: str | None
    emotion: str | None


@dataclass(frozen=True, slots=True)
class Board:
    """What a supervisor watches."""

    agents: list[BoardAgent]
    queues: list[BoardQueue]
    contacts: list[BoardContact]


@dataclass(frozen=True, slots=True)
class Supervision:
    """A supervisor joined. Without `sdp` their phone rings; in a chat there is no leg."""

    sdp: str | None
    leg_id: str | None
    party_id: str
