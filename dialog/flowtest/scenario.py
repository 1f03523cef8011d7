"""The file format `flowtest/v1`: what happens outside, what the caller does, what must come of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dialog import yamlfile
from dialog.events import Channel, QueueOutcome, TransferOutcome
from dialog.yamlfile import Document, FileError, Problem
from session.policy import PolicyName
from session.wire import EmotionLabel

Level = Literal["text", "audio", "sip"]
LEVELS: tuple[Level, ...] = ("text", "audio", "sip")
DEFAULT_CLOCK = "2026-03-03T10:00:00"  # a Tuesday that is no holiday anywhere we know of


class HttpAnswer(BaseModel):
    """What a business system answers to an `http` block."""

    model_config = ConfigDict(extra="forbid")

    status: int = Field(default=200, ge=100, le=599)
    body: Any = None
    delay_ms: int = Field(default=0, ge=0, le=60_000, description="virtual time until it comes")
    fails: Literal["timeout", "http_error", "lost"] | None = Field(
        default=None, description="no answer in time, none at all, or (lost) even that is never told"
    )


class ActionAnswer(BaseModel):
    """What comes of an `action` block instead of its rule or workflow."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["done", "needs_approval", "failed", "lost"] = "done"
    values: dict[str, Any] = Field(default_factory=dict, description="outputs, which become attributes")
    delay_ms: int = Field(default=0, ge=0, le=60_000, description="virtual time until it comes")


class Upload(BaseModel):
    """What the analysers of a `visual` block find in a picture."""

    model_config = ConfigDict(extra="forbid")

    accepted: bool = True
    values: dict[str, Any] = Field(default_factory=dict, description="what was read, which becomes attributes")


class QueueState(BaseModel):
    """How a queue is; without it the steps `queue:` say what happens."""

    model_config = ConfigDict(extra="forbid")

    agents: int = Field(default=1, ge=0, description="people logged in who could answer")
    wait_s: float = Field(default=0.0, ge=0, description="virtual s until one does, if the flow waits so long")


class Profile(BaseModel):
    """A customer who exists for this test only."""

    model_config = ConfigDict(extra="forbid")

    customer_no: str = Field(pattern=r"^\d{3,16}$")
    name: str = ""
    pin: str = Field(default="", pattern=r"^\d*$", description="invented; the flow meets only its hash")
    phones: list[str] = Field(default_factory=list)
    facts: dict[str, str | dict[str, str]] = Field(default_factory=dict)


class Given(BaseModel):
    """What is so before the first step."""

    model_config = ConfigDict(extra="forbid")

    locale: str = "en"
    channel: Channel = "voice"
    number: str = Field(default="", description="whom the call is from; empty = withheld")
    called: str = Field(default="100", description="the number that was called")
    clock: str = Field(default=DEFAULT_CLOCK, description="ISO 8601; without a zone it is a time in `timezone`")
    timezone: str = Field(default="UTC", description="IANA name")
    hours: dict[str, Literal["open", "closed", "holiday", "emergency"]] = Field(
        default_factory=dict, description="calendar (`*` = all) → what it says, whatever the clock"
    )
    http: dict[str, HttpAnswer | list[HttpAnswer]] = Field(
        default_factory=dict, description="block → its answer; of a list the last one stays"
    )
    actions: dict[str, ActionAnswer | list[ActionAnswer]] = Field(
        default_factory=dict,
        description="block, or id of rule or workflow → what comes of it; of a list the last stays",
    )
    uploads: dict[str, Upload] = Field(
        default_factory=dict, description="picture (as the step `upload` names it) → what is found in it"
    )
    queues: dict[str, QueueState] = Field(default_factory=dict, description="queue (`*` = all) → its state")
    customers: list[Profile] = Field(default_factory=list, description="beside those of the directory file")
    callbacks: Literal["booked", "failed"] = Field(default="booked", description="whether the desk takes them")
    policy: PolicyName = Field(default="eu", description="what the law allows of the caller's voice")
    seed: str = Field(default="", description="decides variants of experiments; another seed, another customer")

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is no time zone; use an IANA name such as Europe/Berlin")
        return name

    @field_validator("clock", mode="before")
    @classmethod
    def _time_is_one(cls, value: Any) -> str:
        text = value.isoformat() if isinstance(value, datetime) else str(value)  # YAML knows times
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is no time; write it like {DEFAULT_CLOCK}") from None
        return text

    @property
    def start_ms(self) -> int:
        """The clock, in UTC epoch milliseconds."""
        at = datetime.fromisoformat(self.clock)
        at = at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(self.timezone))
        return round(at.astimezone(UTC).timestamp() * 1000)


class Step(BaseModel):
    """One step: exactly one of the keys that do something, and for `say` and `barge_in` how it is said."""

    model_config = ConfigDict(extra="forbid")
    beside: ClassVar[frozenset[str]] = frozenset({"language", "confidence", "emotion", "frustration", "file"})

    expect: str | None = Field(
        default=None, description="the bot says this (part of it, any case); prompts before it run to their end"
    )
    not_expect: str | None = Field(
        default=None, description="the bot has not said this since the caller's last step (at end: nor says it now)"
    )
    say: str | None = Field(default=None, description="the caller speaks, after the prompts")
    barge_in: str | None = Field(default=None, description="the caller speaks over the prompt that was just expected")
    text: str | None = Field(default=None, description="the customer writes in the chat")
    press: str | None = Field(default=None, pattern=r"^[0-9*#]+$", description="keys, after the prompts")
    press_over: str | None = Field(
        default=None, pattern=r"^[0-9*#]+$", description="keys during the prompt that was just expected"
    )
    upload: str | None = Field(
        default=None, min_length=1, description="a picture that was asked for comes; `given.uploads` says what is in it"
    )
    silence: int | None = Field(
        default=None, ge=1, le=20, description="the caller is silent until asked again, n times"
    )
    wait: float | None = Field(default=None, gt=0, le=86400, description="virtual s pass; the caller does nothing")
    queue: QueueOutcome | None = Field(default=None, description="what comes of waiting for people")
    transfer: TransferOutcome | None = Field(default=None, description="what comes of the transfer that is under way")
    agent: Literal["left", "lost"] | None = Field(default=None, description="the agent is done, or the line died")
    restart: bool | None = Field(default=None, description="the app is killed and takes up what was saved")
    fail: str | None = Field(default=None, description="something that the run depends on breaks")
    hangup: bool | None = Field(default=None, description="the caller hangs up")
    language: str = Field(default="", description="what is recognised as the language; empty = that of the words")
    confidence: float = Field(default=0.95, ge=0, le=1, description="of the recogniser (level text)")
    emotion: EmotionLabel | None = Field(default=None, description="how the caller sounds (level text)")
    frustration: float = Field(default=0.0, ge=0, le=1)
    file: str = Field(default="", description="a recording of what is said, beside the test, for levels audio and sip")

    @model_validator(mode="after")
    def _one_thing(self) -> Step:
        done = self.actions()
        if len(done) != 1:
            raise ValueError(
                f"a step does exactly one thing, this one {' and '.join(done) if done else 'nothing'}; "
                f"one of {', '.join(sorted(set(type(self).model_fields) - self.beside))}"
            )
        return self

    def actions(self) -> list[str]:
        """Which of its keys are set that do something; one, once validated."""
        return [name for name in type(self).model_fields if name not in self.beside and getattr(self, name) is not None]

    @property
    def in_words(self) -> str:
        """For a report; keys stay hidden."""
        name = self.actions()[0]
        value = getattr(self, name)
        return f"{name}: {'?' * len(value) if name.startswith('press') else value}"


class Expected(BaseModel):
    """What must hold at the end."""

    model_config = ConfigDict(extra="forbid")

    ended: str | None = Field(default=None, description="the disposition; empty text = the run goes on")
    locale: str | None = None
    auth_level: int | None = None
    visited: list[str] = Field(default_factory=list, description="blocks in this order; others may lie between")
    not_visited: list[str] = Field(default_factory=list)
    prompts: list[str] = Field(default_factory=list, description="said in this order (parts, any case)")
    attributes: dict[str, Any] = Field(default_factory=dict)
    consent: Literal["given", "refused"] | None = None
    queue: str | None = Field(default=None, description="the queue that was joined last")
    priority: int | None = Field(default=None, description="in that queue")
    latency_ms: int | None = Field(
        default=None, ge=0, description="most ms from the caller's last word or key to the bot's next word"
    )
    secret: str = Field(default="", description="digits that must be nowhere in the saved state nor in any effect")


class Scenario(BaseModel):
    """One call."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    name: str
    levels: list[Level] = Field(
        default=list(LEVELS), min_length=1, description="where it can be played; others pass it over"
    )
    given: Given = Given()
    steps: list[Step] = Field(min_length=1)
    expected: Expected = Field(default=Expected(), alias="assert")


class FlowTestFile(BaseModel):
    """All scenarios of a flow. `given` at the top holds for all; what a scenario says of its own goes before."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["flowtest/v1"]
    flow: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="id of the flow; its file lies beside this one")
    given: Given = Given()
    tests: list[Scenario] = Field(min_length=1)

    @model_validator(mode="after")
    def _inherit(self) -> FlowTestFile:
        common = self.given.model_dump(exclude_unset=True)
        if common:
            for test in self.tests:
                test.given = Given.model_validate({**common, **test.given.model_dump(exclude_unset=True)})
        return self


class ReadTests(FlowTestFile):
    """A test file and where in it everything stands."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    path: Path = Field(default=Path(), exclude=True)
    document: Document | None = Field(default=None, exclude=True)

    def line(self, test: int, step: int | None = None) -> int:
        """Line of a scenario, or of one of its steps (from 0)."""
        place = ("tests", test) if step is None else ("tests", test, "steps", step)
        return self.document.line(place) if self.document else 1


def read_tests(path: Path) -> ReadTests:
    """Read a test file. Raises `FileError` naming file and line."""
    return parse_tests(yamlfile.read(path), path)


def parse_tests(document: Document, path: Path) -> ReadTests:
    """Check a test file's content. Raises `FileError`."""
    try:
        parsed = FlowTestFile.model_validate(document.data)
    except ValidationError as error:
        told = [item for item in error.errors() if item["type"] != "list_type" or "list[" not in str(item["loc"][-1])]
        raise FileError([_problem(document, item) for item in told]) from None
    names: dict[str, int] = {}
    for index, test in enumerate(parsed.tests):
        if test.name in names:
            problem = f"tests {names[test.name] + 1} and {index + 1} are both called {test.name!r}"
            raise FileError([document.problem(("tests", index, "name"), problem, mend="rename one")])
        names[test.name] = index
    return ReadTests.model_construct(
        format=parsed.format, flow=parsed.flow, given=parsed.given, tests=parsed.tests, path=path, document=document
    )


def schema() -> str:
    """The JSON Schema of flowtest/v1, as published in `flows/flowtest-v1.schema.json`."""
    tree = FlowTestFile.model_json_schema(by_alias=True)
    tree = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "flowtest-v1.schema.json", **tree}
    return json.dumps(tree, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _problem(document: Document, item: Any) -> Problem:
    # pydantic puts the branches of a union into the path; the file has no such step
    place = tuple(step for step in item["loc"] if not str(step).endswith(("Answer", "Answer]")))
    name = ".".join(str(step) for step in place)
    message = {
        "extra_forbidden": "is not known here",
        "missing": "is missing",
    }.get(item["type"], str(item["msg"]).removeprefix("Value error, "))
    accepted = "see flows/flowtest-v1.schema.json for what may stand here"
    if yamlfile.unquoted(item):
        message, accepted = yamlfile.UNQUOTED, yamlfile.QUOTE
    return document.problem(place, f"{name}: {message}", mend=accepted)
