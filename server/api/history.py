"""Reading conversations: the list, one page by page, its recording, and what happens now."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict

from server.api.access import Staff, auth_of, same_origin, who
from server.api.told import LAST_SEQ, as_json
from server.auth import Refused
from server.desktop.timeline import said_to_others
from server.pages import OpenPages
from session.queries import MOST_EVENTS, Queries
from session.store import Store
from session.types import StoredEvent

router = APIRouter(prefix="/api", tags=["history"])

RECHECK_S = 30.0  # a watcher who was shut out meanwhile sees no more after this long
SEND_TIMEOUT_S = 5.0  # a page that takes nothing for so long is gone
REPLAY = 200  # events read in one go for a page that asks for what was before
UNAUTHORISED, TOO_SLOW = 4401, 4408  # WebSocket close codes of ours
# A caller sees the talk and where it stands, not how we decide nor who we offered the call to.
CALLER_SEES = frozenset(
    {
        "conversation.started",
        "contact.started",
        "utterance.partial",
        "utterance.final",
        "speech.dropped",
        "bot.said",
        "message",
        "queue.entered",
        "queue.position",
        "queue.accepted",
        "queue.left",
        "agent.left",
        "hold",
        "consent",
        "consent.withdrawn",
        "visual.asked",
        "visual.received",
        "visual.cancelled",
        "media.video",
        "verify",
        "leg.up",
        "customer.away",
        "contact.ended",
        "conversation.ended",
    }
)
CALLER_KEYS = frozenset(
    {
        "role",
        "utterance_id",
        "text",
        "language",
        "t0_ms",
        "t1_ms",
        "planned",
        "position",
        "eta_s",
        "agent",
        "on",
        "given",
        "purposes",
        "result",
        "reason",
        "channel",
        "outcome",
        "attachment",
        "request_id",
        "want",
        "leg_id",
    }
)


class ConversationOut(BaseModel):
    """One line of the list."""

    conversation_id: str
    customer_id: str | None
    status: str
    language: str
    auth_level: int
    opened_at: datetime
    closed_at: datetime | None
    subject: str


class HistoryOut(BaseModel):
    """What there is to read of a conversation, in time order: all of it, but events and utterances page by page.

    `next`: the `after` of the next page; null after the last.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    conversation: dict[str, Any]
    contacts: list[dict[str, Any]]
    participants: list[dict[str, Any]]
    legs: list[dict[str, Any]]
    utterances: list[dict[str, Any]]
    events: list[dict[str, Any]]
    recordings: list[dict[str, Any]]
    next: int | None


@router.get("/conversations")
async def conversations(
    _staff: Staff,
    request: Request,
    limit: int = Query(50, ge=1, le=200),
    before: AwareDatetime | None = None,
    query: str = Query("", max_length=200),
) -> list[ConversationOut]:
    """The newest first; `query` finds what was said."""
    rows = await _queries(request).conversations(limit=limit, before=before, text=query)
    return [ConversationOut(**asdict(row)) for row in rows]


@router.get("/conversations/{conversation_id}", response_model=HistoryOut)
async def conversation(
    conversation_id: str,
    _staff: Staff,
    request: Request,
    after: Annotated[int, Query(ge=0, le=LAST_SEQ)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_EVENTS)] = MOST_EVENTS,
) -> Response:
    """One conversation: its first `limit` events, or those `after` one, with the utterances that they tell of."""
    history = await _queries(request).history(conversation_id, after=after, limit=limit)
    if history is None:
        raise HTTPException(404, f"there is no conversation {conversation_id}")
    return await as_json(history)


@router.get("/conversations/{conversation_id}/recording", response_class=FileResponse)
async def recording(conversation_id: str, _staff: Staff, request: Request, leg: str | None = None) -> FileResponse:
    """Stereo WAV: the caller left, what the caller heard right. Ranges are served."""
    path = await _queries(request).recording_path(conversation_id, leg)
    if path is None or not await asyncio.to_thread(Path(path).is_file):
        raise HTTPException(404, "there is no recording: the caller did not consent, or the call still runs")
    return FileResponse(
        path,
        media_type="audio/wav",
        filename=f"{conversation_id}.wav",
        content_disposition_type="inline",
        headers={"Cache-Control": "private, no-store"},
    )


@router.websocket("/events")
async def events(
    socket: WebSocket,
    conversation: str | None = None,
    token: str | None = None,
    after: Annotated[int | None, Query(ge=0, le=LAST_SEQ)] = None,
) -> None:
    """Live events as JSON. Users see all (or one `conversation`); a caller's `token` shows their own conversation.

    With `after=SEQ` what was committed since then comes first, so a page that reconnects misses nothing.
    """
    own = await _may_watch(socket, conversation, token)
    await socket.accept()
    if own is None:
        await socket.close(UNAUTHORISED, "log in, or send the token of your conversation")
        return
    wanted, is_caller = own
    watcher = None if is_caller or token is not None else await who(socket)
    pages: OpenPages = socket.app.state.pages
    if watcher is not None:
        pages.opened(watcher.user_id)
    user_id = watcher.user_id if watcher is not None else ""
    store: Store = socket.app.state.store
    subscription = store.bus.subscribe(
        lambda event: (not wanted or event.conversation_id in (wanted, "")) and _is_for(event, user_id)
    )
    closed = asyncio.create_task(_until_closed(socket))
    getting: asyncio.Task[StoredEvent | None] | None = None
    last, check_at = 0, time.monotonic() + RECHECK_S
    try:
        if after is not None:
            last = after
            while replay := await Queries(store).events_after(last, conversation_id=wanted or None, limit=REPLAY):
                for event in replay:
                    if _is_for(event, user_id):
                        await _send(socket, event, is_caller)
                    last = event.seq or last
        while not closed.done():
            getting = getting or asyncio.create_task(subscription.get())
            await asyncio.wait([getting, closed], timeout=RECHECK_S, return_when=asyncio.FIRST_COMPLETED)
            if time.monotonic() >= check_at:
                if await _may_watch(socket, conversation, token) is None:
                    await socket.close(UNAUTHORISED, "log in again")
                    return
                check_at = time.monotonic() + RECHECK_S
            if not getting.done():
                continue
            live, getting = getting.result(), None
            if live is None:
                await socket.close(TOO_SLOW, "too slow: reconnect with after=")
                return
            if live.seq is None or live.seq > last:
                await _send(socket, live, is_caller)
    except TimeoutError:
        with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            await asyncio.wait_for(socket.close(TOO_SLOW, "too slow: reconnect with after="), 1.0)
    except (WebSocketDisconnect, RuntimeError):
        return
    finally:
        if watcher is not None:
            pages.closed(watcher.user_id)
        store.bus.unsubscribe(subscription)
        for task in (closed, getting):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


async def _may_watch(socket: WebSocket, conversation: str | None, token: str | None) -> tuple[str, bool] | None:
    """(conversation or "" for all, is a caller); None when the asker may not watch."""
    if not same_origin(socket):
        return None
    if token is not None:
        try:
            own = auth_of(socket).caller(token).conversation_id
        except Refused:
            return None
        return (own, True) if conversation in (None, own) else None
    found = await who(socket)
    if found is None or not {"agent", "supervisor", "admin"} & set(found.roles):
        return None
    return conversation or "", False


def _is_for(event: StoredEvent, user_id: str) -> bool:
    """A broadcast that names people is shown to nobody else."""
    named = event.payload.get("user_ids") if event.type == "broadcast" else None
    return not named or user_id in named


async def _until_closed(socket: WebSocket) -> None:
    """Nothing is expected of watchers; whatever comes is read and dropped."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _send(socket: WebSocket, event: StoredEvent, is_caller: bool) -> None:
    fields: dict[str, Any] = {name: getattr(event, name) for name in StoredEvent.__slots__}
    if is_caller:
        if event.type not in CALLER_SEES or said_to_others(event.type, event.payload):
            return
        # why they wait may be an agent's note, or how they feel
        shown = CALLER_KEYS - {"reason"} if event.type == "queue.entered" else CALLER_KEYS
        fields["payload"] = {key: value for key, value in event.payload.items() if key in shown}
    await asyncio.wait_for(socket.send_text(msgspec.json.encode(fields).decode()), SEND_TIMEOUT_S)


def _queries(request: Request) -> Queries:
    return Queries(request.app.state.store)
