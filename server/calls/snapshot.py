"""What is saved of a live contact after each step, so that a restarted app can take the call back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from server.calls.affect import MoodSnapshot
from server.calls.mixing import Mode
from session.consent import MOOD, tells_mood
from session.policy import PolicyName

if TYPE_CHECKING:
    from server.calls.contact import Contact

Phase = Literal["flow", "queued", "transfer", "talking", "parked", "ended"]
Purpose = Literal["offer", "consult", "take", "supervise"]


class PartySnapshot(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Somebody beside the customer; see `server.calls.party.Party`."""

    party_id: str
    role: Literal["agent", "outside", "supervisor"]
    purpose: Purpose
    participant_id: str = ""
    user_id: str = ""
    name: str = ""
    transport: Literal["sip", "webrtc", "chat"] = "sip"
    leg_id: str = ""
    desk_id: str = ""
    offer_id: str = ""
    mode: Mode = "active"
    connected: bool = False
    held: bool = False
    away: bool = False
    muted: bool = False
    listed: bool = False
    why: str = ""
    until_ms: int = 0
    since_ms: int = 0
    whisper_id: str = ""
    away_since_ms: int = 0
    transfer_id: str = ""


class ConsultSnapshot(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Somebody is asked, or is to take the customer; see `server.calls.consults`."""

    target_kind: Literal["agent", "queue", "flow", "number", "sip"]
    to: str
    note: str
    asker: str
    """Party."""
    party: str
    ticket: str = ""
    """Under which the desk looks for somebody."""
    enqueued_at: int = 0
    blind: bool = False
    left: bool = False
    """The asker has left: who is asked gets the customer as soon as they answer."""


class RoomSnapshot(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Everybody beside the customer, and what was ordered for them."""

    parties: list[PartySnapshot] = []
    principal: str = ""
    customer_held: bool = False
    record_off: bool = False
    consult: ConsultSnapshot | None = None
    parked: str = ""
    parked_by: str = ""
    parked_at: int = 0


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
    preferred: str = ""
    """The agent who is asked first, where the queue's strategy is that."""
    transfer_id: str = ""
    """The transfer that this is part of: what comes of it is told as its result."""
    again: bool = False
    """They talked already and were lost: the flow believes that they still do."""
    instead_of: QueueSnapshot | None = None
    """Where they waited before a supervisor gave them to one agent, and wait on unless that one takes them."""


def without_mood(queue: QueueSnapshot) -> QueueSnapshot:
    """What agents are told, after the caller took consent back."""
    facts = {key: value for key, value in queue.facts.items() if key != MOOD}
    reason = "" if tells_mood(queue.reason) else queue.reason
    before = None if queue.instead_of is None else without_mood(queue.instead_of)
    return msgspec.structs.replace(queue, facts=facts, reason=reason, frustration=0.0, instead_of=before)


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
    room: RoomSnapshot = RoomSnapshot()
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
        room=contact.room.snapshot(),
        outside=contact.transfers.line.about if contact.transfers.line is not None else None,
        flows=contact.transfers.flows,
        callback=contact.callback,
        served=contact.served,
        waited_since=contact.waited_since,
        media=contact.media.snapshot(),
    )
