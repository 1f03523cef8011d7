"""What the desk knows of agents and of those who wait, and what it can decide. Plain data; times are ms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Availability = Literal["offline", "available", "busy", "break", "meal", "meeting", "training", "away"]
RoutingStatus = Literal["idle", "offered", "reserved", "interacting", "acw", "not_responding"]
WhyOver = Literal["missed", "declined", "left", "overflow", "agent_offline"]


@dataclass(slots=True)
class Agent:
    """One person who takes contacts. `idle_since_ms` orders the longest idle first."""

    agent_id: str
    skills: frozenset[str]
    availability: Availability = "offline"
    status: RoutingStatus = "idle"
    since_ms: int = 0
    idle_since_ms: int = 0
    until_ms: int | None = None
    contact_id: str | None = None
    offer_id: str | None = None


@dataclass(slots=True)
class Waiting:
    """A contact in a queue, or the place of somebody who is to be called back (`callback`).

    `order` never changes, so a missed offer loses no place. `only`: the one agent who may take it. A place with
    `callback` is served by calling the customer, not before `not_before_ms`; while that goes on it is `dialling`, and
    its offer is the agent who is kept free for the answer.
    """

    contact_id: str
    queue: str
    skills: frozenset[str]
    priority: int
    enqueued_ms: int
    order: int
    overflow_ms: int | None
    announce_ms: int | None
    offer_id: str | None = None
    offer_agent: str | None = None
    offer_until_ms: int = 0
    refused_by: dict[str, int] = field(default_factory=dict)
    only: str | None = None
    callback: bool = False
    not_before_ms: int = 0
    dialling: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """Ring this agent for this contact until `until_ms`; `why` explains the choice."""

    offer_id: str
    contact_id: str
    agent_id: str
    until_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class CallBack:
    """The turn of a customer who is to be called back has come: call them. `agent_id` is kept free until `until_ms`."""

    callback_id: str
    agent_id: str
    until_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Stop ringing: the offer is over without an answer."""

    offer_id: str
    contact_id: str
    agent_id: str
    why: WhyOver


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the caller the place in the queue (1 = next) and the expected wait."""

    contact_id: str
    position: int
    eta_s: int


@dataclass(frozen=True, slots=True)
class Overflow:
    """The contact waited too long and left the queue by its overflow exit."""

    contact_id: str
    waited_ms: int


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """An agent's availability or routing status changed."""

    agent_id: str
    availability: Availability
    status: RoutingStatus
    contact_id: str | None
    until_ms: int | None


Action = Offer | CallBack | Withdraw | Announce | Overflow | AgentChanged
