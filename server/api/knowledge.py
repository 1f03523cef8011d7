"""Knowledge for agents."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field

from server.api.access import Staff
from server.desktop.desktop import desktop_of

router = APIRouter(prefix="/api/knowledge", tags=["knowledge"])


class Article(BaseModel):
    """An article in one language. `auth_level`: how surely a customer must be known before they are told."""

    article_id: str
    version: int
    title: str
    text: str
    score: float
    source: str = Field(description="the folder of flows it belongs to")
    auth_level: int


@router.get("/search")
async def search(
    _staff: Staff,
    request: Request,
    q: str = Query(min_length=1, max_length=500),
    language: str = Query("", max_length=16, description="empty = that of the words"),
    limit: int = Query(5, ge=1, le=20),
    flow: str = Query("", max_length=64, description="only what belongs to this flow"),
) -> list[Article]:
    """Best first, by wording and meaning; an empty list where nothing fits."""
    try:
        hits = await desktop_of(request).knowledge.search(q, language, limit=limit, flow_id=flow)
    except (OSError, TimeoutError) as error:
        raise HTTPException(503, "searching needs sentence vectors, which are not there now; try again") from error
    return [Article(**asdict(hit)) for hit in hits]
