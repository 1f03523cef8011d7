"""Puts the API together: routers, security headers, errors, the built pages."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from socket import gaierror
from typing import Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError

from media.options import MediaOptions
from server.api import (
    approvals,
    assist,
    attachments,
    callbacks,
    calls,
    customers,
    desk,
    experiments,
    filters,
    flows,
    history,
    hours,
    knowledge,
    metrics,
    people,
    queues,
    supervise,
    tickets,
    visuals,
)
from server.api.access import who
from server.api.guard import Guard, no_nul
from server.api.ports import CallControl
from server.api.told import UNKNOWN
from server.auth import Auth
from server.desktop.desktop import Desktop
from server.following import Following
from server.options import ServerOptions
from server.pages import OpenPages
from server.publishing import Publishing
from server.queues import QueueBook
from server.throttle import Throttle
from session.failing import away
from session.store import Store
from session.users import Users

log = structlog.get_logger(__name__)

MESSAGES_PER_MINUTE = 30  # of one caller; people type a few
PAGES = ("/", "/login", "/agent", "/conversations", "/conversations/{conversation_id}")
MODULES = (
    people,
    approvals,
    callbacks,
    calls,
    experiments,
    filters,
    flows,
    history,
    hours,
    desk,
    queues,
    supervise,
    metrics,
    visuals,
    assist,
    attachments,
    customers,
    knowledge,
    tickets,
)
NOT_BUILT = (
    "<!doctype html><title>Warmline</title><p>The pages are not built yet: run <code>make web</code>, then reload."
)


class Problem(BaseModel):
    """Why not: one sentence that names the field or the state of things, and how it is mended."""

    detail: str


REFUSED: dict[int | str, dict[str, Any]] = {
    "default": {"model": Problem, "description": "Refused, or not possible now"}
}

router = APIRouter(prefix="/api", tags=["health"])


@router.get("/health")
async def health(request: Request) -> dict[str, Any]:
    """`status` for anybody; every plane for admins and supervisors."""
    control: CallControl = request.app.state.control
    full = await control.health()
    user = await who(request)
    if user is not None and {"admin", "supervisor"} & set(user.roles):
        return full
    return {"status": full["status"]}


def openapi_document() -> dict[str, Any]:
    """The API's description, which the pages' typed client is made from; needs no running server."""
    return _described().openapi()


def _described(lifespan: Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]] | None = None) -> FastAPI:
    app = FastAPI(
        title="Warmline",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere, which a closed network has not
        redoc_url=None,
        lifespan=lifespan,
        responses=REFUSED,
        dependencies=[Depends(no_nul)],
        description="Conversations, callers and agents of one Warmline installation.",
    )
    for module in MODULES:
        app.include_router(module.router)
    app.include_router(router)
    return app


def create_api(
    options: ServerOptions,
    media: MediaOptions,
    *,
    store: Store,
    control: CallControl,
    inference_metrics: Callable[[], Awaitable[str]],
    key: str,
    realm: str,
    pages: Path,
    publishing: Publishing | None = None,
    following: Following | None = None,
    desktop: Desktop | None = None,
    queue_book: QueueBook | None = None,
) -> FastAPI:
    """The ASGI app. `pages`: folder of the built consoles; `realm`: digest realm of softphones.

    `publishing`: None = versions of flows cannot be changed here. `following`: None = filter packs cannot be read again.

    `inference_metrics` raises OSError or TimeoutError when the inference worker does not answer.
    """
    meter = metrics.Meter(inference_metrics, options.metrics_token)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with meter.watching():
            yield
        app.state.pages.close()

    app = _described(lifespan)
    users = Users(store)
    app.state.store = store
    app.state.users = users
    app.state.control = control
    app.state.meter = meter
    app.state.auth = Auth(users, key, options.session_hours)
    app.state.session_hours = options.session_hours
    app.state.secure_cookies = options.secure_cookies
    app.state.realm = realm
    app.state.media = media
    app.state.offers = Throttle(options.offers_per_minute, 60.0)
    app.state.messages = Throttle(MESSAGES_PER_MINUTE, 60.0)
    app.state.publishing = publishing
    app.state.following = following
    app.state.desktop = desktop
    app.state.queues = queue_book
    app.state.pages = OpenPages(control.page)
    app.add_exception_handler(RequestValidationError, _invalid)
    for kind in (DBAPIError, ConnectionError, gaierror):
        app.add_exception_handler(kind, _no_database)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(Guard)
    _serve_pages(app, pages)
    return app


def _serve_pages(app: FastAPI, pages: Path) -> None:
    assets = pages / "assets"
    if assets.is_dir():
        app.mount("/assets", StaticFiles(directory=assets), name="assets")

    async def page() -> Response:
        index = pages / "index.html"
        return (
            FileResponse(index, headers={"Cache-Control": "no-cache"})
            if index.is_file()
            else HTMLResponse(NOT_BUILT, 503)
        )

    async def mark() -> Response:
        file = pages / "mark.svg"
        return FileResponse(file) if file.is_file() else Response(status_code=404)

    for path in PAGES:
        app.add_api_route(path, page, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/mark.svg", mark, include_in_schema=False)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """One sentence naming the field and what is wrong with it, never echoing what was sent."""
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    fields = [
        f"{'.'.join(str(part) for part in problem['loc'] if part != 'body') or 'body'}: "
        + (UNKNOWN if problem["type"] == "extra_forbidden" else problem["msg"])
        for problem in problems
    ]
    return JSONResponse({"detail": "; ".join(fields) or "the request is malformed"}, 422)


async def _no_database(_request: Request, error: Exception) -> JSONResponse:
    """The disk is full, or PostgreSQL is away: worth another try. Raises what is a fault of ours."""
    if not away(error):
        raise error
    log.error("api.no_database", error=str(getattr(error, "orig", error)))
    told = "the database cannot be written or reached just now; try again in a moment"
    return JSONResponse({"detail": told}, 503, {"Retry-After": "5"})


async def _broken(_request: Request, _error: Exception) -> JSONResponse:
    """Ours, not theirs; the log has the rest."""
    return JSONResponse({"detail": "something broke here; the server's log says what"}, 500)
