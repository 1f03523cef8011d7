"""What a supervisor sets of a queue. Validated here for the API, the command line and the database alike."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from desk.options import DeskOptions
from session.strict import Strict

Strategy = Literal["longest_idle", "least_occupied", "round_robin", "ring_all", "top_down", "preferred"]
QueueId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
SkillName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64)]
Level = Annotated[int, Field(ge=1, le=5)]
LEVEL = 3
"""Proficiency of a skill that was given without one: the middle of 1–5."""


class QueueError(ValueError):
    """A queue's settings are wrong; the text names field and mend."""


class _Part(Strict):
    model_config = ConfigDict(frozen=True)


class SkillNeed(_Part):
    """What an agent must be able to do."""

    skill: SkillName
    min_level: Level = 1


class Target(_Part):
    """The service level that is aimed at: `share` answered within `seconds`."""

    share: float = Field(default=0.8, gt=0, le=1)
    seconds: int = Field(default=20, ge=1, le=3600)


class OverflowTo(_Part):
    """Where those go who waited too long or found the queue full: another queue, or the flow's exit `overflow`."""

    to: Literal["queue", "exit"] = "exit"
    name: str = Field(default="", max_length=64, description="id of the queue, with `to: queue`")

    @model_validator(mode="after")
    def _named(self) -> OverflowTo:
        if (self.to == "queue") != bool(self.name):
            raise ValueError("name: give the queue's id with `to: queue`, and none with `to: exit`")
        return self


class Announcing(_Part):
    """What a caller is told while waiting."""

    position: bool = Field(default=True, description="the place in the queue")
    wait: bool = Field(default=True, description="the expected wait, in minutes")
    every_s: float = Field(default=30.0, ge=5, le=600, description="s between announcements")


class QueueSpec(_Part):
    """One queue. What is left out has the default shown."""

    queue: QueueId
    name: str = Field(default="", max_length=128, description="as agents and supervisors see it; empty = the id")
    strategy: Strategy = "longest_idle"
    skills: tuple[SkillNeed, ...] = Field(default=(), max_length=20, description="what every agent of it must have")
    sl_target: Target = Target()
    ring_s: float = Field(default=20.0, ge=3, le=120, description="s an offer rings before it counts as missed")
    acw_s: float = Field(default=60.0, ge=0, le=3600, description="s of after-call work; wrap-up may end it earlier")
    max_wait_s: float | None = Field(default=None, ge=1, le=86_400, description="s until a contact overflows")
    max_size: int | None = Field(
        default=None, ge=1, le=100_000, description="contacts that wait at most; more overflow"
    )
    overflow: OverflowTo = OverflowTo()
    hours: str | None = Field(
        default=None,
        pattern=r"^([a-z0-9_-]+/)?[a-z][a-z0-9_]*$",
        description="calendar in `calendars.yaml` beside the flows, `pack/name` for a pack's; none = always open",
    )
    announce: Announcing = Announcing()
    music: str | None = Field(default=None, max_length=256, description="audio file, relative to the installation")
    priority: int = Field(default=0, ge=-100, le=100, description="points added to every contact of this queue")
    aging: float = Field(default=2.0, ge=0, le=100, description="points that a minute of waiting adds")
    misses_to_pause: int = Field(default=3, ge=0, le=100, description="misses in a row that pause an agent; 0 = never")
    preferred_s: float = Field(default=30.0, ge=0, le=3600, description="s kept for the preferred or last agent")
    upset_s: float = Field(default=120.0, ge=0, le=600, description="s that a wholly frustrated caller is put ahead")

    @field_validator("skills")
    @classmethod
    def _once(cls, skills: tuple[SkillNeed, ...]) -> tuple[SkillNeed, ...]:
        named = [need.skill for need in skills]
        if len(set(named)) < len(named):
            raise ValueError("each skill once: keep the entry with the higher min_level")
        return skills

    @model_validator(mode="after")
    def _whole(self) -> QueueSpec:
        if self.overflow.to == "queue" and self.overflow.name == self.queue:
            raise ValueError("overflow.name: a queue cannot overflow into itself; name another one")
        return self

    @property
    def shown(self) -> str:
        """Its name, or the id."""
        return self.name or self.queue


def default_queue(queue: str, options: DeskOptions) -> QueueSpec:
    """A queue that nobody has set up: the desk's settings."""
    return QueueSpec.model_construct(
        queue=queue,
        ring_s=options.ring_s,
        acw_s=options.acw_s,
        announce=Announcing.model_construct(every_s=options.announce_every_s),
    )


def check_queue(values: object) -> QueueSpec:
    """Raises `QueueError`, one sentence for each field that is wrong."""
    try:
        return QueueSpec.model_validate(values)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, e['loc'])) or 'queue'}: "
            + ("is no field of a queue; docs/queues.md lists them" if e["type"] == "extra_forbidden" else e["msg"])
            for e in error.errors()
        ]
        raise QueueError("; ".join(wrong)) from None


def check_overflows(specs: dict[str, QueueSpec]) -> None:
    """Overflow targets exist, and lead somewhere in the end. Raises `QueueError`."""
    for first in specs.values():
        spec, seen = first, [first.queue]
        while spec.overflow.to == "queue":
            if spec.overflow.name not in specs:
                listed = ", ".join(sorted(specs))
                raise QueueError(f"overflow.name: there is no queue {spec.overflow.name!r}; there are {listed}")
            spec = specs[spec.overflow.name]
            if spec.queue in seen:
                raise QueueError(f"overflow.name: {' → '.join([*seen, spec.queue])} goes round; end one at `to: exit`")
            seen.append(spec.queue)
