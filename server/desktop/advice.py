"""`assist.yaml` beside a flow: the next steps and kind words that agents are offered, and when. docs/agent-assist.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dialog import cel, yamlfile
from dialog.yamlfile import FileError, misshapen
from server.desktop.files import Edited

log = structlog.get_logger(__name__)

FILE = "assist.yaml"
Mood = Literal["angry", "sad", "anxious"]
Words = Annotated[dict[str, str], Field(min_length=1)]
NAMES = frozenset({"intent", "intents", "auth_level", "channel", "language", "open_tickets", "said", "mood"})


class Advice(BaseModel):
    """One card's words by locale."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: int = Field(default=1, ge=1, description="raised with every change of the words; kept with who took them")
    title: Words
    text: Words


class Step(Advice):
    """What to do next; the first whose condition holds is shown."""

    when: str = Field(
        description=f"CEL over {', '.join(sorted(NAMES))}; `intents` are all so far, `said` the last words in small letters"
    )

    @field_validator("when")
    @classmethod
    def _known(cls, when: str) -> str:
        try:
            cel.check(when)
        except cel.ExpressionError as error:
            raise ValueError(str(error)) from None
        if unknown := sorted(set(cel.names(when)) - NAMES):
            raise ValueError(f"there is no {unknown[0]!r}; a condition can name {', '.join(sorted(NAMES))}")
        return when


class Comfort(Advice):
    """Kind words for a mood; without one that fits, the first."""

    moods: list[Mood] = Field(min_length=1)


class Assist(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["assist/v1"]
    knowledge_min: float = Field(default=0.5, ge=0, le=1, description="score below which no article is shown")
    upset_at: float = Field(default=0.5, gt=0, le=1, description="frustration from which kind words are offered")
    calm_at: float = Field(default=0.3, ge=0, lt=1, description="frustration below which they go again")
    next_steps: list[Step] = Field(default_factory=list, max_length=200)
    comfort: list[Comfort] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _apart(self) -> Assist:
        if self.calm_at >= self.upset_at:
            raise ValueError("calm_at must be below upset_at, or the card would flap")
        ids = [one.id for one in (*self.next_steps, *self.comfort)]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"{twice[0]!r} is given twice")
        return self

    def step(self, values: Mapping[str, Any]) -> Step | None:
        """The first that fits."""
        for step in self.next_steps:
            try:
                if cel.evaluate(step.when, values) is True:
                    return step
            except cel.ExpressionError as error:
                log.error("assist.condition", step=step.id, error=str(error))
        return None

    def comfort_for(self, mood: str) -> Comfort | None:
        """Words for a mood."""
        fitting = (one for one in self.comfort if mood in one.moods)
        return next(fitting, next(iter(self.comfort), None))


def read_assist(folder: Path) -> Assist:
    """Of `assist.yaml` in a folder; nothing but articles where there is no such file. Raises `FileError`."""
    path = folder / FILE
    if not path.is_file():
        return Assist(format="assist/v1")
    document = yamlfile.read(path)
    try:
        return Assist.model_validate(document.data)
    except ValidationError as error:
        raise FileError([misshapen(document, item) for item in error.errors()]) from None


def assists(folder: Path) -> Edited[Assist]:
    """The file of a folder, as it is at each use. Raises `FileError`."""
    return Edited([folder / FILE], lambda: read_assist(folder))


class Calm:
    """Is somebody upset? Begins at `upset_at` or with an upset mood; ends below `calm_at`, twice in a row.

    `Trend` settles the mood's label over utterances already; the second threshold keeps the card from flapping.
    """

    UPSET = frozenset({"angry", "sad", "anxious"})
    ENOUGH = 2

    def __init__(self) -> None:
        self.upset = False
        self.mood = ""
        self._calm = 0

    def felt(self, frustration: float, mood: str, assist: Assist) -> bool:
        """One judged utterance; whether anything changed."""
        before = (self.upset, self.mood)
        bad = mood in self.UPSET
        if frustration >= assist.upset_at or bad:
            self.upset, self._calm = True, 0
            self.mood = mood if bad else self.mood
        elif self.upset and frustration < assist.calm_at:
            self._calm += 1
            if self._calm >= self.ENOUGH:
                self.upset, self.mood, self._calm = False, "", 0
        else:
            self._calm = 0
        return before != (self.upset, self.mood)
