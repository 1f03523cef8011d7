"""What is saved of a live contact after each step, so that a restarted app can take the call back."""

from __future__ import annotations

from typing import Literal

import msgspec

from server.calls.affect import MoodSnapshot
from session.consent import MOOD, tells_mood
from session.policy import PolicyName

Phase = Literal["flow", "queued", "talking", "ended"]


class AgentSnapshot(msgspec.Struct, kw_only=True, frozen=True):
    """The agent's side: who, on which leg, and whether the caller waits on hold."""

    user_id: str
    name: str
    leg_id: str
    participant_id: str
    holding: bool = False


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


def without_mood(queue: QueueSnapshot) -> QueueSnapshot:
    """What agents are told, after the caller took consent back."""
    facts = {key: value for key, value in queue.facts.items() if key != MOOD}
    reason = "" if tells_mood(queue.reason) else queue.reason
    return msgspec.structs.replace(queue, facts=facts, reason=reason)


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
    refused: bool = False
    """The caller refused to be recorded: whatever file the worker still closes is deleted."""
    ending: str = ""
    """The disposition of a call whose goodbye is being said."""
    policy: PolicyName = "off"
    mood: MoodSnapshot | None = None
    """What was felt so far; only while the consent stands, which a restarted app reads from the store."""
