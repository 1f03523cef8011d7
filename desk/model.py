"""What the desk knows of agents and of those who wait, and what it can decide. Plain data; times are ms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Availability = Literal["offline", "available", "busy", "break", "meal", "meeting", "training", "away"]
RoutingStatus = Literal["idle", "offered", "reserved", "interacting", "communicating", "acw", "not_responding", "error"]
Channel = Literal["voice", "video", "chat"]
Slot = Literal["voice", "chat"]
WhyOver = Literal["missed", "declined", "left", "overflow", "agent_offline", "answered_elsewhere"]
WhyOut = Literal["waited", "full", "closed"]
Needs = tuple[tuple[str, int], ...]
"""Skill and least level of it, by name."""


def slot_of(channel: Channel) -> Slot:
    """Who is seen cannot talk to another at the same time: video takes a place of voice."""
    return "chat" if channel == "chat" else "voice"


@dataclass(frozen=True, slots=True)
class Capacity:
    """Contacts that an agent holds at once; a call (with or without picture) and chats go side by side."""

    voice: int = 1
    chat: int = 2

    def of(self, slot: Slot) -> int:
        """Of one kind."""
        return self.chat if slot == "chat" else self.voice


@dataclass(slots=True)
class Held:
    """A contact that an agent has: they talk, or (`acw_until_ms`) do the work after it. `own`: no queue's call."""

    contact_id: str
    channel: Channel
    queue: str
    since_ms: int
    acw_until_ms: int | None = None
    own: bool = False


@dataclass(slots=True)
class Agent:
    """One person who takes contacts. `idle_since_ms` orders the longest idle first. `status` follows from the rest."""

    agent_id: str
    index: int
    skills: dict[str, int]
    queues: frozenset[str] = frozenset()
    capacity: Capacity = Capacity()
    availability: Availability = "offline"
    reason: str = ""
    next_availability: Availability | None = None
    next_reason: str = ""
    status: RoutingStatus = "idle"
    since_ms: int = 0
    idle_since_ms: int = 0
    offer_id: str | None = None
    reserved: bool = False
    """The offer only keeps them free, until a customer who is called back answers."""
    held: dict[str, Held] = field(default_factory=dict)
    quiet_until_ms: int | None = None
    """Not responding until then."""
    missed: int = 0
    lost_at_ms: int | None = None
    """Their page is gone since."""
    fault: str = ""
    """Why their phone or device takes no calls; chats it does not touch."""
    present_ms: int = 0
    """Time spent available, up to `counted_ms`."""
    busy_ms: int = 0
    counted_ms: int = 0
    counts: tuple[bool, bool] = (False, False)
    """Since `counted_ms`: available, busy."""
    removed: bool = False
    turns: dict[str, int] = field(default_factory=dict)
    """Queue → the number of its offer that this agent had last; for round robin."""

    @property
    def contact_id(self) -> str | None:
        """Whom they talk to (the first), or are doing after-call work for."""
        talks = [held.contact_id for held in self.held.values() if held.acw_until_ms is None]
        return next(iter(talks or self.held), None)

    @property
    def until_ms(self) -> int | None:
        """When the status ends by itself."""
        if self.status == "not_responding":
            return self.quiet_until_ms
        if self.status == "acw":
            return min(h.acw_until_ms for h in self.held.values() if h.acw_until_ms is not None)
        return None

    def taken(self, slot: Slot) -> int:
        """Places of a kind that are in use, after-call work among them."""
        return sum(1 for held in self.held.values() if slot_of(held.channel) == slot)


@dataclass(slots=True)
class Waiting:
    """A contact in a queue, or the place of somebody who is to be called back (`callback`).

    `order` never changes, so a missed offer loses no place. `only`: the one agent who may take it; `preferred`: the
    one who is waited for until `preferred_until_ms`. A place with `callback` is served by calling the customer, not
    before `not_before_ms`; while that goes on it is `dialling`, and its offer is the agent who is kept free.
    """

    contact_id: str
    queue: str
    channel: Channel
    wants: Needs
    """What it asks for besides what its queue does."""
    priority: int
    enqueued_ms: int
    order: int
    head_ms: int = 0
    """The head start of an upset caller."""
    overflow_ms: int | None = None
    joined_ms: int = 0
    """This queue; it may have waited in others before."""
    leaves_ms: int | None = None
    """When the queue's own limit is over."""
    announce_ms: int | None = None
    announce_every_ms: int = 30_000
    offers: dict[str, str] = field(default_factory=dict)
    """Offer → agent; several only where all are rung."""
    offer_until_ms: int = 0
    only: str | None = None
    but: frozenset[str] = frozenset()
    """Agents who may not take it: they are in it already."""
    preferred: str | None = None
    preferred_until_ms: int | None = None
    callback: bool = False
    not_before_ms: int = 0
    dialling: bool = False
    called: bool = False
    """We called them: their wait is no measure of the queue."""
    been: tuple[str, ...] = ()
    """Queues it overflowed from."""

    @property
    def offer_id(self) -> str | None:
        """The (first) offer that is out."""
        return next(iter(self.offers), None)

    @property
    def offer_agent(self) -> str | None:
        """Who is offered it (first)."""
        return next(iter(self.offers.values()), None)


@dataclass(frozen=True, slots=True)
class Decision:
    """Why this agent and not the others. `passed_over`: reason → how many agents; `behind`: who came next, and why."""

    queue: str
    strategy: str
    chosen: str
    why: str
    points: float
    waited_ms: int
    considered: int
    able: int
    passed_over: dict[str, int] = field(default_factory=dict)
    behind: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """Ring this agent for this contact until `until_ms`; `why` explains the choice in a sentence."""

    offer_id: str
    contact_id: str
    agent_id: str
    until_ms: int
    why: str
    decision: Decision


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
    """Tell the caller the place in the queue (1 = next) and the expected wait, or one of them."""

    contact_id: str
    position: int
    eta_s: int
    say_position: bool = True
    say_wait: bool = True


@dataclass(frozen=True, slots=True)
class Overflow:
    """The contact left the queue by the flow's exit: it waited too long, the queue is full, or nobody is there now."""

    contact_id: str
    waited_ms: int
    why: WhyOut = "waited"


@dataclass(frozen=True, slots=True)
class Moved:
    """The contact overflowed into another queue, where it waits on at the age that it has."""

    contact_id: str
    previous: str
    queue: str
    waited_ms: int
    why: WhyOut


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """An agent's availability or routing status changed."""

    agent_id: str
    availability: Availability
    status: RoutingStatus
    contact_id: str | None
    until_ms: int | None
    reason: str = ""
    next_availability: Availability | None = None
    next_reason: str = ""
    missed: int = 0


Action = Offer | CallBack | Withdraw | Announce | Overflow | Moved | AgentChanged
