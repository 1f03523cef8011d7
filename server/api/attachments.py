"""Images in a conversation: sent by its customer or by staff, seen by both."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, File, HTTPException, Request, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel

from server.api.access import CallerOrStaff
from server.api.calls import control_of
from server.api.told import UNKNOWN, told
from server.desktop.attachments import TooMany
from server.desktop.desktop import desktop_of
from server.throttle import Throttle
from session.queries import Queries

router = APIRouter(prefix="/api/conversations/{conversation_id}/attachments", tags=["attachments"])

HEADERS = {
    "Cache-Control": "private, max-age=86400, immutable",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class AttachmentOut(BaseModel):
    """An image as it is kept: decoded and written anew, without what the camera added. Pixels and bytes."""

    attachment_id: str
    mime: str
    size: int
    width: int
    height: int


@router.post("", status_code=201)
async def send(
    conversation_id: str,
    who: CallerOrStaff,
    request: Request,
    file: Annotated[UploadFile, File(description="a JPEG, PNG or WebP picture")],
) -> AttachmentOut:
    """Send an image; it shows as a `message` with `attachment`, in the same conversation as a call beside it."""
    if unknown := ", ".join(sorted(set(await request.form()) - {"file"})):
        raise HTTPException(422, f"{unknown}: {UNKNOWN}")
    messages: Throttle = request.app.state.messages
    if who is None and (wait_s := messages.take(conversation_id)):
        raise HTTPException(429, "too many messages", {"Retry-After": str(math.ceil(wait_s))})
    if not await Queries(request.app.state.store).exists(conversation_id):
        raise HTTPException(404, f"there is no conversation {conversation_id}")
    role = "agent" if who else "customer"
    with told():
        control_of(request).may_write(conversation_id, role=role)
    try:
        kept = await desktop_of(request).attachments.add(
            conversation_id, await file.read(), role=role, user_id=who.user_id if who else None
        )
    except ValueError as error:
        raise HTTPException(415, str(error)) from error
    except TooMany as error:
        raise HTTPException(409, str(error)) from error
    with told():
        await control_of(request).lively(conversation_id, role=role)
    return AttachmentOut(**asdict(kept))


@router.get("/{attachment_id}", response_class=FileResponse)
async def see(conversation_id: str, attachment_id: str, _who: CallerOrStaff, request: Request) -> FileResponse:
    """One of them."""
    found = await desktop_of(request).attachments.find(conversation_id, attachment_id)
    if found is None:
        raise HTTPException(404, "there is no such image in this conversation")
    path, mime = found
    return FileResponse(path, media_type=mime, headers=HEADERS)
