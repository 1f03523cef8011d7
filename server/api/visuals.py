"""Pictures that a flow asked the caller for: given on their page, seen by staff."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel

from server.api.access import CallerOrStaff, Staff
from server.api.calls import control_of
from server.api.ports import NotNow

router = APIRouter(prefix="/api/conversations/{conversation_id}/visuals", tags=["visuals"])


class Given(BaseModel):
    """The picture's name in this conversation."""

    ref: str


@router.post("")
async def give(conversation_id: str, request_id: str, who: CallerOrStaff, request: Request) -> Given:
    """Give what was asked for: the request's body is the file (JPEG, PNG, WebP; WebM or MP4 for a video or screen)."""
    if who is not None:
        raise HTTPException(403, "only the caller gives pictures")
    data = await request.body()
    try:
        return Given(ref=await control_of(request).picture(conversation_id, request_id, data))
    except NotNow as error:
        raise HTTPException(409, str(error)) from error
    except ValueError as error:
        raise HTTPException(415, str(error)) from error


@router.get("/{ref}")
async def see(conversation_id: str, ref: str, _who: Staff, request: Request) -> FileResponse:
    """One of them."""
    path = control_of(request).picture_path(conversation_id, ref)
    if path is None:
        raise HTTPException(404, "there is no such picture in this conversation")
    return FileResponse(path, headers={"Content-Disposition": "inline", "Cache-Control": "private, no-store"})
