"""What all block types share: parameters checked by pydantic, and one method per thing that can happen."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from dialog import handlers
from dialog.events import CallbackResult, Heard, Inspected, Performed, QueueOutcome, Received, Thought, TransferResult
from dialog.ports import Understood
from dialog.text import AT, CHANNELS, Localised
from session.strict import is_no_number

if TYPE_CHECKING:
    from dialog.turn import Turn

_WAY = {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}
Exits = Annotated[dict[str, str], WithJsonSchema({"type": "object", "additionalProperties": _WAY})]
Tag = Literal["offer", "price", "service"]
ALL_KEYS = frozenset("0123456789*#")
UTTERANCE_MS = 35_000  # the longest utterance and its recognition; after that it was lost
BARGE_WAIT_MS = 4000  # the utterance that interrupted is decoded within this, or was no speech


class Block(BaseModel):
    """One step of a flow. The engine calls the methods; a block answers through `turn`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    required: ClassVar[frozenset[str]] = frozenset({"next"})
    optional: ClassVar[frozenset[str]] = frozenset()
    hears: ClassVar[bool] = False
    """Waits for the caller: a loop through it is no endless one."""
    apart: ClassVar[bool] = False
    """The caller waits for or talks with somebody else, or is leaving: what is said and pressed is not the bot's."""
    people: ClassVar[bool] = False
    """Leads to a person."""
    silent: ClassVar[bool] = False
    """Needs nobody on the line."""
    vital: ClassVar[bool] = False
    """What it says must be heard: a prompt that could not be spoken does not count as said."""
    tells: ClassVar[bool] = False
    """Serves the request: it is entered only at the level that the caller's intent needs."""

    sees_private: ClassVar[bool] = False
    """Its expressions may read sensitive slots: what they give goes to a business system, nowhere else."""
    own_names: ClassVar[frozenset[str]] = frozenset()
    """Names that it fills into its own wordings itself."""

    type: str
    note: str = Field(default="", description="for readers of the file")
    tags: list[Tag] = Field(
        default_factory=list,
        description="what the step is for: `offer` sells something, `price` names or changes one, `service` is neither, "
        "whatever its words look like; no emotion may lead to the first two",
    )
    auth_level: int = Field(
        default=0,
        ge=0,
        le=3,
        description="level below which nobody gets here, by whatever path: `handlers.on_unverified` takes them",
    )
    exits: Exits = Field(
        default_factory=dict,
        description="exit → id of the next block, or, where channels differ, `{voice: id, chat: id}`",
    )

    @model_validator(mode="before")
    @classmethod
    def _numbers(cls, given: Any) -> Any:
        """`priority: yes` is no 1."""
        for name, value in given.items() if isinstance(given, dict) else ():
            if isinstance(value, bool) and is_no_number(cls, name, value):
                raise PydanticCustomError("number", "{name}: write a number, not yes or no", {"name": name})
        return given

    @field_validator("exits", mode="before")
    @classmethod
    def _by_channel(cls, exits: Any) -> Any:
        """`next: {voice: a, chat: b}` → `next: a, next@chat: b`; who is not named takes the first."""
        if not isinstance(exits, dict):
            return exits
        flat: dict[str, Any] = {}
        for name, target in exits.items():
            if not isinstance(target, dict):
                flat[name] = target
                continue
            if not target or set(target) - set(CHANNELS):
                raise ValueError(f"exit {name!r} names channels (voice, video, chat) or a block")
            for channel, way in target.items():
                flat[name if name not in flat else f"{name}{AT}{channel}"] = way
        return flat

    @property
    def exit_names(self) -> frozenset[str]:
        """Exits that are connected, each once whatever the channels."""
        return frozenset(name.partition(AT)[0] for name in self.exits)

    def way(self, exit_name: str, channel: str) -> str:
        """Where the exit leads on this channel; video takes voice's way. Raises KeyError for an exit that is not there."""
        if channel == "video" and f"{exit_name}{AT}video" not in self.exits:
            channel = "voice"
        return self.exits.get(f"{exit_name}{AT}{channel}") or self.exits[exit_name]

    def ways(self, exit_name: str) -> list[str]:
        """Where the exit leads, on whatever channel."""
        return [way for name, way in self.exits.items() if name.partition(AT)[0] == exit_name]

    def required_exits(self) -> frozenset[str]:
        """Exits that must lead somewhere."""
        return self.required

    def allowed_exits(self) -> frozenset[str] | None:
        """Exits that may be given; None = any name (intents)."""
        return self.required_exits() | self.optional

    def keys(self) -> frozenset[str]:
        """Keys that are its input: shortcuts leave them alone, and those typed ahead are given to it."""
        return frozenset()

    def wordings(self) -> dict[str, dict[str, str]]:
        """Everything it may say: parameter name → wording by locale."""
        return {}

    def expressions(self) -> dict[str, str]:
        """CEL expressions in it: parameter name → expression."""
        return {}

    def reads(self) -> dict[str, list[str]]:
        """Attributes that it reads besides those in its wordings and expressions: parameter → names."""
        return {}

    def assigns(self) -> frozenset[str]:
        """Attributes that it sets, whatever the exit."""
        return frozenset()

    def assigns_on(self, exit_name: str) -> frozenset[str]:
        """Attributes that are surely set when it is left by this exit."""
        return self.assigns()

    async def enter(self, turn: Turn) -> None:
        """The run arrives."""

    async def first_look(self, turn: Turn, heard: Heard) -> bool:
        """Take the words before anybody asks what they mean; True when they were for this block."""
        return False

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """The caller said (or wrote) something that no handler took."""

    async def pressed(self, turn: Turn, digit: str) -> None:
        """A key that no shortcut took."""

    async def spoken(self, turn: Turn, interrupted: bool) -> None:
        """Its prompt ended; `interrupted` by the caller's voice, so that their words follow."""

    async def unspoken(self, turn: Turn, before: bool) -> bool:
        """Its prompt could not be spoken, twice. False: that is an error. `before`: nor could the prompt before it."""
        return False

    async def silence(self, turn: Turn) -> None:
        """The caller said nothing for too long."""

    async def timer(self, turn: Turn, name: str) -> None:
        """A timer of its own ran out."""

    async def queue_news(self, turn: Turn, outcome: QueueOutcome | Literal["agent_left", "agent_lost"]) -> None:
        """News from the queue, and how a talk ended."""

    async def performed(self, turn: Turn, result: Performed) -> None:
        """What came of something done outside."""

    async def transferred(self, turn: Turn, result: TransferResult) -> None:
        """What came of a transfer."""

    async def called_back(self, turn: Turn, result: CallbackResult) -> None:
        """Whether a callback was booked."""

    async def received(self, turn: Turn, event: Received) -> None:
        """A picture came."""

    async def inspected(self, turn: Turn, event: Inspected) -> None:
        """What analysers found in it."""

    async def thought(self, turn: Turn, event: Thought) -> None:
        """What a language model wants."""

    async def taken_away(self, turn: Turn) -> None:
        """A handler leads the run elsewhere before this block was done."""

    async def resume(self, turn: Turn) -> None:
        """The app was restarted while the run was here."""
        await self.enter(turn)


class Speaking(Block):
    """A block that says something and goes on; words that interrupt it are kept for the next question."""

    after: ClassVar[str] = "next"
    vital: ClassVar[bool] = True
    optional: ClassVar[frozenset[str]] = frozenset({"failed"})

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """Keep the request; the next `understand` serves it without asking."""
        turn.state.pending = heard.text
        if not turn.speaking:
            turn.leave(self.after, "the caller spoke meanwhile")

    async def pressed(self, turn: Turn, digit: str) -> None:
        """Keys typed ahead wait for the block that takes keys."""
        turn.state.private.digits = (turn.state.private.digits + digit)[:32]

    async def spoken(self, turn: Turn, interrupted: bool) -> None:
        """Go on, or wait for the words of a caller who is speaking."""
        if interrupted or turn.state.caller_speaking:
            turn.start_timer("barge", UTTERANCE_MS if turn.state.caller_speaking else BARGE_WAIT_MS)
        else:
            turn.leave(self.after, "said")

    async def unspoken(self, turn: Turn, before: bool) -> bool:
        """Exit `failed`. Without one it is an error, unless that has just led here: what comes after it may be a person."""
        if "failed" not in self.exit_names and not before:
            return False
        turn.leave("failed" if "failed" in self.exit_names else self.after, "could not be spoken")
        return True

    async def timer(self, turn: Turn, name: str) -> None:
        """No words came after all."""
        if name == "barge":
            turn.leave(self.after, "interrupted by a sound without words")

    async def resume(self, turn: Turn) -> None:
        """Its end will be reported, or was: do not repeat it."""
        turn.expect()
        if not turn.speaking:
            turn.leave(self.after, "resumed after a restart")


class Asking(Block):
    """A block that asks and waits; silence is asked over again, then `on_silence` takes the run."""

    hears: ClassVar[bool] = True
    vital: ClassVar[bool] = True
    digressible: ClassVar[bool] = False
    """Another question or request may be served in between, and then this one asked again."""

    label: Localised | None = Field(
        default=None,
        description="what the question is about, as in “back to {your order number}”, after another was served",
    )

    async def accepts(self, turn: Turn, heard: Heard, meaning: Understood) -> bool:
        """Whether the words answer the question, so that nothing else needs to be looked for in them."""
        return False

    def listen(self, turn: Turn) -> None:
        """Say what answer is awaited."""
        turn.expect()

    @abstractmethod
    def question(self, turn: Turn) -> dict[str, str]:
        """What it wants to know at this moment."""

    def asked(self, turn: Turn) -> str:
        """The question in words."""
        return turn.render(self.question(turn))

    async def spoken(self, turn: Turn, interrupted: bool) -> None:
        """Now it is the caller's turn."""
        turn.wait_for_caller()

    def missed(self, turn: Turn) -> int:
        """How many answers fitted nothing, with this one, unless it was given before the question could be heard."""
        memo = turn.state.memo
        memo["misses"] = memo.get("misses", 0) + (0 if turn.early else 1)
        misses: int = memo["misses"]
        return misses

    async def resume(self, turn: Turn) -> None:
        """Listen on; the question was heard, or its end will be reported."""
        self.listen(turn)
        if not turn.speaking:
            turn.wait_for_caller()

    async def silence(self, turn: Turn) -> None:
        """Ask again, at most `max_no_input` times."""
        state = turn.state
        state.no_input += 1
        if state.no_input <= turn.options.max_no_input:
            turn.say(self.asked(turn))
        elif "no_input" in self.exits:
            turn.leave("no_input", "no answer")
        elif not handlers.lead(turn, "on_silence", "no answer"):
            turn.wait_for_caller()
