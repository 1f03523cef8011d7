"""Everything a flow run remembers. Saved after every step; `RunState.load` takes it up again in another process."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal

import msgspec

from dialog.events import Channel, Feeling
from session.policy import PolicyName
from session.speech import SayAs, Style


class CallerInfo(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Who calls, as far as the network says. `number`: E.164 or the SIP user; empty when withheld."""

    number: str = ""
    called: str = ""
    name: str = ""


class Said(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One turn of the talk as it really happened: for the bot only the words that were played."""

    who: Literal["caller", "bot"]
    text: str


class Playing(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A prompt that was asked for and has not ended."""

    play_id: str
    text: str
    block: str
    interruptible: bool = True
    article: str = ""
    say_as: list[SayAs] = []
    style: Style = ""
    again: bool = False
    """It could not be spoken, and this is the second try."""


class Request(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """What the caller wants: the intent, the words that said so, and the level of verification that its answer needs."""

    intent: str = ""
    query: str = ""
    level: int = 0


class Aside(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An open question that waits while the caller asked or corrected something else."""

    block: str
    phase: str = ""
    memo: dict[str, Any] = {}
    request: Request = Request()
    """What the question belongs to."""
    until: str = ""
    """Come back when this block is left; empty = when an open question would be asked."""


class Frame(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A flow that called the present one, and what it needs when the run comes back to it."""

    flow: str
    """The calling flow as it was called itself, like `survey@2`; empty = the run's own."""
    block: str
    attributes: dict[str, Any] = {}
    asides: list[Aside] = []
    slots: dict[str, str] = {}
    request: Request = Request()


class Private:
    """What must never be written down: keys pressed or digits said so far. Not part of the saved state.

    After a resume it is empty and the block asks for the digits again. `values`: sensitive slots, by attribute.
    """

    __slots__ = ("digits", "phrase", "phrase_until_ms", "values", "voices")

    def __init__(self) -> None:
        self.digits = ""
        self.phrase = ""
        self.phrase_until_ms = 0
        self.voices: list[bytes] = []
        self.values: dict[str, Any] = {}


class RunState(msgspec.Struct, kw_only=True, omit_defaults=True, dict=True):
    """One run of one flow for one contact. Plain JSON but for `private`, which msgspec never sees."""

    contact_id: str
    conversation_id: str = ""
    """Of the contact and those before and beside it, such as the chat that a call came of."""
    flow_id: str
    channel: Channel
    locale: str
    caller: CallerInfo = CallerInfo()
    attributes: dict[str, Any] = {}

    block: str = ""
    phase: str = ""
    entered_ms: int = 0
    memo: dict[str, Any] = {}
    """What the present block needs to remember; emptied when it is left."""
    visits: dict[str, int] = {}
    """Of the present flow's blocks."""
    flow: str = ""
    """The sub-flow in which the run is, like `survey@2`; empty = the run's own flow."""
    stack: list[Frame] = []
    """The flows that called it, outermost first."""
    other_visits: dict[str, dict[str, int]] = {}
    """Visits in the flows that the run is not in now, so that none counts twice."""
    asides: list[Aside] = []
    """Open questions of the present flow to come back to, the last first served."""
    slots: dict[str, str] = {}
    """Attribute → the block that collected it in the present flow, latest last: what a caller may correct."""
    timers: dict[str, int] = {}
    """Name → when it is due (same clock as `now_ms`)."""
    playing: list[Playing] = []
    unheard: list[Playing] = []
    """Prompts of the present block that could not be spoken, while others of it are under way."""
    voiceless: bool = False
    """The prompt that ended last could not be spoken, or nobody knows whether it was."""
    next_play: int = 1
    last_answer: str = ""
    """The knowledge answer given last, for "say that again"."""
    caller_speaking: bool = False

    said: list[Said] = []
    text_turn: bool = False
    """The caller's last words were typed: the reply is written as well as spoken."""
    pending: str = ""
    """A request the caller made before it could be served (over the greeting, instead of a yes)."""
    query: str = ""
    """The caller's words that led to the present block; what `answer` searches for."""
    intent: str = ""
    intent_level: int = 0
    """What the answer to the intent needs, by the folder in which it was understood."""
    layers: dict[str, Any] = {}
    """What a decision can rest on so far: how the intent was understood, and business data asked for since."""
    variants: dict[str, dict[str, Any]] = {}
    """Experiment → the variant met in this contact, and what its outcome is computed by."""
    answered: list[str] = []
    """Articles given so far."""
    gone: bool = False
    """The caller hung up; only silent blocks may still run."""
    no_input: int = 0
    errors: int = 0
    sensitive: bool = False
    slow: bool = False
    """The caller asked for slower speech."""
    comforted: bool = False
    """The kind word for the present mood was said."""

    policy: PolicyName = "eu"
    """What the law where the call goes allows of the caller's voice."""
    consents: dict[str, bool] = {}
    recording: Literal["on", "paused", "stopped"] = "on"
    """What the flow itself ordered; a stopped one is not resumed by what merely pauses it."""
    feeling: Feeling = msgspec.field(default_factory=Feeling)
    auth_level: int = 0
    customer_id: str = ""
    claimed: str = ""
    """Number of the customer that the caller says, or seems, to be."""
    proven: list[str] = []
    """Factors of verification that were proven of `claimed`."""
    carried: bool = False
    """They were proven in a call that dropped, and none in this one: by themselves they give no level, in any block."""
    last_why: str = ""
    """Why the last block was left."""
    reason: str = ""
    """Why a person is wanted, in plain words, once one is."""
    to_people: bool = False
    """A person was asked for, or came by themselves. Stays true when the reason is forgotten."""
    ended: str = ""

    @property
    def spoken(self) -> bool:
        """The caller is on a line, with or without a picture, not in a chat."""
        return self.channel != "chat"

    @property
    def request(self) -> Request:
        """What the caller wants now."""
        return Request(intent=self.intent, query=self.query, level=self.intent_level)

    @request.setter
    def request(self, wanted: Request) -> None:
        self.intent, self.query, self.intent_level = wanted.intent, wanted.query, wanted.level

    @cached_property
    def private(self) -> Private:
        """Digits in flight; lives in this process only."""
        return Private()

    def dump(self) -> bytes:
        """JSON bytes for the store."""
        return msgspec.json.encode(self)

    @classmethod
    def load(cls, data: bytes) -> RunState:
        """The inverse of `dump`. Raises `msgspec.ValidationError`."""
        return msgspec.json.decode(data, type=cls)
