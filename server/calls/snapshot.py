"""What is saved of a live contact after each step, so that a restarted app can take the call back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from server.calls.affect import MoodSnapshot
from session.consent import MOOD, tells_mood
from session.policy import PolicyName

if TYPE_CHECKING:
    from server.calls.contact import Contact

Phase = Literal["flow", "queued", "transfer", "talking", "ended"]


class AgentSnapshot(msgspec.Struct, kw_only=True, frozen=True):
    """The agent's side: who, on which leg, and whether the caller waits on hold."""

    user_id: str
    name: str
    leg_id: str
    participant_id: str
    holding: bool = False
    ringing: str = ""
    """The offer that rings still; empty = they talk."""


class OutsideSnapshot(msgspec.Struct, kw_only=True, frozen=True):
    """The line to somebody outside, to whom the caller is or is being transferred."""

    transfer_id: str
    leg_id: str
    participant_id: str
    connected: bool


class QueueSnapshot(msgspec.Struct, kw_only=True, frozen=True):
    """The place in the queue. `enqueued_at` is UTC epoch ms, since monotonic clocks end with the process."""

    queue: str
    skills: list[str]
    priority: int
    reason: str
    summary: str
    facts: dict[str, str]
    enqueued_at: int
    overflow_s: float | None
    announce: bool = True
    announce_every_s: float | None = None
    frustration: float = 0.0
    """0…1, where the caller consented to have it felt; puts them ahead a little."""
    whisper: str = ""
    """Said to the agent before the caller is let through."""
    only: str = ""
    """The one agent who may take it."""
    transfer_id: str = ""
    """The transfer that this is part of: what comes of it is told as its result."""


def without_mood(queue: QueueSnapshot) -> QueueSnapshot:
    """What agents are told, after the caller took consent back."""
    facts = {key: value for key, value in queue.facts.items() if key != MOOD}
    reason = "" if tells_mood(queue.reason) else queue.reason
    return msgspec.structs.replace(queue, facts=facts, reason=reason, frustration=0.0)


class MediaSnapshot(msgspec.Struct, kw_only=True, frozen=True):
    """What the flow ordered of the caller's media."""

    masked: bool = False
    analysis: bool = True
    holding: bool = False


class PlaceSnapshot(msgspec.Struct, kw_only=True, frozen=True):
    """The callback that a call makes good, and the place in the queue that comes with it."""

    callback_id: str
    queue: QueueSnapshot


class ContactSnapshot(msgspec.Struct, kw_only=True, frozen=True):
    """Everything a contact needs to go on; `run` is the flow engine's own state."""

    conversation_id: str
    contact_id: str
    flow_id: str
    language: str
    languages: list[str]
    phase: Phase
    customer_leg_id: str
    customer_participant_id: str
    bot_participant_id: str
    run: msgspec.Raw
    queue: QueueSnapshot | None = None
    agent: AgentSnapshot | None = None
    outside: OutsideSnapshot | None = None
    flows: int = 0
    """Flows that the call went through by transfer."""
    callback: PlaceSnapshot | None = None
    served: bool = False
    waited_since: int = 0
    media: MediaSnapshot | None = None
    refused: bool = False
    """The caller refused to be recorded: whatever file the worker still closes is deleted."""
    ending: str = ""
    """The disposition of a call whose goodbye is being said."""
    policy: PolicyName = "off"
    mood: MoodSnapshot | None = None
    """What was felt so far; only while the consent stands, which a restarted app reads from the store."""


def snapshot_of(contact: Contact) -> ContactSnapshot:
    """The state a restarted app needs."""
    return ContactSnapshot(
        conversation_id=contact.conversation_id,
        contact_id=contact.contact_id,
        flow_id=contact.flow_id,
        language=contact.language,
        languages=contact.languages,
        phase=contact.phase,
        customer_leg_id=contact.customer.leg_id,
        customer_participant_id=contact.customer.participant_id,
        bot_participant_id=contact.bot_participant_id,
        run=msgspec.Raw(contact.run.dump()),
        queue=contact.queue,
        refused=contact.refused,
        ending=contact.ending,
        policy=contact.policy,
        mood=contact.feelings.snapshot() or contact.mood,
        agent=contact.agent.snapshot() if contact.agent is not None else None,
        outside=contact.transfers.line.about if contact.transfers.line is not None else None,
        flows=contact.transfers.flows,
        callback=contact.callback,
        served=contact.served,
        waited_since=contact.waited_since,
        media=contact.media.snapshot(),
    )
