"""`dispositions.yaml` beside a flow: how contacts end, what intents are called, and which outcome suggests which."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dialog import yamlfile
from dialog.text import pick
from dialog.yamlfile import FileError, misshapen
from server.desktop.files import Edited
from server.desktop.summary import Outcome

FILE = "dispositions.yaml"
Words = Annotated[dict[str, str], Field(min_length=1)]


class Disposition(BaseModel):
    """One way in which a contact ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)
    title: Words
    outcomes: list[Outcome] = Field(default_factory=list, description="it is suggested after these; empty = any")
    intents: list[str] = Field(default_factory=list, description="and for these intents; empty = any")


class Dispositions(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["dispositions/v1"]
    intents: dict[str, Words] = Field(default_factory=dict, description="what intents are called in summaries")
    dispositions: list[Disposition] = Field(min_length=1, description="the first that fits is suggested")

    def suggested(self, intent: str, outcome: Outcome) -> str:
        """The first that names this intent, else the first for the outcome alone."""
        fitting = [one for one in self.dispositions if outcome in one.outcomes or not one.outcomes]
        named = [one for one in fitting if intent in one.intents]
        general = [one for one in fitting if not one.intents and one.outcomes]
        return next(iter([*named, *general]), self.dispositions[-1]).code

    def intent_title(self, intent: str, language: str) -> str:
        """What people call it."""
        wording = self.intents.get(intent)
        return pick(wording, language) if wording else intent.replace("_", " ")


def read_dispositions(folder: Path, root: Path) -> Dispositions:
    """Of a folder, else of the outermost one. Raises `FileError`."""
    path = folder / FILE if (folder / FILE).is_file() else root / FILE
    document = yamlfile.read(path)
    try:
        return Dispositions.model_validate(document.data)
    except ValidationError as error:
        raise FileError([misshapen(document, item) for item in error.errors()]) from None


def dispositions(folder: Path, root: Path) -> Edited[Dispositions]:
    """The file, as it is at each use. Raises `FileError`."""
    return Edited([folder / FILE, root / FILE], lambda: read_dispositions(folder, root))
