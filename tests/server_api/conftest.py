"""The API over a real SQLite store; only the calls themselves are played by a fake."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from desk.options import DeskOptions
from media.options import MediaOptions
from server.api import views
from server.api.app import create_api
from server.api.ports import NotNow, Turned, WebCall
from server.auth import hash_password
from server.desktop.desktop import Desktop
from server.options import ServerOptions
from server.queues import Openings, QueueBook
from session.callbacks import Callback
from session.queues import Queues
from session.store import Store
from session.users import Users

PASSWORD = "correct horse battery"
KEY = "k" * 64
METRICS_TOKEN = "scrape-me"
FLOWS = Path(__file__).parents[2] / "flows"


T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ME = views.Party("p1", "agent", "Amy", "connected", "active", "webrtc", True)
OFFER = views.OfferView(
    "offer-1", "k1", "c1", "voice", "support", "asked for a human", "two failed answers", {"order": "42"}, "Ann", 900, T0, "idle"
)  # fmt: skip
VIEW = views.AgentView(
    availability="available", reason="", next_availability=None, status="offered", since=T0, until=None, missed=0,
    device="browser", uri="", registered=None, capacity=views.Capacity(1, 2), contacts=[], offers=[OFFER], queues=[],
)  # fmt: skip


class FakeDesk:
    """Says yes to everybody, agents and supervisors, and remembers what it was asked."""

    def __init__(self, control: FakeControl) -> None:
        self._control = control

    def view(self, user_id: str) -> views.AgentView:
        return VIEW

    def directory(self, query: str) -> list[views.DirectoryEntry]:
        return [views.DirectoryEntry("agent", "bob", "Bob", "free", query)]

    def parked(self) -> list[views.Parked]:
        return [views.Parked("701", "k1", "Ann", T0, "Amy")]

    def board(self) -> views.Board:
        return views.Board([], [], [])

    def __getattr__(self, name: str) -> Any:
        async def asked(*what: Any, **more: Any) -> Any:
            self._control._note(name, *what, *more.values())
            taken = views.Taken("agent-answer", "leg-2", "k1", "c1")
            supervision = views.Supervision("answer", "leg-3", "p3")
            back = views.Rejoined("again", "leg-4")
            return {
                "accept": taken,
                "take_parked": taken,
                "consult": ME,
                "park": "701",
                "join": supervision,
                "rejoin": back,
            }.get(name)

        return asked


class FakeControl:
    """Says yes unless told otherwise, and remembers what it was asked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked: list[tuple[Any, ...]] = []
        self.pages: list[tuple[str, bool]] = []
        self.refusal: Exception | None = None
        self.inference: str | None = None  # what its worker counts; None: it does not answer
        self.desk = self.supervision = FakeDesk(self)

    def _note(self, *what: Any) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.asked.append(what)

    async def offer_webrtc(
        self,
        sdp: str,
        *,
        conversation_id: str | None,
        customer_id: str | None,
        locale: str | None,
        remote: str,
        slow: bool = False,
        resume: bool = False,
    ) -> WebCall:
        self._note("offer", conversation_id, locale, *(["slow"] if slow else []), *(["resume"] if resume else []))
        conversation_id = conversation_id or await self.store.create_conversation(language="en")
        return WebCall("answer-sdp", "leg-1", "contact-1", conversation_id)

    async def open_chat(self, *, customer_id: str | None, locale: str | None) -> str:
        self._note("open_chat", customer_id, locale)
        return "c9"

    async def message(self, conversation_id: str, text: str, *, role: str, user_id: str | None) -> None:
        self._note("message", conversation_id, text, role, user_id)

    def may_write(self, conversation_id: str, *, role: str) -> None:
        if self.refusal is not None:
            raise self.refusal

    async def lively(self, conversation_id: str, *, role: str) -> None:
        self._note("lively", conversation_id, role)

    async def pace(self, conversation_id: str, *, slow: bool) -> None:
        self._note("pace", conversation_id, slow)

    async def key(self, conversation_id: str, digit: str) -> None:
        self._note("key", conversation_id, digit)

    async def hang_up(self, conversation_id: str) -> None:
        self._note("hangup", conversation_id)

    async def withdraw(self, conversation_id: str, purpose: str, *, by: str) -> None:
        self._note("withdraw", conversation_id, purpose, by)

    async def callbacks(self) -> list[Callback]:
        self._note("callbacks")
        return []

    async def cancel_callback(self, callback_id: str, *, by: str) -> bool:
        self._note("cancel_callback", callback_id, by)
        return callback_id == "cb1"

    async def picture(self, conversation_id: str, request_id: str, data: bytes) -> str:
        self._note("picture", conversation_id, request_id, len(data))
        return "p1"

    def picture_path(self, conversation_id: str, ref: str) -> Path | None:
        self._note("picture_path", conversation_id, ref)
        return None

    async def users_changed(self) -> None:
        self._note("users_changed")

    def page(self, user_id: str, up: bool) -> None:
        self.pages.append((user_id, up))

    async def queues_changed(self) -> None:
        self._note("queues_changed")

    async def health(self) -> dict[str, Any]:
        return {"status": "ok", "planes": {"app": {"state": "running"}}, "workers": []}

    async def inference_metrics(self) -> str:
        if self.inference is None:
            raise TimeoutError
        return self.inference


class World:
    """One API, its store and its people."""

    Turned, NotNow, password = Turned, NotNow, PASSWORD

    def __init__(self, app: FastAPI, store: Store, control: FakeControl) -> None:
        self.app, self.store, self.control, self.users = app, store, control, Users(store)
        self.ids: dict[str, str] = {}

    def client(self, address: str = "192.0.2.1", **more: Any) -> httpx.AsyncClient:
        """A browser (with its own cookies) at an address."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 1234), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://warm.test", **more)

    async def token(self, name: str) -> str:
        """A bearer token of one of the people."""
        async with self.client("198.51.100.9") as client:
            answer = await client.post("/api/login", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    async def as_user(self, name: str) -> httpx.AsyncClient:
        """A program logged in as one of the people."""
        return self.client(headers={"Authorization": f"Bearer {await self.token(name)}"})

    def as_caller(self, conversation_id: str, **more: Any) -> httpx.AsyncClient:
        """The page that began a conversation."""
        token = self.app.state.auth.caller_token(conversation_id)
        return self.client(headers={"Authorization": f"Bearer {token}"}, **more)


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
async def world(tmp_path: Path, password_hash: str) -> AsyncIterator[World]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    control = FakeControl(store)
    app = create_api(
        ServerOptions(offers_per_minute=3, metrics_token=METRICS_TOKEN),
        MediaOptions(),
        store=store,
        control=control,
        inference_metrics=control.inference_metrics,
        key=KEY,
        realm="warm.test",
        pages=tmp_path / "dist",
        desktop=Desktop(store, flows=FLOWS, data_dir=tmp_path),
        queue_book=QueueBook(Queues(store), DeskOptions(), Openings(FLOWS), FLOWS.parent, list),
    )
    world = World(app, store, control)
    for name, roles, device in (
        ("root", ["admin"], None),
        ("sue", ["supervisor"], None),
        ("amy", ["agent"], "browser"),
        ("dee", ["designer"], None),
    ):
        user = await world.users.add(name, password_hash=password_hash, roles=roles, device=device)
        world.ids[name] = user.user_id
    yield world
    await store.close()


@pytest.fixture
async def served(world: World) -> AsyncIterator[str]:
    """host:port where the API is really listening."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(world.app, log_config=None, timeout_graceful_shutdown=1))
    task = asyncio.create_task(server._serve([listening]))
    async with asyncio.timeout(60):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    yield "{}:{}".format(*listening.getsockname())
    server.should_exit = True
    with contextlib.suppress(asyncio.CancelledError):
        await task
    listening.close()
