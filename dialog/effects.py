"""What a flow run asks for: plain data, no behaviour.

The call controller carries out what `FlowEngine.step` returns, in order; what is owed for an effect comes back as an
event (`dialog.events`) with the same id. Durations are milliseconds.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from session.consent import VoiceprintConsent
from session.speech import SayAs, Style

SayChannel = Literal["voice", "chat", "both"]
Wanted = Literal["sentence", "answer", "digits"]
TransferTarget = Literal["agent", "queue", "flow", "number", "sip"]


class Effect(msgspec.Struct, tag_field="f", kw_only=True, omit_defaults=True, frozen=True):
    """Base of everything a run asks the controller to do."""


class Say(Effect, tag="say", kw_only=True, frozen=True):
    """Speak and/or write `text`. For voice, `PromptDone(play_id)` is owed; for chat alone it is not."""

    play_id: str
    text: str
    locale: str
    block: str
    interruptible: bool = True
    channel: SayChannel = "voice"
    article: str = ""
    """`id@version` of the knowledge article that this is from, if any."""
    say_as: list[SayAs] = []
    """Pieces of `text` that a voice reads character by character."""
    style: Style = ""


class StopSpeaking(Effect, tag="stop_speaking", kw_only=True, frozen=True):
    """Stop every prompt of this run that is playing or waiting (`PromptDone(outcome="stopped")` may follow)."""


class Expect(Effect, tag="expect", kw_only=True, frozen=True):
    """What the run now wants from the caller. Replaces the one before.

    While `sensitive`, the controller must neither store nor show the words of utterances and messages (store
    "[hidden]"), nor ask for partials; keys are never stored at all. Such input still comes to `step`.

    `wants` is what the words are likely to be, for the recogniser: a sentence, a short answer, or a number said digit
    by digit, of `digit_count` digits (0 = any).
    """

    speech: bool
    digits: bool
    sensitive: bool = False
    wants: Wanted = "sentence"
    digit_count: int = 0
    voiceprint: VoiceprintConsent | None = None
    """The consent under which the voice of the answer is compared; it comes as `Heard.voice`."""


class StartTimer(Effect, tag="start_timer", kw_only=True, frozen=True):
    """Send `TimerFired(name)` in `ms`; replaces a running one of the same name."""

    name: str
    ms: int


class CancelTimer(Effect, tag="cancel_timer", kw_only=True, frozen=True):
    """Forget a timer."""

    name: str


class GrantConsent(Effect, tag="consent", kw_only=True, frozen=True):
    """The caller answered (or, `given=False`, gave no clear yes) for these purposes. `wording` is what was asked.

    What is granted is the policy's word (`session.policy`), not the flow's.
    """

    purposes: list[str]
    given: bool
    wording: str = ""


class WithdrawConsent(Effect, tag="withdraw", kw_only=True, frozen=True):
    """The caller takes consent back: stop what it allowed at once, and delete what came of it."""

    purposes: list[str]


class StopRecording(Effect, tag="stop_recording", kw_only=True, frozen=True):
    """The caller refused to be recorded: stop, and delete what was recorded so far."""


class PauseRecording(Effect, tag="pause_recording", kw_only=True, frozen=True):
    """Keep silence instead of sound: consent is still open, or a PIN is being given.

    A flow that asks for consent to recording begins with this one, so start the recording at the answer.
    """


class ResumeRecording(Effect, tag="resume_recording", kw_only=True, frozen=True):
    """Record sound (again). Never sent when the caller refused to be recorded."""


class Verified(Effect, tag="verified", kw_only=True, frozen=True):
    """The caller proved to be `customer_id` at `level` (1: number known, 2: PIN)."""

    customer_id: str
    level: int
    name: str = ""


class VerifyFailed(Effect, tag="verify_failed", kw_only=True, frozen=True):
    """A wrong answer. `attempts` so far in this block; `locked` when no further try is allowed for a while."""

    attempts: int
    locked: bool = False


class Enqueue(Effect, tag="enqueue", kw_only=True, frozen=True):
    """Hand the caller to people. `reason` and `summary` are for the agent, `facts` are verified or said facts."""

    queue: str
    skills: list[str]
    priority: int
    reason: str
    summary: str
    facts: dict[str, str]
    locale: str
    announce: bool = True
    announce_every_s: float | None = None
    overflow_s: float | None = None
    whisper: str = ""
    """Said to the agent before the caller is let through."""


class Transfer(Effect, tag="transfer", kw_only=True, frozen=True):
    """Give the caller to an agent, another flow, a number or a SIP address: `TransferResult` of the same id is owed.

    The caller hears music meanwhile and is never lost. After a restart `resume` asks for the same one again. `to` may be
    somebody's number: neither log nor store it whole.
    """

    transfer_id: str
    target: TransferTarget
    to: str
    blind: bool
    timeout_ms: int
    locale: str
    whisper: str = ""
    context: dict[str, str] = {}
    priority: int = 50
    reason: str = ""
    summary: str = ""
    facts: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Transfer(transfer_id={self.transfer_id!r}, target={self.target!r})"


class CancelTransfer(Effect, tag="cancel_transfer", kw_only=True, frozen=True):
    """The run goes elsewhere: stop ringing."""

    transfer_id: str


class BookCallback(Effect, tag="book_callback", kw_only=True, frozen=True):
    """Call the customer back: `CallbackResult` is owed. The same id again (a restart) makes no second one.

    `at_ms`: UTC epoch ms, or None for when it is their turn in `queue`. `hours`: ["09:00", "18:00"] in `timezone`, or
    empty. `number` as it was said or shown: neither log nor show it whole.
    """

    callback_id: str
    number: str
    queue: str
    skills: list[str]
    priority: int
    keep_place: bool
    at_ms: int | None
    hours: list[str]
    timezone: str
    retries: int
    retry_after_s: float
    locale: str
    reason: str
    summary: str
    facts: dict[str, str]

    def __repr__(self) -> str:
        return f"BookCallback(callback_id={self.callback_id!r}, queue={self.queue!r})"


class LeaveQueue(Effect, tag="leave_queue", kw_only=True, frozen=True):
    """Take the caller out of the queue: chose not to wait. `why` is the way that was chosen."""

    why: str


class Perform(Effect, tag="perform", kw_only=True, frozen=True):
    """Do something outside: `Performed` with the same `call_id` is owed, within `timeout_ms` and a little.

    Carry it out with `await engine.ports.performer.perform(effect)` in a task of its own (never in the actor, which
    must hear the caller meanwhile) and give the result to `step`; `perform` does not raise. `call_id` is also the
    idempotency key: after a restart `resume` asks for the same one again. `request` may hold what the caller said:
    neither log nor store it. `mock` is the answer that tests without a backend get.
    """

    call_id: str
    kind: Literal["http", "rule", "workflow", "code"]
    block: str
    request: dict[str, Any]
    timeout_ms: int
    mock: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"Perform(call_id={self.call_id!r}, kind={self.kind!r}, block={self.block!r})"


class Record(Effect, tag="record", kw_only=True, frozen=True):
    """Commit this to the contact's record as an event of type `kind`; it asks for nothing else.

    `decision.layers`: intent, business data and rule behind a decision, with their ms. `content_filter`: a rule of a
    filter pack replaced a sentence of the bot. `experiment.exposed`, `experiment.outcome`: a variant was met, and
    what came of it. No payload holds words of the caller or personal data.
    """

    kind: str
    payload: dict[str, Any]


class SetMedia(Effect, tag="set_media", kw_only=True, frozen=True):
    """What happens to the caller's media from now on; None leaves it as it is.

    `mask_keys`: keep the tones of keys out of the recording. `analysis`: judge how the caller feels (only ever true with
    consent). `hold`: hold music, and the caller is not heard. `video`: take the caller's picture.
    """

    mask_keys: bool | None = None
    analysis: bool | None = None
    hold: bool | None = None
    video: bool | None = None


class AskVisual(Effect, tag="ask_visual", kw_only=True, frozen=True):
    """Let the caller give a photo, their camera or their screen: `Received` of the same id is owed if it comes.

    Shown on their page, or as a link sent to their phone. The same id again (a restart) is the same request.
    """

    request_id: str
    want: Literal["photo", "video", "screen"]
    timeout_ms: int
    locale: str


class CancelVisual(Effect, tag="cancel_visual", kw_only=True, frozen=True):
    """Nobody waits for it any more: take the request off the page."""

    request_id: str


class Inspect(Effect, tag="inspect", kw_only=True, frozen=True):
    """Look at what came: `Inspected` of the same id is owed (`await engine.ports.inspector.inspect(effect)` in a task)."""

    request_id: str
    ref: str
    analysers: list[str]
    locale: str


class Think(Effect, tag="think", kw_only=True, frozen=True):
    """Ask a language model how to go on: `Thought` of the same id is owed (`await engine.ports.thinker.think(effect)`).

    `said`: the last turns as [who, words]. `tools`: workflows it may ask for. `never`: patterns it must not say. Holds what
    the caller said: neither log nor store it.
    """

    request_id: str
    goal: str
    missing: list[str]
    filled: dict[str, Any]
    said: list[list[str]]
    tools: list[str]
    never: list[str]
    max_chars: int
    locale: str
    timeout_ms: int
    tool_result: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"Think(request_id={self.request_id!r}, missing={self.missing!r})"


class SetAttributes(Effect, tag="set_attributes", kw_only=True, frozen=True):
    """These conversation attributes changed (all JSON values)."""

    values: dict[str, Any]


class SetLocale(Effect, tag="set_locale", kw_only=True, frozen=True):
    """The conversation goes on in this language (BCP-47); `why` in plain words."""

    locale: str
    why: str


class Trace(Effect, tag="trace", kw_only=True, frozen=True):
    """One step of the run for the record: which block was left by which exit, why, after how long. No digits.

    `flow`: the sub-flow in which the block is, like `survey@2`; empty = the run's own flow.
    """

    flow: str = ""
    block: str
    type: str
    exit: str
    why: str
    ms: int


class End(Effect, tag="end", kw_only=True, frozen=True):
    """The run is over: hang up (voice, video) or close (chat)."""

    disposition: str


AnyEffect = (
    Say
    | StopSpeaking
    | Expect
    | StartTimer
    | CancelTimer
    | GrantConsent
    | WithdrawConsent
    | StopRecording
    | PauseRecording
    | ResumeRecording
    | Verified
    | VerifyFailed
    | Enqueue
    | LeaveQueue
    | Transfer
    | CancelTransfer
    | BookCallback
    | Perform
    | SetMedia
    | AskVisual
    | CancelVisual
    | Inspect
    | Think
    | Record
    | SetAttributes
    | SetLocale
    | Trace
    | End
)
