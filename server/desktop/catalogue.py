"""`tickets.yaml` beside the flows: departments, what goes to which, and how soon it must be done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dialog import yamlfile
from dialog.calendars import FILE as CALENDARS
from dialog.calendars import Calendar, read_calendars
from dialog.text import pick
from dialog.yamlfile import FileError, misshapen
from server.desktop.files import Edited

FILE = "tickets.yaml"
Status = Literal["new", "open", "pending", "hold", "solved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
_ID = r"^[a-z][a-z0-9_]*$"
Words = Annotated[dict[str, str], Field(min_length=1)]


class Department(BaseModel):
    """Who sees to tickets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=_ID)
    title: Words
    hours: str = Field(default="", description="calendar of `calendars.yaml` in which its clock runs; empty = always")


class Category(BaseModel):
    """What a ticket is about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=_ID)
    title: Words
    department: str
    priority: Priority = "normal"
    examples: dict[str, list[str]] = Field(
        default_factory=dict, description="by locale, what customers say of it: by these words it is chosen"
    )


class Catalogue(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["tickets/v1"]
    statuses: dict[Status, Words] = Field(description="what customers are told of each")
    sla_hours: dict[Priority, float] = Field(
        description="business hours in which a ticket of a priority must be solved"
    )
    departments: list[Department] = Field(min_length=1)
    categories: list[Category] = Field(min_length=1, description="the first serves what fits nowhere else")

    @model_validator(mode="after")
    def _complete(self) -> Catalogue:
        known = {department.id for department in self.departments}
        for listed in (self.departments, self.categories):
            ids = [one.id for one in listed]
            if twice := sorted({one for one in ids if ids.count(one) > 1}):
                raise ValueError(f"{twice[0]!r} is given twice")
        for category in self.categories:
            if category.department not in known:
                raise ValueError(f"category {category.id!r}: there is no department {category.department!r}")
        for name, wanted, have in (
            ("sla_hours", set(get_args(Priority)), set(self.sla_hours)),
            ("statuses", set(get_args(Status)), set(self.statuses)),
        ):
            if missing := sorted(wanted - have):
                raise ValueError(f"{name} lacks {', '.join(missing)}")
        if any(hours <= 0 for hours in self.sla_hours.values()):
            raise ValueError("sla_hours are more than 0")
        return self

    def department(self, name: str) -> Department | None:
        """By id."""
        return next((one for one in self.departments if one.id == name), None)

    def category(self, name: str) -> Category | None:
        """By id."""
        return next((one for one in self.categories if one.id == name), None)

    def sla_ms(self, priority: Priority) -> int:
        """Ms of business time."""
        return round(timedelta(hours=self.sla_hours[priority]) / timedelta(milliseconds=1))

    def status_words(self, status: Status, language: str) -> str:
        """As a customer is told it."""
        return pick(self.statuses[status], language)


def read_catalogue(folder: Path) -> tuple[Catalogue, Mapping[str, Calendar]]:
    """The file and the calendars it names. Raises `FileError`."""
    document = yamlfile.read(folder / FILE)
    try:
        catalogue = Catalogue.model_validate(document.data)
    except ValidationError as error:
        raise FileError([misshapen(document, item) for item in error.errors()]) from None
    calendars = read_calendars(folder)
    for index, department in enumerate(catalogue.departments):
        if department.hours and department.hours not in calendars:
            problem = f"there is no calendar {department.hours!r} in calendars.yaml beside it"
            raise FileError([document.problem(("departments", index, "hours"), problem)])
    return catalogue, calendars


Catalogues = Edited[tuple[Catalogue, Mapping[str, Calendar]]]


def catalogues(folder: Path) -> Catalogues:
    """The catalogue of a folder, as it is at each use. Raises `FileError`."""
    return Edited((folder / FILE, folder / CALENDARS), lambda: read_catalogue(folder))
