"""The flow/v1 file as typed data, and its loader. Every mistake is named with file and line, and how to mend it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.json_schema import SkipJsonSchema

from dialog import neighbours, yamlfile
from dialog.blocks.action import Action
from dialog.blocks.answer import Answer
from dialog.blocks.base import Block
from dialog.blocks.branch import Branch
from dialog.blocks.call import Call
from dialog.blocks.callback import Callback
from dialog.blocks.collect import Collect
from dialog.blocks.consent import Consent
from dialog.blocks.converse import Converse
from dialog.blocks.end import End
from dialog.blocks.hours import Hours
from dialog.blocks.http import Http
from dialog.blocks.media import Media
from dialog.blocks.menu import Menu
from dialog.blocks.play import Play
from dialog.blocks.queue import Queue
from dialog.blocks.set import Set
from dialog.blocks.start import Start
from dialog.blocks.transfer import Transfer
from dialog.blocks.understand import Understand
from dialog.blocks.verify import Verify
from dialog.blocks.visual import Visual
from dialog.blocks.voiceprint import Voiceprint
from dialog.blocks.withdraw import Withdraw
from dialog.calendars import Calendar
from dialog.events import Channel
from dialog.rulebook import rule
from dialog.speaking import Speaking
from dialog.text import Localised
from dialog.yamlfile import Document, FileError, Place, Problem

AnyBlock = Annotated[
    Start | Play | Menu | Collect | Verify | Voiceprint | Consent | Withdraw | Understand | Answer | Converse | Branch | Hours | Set | Http | Action
    | Queue | Callback | Transfer | Media | Visual | Call | End,
    Field(discriminator="type"),
]  # fmt: skip
BLOCKS: dict[str, type[Block]] = {
    kind.model_fields["type"].annotation.__args__[0]: kind
    for kind in AnyBlock.__origin__.__args__  # type: ignore[attr-defined]
}
"""Type → class, in the order of the reference."""
BLOCK_TYPES = tuple(BLOCKS)
BLOCK_TYPE = rule(
    "block-type-unknown", "E", "a block's `type` is none of flow/v1", "use one of the types in docs/blocks.md"
)
_ID = r"^[a-z][a-z0-9_]*$"


class OnEmotion(BaseModel):
    """Where a mood leads. Only ever true with the caller's consent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: str = Field(
        description="CEL over emotion.label, .arousal, .valence, .confidence, .turns, .frustration, .disagreement"
    )
    goto: str


class Handlers(BaseModel):
    """What takes the run from wherever it is; each names a block."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on_human_request: str = Field(default="", description="the caller asks for a person, in any words, at any prompt")
    on_emotion: OnEmotion | None = None
    on_silence: str = Field(default="", description="a question stayed unanswered too often")
    on_error: str = Field(default="", description="a block or something it needs failed")
    on_agent_lost: str = Field(default="", description="the agent's line died during the talk")
    on_timeout: str = Field(
        default="", description="the run lasts longer than `max_duration_s`; not while people talk or the caller waits"
    )
    on_unverified: str = Field(
        default="",
        description="a private matter was reached by a caller who is not sure enough: a `verify`, as a rule; without it "
        "they go to a person",
    )
    on_hangup: str = Field(
        default="", description="the caller hung up; only silent blocks (branch, set, end) may follow"
    )

    def targets(self) -> dict[str, str]:
        """Handler → block, for those given."""
        named = {name: value for name, value in self.model_dump().items() if isinstance(value, str) and value}
        if self.on_emotion is not None:
            named["on_emotion"] = self.on_emotion.goto
        return named


class Recognition(BaseModel):
    """What helps the recogniser with this flow's callers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hotwords: list[str] = Field(
        default_factory=list, max_length=50, description="names that callers say: products, places, people"
    )
    prompt: Localised | None = Field(
        default=None,
        description="a sentence in the style of what callers say, which the recogniser takes for said before; the one "
        "of the conversation's locale is used",
    )


class Input(BaseModel):
    """One value that a caller of this flow gives it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["string", "number", "boolean", "any"] = "string"
    optional: bool = False
    default: Any = None


class Digressions(BaseModel):
    """What the engine does by itself when a caller asks for something else in the midst of a question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answers: bool = Field(default=True, description="another question is answered from the knowledge, then asked on")
    intents: bool = Field(
        default=True, description="another request goes to the block of that intent in an `understand`, and comes back"
    )
    corrections: bool = Field(default=True, description="“no, I meant 4712” replaces what was collected before")
    depth: int = Field(default=2, ge=1, le=5, description="open questions that may wait at once")
    most: int = Field(default=3, ge=1, le=10, description="times in a row that one question may be put off")


class Flow(BaseModel):
    """One flow: blocks, how they hang together, and what takes over from anywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["flow/v1"]
    id: str = Field(pattern=_ID)
    title: Localised
    locales: list[str] = Field(min_length=1, description="BCP-47; every wording must have all of them")
    channels: list[Channel] = Field(
        default=["voice", "chat"],
        min_length=1,
        description="where callers come from: voice, video (spoken, too) and chat",
    )
    version: int = Field(default=1, ge=1, description="what `call` names after the @")
    timezone: str = Field(default="UTC", description="IANA zone in which callers mean “tomorrow” and “at nine”")
    inputs: dict[Annotated[str, Field(pattern=_ID)], Input] = Field(
        default_factory=dict, description="what a `call` (or the API that begins a contact) gives it, as attributes"
    )
    outcomes: list[Annotated[str, Field(pattern=_ID)]] = Field(
        default_factory=list, description="how it can end as a sub-flow; an `end` block's `outcome` names one"
    )
    max_duration_s: float | None = Field(default=None, ge=10, le=86400, description="s until `on_timeout`")
    turn_budget_cents: float = Field(
        default=2.0,
        ge=0,
        description="cents that one answer of the caller may cost, roughly; beyond it validation warns",
    )
    start: str = Field(description="id of the first block")
    blocks: dict[Annotated[str, Field(pattern=_ID)], AnyBlock] = Field(min_length=1)
    handlers: Handlers = Handlers()
    digressions: Digressions = Digressions()
    recognition: Recognition = Recognition()
    speaking: Speaking = Speaking()
    shortcuts: dict[Annotated[str, Field(pattern=r"^[0-9*#]$")], str] = Field(
        default_factory=dict, description="key → block, wherever keys are not the input (0 = a person)"
    )
    layout: dict[str, tuple[float, float]] = Field(default_factory=dict, description="places on the canvas; no meaning")
    sha: SkipJsonSchema[str] = Field(default="", exclude=True, description="set by the loader")
    subflows: SkipJsonSchema[dict[str, Flow]] = Field(
        default_factory=dict, exclude=True, description="as called → flow; set by the loader"
    )
    calendars: SkipJsonSchema[dict[str, Calendar]] = Field(
        default_factory=dict, exclude=True, description="set by the loader"
    )

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is no IANA time zone; write it like Europe/Berlin") from None
        return name

    @property
    def asks_to_record(self) -> bool:
        """Recording waits for a yes."""
        return any(
            isinstance(block, Consent) and "recording" in block.purposes and block.default == "refused"
            for block in self.blocks.values()
        )


def parse_flow(text: str, file: str = "flow.yaml") -> tuple[Flow, Document]:
    """Parse and check types (not yet the rules of `dialog.validate`); what lies beside `file` is read as well.

    Raises `FileError`.
    """
    flow, document = _parse(text, file)
    return neighbours.attach(flow, Path(file), lambda path: _parse(yamlfile.read_text(path), str(path))[0]), document


def _parse(text: str, file: str) -> tuple[Flow, Document]:
    document = yamlfile.parse(text, file)
    if not isinstance(document.data, dict):
        raise FileError([document.problem((), "a flow is a mapping that begins with `format: flow/v1`")])
    problems = list(_unknown_types(document))
    if problems:
        raise FileError(problems)
    try:
        flow = Flow.model_validate(document.data)
    except ValidationError as error:
        raise FileError([_problem_of(document, item) for item in error.errors()]) from None
    return flow.model_copy(update={"sha": hashlib.sha256(text.encode()).hexdigest()}), document


def load_flow(path: Path) -> Flow:
    """Read, parse and validate one flow. Raises `FileError` with all problems of severity E."""
    from dialog.validate import validate

    flow, document = read_flow(path)
    errors = [problem for problem in validate(flow, document) if problem.severity == "E"]
    if errors:
        raise FileError(errors)
    return flow


def read_flow(path: Path) -> tuple[Flow, Document]:
    """Read and parse one flow, without the rules. Raises `FileError`."""
    return parse_flow(yamlfile.read_text(path), str(path))


def schema() -> str:
    """The JSON Schema of flow/v1, as published in `flows/flow-v1.schema.json`."""
    tree = Flow.model_json_schema()
    tree = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "flow-v1.schema.json", **tree}
    return json.dumps(tree, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _unknown_types(document: Document) -> list[Problem]:
    blocks = document.data.get("blocks")
    if not isinstance(blocks, dict):
        return []
    accepted = ", ".join(BLOCK_TYPES)
    return [
        document.problem(
            ("blocks", name, "type"), f"block {name!r}: unknown type {kind!r}; accepted are {accepted}", BLOCK_TYPE
        )
        for name, block in blocks.items()
        if isinstance(block, dict) and (kind := block.get("type")) not in BLOCK_TYPES
    ]


def _problem_of(document: Document, item: Any) -> Problem:
    place: Place = item["loc"]
    # pydantic puts the block's type into the path of a discriminated union; the file has no such step
    if len(place) > 2 and place[0] == "blocks" and place[2] in BLOCK_TYPES:
        place = (*place[:2], *place[3:])
    return yamlfile.misshapen(document, item, place)
