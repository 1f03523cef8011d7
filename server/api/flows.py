"""Versions of flows: hand in, check, publish now or at a time, roll back, compare; who did what."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field

from dialog.versions import Change
from dialog.yamlfile import Problem
from server.api.access import Designer
from server.publishing import NotPublished, Publishing, snapshot_of
from session.flow_contents import sha_of
from session.flow_versions import ChangedMeanwhile, Live, Planned, Version, VersionUnknown
from session.strict import Strict

router = APIRouter(prefix="/api/flows", tags=["flows"])


class ProblemOut(BaseModel):
    """One thing wrong with a text: E forbids publishing, W is advice."""

    file: str
    line: int
    severity: str
    rule: str
    message: str
    mend: str


class LiveOut(BaseModel):
    """What answers new calls. `number` 0: the file on disk, nothing was ever published."""

    flow: str
    number: int
    sha: str
    revision: int
    by: str
    at: datetime | None


class VersionOut(BaseModel):
    """A version that was handed in. `base`: the revision that was live then."""

    flow: str
    number: int
    sha: str
    base: int
    note: str
    by: str
    at: datetime
    live: bool


class VersionTextOut(VersionOut):
    """With its text and test; `files`: everything that belongs to it, path → sha of the text."""

    text: str
    tests: str
    files: dict[str, str]


class NewVersion(Strict):
    """A draft, which takes what lies beside the flow from the disk now. It may hold mistakes; publishing is checked."""

    text: str = Field(min_length=1, description="the flow as YAML or JSON")
    tests: str = Field(default="", description="its flowtest/v1 file; empty = the one beside the file on disk")
    note: str = Field(default="", max_length=2000)


class HandedIn(VersionOut):
    """The new version, and what its check says so far (tests are played when it is published)."""

    problems: list[ProblemOut]


class Publish(Strict):
    """Which version; `at` = when (with its zone), or now."""

    number: int = Field(ge=1)
    base: int | None = Field(
        default=None, ge=0, description="revision you have seen live; left out = the one when the version was handed in"
    )
    at: datetime | None = None
    why: str = Field(default="", max_length=2000)


class PlanOut(BaseModel):
    """A publication that is to happen."""

    id: int
    flow: str
    number: int
    due: datetime
    by: str


class PublishedOut(BaseModel):
    """What is live now, or what is planned; `problems` holds advice."""

    live: LiveOut | None = None
    plan: PlanOut | None = None
    problems: list[ProblemOut]


class RollBack(Strict):
    """To which version; left out = the one that was live before."""

    number: int | None = Field(default=None, ge=1)
    why: str = Field(default="", max_length=2000)


class ChangeOut(BaseModel):
    """One difference in meaning; `text` is it in words."""

    kind: str
    where: str
    what: str
    before: Any
    after: Any
    text: str


class AuditOut(BaseModel):
    """Who did what."""

    flow: str
    action: str
    number: int | None
    before_sha: str
    after_sha: str
    why: str
    by: str
    at: datetime


@router.get("")
async def list_flows(_user: Designer, request: Request) -> list[LiveOut]:
    """Everything that answers calls here, or can be called from there."""
    desk = _publishing(request)
    live = await desk.versions.live()
    return [
        _live_out(live[name])
        if name in live
        else LiveOut(flow=name, number=0, sha=flow.sha, revision=0, by="", at=None)
        for name, flow in sorted(desk.served().items())
    ]


@router.get("/{flow_id}/versions")
async def list_versions(flow_id: str, _user: Designer, request: Request) -> list[VersionOut]:
    """Newest first."""
    return [_version_out(found) for found in await _publishing(request).versions.versions(flow_id)]


@router.get("/{flow_id}/versions/{number}")
async def show_version(flow_id: str, number: int, _user: Designer, request: Request) -> VersionTextOut:
    """With its text."""
    desk = _publishing(request)
    with _told():
        found = await desk.versions.version(flow_id, number)
        snapshot = await snapshot_of(desk.versions, flow_id, number)
    files = {path: sha_of(text) for path, text in snapshot.files.items()}
    return VersionTextOut(**_version_out(found).model_dump(), text=snapshot.text, tests=snapshot.tests, files=files)


@router.post("/{flow_id}/versions", status_code=201)
async def hand_in(flow_id: str, body: NewVersion, user: Designer, request: Request) -> HandedIn:
    """A draft; nothing is live by that."""
    with _told():
        version, problems = await _publishing(request).hand_in(
            flow_id, body.text, by=user.name, tests=body.tests, note=body.note
        )
    return HandedIn(**_version_out(version).model_dump(), problems=_problems(problems))


@router.post("/{flow_id}/versions/{number}/check")
async def check(flow_id: str, number: int, _user: Designer, request: Request) -> list[ProblemOut]:
    """What publishing it would say: its rules and every scenario of its test."""
    with _told():
        return _problems((await _publishing(request).check(flow_id, number)).problems)


@router.post("/{flow_id}/publish")
async def publish(flow_id: str, body: Publish, user: Designer, request: Request) -> PublishedOut:
    """Now, or at a time. 409: changed by somebody else meanwhile; 422: it may not be published, and why."""
    desk = _publishing(request)
    with _told():
        if body.at is None:
            done = await desk.publish(flow_id, body.number, by=user.name, base=body.base, why=body.why)
            return PublishedOut(live=_live_out(done.live), problems=_problems(done.warnings))
        if body.at.tzinfo is None:
            raise HTTPException(422, "at: give its zone too, like 2026-12-24T18:00:00Z")
        plan, gate = await desk.plan(flow_id, body.number, body.at.astimezone(UTC), by=user.name, base=body.base)
        return PublishedOut(plan=_plan_out(plan), problems=_problems(gate.problems))


@router.post("/{flow_id}/rollback")
async def roll_back(flow_id: str, body: RollBack, user: Designer, request: Request) -> LiveOut:
    """Make an earlier version live again."""
    with _told():
        return _live_out(await _publishing(request).roll_back(flow_id, body.number, by=user.name, why=body.why))


@router.get("/{flow_id}/diff")
async def difference(
    flow_id: str,
    _user: Designer,
    request: Request,
    one: Annotated[int, Query(alias="from", ge=0, description="0 = the file on disk")],
    other: Annotated[int, Query(alias="to", ge=0, description="0 = the file on disk")],
) -> list[ChangeOut]:
    """What differs in meaning; layout and notes do not count."""
    with _told():
        return [_change_out(change) for change in await _publishing(request).difference(flow_id, one, other)]


@router.get("/{flow_id}/plans")
async def plans(flow_id: str, _user: Designer, request: Request) -> list[PlanOut]:
    """What is to be published, the next first."""
    return [_plan_out(plan) for plan in await _publishing(request).versions.plans(flow_id)]


@router.delete("/{flow_id}/plans/{plan_id}", status_code=204)
async def cancel(flow_id: str, plan_id: int, user: Designer, request: Request) -> None:
    """Do not publish it after all."""
    versions = _publishing(request).versions
    for plan in await versions.plans(flow_id):
        if plan.id == plan_id and await versions.settle(plan, "cancelled", by=user.name):
            return
    raise HTTPException(404, f"flow {flow_id!r} has no waiting plan {plan_id}")


@router.get("/{flow_id}/audit")
async def audit(flow_id: str, _user: Designer, request: Request) -> list[AuditOut]:
    """Who did what, newest first."""
    return [
        AuditOut(
            flow=a.flow_id, action=a.action, number=a.number, before_sha=a.before_sha, after_sha=a.after_sha,
            why=a.why, by=a.by, at=a.at,
        )
        for a in await _publishing(request).versions.audit(flow_id)
    ]  # fmt: skip


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turns what went wrong into an answer that says it."""
    try:
        yield
    except VersionUnknown as error:
        raise HTTPException(404, str(error)) from error
    except ChangedMeanwhile as error:
        raise HTTPException(409, str(error)) from error
    except NotPublished as error:
        raise HTTPException(422, str(error)) from error


def _publishing(request: Request) -> Publishing:
    found: Publishing | None = request.app.state.publishing
    if found is None:
        raise HTTPException(503, "versions of flows cannot be changed here")
    return found


def _problems(problems: list[Problem]) -> list[ProblemOut]:
    return [
        ProblemOut(
            file=p.file, line=p.line, severity=p.severity, rule=p.rule.id, message=p.message, mend=p.mend or p.rule.mend
        )
        for p in problems
    ]


def _live_out(live: Live) -> LiveOut:
    return LiveOut(flow=live.flow_id, number=live.number, sha=live.sha, revision=live.revision, by=live.by, at=live.at)


def _version_out(v: Version) -> VersionOut:
    return VersionOut(
        flow=v.flow_id, number=v.number, sha=v.sha, base=v.base, note=v.note, by=v.by, at=v.at, live=v.live
    )


def _plan_out(plan: Planned) -> PlanOut:
    return PlanOut(id=plan.id, flow=plan.flow_id, number=plan.number, due=plan.due, by=plan.by)


def _change_out(change: Change) -> ChangeOut:
    return ChangeOut(
        kind=change.kind,
        where=change.where,
        what=change.what,
        before=change.before,
        after=change.after,
        text=str(change),
    )
