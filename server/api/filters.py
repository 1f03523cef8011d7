"""Filter packs: which are in use, and taking up changed files at once."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from server.api.access import Admin, Supervisor
from server.following import Following

router = APIRouter(prefix="/api/filters", tags=["filters"])


class PackOut(BaseModel):
    """A pack in use."""

    id: str
    sha: str
    rules: int


class ReloadOut(BaseModel):
    """A pack that was read again; with problems the old one is still in use."""

    pack: str
    before: str
    after: str
    problems: list[str]


@router.get("")
async def listed(_user: Supervisor, request: Request) -> list[PackOut]:
    """The packs that bot and agents are held to."""
    packs = _following(request).filters.packs
    return [PackOut(id=pack.id, sha=pack.sha, rules=len(pack.rules)) for pack in packs.values()]


@router.post("/reload")
async def reload(user: Admin, request: Request) -> list[ReloadOut]:
    """Read all packs again (changed files are taken up by themselves within two seconds)."""
    told = await _following(request).reload(user.name, all_of_them=True)
    return [ReloadOut(pack=one.pack, before=one.before, after=one.after, problems=one.problems) for one in told]


def _following(request: Request) -> Following:
    following: Following | None = request.app.state.following
    if following is None:
        raise HTTPException(503, "no filter packs are in use here")
    return following
