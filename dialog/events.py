"""What a flow run is told: plain data, no behaviour.

The call controller turns leg, queue and chat happenings into `FlowEvent`s and hands them one at a time to
`FlowEngine.step`, which answers with effects (`dialog.effects`). Durations are milliseconds.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Channel = Literal["voice", "video", "chat"]
QueueOutcome = Literal["answered", "overflow", "no_agents"]
TransferOutcome = Literal["connected", "no_answer", "busy", "failed"]


class Feeling(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """The caller's mood over the conversation, which does not flap; only with consent.

    Arousal and valence −1…1, confidence and frustration 0…1. `turns`: utterances in a row that agreed on `label`.
    `disagreement`: "sarcasm", "tone_worse" or "tone_better" when the last utterance's tone and words did not fit.
    """

    label: str = "unknown"
    arousal: float = 0.0
    valence: float = 0.0
    confidence: float = 0.0
    turns: int = 0
    frustration: float = 0.0
    disagreement: str = ""


class FlowEvent(msgspec.Struct, tag_field="e", kw_only=True, omit_defaults=True, frozen=True):
    """Base of everything that can happen to a run."""


class Started(FlowEvent, tag="started", kw_only=True, frozen=True):
    """The contact is connected; the flow begins at its start block. Exactly once per run."""


class SpeechBegan(FlowEvent, tag="speech_began", kw_only=True, frozen=True):
    """The caller began to speak: the no-input timer stops."""


class SpeechDropped(FlowEvent, tag="speech_dropped", kw_only=True, frozen=True):
    """What began turned out to hold no words: the no-input timer starts anew."""


class Heard(FlowEvent, tag="heard", kw_only=True, frozen=True):
    """One final utterance of the caller. `language` is what was recognised ("zh", "en"), `confidence` 0…1."""

    text: str
    language: str = ""
    confidence: float = 1.0
    feeling: Feeling | None = None
    early: bool = False
    """Said before the first sound of the prompt that was ordered last: it answers something else."""
    voice: bytes = b""
    """Vector of the voice (little-endian floats), where `Expect.voiceprint` asked for one and there was enough of it."""


class Pressed(FlowEvent, tag="pressed", kw_only=True, frozen=True):
    """One key: 0-9, * or #. Not to be logged by anyone. `early` as in `Heard`."""

    digit: str
    early: bool = False

    def __repr__(self) -> str:
        return "Pressed(digit='?')"


class TextMessage(FlowEvent, tag="text", kw_only=True, frozen=True):
    """The customer wrote in the chat of this conversation."""

    text: str


class PromptDone(FlowEvent, tag="prompt_done", kw_only=True, frozen=True):
    """A `Say` for voice ended; `spoken` holds only the words whose samples were really played."""

    play_id: str
    outcome: Literal["done", "barge_in", "stopped", "failed"]
    spoken: str = ""


class TimerFired(FlowEvent, tag="timer", kw_only=True, frozen=True):
    """A timer asked for by `StartTimer` ran out. Late ones (cancelled or restarted since) are ignored."""

    name: str


class QueueResult(FlowEvent, tag="queue", kw_only=True, frozen=True):
    """`answered`: an agent and the caller are connected (the bot is silent until `AgentLeft` or `AgentLost`).

    Others end the wait: `overflow` (too long), `no_agents` (nobody is logged in who could take it). Who hangs up is told
    by `HungUp`, and who leaves by a key by `Pressed`.
    """

    outcome: QueueOutcome


class AgentLeft(FlowEvent, tag="agent_left", kw_only=True, frozen=True):
    """The agent finished and left; the caller is still here. Takes the queue block's `answered` exit."""


class AgentLost(FlowEvent, tag="agent_lost", kw_only=True, frozen=True):
    """The agent's leg died during the talk; the caller is still here. Takes the `on_agent_lost` handler."""


class TakenOver(FlowEvent, tag="taken_over", kw_only=True, frozen=True):
    """A supervisor took the caller from the bot: they talk from now on, until `AgentLeft` or `AgentLost`."""


class HungUp(FlowEvent, tag="hung_up", kw_only=True, frozen=True):
    """The caller is gone (or closed the chat). The run ends; `End` is still returned for the record."""


class Performed(FlowEvent, tag="performed", kw_only=True, frozen=True):
    """What came of a `Perform`. One that the run does not wait for any more is ignored, so a repeated one does no harm.

    `outcome` is an exit of the block (ok, http_error, timeout; done, needs_approval, failed); `values` become
    attributes; `why` is for the record and holds neither secrets nor what was sent or received; `ms` is how long the
    outside took; `detail` names for the record what decided (the rule's table, sha and row; the workflow's run).
    """

    call_id: str
    outcome: str
    values: dict[str, Any] = {}
    why: str = ""
    ms: float = 0.0
    detail: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"Performed(call_id={self.call_id!r}, outcome={self.outcome!r}, why={self.why!r})"


class TransferResult(FlowEvent, tag="transferred", kw_only=True, frozen=True):
    """What came of a `Transfer`. One that the run does not wait for any more is ignored.

    `connected`: both are in a talk, and the bot is silent until `AgentLeft` or `AgentLost` (a flow: the run has gone on
    there). Otherwise the bot has the caller back. `why` holds neither number nor address.
    """

    transfer_id: str
    outcome: TransferOutcome
    why: str = ""


class CallbackResult(FlowEvent, tag="called_back", kw_only=True, frozen=True):
    """What came of a `BookCallback`; `why` holds no number."""

    callback_id: str
    outcome: Literal["booked", "failed"]
    why: str = ""


class Received(FlowEvent, tag="received", kw_only=True, frozen=True):
    """A picture, video or screen came that `AskVisual` asked for. `ref` names it in the store; it is no address."""

    request_id: str
    ref: str


class Inspected(FlowEvent, tag="inspected", kw_only=True, frozen=True):
    """What analysers found in it (`Inspect`). `values` become attributes; `why` holds nothing of what is in the picture."""

    request_id: str
    accepted: bool
    values: dict[str, Any] = {}
    why: str = ""

    def __repr__(self) -> str:
        return f"Inspected(request_id={self.request_id!r}, accepted={self.accepted!r}, why={self.why!r})"


class Thought(FlowEvent, tag="thought", kw_only=True, frozen=True):
    """What a language model makes of a talk (`Think`): words to say, slots it filled, a tool, or the end.

    `say` is said as it is if the block's guardrails allow it. A tool that the block does not list is not run.
    """

    request_id: str
    move: Literal["ask", "give_up", "human"] = "ask"
    say: str = ""
    values: dict[str, Any] = {}
    tool: str = ""
    arguments: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"Thought(request_id={self.request_id!r}, move={self.move!r}, tool={self.tool!r})"


class Failed(FlowEvent, tag="failed", kw_only=True, frozen=True):
    """Something outside failed that the run depends on (recognition, a worker). Takes the `on_error` handler."""

    where: str
    why: str


AnyFlowEvent = (
    Started
    | SpeechBegan
    | SpeechDropped
    | Heard
    | Pressed
    | TextMessage
    | PromptDone
    | TimerFired
    | QueueResult
    | AgentLeft
    | AgentLost
    | TakenOver
    | HungUp
    | Performed
    | TransferResult
    | CallbackResult
    | Received
    | Inspected
    | Thought
    | Failed
)
