"""Around every HTTP request: a bound on its size, no NUL in it, and the headers that tell browsers what they may do with the answer."""

from __future__ import annotations

import re

from fastapi import HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 256 * 1024  # bytes; the largest request is an SDP offer of a few KB
MAX_PICTURE = 8 * 1024 * 1024  # bytes; a photo of a telephone has 2…5 MB
NO_NUL = "a NUL character (U+0000) is no text: take it out"  # file names cannot hold it, nor PostgreSQL
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # as JSON writes it, and no backslash that stands for itself before it
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; media-src 'self' blob: mediastream:; "
        "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    ),
    "Permissions-Policy": "microphone=(self), camera=(self), geolocation=()",
}


class Guard:
    """ASGI middleware. WebSockets pass: their messages are bounded by the HTTP server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        picture = path.startswith("/api/conversations/") and path.endswith(("/visuals", "/attachments"))
        most = MAX_PICTURE if picture else MAX_BODY
        too_large = f"a request may have at most {most} bytes"
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:  # also for bodies sent in chunks, which declare no length
                raise HTTPException(413, too_large)
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if path.startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")  # what people said stays out of browsers' disks
            await send(message)

        if "\0" in path or b"%00" in scope["query_string"]:
            await JSONResponse({"detail": NO_NUL}, 422)(scope, receive, guarded)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdigit() or int(length) > most:
            await JSONResponse({"detail": too_large}, 413)(scope, receive, guarded)
            return
        await self._app(scope, bounded, guarded)


async def no_nul(connection: HTTPConnection) -> None:
    """For every route: 422 when there is a NUL in its JSON."""
    kind = connection.headers.get("content-type", "")
    if not isinstance(connection, Request) or kind.startswith(("multipart/", "image/")):
        return
    if _NUL.search(await connection.body()):
        raise HTTPException(422, NO_NUL)
